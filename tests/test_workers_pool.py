"""Warm children: an answer belongs to the call that asked for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from content.errors import Cancelled, PermanentError
from tests.synth import make_clip
from workers.pool import Pool


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(1, nice=0)
    yield pool
    pool.close()


def probe(pool: Pool, path: Path) -> dict[str, object]:
    with pool.child() as child:
        return dict(child.call("probe", {"path": str(path), "wall_s": 60.0}))


def test_a_refusal_leaves_the_child_warm(pool: Pool, tmp_path: Path) -> None:
    make_clip(tmp_path / "good.mp4")
    with pytest.raises(PermanentError, match="media_not_a_file"), pool.child() as first:
        first.call("probe", {"path": str(tmp_path / "none.mp4"), "wall_s": 60.0})
    with pool.child() as second:
        assert second is first
    assert probe(pool, tmp_path / "good.mp4")["width"] == 320


def test_a_call_given_up_half_way_takes_its_child_with_it(pool: Pool, tmp_path: Path) -> None:
    make_clip(tmp_path / "good.mp4")

    def give_up(_stage: str, _fraction: float) -> None:
        raise Cancelled

    work = {"path": str(tmp_path / "good.mp4"), "folder": str(tmp_path / "out"), "wall_s": 60.0}
    with pytest.raises(Cancelled), pool.child() as child:
        child.call("extract", work, on_progress=give_up)
    assert not child.alive
    # Had it lived, the answer to its unfinished work would now be taken for this one's.
    assert probe(pool, tmp_path / "good.mp4")["width"] == 320
