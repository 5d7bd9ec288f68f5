"""Rows of pictures: written again without harm, listed in order, and known as orphans."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgpack
import numpy as np
import pytest
import sqlalchemy as sa

from artwork import pictures
from artwork.candidates.considered import (
    Candidate,
    Verdict,
    list_candidates,
    small_pictures,
    write_candidates,
)
from artwork.image_groups import PictureGroup, PictureVariant, packed, unpacked
from artwork.tables import image_groups
from content.records import metadata, open_engine
from content.tables import shots


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    engine = open_engine(f"sqlite:///{tmp_path / 'state.db'}")
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def group(name: str, at_s: float) -> PictureGroup:
    def variant(aspect: str, sha256: str) -> PictureVariant:
        return PictureVariant(
            id=f"{name}-{aspect}",
            group_id=name,
            aspect=aspect,  # type: ignore[arg-type]
            sha256=sha256,
            width=160,
            height=90,
            crop={"x": 0, "y": 0, "width": 160, "height": 90},
            scores={"sharpness": 0.5},
        )

    return PictureGroup(
        id=name,
        origin="frame",
        source_s=at_s,
        facts={"brightness": 0.25},
        embedding=np.linspace(-1, 1, 1280, dtype=np.float32),
        embedding_fingerprint="test@1:1280:0",
        variants=(variant("16:9", f"{name}w"), variant("1:1", f"{name}s")),
    )


def test_the_faces_of_a_picture_are_kept_and_cross_a_process(connection: sa.Connection) -> None:
    seen = replace(group("a", 1.0), faces=bytes(range(128)))
    again = unpacked(msgpack.unpackb(msgpack.packb(packed(seen))))
    pictures.write_groups(connection, "t", 1, [again, group("b", 2.0)])
    assert dict(connection.execute(sa.select(image_groups.c.id, image_groups.c.faces)).all()) == {
        "a": seen.faces,
        "b": b"",
    }


def test_what_is_written_is_listed_in_the_order_of_the_film(connection: sa.Connection) -> None:
    pictures.write_groups(connection, "t", 1, [group("b", 9.0), group("a", 2.0)])
    rows = pictures.list_variants(connection, "t", 1)
    assert [(r.source_s, r.id) for r in rows] == [
        (2.0, "a-16:9"), (2.0, "a-1:1"), (9.0, "b-16:9"), (9.0, "b-1:1"),
    ]  # fmt: skip
    assert rows[0].origin == "frame" and rows[0].scores == {"sharpness": 0.5}
    assert rows[0].sub_scores is None
    squares = pictures.list_variants(connection, "t", 1, aspect="1:1")
    assert [r.sha256 for r in squares] == ["as", "bs"]
    data = connection.execute(sa.select(image_groups.c.embedding)).scalars().first()
    assert np.array_equal(np.frombuffer(data, "<f4"), group("a", 2.0).embedding)


def test_what_is_of_no_moment_comes_last_on_every_database(engine: sa.Engine) -> None:
    made = replace(group("a", 0.0), origin="composed", source_s=None)
    with engine.begin() as connection:
        pictures.write_groups(connection, "t", 1, [made, group("b", 9.0)])
        rows = pictures.list_variants(connection, "t", 1, aspect="16:9")
    assert [row.source_s for row in rows] == [9.0, None]


def test_a_variant_has_scores_of_its_own_and_those_of_its_whole_picture(
    connection: sa.Connection,
) -> None:
    judged = replace(group("a", 1.0), scores={"thirds": 0.75, "overall": 0.5})
    pictures.write_groups(connection, "t", 1, [judged])
    for row in pictures.list_variants(connection, "t", 1):
        assert (row.scores, row.sub_scores) == ({"sharpness": 0.5}, judged.scores)


def test_what_another_encoder_saw_is_told_by_its_whole_picture_or_else_its_largest_crop(
    connection: sa.Connection,
) -> None:
    early = group("early", 1.0)
    large = replace(early.variants[1], width=320, height=320)
    early = replace(early, variants=(early.variants[0], large))
    whole = replace(group("whole", 2.0), source_sha256="all of it")
    pictures.write_groups(connection, "t", 1, [early, whole])
    found = pictures.seen_by_others(connection, "t", 1, "new@2:1280:0")
    assert found == {
        "early": pictures.Sight("earlys"),
        "whole": pictures.Sight("all of it"),
    }
    assert pictures.seen_by_others(connection, "t", 1, "test@1:1280:0") == {}


def test_a_lettered_picture_is_embedded_anew_without_its_letters(
    connection: sa.Connection,
) -> None:
    frame, other = (replace(group(g, 1.0), source_sha256=f"all of {g}") for g in ("f", "o"))
    kinds: dict[str, dict[str, object]] = {
        "lettered": {"kind": "title", "look": None, "sources": ["f"]},
        "noir": {"kind": "title", "look": "noir", "sources": ["f"]},
        "graded": {"kind": "grade", "look": "noir", "sources": ["f"]},
        "pair": {"kind": "split", "look": None, "sources": ["f", "o"]},
        "orphan": {"kind": "title", "look": None, "sources": ["gone"]},
    }
    made = [
        replace(group(name, 2.0), source_sha256=f"all of {name}", made=told)
        for name, told in kinds.items()
    ]
    pictures.write_groups(connection, "t", 1, [frame, other, *made])
    found = pictures.seen_by_others(connection, "t", 1, "new@2:1280:0")
    assert {name: (found[name].sha256, found[name].look) for name in kinds} == {
        "lettered": ("all of f", None),
        "noir": ("all of f", "noir"),
        "graded": ("all of graded", None),
        "pair": ("all of pair", None),
        "orphan": ("all of orphan", None),
    }


def test_writing_again_replaces_that_version_only(connection: sa.Connection) -> None:
    pictures.write_groups(connection, "t", 1, [group("a", 1.0)])
    pictures.write_groups(connection, "t", 2, [group("a", 1.0), group("b", 2.0)])
    pictures.write_groups(connection, "t", 2, [group("a", 1.0), group("b", 2.0)])
    assert len(pictures.list_variants(connection, "t", 2)) == 4
    pictures.write_groups(connection, "t", 2, [])
    assert pictures.list_variants(connection, "t", 2) == []
    assert len(pictures.list_variants(connection, "t", 1)) == 2


def test_tenants_titles_and_versions_are_apart(connection: sa.Connection) -> None:
    for title, version, tenant in [("t", 1, "default"), ("t", 2, "default"), ("t", 1, "other")]:
        pictures.write_groups(connection, title, version, [group("a", 1.0)], tenant)
    pictures.delete_version(connection, "t", 2)
    assert pictures.list_variants(connection, "t", 2) == []
    assert len(pictures.list_variants(connection, "t", 1)) == 2
    pictures.delete_title(connection, "t")
    assert pictures.list_variants(connection, "t", 1) == []
    assert len(pictures.list_variants(connection, "t", 1, "other")) == 2
    assert connection.execute(sa.select(sa.func.count()).select_from(image_groups)).scalar() == 1


def test_only_orphans_are_not_referenced(connection: sa.Connection) -> None:
    pictures.write_groups(connection, "t", 1, [group("a", 1.0)], "other")
    shot = {"tenant": "default", "title_id": "t", "version": 1, "idx": 0}
    times = {"start_s": 0.0, "end_s": 1.0, "keyframe_s": 0.5, "keyframe_sha256": "thumb"}
    connection.execute(sa.insert(shots), [shot | times])
    assert pictures.referenced(connection, ["aw", "thumb", "gone"]) == {"aw", "thumb"}
    many = [f"x{i}" for i in range(1500)]
    assert pictures.referenced(connection, [*many, "as"]) == {"as"}
    assert pictures.referenced(connection, []) == set()


def test_a_group_without_crops_has_no_variants(connection: sa.Connection) -> None:
    pictures.write_groups(connection, "t", 1, [replace(group("a", 1.0), variants=())])
    assert pictures.list_variants(connection, "t", 1) == []


def test_candidates_are_listed_in_pages_and_go_with_their_version(
    connection: sa.Connection,
) -> None:
    def looked(n: int, verdict: Verdict, reasons: tuple[str, ...] = ()) -> Candidate:
        return Candidate(
            n * 1.5, verdict, reasons, {"overall": 0.5}, ("character",), "all", None, f"s{n}"
        )

    found = [looked(0, "chosen"), looked(1, "refused", ("dark", "flat")), looked(2, "refused")]
    write_candidates(connection, "t", 1, found)
    write_candidates(connection, "t", 1, found)
    rows = list_candidates(connection, "t", 1, limit=10)
    assert [(row.n, row.at_s, row.reasons, row.emphasis) for row in rows] == [
        (0, 0.0, (), ("character",)), (1, 1.5, ("dark", "flat"), ("character",)),
        (2, 3.0, (), ("character",)),
    ]  # fmt: skip
    assert [r.n for r in list_candidates(connection, "t", 1, verdict="refused", limit=1)] == [1]
    later = list_candidates(connection, "t", 1, verdict="refused", after=1, limit=9)
    assert [row.n for row in later] == [2]
    assert list_candidates(connection, "t", 2, limit=9) == []
    assert small_pictures(found) == {"s0", "s1", "s2"}
    assert pictures.referenced(connection, ["s1", "x"]) == {"s1"}
    pictures.delete_version(connection, "t", 1)
    assert list_candidates(connection, "t", 1, limit=9) == []
