"""Lettering: which typeface, how it is set, where it goes, and how it can be read."""

import io
import subprocess
import sys
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from PIL import Image

from artwork.compose import contrast, fonts, layout, request
from artwork.compose.lettering import Lettered, letter
from artwork.compose.scripts import direction, pieces, script
from artwork.compose.setting import broken, settings
from artwork.framing.crops import Box
from content.errors import Invalid
from content.mood.vocabulary import MOODS
from content.types import U8
from tests.photographs import PORTRAIT, SCENES, shipped

TITLES = {
    "en": "Big Buck Bunny",
    "ru": "Большой кролик",
    "el": "Το μεγάλο κουνέλι",
    "he": "ארנב גדול",
    "ar": "الأرنب الكبير",
    "hi": "बड़ा खरगोश",
    "bn": "বড় খরগোশ",
    "ta": "பெரிய முயல்",
    "te": "పెద్ద కుందేలు",
    "th": "กระต่ายตัวใหญ่",
    "ja": "大きなウサギ",
    "zh-Hans": "大雄兔门",
    "ko": "커다란 토끼",
}


def wcag(first: Sequence[int], second: Sequence[int]) -> float:
    """The contrast of two colours, as WCAG 2.2 words it; nothing of ours in it."""

    def luminance(colour: Sequence[int]) -> float:
        parts = [c / 255 for c in colour]
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lights = sorted((luminance(first), luminance(second)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def noise(width: int, height: int, seed: int = 3) -> U8:
    """The hardest ground: bright and dark at every scale."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for step in (8, 32, 128):
        small = rng.random((height // step + 2, width // step + 2, 3)).astype(np.float32)
        total += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(total / 3 * 255, 0, 255).astype(np.uint8)


def lettered(rgb: U8, text: str, faces: Sequence[Box] = (), language: str = "en") -> Lettered:
    return letter(rgb, settings(text, fonts.choose(text, (), language), language), faces)


@pytest.mark.parametrize("language", TITLES)
def test_every_script_has_a_typeface_with_all_its_glyphs(language: str) -> None:
    text = TITLES[language]
    face = fonts.choose(text, ("tense",), language)
    assert not fonts.missing(face, text)
    drawn = settings(text, face, language)[0].draw(80, 0.0)
    # A glyph that is not there would be a box; two titles of boxes alone would be the same.
    other = settings(text[::-1].strip(), face, language)[0].draw(80, 0.0)
    assert drawn.max() == 255 and drawn.shape[0] > 40
    assert drawn.shape != other.shape or not np.array_equal(drawn, other)


def test_moods_choose_the_typeface_and_scripts_limit_the_choice() -> None:
    known = {mood.name for mood in MOODS}
    assert {mood for suited in fonts.VOICES.values() for mood in suited} == known
    assert fonts.choose("Sintel", ("epic",)).name == "Cinzel"
    assert fonts.choose("Sintel", ("whimsical",)).name == "Baloo 2"
    assert fonts.choose("Синтел", ("epic",)).name == "Playfair Display"  # Cinzel has no Cyrillic
    assert fonts.choose("ארנב", ("epic",)).name == "Frank Ruhl Libre"
    assert fonts.choose("ארנב", ("tense",)).name == "Heebo"


@pytest.mark.parametrize("text", ["Party 🎉", "क日", "\U0001f9ff"])
def test_a_title_with_a_character_no_typeface_has_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        fonts.choose(text)
    assert refusal.value.code == "title_glyphs_missing" and refusal.value.extra["characters"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ({"kinds": ["collage"]}, "unknown_kind"),
        ({"looks": ["sepia"]}, "unknown_look"),
        ({"n": 0.5}, "invalid_count"),
        ({"n": 25}, "invalid_count"),
        ({"titles": {"en": " \u200b "}}, "title_empty"),
        ({"titles": {"en": "x" * 121}}, "title_too_long"),
        ({"titles": {"en": "😀"}}, "title_glyphs_missing"),
    ],
)
def test_a_request_is_refused_by_name(raw: dict[str, object], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        request.parse(raw, "Sintel", "en")
    assert refusal.value.code == code


def test_what_a_request_leaves_out_is_filled_in() -> None:
    assert request.parse({}, "Sintel", "en").titles == {"en": "Sintel"}
    graded = request.parse({"looks": ["noir"]}, "Sintel", "en")
    assert graded.kinds == ("grade",) and not graded.titles and graded.bases == ("grade",)
    assert request.parse({"kinds": ["grade"]}, "😀", "en").looks == request.LOOKS  # not lettered
    both = request.parse({"kinds": ["split"], "titles": {"de": " Der  Pfad "}}, "x", None)
    assert both.titles == {"de": "Der Pfad"} and both.bases == ("split",)


def test_right_to_left_titles_run_from_the_right() -> None:
    assert direction("سينتل: 2010") == "rtl" and direction("2010 Sintel") == "ltr"
    face = fonts.choose("אבג")
    first, whole = (settings(text, face)[0].draw(100, 0.0) for text in ("א", "אבג"))
    # Alef, the first letter, stands last on the line.
    width, height = first.shape[1], min(first.shape[0], whole.shape[0])
    right, left = whole[-height:, -width:] > 128, whole[-height:, :width] > 128
    mine = first[-height:] > 128
    assert (right == mine).mean() > 0.95 > (left == mine).mean() + 0.1
    # Joined letters are narrower than letters apart.
    arabic = fonts.choose("سينتل")
    apart = sum(settings(letter, arabic)[0].width for letter in "سينتل")
    assert settings("سينتل", arabic)[0].width < 0.85 * apart


def test_scripts_are_told_and_lines_break_where_they_may() -> None:
    assert [script(text) for text in ("大きなウサギ", "大雄兔", "Ж", "2010")] == [
        "Hiragana",
        "Han",
        "Cyrillic",
        "Common",
    ]
    assert pieces("The Big One") == ["The ", "Big ", "One"]
    assert pieces("竜を探す。「旅」") == ["竜", "を", "探", "す。", "「旅」"]
    assert pieces("シンテルの旅") == ["シンテル", "の", "旅"]
    assert "".join(pieces("Café 東京 2")) == "Café 東京 2"
    assert broken(pieces("the girl who fell down the well"), 2) == [
        "the girl who fell",
        "down the well",
    ]
    assert broken(pieces("a b c"), 3) == ["a", "b", "c"]


@pytest.mark.parametrize("language", ["en", "ar", "ja", "hi"])
def test_contrast_holds_at_every_edge_and_outlives_the_codec(language: str) -> None:
    text = TITLES[language]
    for rgb in (noise(640, 360), shipped(*SCENES[0])):
        done = lettered(rgb, text, language=language)
        assert done.contrast >= contrast.LEAST
        colour = [int(done.colour[i : i + 2], 16) for i in (1, 3, 5)]
        buffer = io.BytesIO()
        Image.fromarray(done.rgb).save(buffer, "JPEG", quality=93, subsampling=0)
        box = done.box
        shown = np.asarray(Image.open(buffer))[box.y : box.bottom, box.x : box.right]
        ink = np.abs(shown.astype(int) - colour).sum(axis=2) < 24
        assert ink.any()
        # The ground beside the ink, a blur's width away from its antialiased edge.
        beside = cv2.dilate(ink.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        edge = cv2.dilate(ink.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        soft = cv2.blur(shown, (3, 3))[beside & ~edge]
        worst = min(wcag(colour, tone) for tone in np.unique(soft, axis=0).tolist())
        assert worst >= 4.0  # what is left of a letter's antialiasing is in this ground
        ratios = [wcag(colour, tone) for tone in soft.tolist()]
        assert float(np.quantile(ratios, 0.02)) >= contrast.LEAST - 0.15


def test_the_measure_of_contrast_sees_one_bad_letter() -> None:
    rgb = np.zeros((100, 300, 3), np.uint8)
    coverage = np.zeros((100, 300), np.uint8)
    coverage[40:60, 20:280:20] = 255
    assert contrast.measured(rgb, coverage, (255, 255, 255), 5) == pytest.approx(21)
    rgb[:, 255:275] = 200
    assert contrast.measured(rgb, coverage, (255, 255, 255), 5) < 2
    assert contrast.ratio(1.0, 0.0) == pytest.approx(21)
    assert wcag((255, 255, 255), (118, 118, 118)) == pytest.approx(
        contrast.ratio(1.0, float(contrast.luminance(np.array([118] * 3, np.uint8)))), abs=1e-3
    )


def test_a_title_covers_neither_faces_nor_words_nor_the_progress_bar() -> None:
    rgb = noise(1280, 720)
    faces = [Box(500, 150, 240, 300), Box(80, 60, 100, 120)]
    words = [Box(900, 500, 300, 60)]
    found = layout.place(
        rgb, settings("The Quiet Ones", fonts.choose("The Quiet Ones")), faces, words
    )
    assert found
    for one in found:
        assert not any(one.box.overlap(box) for box in (*faces, *words))
        assert one.box.bottom <= 0.9 * 720 + 1 and one.box.x >= 0 and one.box.right <= 1280


def test_a_title_goes_where_the_picture_is_calm() -> None:
    rgb = np.full((720, 1280, 3), 40, np.uint8)
    rgb[:, :860] = noise(860, 720)
    best = layout.place(rgb, settings("Calm", fonts.choose("Calm")))[0]
    assert best.box.x >= 840


def test_a_title_stands_beside_a_body_or_is_as_broad_as_a_posters() -> None:
    rgb = np.full((720, 1280, 3), 60, np.uint8)
    title, face = settings("Sintel", fonts.choose("Sintel")), Box(240, 200, 160, 200)
    found = layout.place(rgb, title, [face], count=60)
    assert found and not found[0].on_body
    # Of all places whose middle is on the chest only broad ones are left.
    for one in found:
        middle = (one.box.x + one.box.width / 2, one.box.y + one.box.height / 2)
        if 160 < middle[0] < 480 and middle[1] > 520:
            assert one.on_body and one.box.width >= layout.BROAD * 1280
    # Ground that is no picture holds no body.
    ground = layout.place(rgb, title, [face], (), Box(0, 0, 1280, 410), count=60)
    assert not any(one.on_body for one in ground)


@pytest.mark.parametrize("size", [(720, 1080), (720, 720), (1280, 720)])
def test_a_title_is_never_a_mere_label(size: tuple[int, int]) -> None:
    rgb = noise(*size)
    least = layout.LEAST_WIDTH if size[0] > layout.WIDE * size[1] else layout.LEAST_UPRIGHT
    for text in ("Sintel", "Big Buck Bunny", "M"):
        found = layout.place(rgb, settings(text, fonts.choose(text)), count=50)
        assert found
        for one in found:
            large = one.size_px >= layout.LEAST_SIZE * min(size)
            assert one.box.width >= least * size[0] - 1 or large


def test_no_room_is_said_and_not_forced() -> None:
    face = Box(0, 0, 640, 360)
    with pytest.raises(Invalid) as refusal:
        lettered(noise(640, 360), "Anything", [face])
    assert refusal.value.code == "no_room_for_title"


@pytest.mark.parametrize(
    "text", ["M", "x" * 120, "The quick brown fox " * 6, "東" * 40, "Ünïcødé ß"]
)
def test_short_and_long_titles_fit_or_are_refused_by_name(text: str) -> None:
    rgb = shipped(*PORTRAIT)
    try:
        done = lettered(rgb, text.strip(), [Box(180, 120, 150, 200)])
    except Invalid as error:
        assert error.code == "no_room_for_title"
    else:
        assert done.contrast >= contrast.LEAST
        assert done.box.x >= 0 and done.box.right <= rgb.shape[1]
        # The picture away from the title is what it was, but for the scrim's soft fall.
        assert done.rgb.shape == rgb.shape


def test_two_processes_draw_the_same_pixels() -> None:
    code = (
        "import hashlib, numpy as np;"
        "from tests.test_artwork_compose_titles import lettered, noise;"
        "from artwork.compose.extension import extended;"
        "from artwork.compose.grades import graded, title_tones;"
        "from artwork.compose.pairs import paired;"
        "from tests.test_artwork_compose import wide;"
        "rgb = noise(480, 270);"
        "tones = title_tones([], rgb);"
        "a = lettered(graded(rgb, 'warm', tones), 'Sintel 東');"
        "b = lettered(graded(rgb, 'duotone', tones), 'سينتل');"
        "one, two = wide(1, (300, 90, 80, 110)), wide(2, (150, 110, 70, 90));"
        "c = paired((one, two), '16:9', 'split', tones=tones, least_px=360);"
        "d = extended(one.rgb, one.subject, '2:3', 360);"
        "print(hashlib.sha256(b''.join(x.rgb.tobytes() for x in (a, b, c, d))).hexdigest())"
    )
    command = [sys.executable, "-c", code]
    runs = {subprocess.run(command, capture_output=True, check=True).stdout for _ in range(2)}
    assert len(runs) == 1
