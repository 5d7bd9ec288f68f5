"""A title in steps, by hand on a film of 4.5 s; and as OpenTimelineIO, read by its library."""

import json
from dataclasses import replace

import numpy as np
import opentimelineio as otio
import pytest

from content.entries import Run, ShotRow
from content.errors import Conflict, Invalid, KeyartError
from content.otio import document, rate_of
from content.timeline import steps
from content.types import MediaFacts
from tests import plausible
from tests.standin_catalog import Catalog, title

COLUMNS = {
    "speech": np.array([1, 0, 0.5, 1, 0], np.float32),
    "brightness": np.array([0.2, np.nan, 0.4, np.nan, np.nan], np.float32),
    "loudness_lufs": np.array([-30, -20, np.nan, -25, -40], np.float32),
}
FACTS = MediaFacts(4.5, 25.0, 640, 360, True, "h264")
SHOTS = [
    ShotRow(0, 0.0, 1.4, 0.5, None, "start", 1.0, {"mood": {"top": "calm"}}),
    ShotRow(1, 1.4, 1.6, 1.5, None, "cut", 0.8, {"look": {"palette": [{"hex": "#010203"}]}}),
    ShotRow(2, 1.6, 4.5, 3.0, None, "fade", 0.7, {"mood": {"top": "eerie"}, "look": {}}),
]
RUN = Run(title("a", facts=FACTS), SHOTS, COLUMNS)


def column(name: str, run: Run = RUN, **query: float) -> list[object]:
    return [item[name] for item in steps(run, **query)]


def test_one_record_a_second_by_default() -> None:
    assert column("at_s") == [0, 1, 2, 3, 4]
    assert column("speech") == [1, 0, 0.5, 1, 0]
    assert column("brightness") == [0.2, None, 0.4, None, None]
    assert column("loudness_lufs") == [-30, -20, None, -25, -40]
    assert column("valence") == [None] * 5  # there is no such column


def test_longer_steps_hold_means_and_the_largest_loudness() -> None:
    assert column("at_s", step_s=2) == [0, 2, 4]
    assert column("speech", step_s=2) == [0.5, 0.75, 0]
    assert column("brightness", step_s=2) == [0.2, 0.4, None]  # of the seconds that have one
    assert column("loudness_lufs", step_s=2) == [-20, -25, -40]
    assert column("speech", step_s=1.5) == [0.6667, 0.3333, 0.6667]
    assert column("speech", step_s=3600) == [round(2.5 / 4.5, 4)]  # half a second is the last


def test_a_step_within_the_film_takes_its_part_of_each_second() -> None:
    assert column("at_s", start_s=0.5, end_s=2.25, step_s=1.5) == [0.5, 2.0]
    assert column("speech", start_s=0.5, end_s=2.25, step_s=1.5) == [round(0.5 / 1.5, 4), 0.5]
    assert column("loudness_lufs", start_s=0.5, end_s=2.25, step_s=1.5) == [-20, None]


def test_the_shot_with_the_largest_part_speaks_for_a_step() -> None:
    assert column("shot") == [0, 0, 2, 2, 2]  # 1..2: parts 0.4, 0.2, 0.4, and the first wins
    assert column("shot", start_s=1.45, end_s=1.55) == [1]
    assert column("mood", start_s=1.45, end_s=1.55) == [None]
    assert column("palette", start_s=1.45, end_s=1.55) == [["#010203"]]
    assert column("mood") == ["calm", "calm", "eerie", "eerie", "eerie"]
    assert column("palette", step_s=3600) == [[]]
    assert column("shot", start_s=4.4999) == [2]


@pytest.mark.parametrize("step_s", [1.0, 1.7, 7.0, 60.0])
def test_steps_agree_with_a_plain_loop(step_s: float) -> None:
    """An oracle at a hundredth of a second."""
    catalog = Catalog()
    catalog.screen("a", plausible.film(97.3, 40))
    run = catalog.run("a")
    for item in steps(run, step_s=step_s):
        end_s = min(item["at_s"] + step_s, 97.3)
        clock = np.arange(item["at_s"] + 0.005, end_s, 0.01)
        for name in ("speech", "brightness", "motion_global"):
            mean = run.timeline[name][clock.astype(int)].mean()
            assert item[name] == pytest.approx(mean, abs=0.02)
        peak = run.timeline["loudness_lufs"][np.unique(clock.astype(int))].max()
        assert item["loudness_lufs"] == pytest.approx(peak, abs=1e-3)
        held = [sum((s.start_s <= clock) & (clock < s.end_s)) for s in run.shots]
        assert held[item["shot"]] >= max(held) - 1
        assert item["mood"] == run.shots[item["shot"]].facts["mood"]["top"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"step_s": 0.99}, "invalid_step"),
        ({"step_s": 0.0}, "invalid_step"),
        ({"step_s": -1.0}, "invalid_step"),
        ({"step_s": float("nan")}, "invalid_step"),
        ({"step_s": float("inf")}, "invalid_step"),
        ({"step_s": 3601.0}, "invalid_step"),
        ({"start_s": -0.1}, "invalid_range"),
        ({"start_s": 4.5}, "invalid_range"),
        ({"start_s": 2.0, "end_s": 2.0}, "invalid_range"),
        ({"start_s": 2.0, "end_s": 1.0}, "invalid_range"),
        ({"start_s": float("nan")}, "invalid_range"),
        ({"end_s": float("nan")}, "invalid_range"),
        ({"end_s": -1.0}, "invalid_range"),
    ],
)
def test_steps_that_are_none_are_refused(query: dict[str, float], code: str) -> None:
    with pytest.raises(Invalid) as caught:
        steps(RUN, **query)
    assert caught.value.code == code


