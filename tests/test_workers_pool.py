"""Warm children: kept between calls, killed when cancelled, dead or overdue."""

import contextlib
import os
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from content.errors import Cancelled, PermanentError, TransientError
from tests import hostile, synth
from workers.pool import Pool


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    made = Pool(1, nice=0)
    yield made
    made.close()


def children() -> set[int]:
    every = psutil.Process().children()
    return {child.pid for child in every if "workers.child" in child.cmdline()}


def test_a_child_is_kept_warm_between_calls(pool: Pool) -> None:
    with pool.child() as child:
        first = child.call("query", {"text": "a dog"})
    before = children()
    with pool.child() as child:
        again = child.call("query", {"text": "a dog"})
    assert children() == before
    assert first == again
    assert np.linalg.norm(np.frombuffer(first["synopsis"][0], "<f4")) == pytest.approx(1, abs=1e-5)


def test_a_process_with_many_open_files_has_children_too(tmp_path: Path) -> None:
    """More than the 1,024 that `select` knows of."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    made = Pool(1, nice=0)
    with contextlib.ExitStack() as held:
        for _ in range(1100):
            held.enter_context(Path(os.devnull).open())
        with made.child() as child, pytest.raises(PermanentError, match="media_"):
            path = str(hostile.text(tmp_path))
            child.call("probe", {"path": path, "wall_s": 30.0})
    made.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_an_error_keeps_its_type_and_the_child(pool: Pool, tmp_path: Path) -> None:
    path = str(hostile.text(tmp_path))
    with pool.child() as child:
        with pytest.raises(PermanentError, match="media_"):
            child.call("probe", {"path": path, "wall_s": 30.0})
        assert child.alive


def test_a_cancelled_call_ends_the_child_at_once(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    synth.make_clip(path, [synth.Take(10.0)] * 6)
    cancelled = threading.Event()
    with pool.child() as child, pytest.raises(Cancelled):
        arguments = {"path": str(path), "folder": str(tmp_path / "out"), "wall_s": 60.0}
        child.call(
            "extract", arguments, cancelled=cancelled, on_progress=lambda *_: cancelled.set()
        )
    assert not child.alive
    assert not (tmp_path / "out" / "extraction.msgpack").exists()


def test_a_child_that_dies_is_replaced(pool: Pool) -> None:
    with pool.child() as child:
        child.call("query", {"text": "a cat"})
        for pid in children():
            psutil.Process(pid).kill()
        with pytest.raises(TransientError, match="child_died"):
            child.call("query", {"text": "a bird"})
    with pool.child() as child:
        assert child.call("query", {"text": "a bird"})


def test_an_overdue_call_ends_the_child(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    synth.make_clip(path, [synth.Take(10.0)] * 3)
    arguments = {"path": str(path), "folder": str(tmp_path / "out"), "wall_s": 60.0}
    with pool.child() as child, pytest.raises(TransientError, match="child_timeout"):
        child.call("extract", arguments, timeout_s=0.3)
    assert not child.alive


def test_a_call_given_up_by_its_caller_ends_the_child(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    synth.make_clip(path)
    arguments = {"path": str(path), "folder": str(tmp_path / "out"), "wall_s": 60.0}

    def give_up(_stage: str, _fraction: float) -> None:
        raise Cancelled

    with pool.child() as child, pytest.raises(Cancelled):
        child.call("extract", arguments, on_progress=give_up)
    assert not child.alive
    # Had it lived, the answer to its unfinished work would now be taken for this one's.
    with pool.child() as child:
        assert child.call("probe", {"path": str(path), "wall_s": 60.0})["width"] == 320
