"""Light, colour, medium: rows of a sample and the facts of a stretch of film."""

import colorsys

import cv2
import numpy as np
import pytest
from PIL import ImageColor

from content import look, medium, palette
from content.types import F32, U8
from tests.photographs import SCENES, shipped

SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]]) * 0.9


@pytest.fixture(scope="module")
def photos() -> list[U8]:
    return [cv2.resize(shipped(*scene), (480, 320)) for scene in SCENES]


def flat(*rgb: int) -> U8:
    return np.full((90, 160, 3), rgb, np.uint8)


def rows(*pictures: U8) -> F32:
    return np.stack([look.look_row(picture) for picture in pictures])


def column(name: str, picture: U8) -> float:
    return float(look.look_row(picture)[look.COLUMNS.index(name)])


def test_a_row_has_every_column_and_is_always_the_same(photos: list[U8]) -> None:
    row = look.look_row(photos[0])
    assert row.shape == (len(look.COLUMNS),) and row.dtype == np.float32
    assert np.isfinite(row).all()
    assert np.array_equal(row, look.look_row(photos[0].copy()))


def test_light_and_sharpness_are_those_of_the_whole_picture(photos: list[U8]) -> None:
    for picture in photos:
        luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        edges = float(cv2.Laplacian(luma, cv2.CV_32F).var())
        measured = luma.mean() / 255, luma.std() / 255, edges / (edges + 200)
        assert look.look_row(picture)[:3] == pytest.approx(measured, abs=2e-3)


def test_colour_figures_by_hand() -> None:
    # Two thirds orange (255, 128, 0), one third black.
    picture = np.zeros((96, 160, 3), np.uint8)
    picture[:64] = 255, 128, 0
    facts = look.look_facts(rows(picture))
    assert facts["saturation"] == pytest.approx(1.0, abs=1e-3)
    assert facts["warmth"] == pytest.approx(2 / 3, abs=1e-3)
    assert facts["black_fraction"] == pytest.approx(1 / 3, abs=1e-3)
    assert facts["brightness"] == pytest.approx((0.299 + 0.587 * 128 / 255) * 2 / 3, abs=2e-3)
    first, second = facts["palette"]
    assert (first["hex"], first["name"]) == ("#ff8000", "orange")
    assert (second["hex"], second["name"]) == ("#000000", "black")
    assert first["share"] == pytest.approx(2 / 3, abs=1e-3)


def test_saturation_agrees_with_colorsys(photos: list[U8]) -> None:
    pixels = photos[0][:: look.STRIDE, :: look.STRIDE].reshape(-1, 3)
    lit = pixels[pixels.max(1) >= look.NEAR_BLACK]
    expected = np.mean([colorsys.rgb_to_hsv(*(pixel / 255))[1] for pixel in lit])
    # The row measures cells of 16 levels, not pixels.
    assert column("saturation", photos[0]) == pytest.approx(expected, abs=0.02)


def test_facts_of_rows_are_means_and_skip_what_is_unknown(photos: list[U8]) -> None:
    several = rows(photos[0], photos[1], flat(0, 0, 0))
    facts = look.look_facts(several)
    assert facts["brightness"] == pytest.approx(several[:, 0].mean(), abs=1e-4)
    assert facts["animation"] == look.look_facts(several[:2])["animation"]
    several[1, 0] = np.nan
    assert look.look_facts(several)["brightness"] == pytest.approx(
        several[[0, 2], 0].mean(), abs=1e-4
    )


def test_a_black_film_has_one_colour_and_no_medium() -> None:
    facts = look.look_facts(rows(flat(0, 0, 0), flat(3, 2, 4)))
    assert [entry["name"] for entry in facts["palette"]] == ["black"]
    assert facts["medium"] is None and facts["monochrome"] is None and facts["animation"] is None
    assert facts["black_fraction"] == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 480), (480, 1), (7, 3)])
def test_pictures_of_odd_sizes_do_no_harm(shape: tuple[int, int]) -> None:
    facts = look.look_facts(rows(np.full((*shape, 3), 90, np.uint8)))
    assert facts["palette"] == [{"hex": "#5a5a5a", "name": "gray", "share": 1.0}]


@pytest.mark.parametrize("shape", [(0, len(look.COLUMNS)), (3, 4), (len(look.COLUMNS),)])
def test_rows_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="rows must be"):
        look.look_facts(np.zeros(shape, np.float32))


def test_black_and_white_and_sepia_are_told_from_colour(photos: list[U8]) -> None:
    grey = [np.repeat(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)[..., None], 3, 2) for p in photos]
    sepia = [np.clip(p @ SEPIA.T, 0, 255).astype(np.uint8) for p in photos]
    assert look.monochrome(rows(*photos)) is False
    assert look.monochrome(rows(*grey)) is True
    assert look.monochrome(rows(*sepia)) is True
    # A film that is blue by night and orange by day is no monochrome one.
    blue = [p[..., ::-1] for p in sepia]
    assert look.monochrome(rows(*sepia, *blue)) is False
    assert look.monochrome(rows(*grey, flat(0, 0, 0))) is True


