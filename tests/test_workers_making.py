"""Jobs that make pictures: what joins the arms, what a new version keeps, what is lost."""

import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import msgpack
import numpy as np
import pytest
import sqlalchemy as sa

from artwork import image_groups, pictures
from artwork.image_groups import PictureGroup, PictureVariant
from content import publication
from content.catalog import Catalog
from content.errors import Cancelled, Conflict, TransientError
from content.records import writing
from content.tables import titles
from content.types import Origin
from tests.shelf import fresh_engine, publish
from workers import removal
from workers.control import Jobs
from workers.making import Making
from workers.parts import Parts
from workers.pool import Pool
from workers.settings import Settings

EMBEDDING = np.eye(1, 1280, dtype=np.float32)[0]


class Maker:
    """Stands in for the warm child: notes what it is told, answers with ready groups."""

    def __init__(self, parts: Parts, groups: list[PictureGroup]) -> None:
        self._parts, self._groups = parts, groups
        self.told: dict[str, Any] = {}

    def child(self) -> "Maker":
        return self

    def __enter__(self) -> "Maker":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def call(self, operation: str, arguments: dict[str, Any], **_: Any) -> dict[str, Any]:
        self.told = {"operation": operation, **arguments}
        raw = [{**asdict(g), "embedding": g.embedding.tobytes()} for g in self._groups]
        answer = {"groups": raw, "refused": [{"reason": "unsafe", "detail": "no"}]}
        return cast(dict[str, Any], msgpack.unpackb(msgpack.packb(answer)))


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    engine = fresh_engine(tmp_path, "state.db")
    publish(engine, "a", {"frame": EMBEDDING})
    engine.dispose()
    opened = Parts.open(Settings(data=tmp_path))
    yield opened
    opened.close()


def picture(parts: Parts, group_id: str, origin: Origin, sources: tuple[str, ...]) -> PictureGroup:
    pixels = np.full((9, 16, 3), len(group_id) * 16, np.uint8)
    sha256 = parts.images.put(pixels).sha256
    crop = PictureVariant(f"{group_id}-w", group_id, "16:9", sha256, 16, 9, {}, {})
    made = {"kind": "grade", "sources": list(sources)}
    return PictureGroup(
        group_id, origin, None, {}, EMBEDDING, "test@1:1280:0", (crop,), sha256, made=made
    )


def making(parts: Parts, *groups: PictureGroup) -> tuple[Making, Maker]:
    jobs = Jobs(parts, cast(Any, None))
    job = jobs.add_making("compose", "a", {"looks": ["noir"]})
    maker = Maker(parts, list(groups))
    return Making(parts, cast(Pool, maker), job, threading.Event()), maker


def shown(parts: Parts, version: int = 1) -> set[str]:
    with parts.engine.connect() as connection:
        return {row.group_id for row in pictures.list_variants(connection, "a", version)}


def test_what_is_made_joins_the_arms_and_the_job_tells(parts: Parts) -> None:
    work, maker = making(parts, picture(parts, "made", "composed", ()))
    before = shown(parts)
    work.make()
    assert shown(parts) == before, "nobody sees it before it is published"
    work.publish()
    assert shown(parts) == {*before, "made"}
    assert maker.told["operation"] == "compose" and maker.told["request"] == {"looks": ["noir"]}
    told = parts.rows.get(work.job.id)
    refused = [{"reason": "unsafe", "detail": "no"}]
    assert told.outcome == {"groups": ["made"], "refused": refused}
    work.publish()
    assert shown(parts) == {*before, "made"}, "a stage may run again"


def test_what_another_titles_end_took_along_is_made_again(parts: Parts) -> None:
    made = picture(parts, "made", "composed", ())
    work, maker = making(parts, made)
    work.make()
    parts.images.delete(image_groups.masters([made]))
    maker.told = {}
    with pytest.raises(TransientError, match="work_lost"):
        work.publish()  # the stand-in stores nothing: so they are away still
    assert maker.told["operation"] == "compose", "it has tried"
    assert "made" not in shown(parts)
    picture(parts, "made", "composed", ())
    work.publish()
    assert "made" in shown(parts)


def test_no_file_goes_between_the_check_and_the_row_that_names_it(parts: Parts) -> None:
    made = picture(parts, "made", "composed", ())
    work, _ = making(parts, made)
    work.make()
    masters = image_groups.masters([made])
    discarding = threading.Thread(target=removal.discard_files, args=(parts, masters, ()))

    class Late:
        """Images; at the last look at them another title's end sets about deleting them."""

        looks = 0

        def has(self, sha256: str) -> bool:
            there = parts.images.has(sha256)
            self.looks += 1
            if self.looks == 2:
                discarding.start()
                discarding.join(0.3)
            return there

    replace(work, parts=replace(parts, images=cast(Any, Late()))).publish()
    discarding.join()
    assert "made" in shown(parts) and all(map(parts.images.has, masters))


