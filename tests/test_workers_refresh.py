"""A published title understood anew, by real children: what is replaced, kept and taken away."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from artwork import pictures
from artwork.choice.belief.features import FACTS, LIKED, Lens, feature_set_id
from artwork.choice.offer.shelves import Shelves
from artwork.choice.record.decisions import Scope
from artwork.choice.record.feature_sets import register
from artwork.choice.record.ledger import save_features
from artwork.image_groups import PictureGroup, PictureVariant
from artwork.images.store import ImageStore
from artwork.quality.picture import analysis_picture
from artwork.rules.guardrails import Audience
from artwork.tables import image_groups
from content import publication
from content.encoders.models import Models
from content.errors import NotFound
from content.records import writing
from content.tables import timelines
from indexes.calibration import FIT_MIN_TITLES, Calibration
from indexes.generation import CONSTANTS
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from tests.opened import opened_parts
from tests.photographs import SCENES, shipped
from tests.shelf import stored_timeline
from tests.synth import make_clip
from tests.understood import PRINTS, STORY, TAKES, published
from workers import removal, workflows
from workers.parts import Parts
from workers.pool import Pool
from workers.workflows import JobRunner


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with opened_parts(tmp_path) as opened:
        yield opened


def test_another_encoder_replaces_all_that_was_known(
    parts: Parts, pool: Pool, tmp_path: Path
) -> None:
    make_clip(tmp_path / "film.mp4", TAKES, sound="music")
    refresh = published(parts, pool, tmp_path / "film.mp4", {**PRINTS, "visual": "old@1:1280:a"})
    before = parts.catalog.run("a")
    [old_picture] = {shot.keyframe_sha256 for shot in before.shots}
    refresh.title("a", 1)
    after = parts.catalog.run("a")
    assert after.title.facts.duration_s == pytest.approx(2.0, abs=0.1)
    assert after.title.profile != before.title.profile
    assert len(after.shots) == 2
    assert all(parts.images.has(shot.keyframe_sha256) for shot in after.shots)
    vectors = parts.catalog.vectors("a", 1)
    assert {space: v.fingerprint for space, v in vectors.items()} == PRINTS
    assert vectors["synopsis"].data[0] == 1  # today's encoder had made it
    prints = {made.fingerprint for made in parts.catalog.shot_vectors("a", 1).values()}
    assert prints <= set(PRINTS.values())  # none of the made-up film's
    assert parts.images.has(old_picture)
    removal.clear_work(parts, refresh.job.id)
    assert not parts.images.has(old_picture)
    assert all(parts.images.has(shot.keyframe_sha256) for shot in after.shots)
    again = replace(refresh, pool=None)  # nothing is stale now: no child is asked
    again.title("a", 1)


def test_what_is_of_today_is_left_alone(parts: Parts, pool: Pool, tmp_path: Path) -> None:
    published(parts, pool, tmp_path / "gone.mp4", PRINTS).title("a", 1)
    assert len(parts.catalog.run("a").shots) == 3


def test_a_title_from_before_timelines_is_understood_anew(
    parts: Parts, pool: Pool, tmp_path: Path
) -> None:
    make_clip(tmp_path / "film.mp4", TAKES)
    refresh = published(parts, pool, tmp_path / "film.mp4", PRINTS)
    with writing(parts.engine).begin() as connection:
        connection.execute(sa.delete(timelines))
    refresh.title("a", 1)
    assert len(parts.catalog.run("a").shots) == 2
    assert stored_timeline(parts.engine, "a", 1) is not None


def test_without_its_media_a_title_gets_the_words_of_today(
    parts: Parts, pool: Pool, tmp_path: Path
) -> None:
    old = {"visual": "old@1:1280:a", "synopsis": "old@1:384:b"}
    published(parts, pool, tmp_path / "gone.mp4", old).title("a", 1)
    run = parts.catalog.run("a")
    assert len(run.shots) == 3
    prints = {s: v.fingerprint for s, v in parts.catalog.vectors("a", 1).items()}
    assert prints == {**old, "synopsis": PRINTS["synopsis"]}


@pytest.mark.parametrize("made_by", ["old@1:384:b", PRINTS["synopsis"]])
def test_words_alone_tell_anew(parts: Parts, pool: Pool, made_by: str) -> None:
    refresh = published(parts, pool, None, {"synopsis": made_by})  # from before there were profiles
    before = parts.catalog.get("a")
    refresh.title("a", 1)
    after = parts.catalog.get("a")
    assert parts.catalog.vectors("a", 1)["synopsis"].fingerprint == PRINTS["synopsis"]
    assert before.profile is None and after.profile is not None
    assert set(after.profile) == {"words", "mood"}
    assert after.updated_us > before.updated_us
    replace(refresh, pool=None).title("a", 1)  # once is enough


@pytest.mark.parametrize("facts", [{"language": "nl"}, {"name": f" {STORY.upper()}"}])
def test_words_that_are_not_read_or_only_the_name_tell_nothing_anew_either(
    parts: Parts, pool: Pool, facts: dict[str, str]
) -> None:
    published(parts, pool, None, {"synopsis": "old@1:384:b"}, **facts).title("a", 1)
    told = parts.catalog.get("a").profile
    with pool.child() as child:
        expected, known = (
            child.call("told", {"text": STORY, "language": language}) for language in ("nl", "en")
        )
    assert told == expected != known


def test_what_was_extracted_is_kept_until_it_is_written(
    parts: Parts, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_clip(tmp_path / "film.mp4", TAKES)
    refresh = published(parts, pool, tmp_path / "film.mp4", {"visual": "old@1:1280:a"})
    folder = parts.work_folder(refresh.job.id) / "extraction-a-1"
    with monkeypatch.context() as patch, pytest.raises(OSError, match="full"):
        patch.setattr(publication, "write_understanding", full)
        refresh.title("a", 1)
    assert folder.exists()
    replace(refresh, pool=None).title("a", 1)  # reads nothing again
    assert len(parts.catalog.run("a").shots) == 2
    assert not folder.exists()


def full(*_: object, **__: object) -> None:
    raise OSError("the disk is full")


def test_pictures_keep_their_look(parts: Parts, pool: Pool, tmp_path: Path) -> None:
    refresh = published(parts, pool, tmp_path / "gone.mp4", PRINTS)
    photo = shipped(*SCENES[0])
    crops = [parts.images.put(photo[:90, :160]), parts.images.put(photo[-90:, -60:])]
    group = PictureGroup(
        "g",
        "frame",
        1.0,
        {"brightness": 0.5},
        np.eye(1, 1280, dtype=np.float32)[0],
        "old@1:1280:a",
        tuple(
            PictureVariant(f"v{n}", "g", aspect, made.sha256, made.width, made.height, {}, {})
            for n, (aspect, made) in enumerate(zip(("16:9", "2:3"), crops, strict=True))
        ),
        source_sha256=parts.images.put(photo).sha256,
    )
    with writing(parts.engine).begin() as connection:
        pictures.write_groups(connection, "a", 1, [group])
    scope = Scope("default", "p", feature_set_id(PRINTS["visual"]))
    shelves = Shelves(scope, Lens(PRINTS["visual"]))

    def look() -> np.ndarray:
        with parts.engine.begin() as connection:
            offer = shelves.read(connection, ["a"])["a"].offer("16:9", Audience())
            return offer.descriptors[0, len(FACTS) : LIKED]

    assert not look().any()
    with writing(parts.engine).begin() as connection:  # a choice was made meanwhile
        register(connection, "default", Lens(PRINTS["visual"]))
        save_features(connection, scope, shelves.unsaved)
    refresh.title("a", 1)
    assert look().any()
    with parts.engine.begin() as connection:
        [(data, fingerprint)] = connection.execute(
            sa.select(image_groups.c.embedding, image_groups.c.embedding_fingerprint)
        ).all()
    assert fingerprint == PRINTS["visual"]
    models = Models()
    whole, crop = models.visual.encode([analysis_picture(photo), photo[:90, :160]])
    assert np.frombuffer(data, "<f4") @ whole > 0.99  # JPEG
    assert np.frombuffer(data, "<f4") @ crop < 0.9
    replace(refresh, pool=None).title("a", 1)  # once is enough


def test_a_reindex_centres_by_what_today_s_encoders_made(
    parts: Parts, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = IndexService(tmp_path / "index", EdgeStores())
    index.ensure({"synopsis": "old@1:384:b"})
    parts = replace(parts, index=index)
    for n in range(FIT_MIN_TITLES):
        published(parts, pool, None, {"synopsis": "old@1:384:b"}, f"t{n:02}")
    monkeypatch.setattr(workflows.DBOS, "run_step", lambda _options, step, *given: step(*given))
    job = parts.rows.add_reindex()
    JobRunner(parts, pool)._reindex_workflow()(job.id)
    assert parts.rows.get(job.id).state == "done", parts.rows.get(job.id)
    kept_for_a_while, live = sorted(index.generations(), key=lambda each: each.state)
    assert (kept_for_a_while.state, live.state) == ("kept", "live")
    assert (live.name, live.points) == (job.generation, FIT_MIN_TITLES)
    kept = tmp_path / "index" / "generations" / live.name / CONSTANTS
    assert np.abs(Calibration.from_bytes(kept.read_bytes()).spaces["synopsis"].mean).max() > 0.01
    index.close()


def test_a_title_deleted_meanwhile_leaves_nothing(
    parts: Parts, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_clip(tmp_path / "film.mp4", TAKES)
    refresh = published(parts, pool, tmp_path / "film.mp4", {"visual": "old@1:1280:a"})
    put_encoded = ImageStore.put_encoded

    def delete_then_put(store: ImageStore, data: bytes) -> object:
        pictures, _ = removal.version_files(parts, "a", 1)
        with writing(parts.engine).begin() as connection:
            publication.remove_title(connection, tenant="default", title_id="a")
        removal.discard_files(parts, pictures, ())
        return put_encoded(store, data)

    monkeypatch.setattr(ImageStore, "put_encoded", delete_then_put)
    with pytest.raises(NotFound):
        refresh.title("a", 1)
    assert stored_timeline(parts.engine, "a", 1) is None and parts.catalog.vectors("a", 1) == {}
    removal.clear_work(parts, refresh.job.id)
    assert [path for path in parts.settings.image_folder.rglob("*") if path.is_file()] == []