def test_what_is_drawn_is_flat_and_what_is_photographed_is_not(photos: list[U8]) -> None:
    drawing = np.full((320, 480, 3), (90, 160, 220), np.uint8)
    cv2.circle(drawing, (200, 160), 90, (230, 60, 40), -1)
    cv2.rectangle(drawing, (0, 250), (480, 320), (60, 140, 60), -1)
    assert look.look_facts(rows(drawing))["medium"] == "animation"
    assert look.look_facts(rows(*photos))["medium"] == "live_action"
    noisy = np.clip(drawing + np.random.default_rng(1).normal(0, 12, drawing.shape), 0, 255)
    assert look.look_facts(rows(noisy.astype(np.uint8)))["medium"] == "live_action"


def test_flatness_by_hand() -> None:
    picture = np.full((100, 100, 3), 100, np.uint8)
    assert medium.measure(picture)[0] == pytest.approx(np.log(1 + medium.FLOOR))
    picture[:, 50:] = 200  # only the patches across the edge, six columns, are not flat
    assert medium.measure(picture)[0] == pytest.approx(np.log(0.94 + medium.FLOOR))


def test_near_one_half_the_medium_is_not_told() -> None:
    at = -medium.INTERCEPT / medium.SLOPE
    facts = medium.medium_facts(np.array([[at]], np.float32))
    assert facts == {"medium": None, "animation": pytest.approx(0.5, abs=1e-3)}


def test_oklab_is_ottossons() -> None:
    # From the table of the paper's page: white and the primaries.
    assert palette.from_rgb(np.array([255, 255, 255])) == pytest.approx([1, 0, 0], abs=1e-3)
    assert palette.from_rgb(np.array([255, 0, 0])) == pytest.approx([0.628, 0.225, 0.126], abs=1e-3)
    assert palette.from_rgb(np.array([0, 0, 255])) == pytest.approx(
        [0.452, -0.032, -0.312], abs=1e-3
    )


def test_oklab_there_and_back() -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (500, 3))
    assert np.array_equal(palette.to_rgb(palette.from_rgb(rgb)), rgb)


def test_a_palette_finds_the_colours_that_are_there() -> None:
    rng = np.random.default_rng(5)
    centres = palette.from_rgb(
        np.array([[200, 30, 30], [30, 160, 60], [40, 60, 190], [230, 220, 80]])
    )
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    points = np.repeat(centres, 200, axis=0) + rng.normal(0, 0.01, (800, 3))
    found = palette.palette(points, np.repeat(shares / 200, 200))
    assert found[:, 3] == pytest.approx(shares, abs=1e-5)
    assert found[:, :3] == pytest.approx(centres, abs=0.004)


def test_a_palette_is_as_tight_as_scikit_learns(photos: list[U8]) -> None:
    from sklearn.cluster import KMeans

    points = palette.from_rgb(photos[0][::8, ::8].reshape(-1, 3)).astype(float)
    found = palette.palette(points, np.ones(len(points)))
    oracle = KMeans(len(found), n_init=10, random_state=0).fit(points).inertia_
    ours = ((points[:, None] - found[:, :3]) ** 2).sum(-1).min(1).sum()
    assert ours <= 1.25 * oracle


def test_alike_colours_are_one() -> None:
    lab = palette.from_rgb(np.array([[100, 100, 100], [104, 103, 102], [20, 30, 200]]))
    found = palette.palette(lab, np.array([1.0, 2.0, 1.0]))
    assert found[:, 3] == pytest.approx([0.75, 0.25])


def test_a_palette_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one colour"):
        palette.palette(np.zeros((2, 3)), np.zeros(2))


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ("#1e2021", "dark gray"),
        ("#91918f", "gray"),
        ("#efefef", "white"),
        ("#060606", "black"),
        ("#151727", "dark blue"),
        ("#846351", "brown"),
        ("#f2d1d4", "light pink"),
        ("#6f7533", "olive"),
        ("#d79064", "salmon"),
        ("#4a5e3d", "dark green"),
        ("#5b7097", "blue"),
        ("#bab4d9", "lavender"),
    ],
)
def test_tones_of_film_have_the_names_that_an_editor_would_use(colour: str, expected: str) -> None:
    assert palette.name(palette.from_rgb(np.array(ImageColor.getrgb(colour)))) == expected


def test_every_css_colour_of_a_family_is_named_after_it() -> None:
    for family, colours in palette.NAMES.items():
        for colour in colours:
            lab = palette.from_rgb(np.array(ImageColor.getrgb(colour)))
            if np.hypot(lab[1], lab[2]) >= palette.GREY_CHROMA:
                assert palette.name(lab) == family, colour


def test_palettes_of_rows_join_by_share(photos: list[U8]) -> None:
    red, blue = flat(200, 30, 30), flat(30, 40, 200)
    found = look.palette_of(rows(red, red, blue))
    assert [(entry["name"], entry["share"]) for entry in found] == [
        ("red", pytest.approx(2 / 3, abs=1e-4)),
        ("blue", pytest.approx(1 / 3, abs=1e-4)),
    ]
    mixed = look.palette_of(rows(*photos, red))
    assert sum(entry["share"] for entry in mixed) == pytest.approx(1, abs=1e-3)
    assert len(mixed) == 5
