"""How published titles stand, read without their vectors, on either database."""

import numpy as np
import pytest
import sqlalchemy as sa

from content import publication
from content.catalog import Catalog
from content.standing import standing, standings
from content.tables import timelines, title_versions
from content.types import TitleInput, Vector

ONE = np.eye(1, 4, dtype=np.float32)[0]


@pytest.fixture
def engine(engine: sa.Engine) -> sa.Engine:
    """With `a` of words and `b` of a film, published, and `c` on its way."""
    catalog = Catalog(engine)
    for n, (title_id, media) in enumerate([("a", None), ("b", "/b.mp4"), ("c", None)]):
        catalog.submit(TitleInput(title_id, "A", "A.", genres=("war",), media_path=media))
        if title_id == "c":
            break
        key = {"tenant": "default", "title_id": title_id, "version": 1}
        made = {"synopsis": Vector(ONE, f"made@{n}:4:x"), "visual": Vector(ONE, "eyes@1:4:x")}
        with engine.begin() as connection:
            publication.write_understanding(
                connection, **key, extraction=None, title_vectors=made, keyframes={}, told=None
            )
            publication.publish(connection, **key)
    mine = title_versions.c.title_id == "b"
    row = {"tenant": "default", "title_id": "b", "version": 1, "seconds": 0, "data": b""}
    with engine.begin() as connection:
        values = {"facts": {"duration_s": 7.5}, "profile": {"look": {}}}
        connection.execute(sa.update(title_versions).where(mine).values(**values))
        connection.execute(sa.insert(timelines).values(**row))
    return engine


def test_each_published_title_says_what_it_has_and_who_made_it(engine: sa.Engine) -> None:
    a, b = standings(engine, after=None, limit=10)
    assert (a.title_id, a.media, a.media_s, a.profile, a.timeline) == (
        "a",
        False,
        0.0,
        False,
        False,
    )
    assert (b.title_id, b.media, b.media_s, b.profile, b.timeline) == ("b", True, 7.5, True, True)
    assert (a.genres, a.language, a.version) == (("war",), None, 1)
    assert a.made_by == {"synopsis": "made@0:4:x", "visual": "eyes@1:4:x"}
    assert a.understood_us is not None and b.understood_us is not None
    assert a.understood_us <= b.understood_us
    assert standings(engine, after="a", limit=10) == [b]
    assert standings(engine, after=None, limit=1) == [a]
    assert standings(engine, after="b", limit=1) == []
    assert standing(engine, "b") == b
    assert standing(engine, "c") is None
