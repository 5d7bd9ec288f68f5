"""`keyart show`: what it draws of a title, in the terminal and on a sheet."""

import io
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from api.cli import lanes, sheet
from api.cli.film import Film, clock, facts_in_words, ink_on, runs, ticks
from api.cli.remote import Remote
from tests import plausible
from tests.http_house import as_json, make_house
from tests.standin_catalog import title
from tests.standins import House

FILM = plausible.film(60.0, 24)
RED = (200, 30, 40)


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = make_house(tmp_path)
    picture = np.full((90, 160, 3), RED, np.uint8)
    sha256 = house.images.put(picture).sha256
    house.catalog.screen("film", FILM, [sha256] * 23 + ["ef" * 32])  # the last one is gone
    house.catalog.screen("long", plausible.film(5400.0, 900), [sha256] * 900)
    house.catalog.titles["words"] = title("words", facts=None, profile=None)
    house.catalog.titles["new"] = title("new", facts=None, profile=None, version=None)
    return house


@pytest.fixture
def keyart(
    keyart: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """As everywhere, but at 100 columns."""
    monkeypatch.setenv("COLUMNS", "100")
    return keyart


def lane(out: str, label: str) -> str:
    [line] = [each for each in out.splitlines() if each.startswith(f"{label} ")]
    return line.ljust(100)[lanes.LABEL :]


def test_a_title_is_drawn_over_the_whole_window(keyart: Any) -> None:
    status, out, err = keyart("show", "film")
    assert (status, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 100
    assert "Film  1:00" in out and "23.976 fps" in out
    assert "24.0 shots a minute" in out and "D minor, 120 BPM" in out
    assert "dark picture 0.22 (+0.41)" in out
    strokes = lane(out, "shots")
    assert sum(strokes.count(stroke) for stroke in "│┃╱█") >= 20
    assert strokes.index("│") == int(FILM.shots[1].start_s / 60 * 90)
    assert strokes.count("╱") >= 3
    ribbon = lane(out, "mood")
    assert ribbon.split() == ["calm", "tense", "epic", "joyful"]
    assert ribbon.index("epic") > ribbon.index("tense") > 20
    talking = FILM.timeline["speech"]
    drawn = lane(out, "speech")
    for second in (3, 21, 41, 55):
        middle = drawn[int((second + 0.5) * 1.5)]
        assert (middle == "█") == bool(talking[second])
    loud = lane(out, "loudness")
    assert lanes.BARS.index(loud[round(35 * 1.5)]) > lanes.BARS.index(loud[3])


def test_the_words_the_writing_and_the_faces_are_told(house: House, url: str) -> None:
    look = {"text": [{"text": "THE\n END", "score": 0.9}], "face_count": 2}
    facts = [replace(own, look=own.look | look) for own in FILM.shot_facts[:10]]
    written = replace(FILM, shot_facts=(*facts, *FILM.shot_facts[10:]))
    house.catalog.screen("film", written, ["ef" * 32] * 24)
    told = dict(facts_in_words(Film.fetch(Remote(url), "film")))
    first = clock(FILM.shots[0].keyframe_s)
    assert told["said"].startswith("0:00 Line 0. · ") and told["said"].endswith(" lines)")
    assert told["written"] == f"{first} THE END (1 texts)"
    assert told["faces"].startswith(f"2 at {first} · ")
    assert "… (" in told["faces"] and told["faces"].endswith(" of 24 keyframes)")


def test_the_noise_of_a_still_film_is_no_movement(house: House, keyart: Any) -> None:
    noise = {"motion_local": np.full(60, 1e-4, np.float32)}
    house.catalog.screen("film", replace(FILM, timeline=FILM.timeline | noise), ["ef" * 32] * 24)
    assert lane(keyart("show", "film")[1], "action").strip() == ""


def test_a_pipe_gets_lanes_of_a_fixed_width(keyart: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    out = keyart("show", "film")[1]
    assert max(len(line) for line in out.splitlines() if line.startswith("shots")) == 120


def test_a_narrow_window_breaks_no_lane(keyart: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    out = keyart("show", "film")[1]
    assert len(next(line for line in out.splitlines() if line.startswith("shots "))) == 40


def test_what_is_not_known_has_no_lane(keyart: Any) -> None:
    status, out, _ = keyart("show", "words")
    assert (status, out) == (0, "Words  no media\n")
    old = keyart("show", "bikes")[1]
    assert "shots" in old and "mood" not in old and "palette" not in old and "speech" not in old


def test_titles_that_are_not_there_or_not_ready_are_told(keyart: Any) -> None:
    assert keyart("show", "zork")[2].startswith("title_not_found ")
    assert keyart("show", "new")[2].startswith("title_not_ready ")
    assert keyart("show", "zork")[0] == keyart("show", "new")[0] == 1


def test_json_is_what_the_service_says(keyart: Any) -> None:
    told = as_json(keyart("show", "film", "--json"))
    assert set(told) == {"profile", "timeline", "shots"}
    assert len(told["timeline"]["items"]) == 60 and len(told["shots"]) == 24
    assert as_json(keyart("show", "words", "--json"))["timeline"] is None


def test_a_sheet_shows_pictures_colours_and_moods(keyart: Any, tmp_path: Path) -> None:
    status, out, _ = keyart("show", "film", "--png", str(tmp_path / "sheet.png"))
    assert (status, out) == (0, f"sheet: {tmp_path / 'sheet.png'}\n")
    with Image.open(tmp_path / "sheet.png") as drawn:
        assert drawn.format == "PNG" and drawn.width == sheet.WIDTH
        pixels = np.asarray(drawn.convert("RGB")).astype(int)
    red = (abs(pixels - RED) < 12).all(2)
    assert red.sum() == pytest.approx(23 * 108 * 192, rel=0.05)  # the lost one leaves its place
    for act in plausible.ACTS:
        mine = (pixels == sheet_colour(lanes.mood_colour(act.mood))).all(2)
        assert mine.any()
        x = np.flatnonzero(mine.sum(0) > 25)  # the ribbon
        held = sum(s.end_s - s.start_s for s, f in zip(FILM.shots, FILM.shot_facts, strict=True)
                   if f.mood["top"] == act.mood)  # fmt: skip
        assert len(x) == pytest.approx(held / 60 * sheet.PLOT, abs=30)
        for colour, share in zip(act.palette, (0.5, 0.3, 0.2), strict=True):
            bar = (pixels == sheet_colour(colour)).all(2).sum(0)
            assert bar.max() == pytest.approx(84 * share, abs=4)


def sheet_colour(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def test_a_long_title_has_pictures_from_all_of_it(url: str) -> None:
    film = Film.fetch(Remote(url), "long")
    assert len(film.shots) == 900
    chosen = sheet.chosen_shots(film)
    starts = [float(shot["start_s"]) for shot in chosen]
    assert len(chosen) == sheet.PICTURES_A_ROW * sheet.ROWS
    assert starts == sorted(set(starts))
    assert starts[0] < 300 and starts[-1] > 5100
    assert max(b - a for a, b in pairwise(starts)) < 2 * 5400 / len(chosen)
    assert sheet.draw(film, Remote(url)).width == sheet.WIDTH


def test_the_same_title_gives_the_same_sheet(url: str) -> None:
    def png() -> bytes:
        buffer = io.BytesIO()
        sheet.draw(Film.fetch(Remote(url), "film"), Remote(url)).save(buffer, "PNG")
        return buffer.getvalue()

    assert png() == png()


def test_a_sheet_without_media_has_its_head(keyart: Any, tmp_path: Path) -> None:
    for name in ("words", "bikes"):
        assert keyart("show", name, "--png", str(tmp_path / f"{name}.png"))[0] == 0
        assert Image.open(tmp_path / f"{name}.png").height < 400


def test_a_sheet_needs_a_folder(keyart: Any, tmp_path: Path) -> None:
    status, _, err = keyart("show", "film", "--png", str(tmp_path / "no" / "sheet.png"))
    assert (status, "there is no folder" in err) == (2, True)
    assert keyart("show", "film", "--png", str(tmp_path))[0] == 2


def test_a_sheet_that_cannot_be_written_is_told(keyart: Any, tmp_path: Path) -> None:
    status, _, err = keyart("show", "words", "--png", str(tmp_path / f"{'x' * 300}.png"))
    assert (status, "Traceback" in err) == (2, False)


def test_a_name_steers_neither_the_terminal_nor_the_sheet(
    keyart: Any, house: House, tmp_path: Path
) -> None:
    name = "\x1b]0;x\x07\x1b[2J\x9b1m[bold]Red[/] [/no]\x85\r\ntwo\ttabs"
    house.catalog.titles["words"] = title("words", name=name, facts=None, profile=None)
    for command in ("show", "status"):
        status, out, _ = keyart(command, "words")
        assert status == 0 and "]0;x[2J1m[bold]Red[/] [/no]" in out
        assert not {c for c in out if ord(c) < 32 or 127 <= ord(c) < 160} - {"\n", "\t"}
    assert keyart("show", "words", "--png", str(tmp_path / "sheet.png"))[0] == 0
    wide = title("words", name="W" * 300, facts=None, profile=None)
    house.catalog.titles["words"] = wide
    assert keyart("show", "words", "--png", str(tmp_path / "sheet.png"))[0] == 0
    edge = np.asarray(Image.open(tmp_path / "sheet.png"))[:50, -10:]
    assert (edge == edge[0, 0]).all()  # the name is cut before it


def test_status_shows_no_records(keyart: Any) -> None:
    out = keyart("status", "film")[1]
    assert "profile.sound.tempo_bpm" in out and "transcript" not in out and "evidence" not in out


def test_figures_are_resampled() -> None:
    items = [{"speech": value} for value in (0.0, 1.0, None, 0.5)]
    film = Film({}, {"duration_s": 4.0}, {"items": items}, [])
    assert film.means("speech", 2) == [0.5, 0.5]
    assert film.means("speech", 4) == [0.0, 1.0, None, 0.5]
    assert film.means("speech", 8) == [0.0, 0.0, 1.0, 1.0, None, None, 0.5, 0.5]
    assert film.peaks("speech", 1) == [1.0]
    assert Film({}, {"duration_s": None}, None, []).means("speech", 3) == [None] * 3


def test_times_are_told_as_clocks_with_round_ticks() -> None:
    assert [clock(at_s) for at_s in (0, 9.6, 61, 3600, 5025)] == [
        "0:00", "0:10", "1:01", "1:00:00", "1:23:45",
    ]  # fmt: skip
    assert ticks(60, 6) == [0, 10, 20, 30, 40, 50, 60]
    assert ticks(7200, 12) == [i * 600.0 for i in range(13)]
    assert len(ticks(10**6, 10)) <= 11
    assert list(runs([])) == []
    assert list(runs(["a", "a", None, "a"])) == [(0, 2, "a"), (2, 3, None), (3, 4, "a")]
    assert (ink_on("#ffd23f"), ink_on("#4a4e8a")) == ("#000000", "#ffffff")
