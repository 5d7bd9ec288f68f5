"""Vectors of configured encoders are what their libraries make of the same film and words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from content import decode, extract
from content.decode import DecodeLimits
from content.encoders.choice import EncoderChoice, parse
from content.encoders.encoder import Encoder
from content.encoders.models import Models
from content.encoders.specs import specs
from content.encoders.torch_setup import import_torch
from content.keyframes import merit
from content.pooling import pool, salience
from content.synopsis import encode_synopsis
from content.types import F32, U8, Extraction
from tests.configured import choice_of
from tests.synth import Take, make_clip

TAKES = [Take(1.6, (180, 60, 50)), Take(1.2, (40, 90, 170), "bars")]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    make_clip(path, TAKES, sound="music")
    return path


@pytest.fixture(scope="module")
def models(models_folder: Path) -> Models:
    return Models(choice_of(models_folder))


@pytest.fixture(scope="module")
def understood(film: Path, models: Models) -> Extraction:
    return extract.extract(film, models, limits=DecodeLimits(), on_progress=lambda *_: None)


def test_a_titles_pictures_are_open_clips_own(
    understood: Extraction, film: Path, models_folder: Path
) -> None:
    import open_clip

    model, _, prepare = open_clip.create_model_and_transforms(f"local-dir:{models_folder / 'clip'}")
    samples = {p.at_s: p.rgb for p in _parts(film) if isinstance(p, decode.Sample)}
    frames = [samples[keyframe.at_s] for keyframe in understood.keyframes]
    expected = _clip_directly(model.eval(), prepare, frames)
    for keyframe, row in zip(understood.keyframes, expected, strict=True):
        assert keyframe.embedding @ row > 0.9999
    own = expected[: len(TAKES)]
    assert [keyframe.shot for keyframe in understood.keyframes] == [0, 1]
    weights = [
        (shot.end_s - shot.start_s) * salience(merit(key.brightness, key.contrast, key.sharpness))
        for shot, key in zip(understood.shots, understood.keyframes, strict=True)
    ]
    vector = understood.vectors["visual"]
    assert vector.data @ pool(np.stack(own), weights) > 0.9999
    assert vector.fingerprint == specs(choice_of(models_folder))["visual"].fingerprint
    assert "concept" not in understood.vectors


def test_a_titles_sound_is_claps_own(
    understood: Extraction, film: Path, models_folder: Path
) -> None:
    torch = import_torch()
    from scipy.signal import resample_poly
    from transformers import ClapFeatureExtractor, ClapModel

    folder = models_folder / "clap"
    samples = np.concatenate([p.samples for p in _parts(film) if isinstance(p, decode.Sound)])
    wave = resample_poly(samples, 3, 1).astype(np.float32)
    given = ClapFeatureExtractor.from_pretrained(folder)(
        wave, sampling_rate=48_000, return_tensors="pt"
    )
    with torch.no_grad():
        answer = ClapModel.from_pretrained(folder).eval().get_audio_features(**given)
    vector = understood.vectors["audio"]
    assert vector.data @ answer.pooler_output.numpy()[0] > 0.9999
    assert vector.fingerprint.startswith("clap:clap@local:24:")


def test_a_titles_words_are_sentence_transformers_own(models: Models, models_folder: Path) -> None:
    from sentence_transformers import SentenceTransformer

    text = "A sailor crosses the sea alone."
    model = SentenceTransformer(str(models_folder / "sentences"), device="cpu")
    vector = encode_synopsis(text, models)
    assert vector is not None
    assert vector.data @ model.encode(text, normalize_embeddings=True) > 0.9999
    assert vector.fingerprint.startswith("sentence-transformers:sentences@local:48:")
    long = encode_synopsis(text * 40, models)
    assert long is not None and long.data.shape == (48,)


def test_a_query_is_in_the_space_of_each_model(models: Models, models_folder: Path) -> None:
    torch = import_torch()
    import open_clip
    from transformers import AutoTokenizer, ClapModel

    found = models.query("rain at night")
    assert set(found) == {"synopsis", "visual", "audio"}
    clip = open_clip.create_model(f"local-dir:{models_folder / 'clip'}").eval()
    clap = ClapModel.from_pretrained(models_folder / "clap").eval()
    tokens = AutoTokenizer.from_pretrained(models_folder / "clap")(
        "rain at night", return_tensors="pt"
    )
    with torch.no_grad():
        seen = clip.encode_text(open_clip.tokenize(["rain at night"]), normalize=True)[0].numpy()
        heard = clap.get_text_features(tokens["input_ids"], tokens["attention_mask"])
    assert found["visual"].data @ seen > 0.9999
    assert found["audio"].data @ heard.pooler_output.numpy()[0] > 0.9999
    assert np.array_equal(models.picture_words(["rain at night"])[0], found["visual"].data)
    pictures = models.pictures([np.zeros((9, 16, 3), np.uint8)])
    assert pictures.likeliest is None and models.meaning(pictures) is pictures.visual


def test_vectors_do_not_depend_on_their_company(models: Models) -> None:
    rng = np.random.default_rng(4)
    sounds = [rng.normal(0, 0.1, n).astype(np.float32) for n in (160_000, 8_000, 40_000)]
    assert models.sound is not None
    together = models.sound.encode(sounds)
    for row, sound in zip(together, sounds, strict=True):
        assert row @ models.sound.encode([sound])[0] == pytest.approx(1.0, abs=1e-5)
    texts = ["a", "a much longer text about the sea", "b c d"]
    alone = np.concatenate([models.text.encode([text]) for text in texts])
    together = Encoder.encode(models.text, texts)  # without what it remembers
    assert np.abs(together - alone).max() < 1e-5


def test_a_checkpoint_of_a_known_architecture(tmp_path: Path) -> None:
    torch = import_torch()
    import open_clip

    torch.manual_seed(3)
    model = open_clip.create_model("ViT-S-32-alt").eval()
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    setting = f"open_clip:ViT-S-32-alt@{tmp_path / 'weights.pt'}"
    encoder = Models(EncoderChoice(visual=parse("visual", setting))).visual
    prepare = open_clip.transform.image_transform_v2(
        open_clip.transform.PreprocessCfg(**model.visual.preprocess_cfg), is_train=False
    )
    rgb = np.random.default_rng(0).integers(0, 255, (90, 160, 3), np.uint8)
    expected = _clip_directly(model, prepare, [rgb])
    assert (encoder.encode([rgb]) * expected).sum(1) == pytest.approx(1.0, abs=1e-4)
    assert encoder.spec.fingerprint.startswith("open_clip:ViT-S-32-alt@local:256:")


def _parts(film: Path) -> list[Any]:
    return list(decode.analyse(film, DecodeLimits()))


def _clip_directly(model: Any, prepare: Any, frames: Sequence[U8]) -> F32:
    from PIL import Image

    torch = import_torch()
    with torch.no_grad():
        pixels = torch.stack([prepare(Image.fromarray(frame)) for frame in frames])
        rows: F32 = model.encode_image(pixels, normalize=True).numpy()
    return rows
