"""Query words: encoded in a child, kept, and refused when their models cannot be had."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from content.encoders.models import Models
from content.errors import Unavailable
from content.letterbox import without_bars
from tests.photographs import SCENES, shipped
from workers.words import Words


@pytest.fixture
def words() -> Iterator[Callable[..., Words]]:
    made: list[Words] = []

    def make(timeout_s: float = 120.0, **environment: str) -> Words:
        made.append(Words(environment=environment, timeout_s=timeout_s))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_words_are_the_models_own_and_repeated_ones_are_kept(words: Callable[..., Words]) -> None:
    encoder = words()
    encoder.warm()
    found = encoder.encode("a ship at sea")
    expected = Models().query("a ship at sea")
    assert set(found) == set(expected) == {"synopsis", "concept"}
    for space, vector in expected.items():
        assert np.array_equal(found[space].data, vector.data)
        assert found[space].fingerprint == vector.fingerprint
    encoder.close()  # what is known needs no process
    assert encoder.encode("a ship at sea") is found


def test_a_model_that_does_not_load_is_told(words: Callable[..., Words], tmp_path: Path) -> None:
    encoder = words(KEYART_VISUAL_ENCODER=f"open_clip:{tmp_path / 'gone'}")
    with pytest.raises(Unavailable) as caught:
        encoder.encode("a ship")
    assert caught.value.code == "words_unavailable"
    assert "no such folder" in caught.value.detail


def test_a_query_too_soon_is_answered_later(words: Callable[..., Words]) -> None:
    encoder = words(timeout_s=0.2)
    with pytest.raises(Unavailable, match="not ready"):  # no child starts so quickly
        encoder.encode("a ship")
    deadline = time.monotonic() + 120
    found = None
    while found is None and time.monotonic() < deadline:
        with contextlib.suppress(Unavailable):  # the models load in the background meanwhile
            found = encoder.encode("a ship")
    assert found is not None and set(found) == {"synopsis", "concept"}


def test_a_picture_is_what_the_models_make_of_it_without_its_bars(
    words: Callable[..., Words],
) -> None:
    scene = shipped(*SCENES[0])[:400:2, :600:2]
    boxed = np.zeros((280, *scene.shape[1:]), np.uint8)
    boxed[40:240] = scene
    encoder, models = words(), Models()
    for picture in (scene, boxed):
        found = encoder.encode_picture(picture)
        assert found.fingerprint == models.specs["visual"].fingerprint
        assert np.array_equal(found.data, models.visual.encode([without_bars(picture)])[0])
    [plain] = models.visual.encode([scene])
    assert float(plain @ found.data) > 0.99 > float(plain @ models.visual.encode([boxed])[0])


def test_a_picture_whose_model_does_not_load_is_told(
    words: Callable[..., Words], tmp_path: Path
) -> None:
    encoder = words(KEYART_VISUAL_ENCODER=f"open_clip:{tmp_path / 'gone'}")
    with pytest.raises(Unavailable) as caught:
        encoder.encode_picture(np.zeros((32, 32, 3), np.uint8))
    assert caught.value.code == "pictures_unavailable"
    assert "no such folder" in caught.value.detail


def test_a_picture_too_soon_is_answered_later(words: Callable[..., Words]) -> None:
    encoder, black = words(timeout_s=0.2), np.zeros((32, 32, 3), np.uint8)
    with pytest.raises(Unavailable, match="not ready"):
        encoder.encode_picture(black)
    encoder._pictures._settled.wait(120)
    assert np.isfinite(encoder.encode_picture(black).data).all()


def test_words_do_not_wait_for_a_long_sound(words: Callable[..., Words]) -> None:
    encoder = words()
    with encoder._sounds._pool.child():  # it listens
        assert set(encoder.encode("a ship at sea")) == {"synopsis", "concept"}


def test_words_are_encoded_while_the_encoder_of_sound_still_loads(
    words: Callable[..., Words],
) -> None:
    encoder = words(timeout_s=0.2)
    with pytest.raises(Unavailable, match="not ready") as caught:
        encoder.encode_sound(np.zeros(16_000, np.float32))
    assert caught.value.code == "sounds_unavailable"
    assert encoder._texts._settled.is_set()