def test_readers_are_told_that_there_is_more_to_offer(parts: Parts) -> None:
    def told_us() -> int:
        with parts.engine.connect() as connection:
            return int(connection.execute(sa.select(titles.c.updated_us)).scalar_one())

    before = told_us()
    work, _ = making(parts, picture(parts, "made", "composed", ()))
    work.make()
    work.publish()
    assert told_us() > before


def test_a_title_that_was_replaced_meanwhile_gets_nothing(parts: Parts) -> None:
    work, _ = making(parts, picture(parts, "made", "composed", ()))
    work.make()
    publish(parts.engine, "a", {"frame": EMBEDDING}, version=2)
    with pytest.raises(Conflict, match="title_changed"):
        work.publish()
    assert "made" not in shown(parts) | shown(parts, 2)


def test_a_cancelled_job_publishes_nothing_and_keeps_no_file(parts: Parts) -> None:
    work, _ = making(parts, picture(parts, "made", "composed", ()))
    work.make()
    parts.rows.mark_cancelled(work.job.id)
    with pytest.raises(Cancelled):
        work.publish()
    assert "made" not in shown(parts)
    removal.abandon(replace(parts, index=cast(Any, _Quiet())), work.job)
    assert not parts.work_folder(work.job.id).exists()


class _Quiet:
    """An index that takes everything."""

    def upsert(self, _points: object) -> None: ...
    def delete(self, _titles: object) -> None: ...

    def generations(self) -> list[object]:
        return []


def test_a_new_version_keeps_uploads_and_what_is_made_of_what_it_has(parts: Parts) -> None:
    [frame] = shown(parts)
    groups = [
        picture(parts, "upload", "uploaded", ()),
        picture(parts, "kept", "composed", (frame,)),
        picture(parts, "gone", "composed", (frame, "another")),
        picture(parts, "above", "composed", ("upload",)),
        picture(parts, "along", "composed", (frame, "upload")),
        picture(parts, "zone", "composed", ("upload",)),
    ]
    with writing(parts.engine).begin() as connection:
        pictures.add_groups(connection, "a", 1, groups)
    publish(parts.engine, "a", {"frame": EMBEDDING}, version=2)
    with writing(parts.engine).begin() as connection:
        pictures.carry_over(connection, "a", 1, 2)
        publication.touch(connection, tenant="default", title_id="a")
    assert shown(parts, 2) == {frame, "upload", "kept", "above", "along", "zone"}


def test_nothing_goes_along_that_is_above_the_new_versions_maturity(parts: Parts) -> None:
    adult = replace(picture(parts, "adult", "uploaded", ()), maturity="16")
    teen = replace(picture(parts, "teen", "uploaded", ()), maturity="13")
    of_adult = picture(parts, "of adult", "composed", ("adult",))
    with writing(parts.engine).begin() as connection:
        pictures.add_groups(connection, "a", 1, [adult, teen, of_adult])
    publish(parts.engine, "a", {"frame": EMBEDDING}, version=2, maturity="13")
    with writing(parts.engine).begin() as connection:
        pictures.carry_over(connection, "a", 1, 2)
    with parts.engine.connect() as connection:
        there = {row.group_id for row in pictures.list_variants(connection, "a", 2)}
    assert "teen" in there and not {"adult", "of adult"} & there


@pytest.fixture
def elsewhere(engine: sa.Engine, tmp_path: Path) -> Iterator[Parts]:
    """With a title that has no picture yet, on either database."""
    publish(engine, "a", {}, aspects=())
    parts = Parts.open(Settings(data=tmp_path))
    yield replace(parts, engine=engine, catalog=Catalog(engine), index=cast(Any, _Quiet()))
    parts.close()


def test_what_is_published_while_its_title_goes_leaves_no_file(elsewhere: Parts) -> None:
    made = picture(elsewhere, "made", "composed", ())

    class Late(_Quiet):
        def delete(self, _titles: object) -> None:
            """The last moment at which somebody may publish."""
            with writing(elsewhere.engine).begin() as connection:
                pictures.add_groups(connection, "a", 1, [made])

    removal.remove_title(replace(elsewhere, index=cast(Any, Late())), "a")
    assert not any(map(elsewhere.images.has, image_groups.masters([made])))


def test_a_title_is_not_deleted_from_under_who_publishes(elsewhere: Parts) -> None:
    """On Postgres nothing but locks of rows keeps the two apart."""
    made = picture(elsewhere, "made", "composed", ())
    removing = threading.Thread(target=removal.remove_title, args=(elsewhere, "a"))
    with writing(elsewhere.engine).begin() as connection:
        assert publication.published_within(connection, tenant="default", title_id="a", version=1)
        removing.start()
        removing.join(0.3)
        pictures.add_groups(connection, "a", 1, [made])
    removing.join()
    assert shown(elsewhere) == set()
    with elsewhere.engine.connect() as connection:
        assert not pictures.referenced(connection, image_groups.masters([made]))
    assert not any(map(elsewhere.images.has, image_groups.masters([made])))