def test_a_range_of_almost_nothing_is_one_step() -> None:
    assert [item["at_s"] for item in steps(RUN, end_s=1e-10)] == [0.0]


def test_too_many_steps_are_refused_and_a_range_of_them_given() -> None:
    long = replace(RUN, title=title("a", facts=replace(FACTS, duration_s=20_001.0)), timeline={})
    with pytest.raises(Invalid, match="at most 20000"):
        steps(long)
    assert len(steps(long, start_s=1.0)) == 20_000
    assert len(steps(long, step_s=2)) == 10_001


def test_without_media_there_is_no_timeline() -> None:
    bare = Run(title("a", facts=None), [], {})
    for ask in (steps, lambda run: document(run, None)):
        with pytest.raises(Conflict, match="no_timeline"):
            ask(bare)
    assert issubclass(Conflict, KeyartError)


def test_what_was_understood_before_timelines_has_its_shots() -> None:
    old = Run(title("a", facts=FACTS), [ShotRow(0, 0.0, 4.5, 1.0, None)], {})
    assert steps(old, step_s=60)[0] == {
        "at_s": 0,
        "shot": 0,
        "mood": None,
        "palette": [],
        **dict.fromkeys(plausible.COLUMNS),
    }
    [clip] = read(old).tracks[0]
    assert clip.metadata["keyart"]["boundary"] is None


# ----- OpenTimelineIO


def read(run: Run, media: str | None = "film.mp4") -> otio.schema.Timeline:
    return otio.adapters.read_from_string(document(run, media), "otio_json")


@pytest.fixture(scope="module")
def two_hours() -> Run:
    catalog = Catalog()
    catalog.screen("a", plausible.film(7200.0, 1500))
    return catalog.run("a")


@pytest.mark.parametrize(
    ("fps", "exact"),
    [
        (23.976, 24000 / 1001),
        (23.976023976, 24000 / 1001),
        (23.98, 24000 / 1001),
        (29.97, 30000 / 1001),
        (59.94, 60000 / 1001),
        (14.985, 15000 / 1001),
        (24.0, 24.0),
        (25.0, 25.0),
        (30.0, 30.0),
        (12.5, 12.5),
        (23.5, 23.5),
        (0.5, 0.5),
        (0.0, 24.0),
    ],
)
def test_rates_are_those_that_editors_mean(fps: float, exact: float) -> None:
    assert rate_of(fps) == pytest.approx(exact, rel=1e-12)


def test_clips_are_the_shots_frame_for_frame(two_hours: Run) -> None:
    made = read(two_hours)
    [track] = made.tracks
    rate = 24000 / 1001
    clips = made.find_clips()
    assert track.kind == "Video" and len(clips) == len(two_hours.shots)
    assert otio.opentime.RationalTime.is_smpte_timecode_rate(track[0].source_range.duration.rate)
    end = 0
    for clip, shot in zip(clips, two_hours.shots, strict=True):
        taken = clip.source_range
        assert taken.duration.rate == pytest.approx(rate, rel=1e-12)
        assert taken.start_time.value == end == clip.range_in_parent().start_time.value
        assert taken.start_time.to_seconds() == pytest.approx(shot.start_s, abs=0.5 / rate)
        end += taken.duration.value
        assert clip.metadata["keyart"]["shot"] == shot.idx
    assert end == round(7200 * rate) == 172627  # at 23.98 it would be 30 frames more
    assert made.duration().value == end


