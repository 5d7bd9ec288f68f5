"""Placeholders: what a BlurHash and a dominant colour tell of a picture."""

import warnings

import blurhash
import numpy as np
import pytest

from artwork.images.placeholder import blur_hash, dominant_colour
from tests.photographs import PORTRAIT, SCENES, shipped


def test_a_blur_hash_shows_roughly_the_picture() -> None:
    china = shipped(*SCENES[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = blur_hash(china)
    assert len(told) == 28 and told == blur_hash(china.copy())
    shown = np.asarray(blurhash.decode(told, 30, 20), np.float64)
    rows, columns = china.shape[0] // 20, china.shape[1] // 30
    small = china[: 20 * rows, : 30 * columns].reshape(20, rows, 30, columns, 3).mean((1, 3))
    plain = np.abs(small - small.mean((0, 1))).mean()
    assert np.abs(shown - small).mean() < 0.75 * plain, "nearer than one flat colour"


def test_upright_pictures_have_more_rows_than_columns() -> None:
    portrait = shipped(*PORTRAIT)
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
    for picture, components in ((portrait, (3, 4)), (portrait[:300], (4, 3))):
        flag = digits.index(blur_hash(picture)[0])
        assert (flag % 9 + 1, flag // 9 + 1) == components


@pytest.mark.parametrize("colour", [(200, 30, 30), (16, 16, 18), (240, 240, 235)])
def test_the_dominant_colour_is_that_of_the_largest_share(colour: tuple[int, int, int]) -> None:
    picture = np.full((90, 160, 3), colour, np.uint8)
    picture[20:60, 20:60] = (20, 160, 90)
    told = dominant_colour(picture)
    seen = [int(told[i : i + 2], 16) for i in (1, 3, 5)]
    assert np.abs(np.subtract(seen, colour)).max() <= 8


def test_a_picture_of_one_pixel_has_both() -> None:
    dot = np.array([[[12, 200, 40]]], np.uint8)
    assert blurhash.is_valid_blurhash(blur_hash(dot))
    assert dominant_colour(dot).startswith("#")
