"""Query words: encoded in a child, kept, and refused when their models cannot be had."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from content.encoders.models import Models
from content.errors import Unavailable
from tests import small_models
from workers.words import Words


@pytest.fixture
def words() -> Iterator[Callable[..., Words]]:
    made: list[Words] = []

    def make(**environment: str) -> Words:
        made.append(Words(environment=environment))
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
    folder = small_models.clip(tmp_path / "clip")
    (folder / "open_clip_model.safetensors").write_bytes(b"nothing")
    encoder = words(KEYART_VISUAL_ENCODER=f"open_clip:{folder}")
    with pytest.raises(Unavailable) as caught:
        encoder.encode("a ship")
    assert caught.value.code == "words_unavailable"
    assert "does not load" in caught.value.detail


def test_a_query_too_soon_is_answered_later(words: Callable[..., Words]) -> None:
    encoder = Words(timeout_s=0.01)
    try:
        with pytest.raises(Unavailable, match="not ready"):  # no child starts so quickly
            encoder.encode("a ship")
        for _ in range(1000):  # meanwhile the models load in the background
            try:
                encoder.encode("a ship")
                break
            except Unavailable as error:
                told = error.detail
        assert "loaded" in told or "ready" in told
    finally:
        encoder.close()