def test_the_facts_travel_with_the_clips(two_hours: Run) -> None:
    made = read(two_hours)
    clip, shot = made.find_clips()[7], two_hours.shots[7]
    known = json.loads(otio.core.serialize_json_to_string(clip.metadata))["keyart"]
    assert known["boundary"] == shot.boundary == "dissolve"
    assert known["confidence"] == shot.confidence
    assert {name: known[name] for name in shot.facts} == json.loads(json.dumps(shot.facts))
    assert clip.media_reference.target_url == "film.mp4"
    assert clip.media_reference.available_range.duration.value == made.duration().value
    assert made.metadata["keyart"]["title_id"] == "a"


def test_dissolves_and_fades_are_transitions(two_hours: Run) -> None:
    track = read(two_hours).tracks[0]
    made = [child for child in track if isinstance(child, otio.schema.Transition)]
    shots = [shot for shot in two_hours.shots if shot.boundary in ("dissolve", "fade")]
    assert len(made) == len(shots) > 200
    for transition, shot in zip(made, shots, strict=True):
        assert transition.transition_type == "SMPTE_Dissolve"
        assert transition.name == transition.metadata["keyart"]["boundary"] == shot.boundary
        assert transition.metadata["keyart"]["confidence"] == shot.confidence
        before, after = track.neighbors_of(transition)
        cut = after.range_in_parent().start_time
        assert cut.to_seconds() == pytest.approx(shot.start_s, abs=0.03)
        for side, offset in ((before, transition.in_offset), (after, transition.out_offset)):
            assert 0 < offset.value <= min(12, side.duration().value // 2)
        whole = before.media_reference.available_range
        assert whole.contains(cut - transition.in_offset)
        assert whole.contains(cut + transition.out_offset)


def test_a_transition_is_as_long_as_it_is() -> None:
    shots = [
        ShotRow(0, 0.0, 2.0, 1.0, None, "start", 1.0),
        ShotRow(1, 2.0, 4.0, 3.0, None, "dissolve", 0.9, None, 1.75, 2.5),
    ]
    [track] = read(replace(RUN, shots=shots)).tracks
    [made] = [child for child in track if isinstance(child, otio.schema.Transition)]
    offsets = [made.in_offset.to_seconds(), made.out_offset.to_seconds()]
    assert offsets == pytest.approx([0.25, 0.5], abs=0.03)
    assert made.metadata["keyart"]["boundary_from_s"] == 1.75


def test_an_editor_reads_the_transitions(two_hours: Run) -> None:
    expanded = otio.algorithms.track_with_expanded_transitions(read(two_hours).tracks[0])
    mixed = [child for child in expanded if isinstance(child, tuple)]
    assert len(mixed) == sum(shot.boundary in ("dissolve", "fade") for shot in two_hours.shots)
    for going, transition, coming in mixed:
        length = transition.in_offset + transition.out_offset
        assert going.source_range.duration == coming.source_range.duration == length
        assert going.source_range.start_time == coming.source_range.start_time


def test_a_gradual_boundary_without_material_beside_it_is_a_marker() -> None:
    times = ((0.0, 2.0, "start"), (2.0, 2.04, "dissolve"), (2.04, 4.5, "wipe"))
    shots = [ShotRow(i, a, b, a, None, kind, 0.9) for i, (a, b, kind) in enumerate(times)]
    [track] = read(replace(RUN, shots=shots)).tracks
    assert [type(child).__name__ for child in track] == ["Clip"] * 3
    assert [marker.name for marker in track.markers] == ["dissolve", "wipe"]


def test_markers_show_moods_and_peaks(two_hours: Run) -> None:
    markers = read(two_hours).tracks[0].markers
    names = {name: [m for m in markers if m.name.startswith(name)] for name in
             ("calm", "tense", "epic", "joyful", "action")}  # fmt: skip
    assert [len(names[mood]) for mood in ("calm", "tense", "epic", "joyful")] == [1, 1, 1, 1]
    [peak] = names["action"]
    assert peak.marked_range.start_time.to_seconds() == pytest.approx(4320, abs=0.05)
    assert len(markers) == sum(map(len, names.values()))


def test_media_without_a_name_of_its_own_is_missing(two_hours: Run) -> None:
    short = replace(two_hours, shots=two_hours.shots[:1])
    [clip] = read(short, None).tracks[0]
    assert clip.media_reference.is_missing_reference
    assert clip.media_reference.name == two_hours.title.name


def test_a_shot_of_no_frame_has_no_clip() -> None:
    shots = [ShotRow(0, 0.0, 0.01, 0.0, None), ShotRow(1, 0.01, 4.5, 1.0, None)]
    [clip] = read(replace(RUN, shots=shots)).tracks[0]
    assert clip.source_range.start_time.value == 0 and clip.source_range.duration.value == 112


def test_the_same_title_gives_the_same_bytes(two_hours: Run) -> None:
    assert document(two_hours, "a.mp4") == document(two_hours, "a.mp4")
