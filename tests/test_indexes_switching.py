"""A switch that is broken off before or after any of its writes, and taken up again."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from indexes import durable
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from tests.index_points import FINGERPRINTS, point

KEEP_S = 3600.0
WRITES = 12
"""More than any switch makes."""


class Killed(BaseException):
    pass


class Breaking:
    """The process dies before, or right after, the file of a number is replaced."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.left, self.after = at, after

    def __call__(self, path: Path, data: bytes) -> None:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        durable.replace_file(path, data)
        if self.left == 0:
            raise Killed


def states(service: IndexService) -> dict[str, str]:
    return {info.name: info.state for info in service.generations()}


def begun(folder: Path, keep_s: float, *, back: bool) -> IndexService:
    """`first` was replaced by `second`; `third` is ready, or live where the way is `back`."""
    service = IndexService(folder, EdgeStores())
    service.ensure(FINGERPRINTS)
    service.upsert([point(1)])
    for name in ("second", "third"):
        service.begin(name, FINGERPRINTS, None)
        service.upsert_into(name, [point(1)])
        assert service.verify(name, {"t0001": 1}).complete
        if name == "second" or back:
            service.cut_over(name, keep_s=keep_s)
    return service


def over(service: IndexService, keep_s: float) -> None:
    service.cut_over("third", keep_s=keep_s)


def back(service: IndexService, keep_s: float) -> None:
    assert service.roll_back("third", keep_s=keep_s) == "second"


SWITCHES = [
    (over, KEEP_S),
    pytest.param(over, 0.0, marks=pytest.mark.proof),
    (back, KEEP_S),
]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("switch", "keep_s"), SWITCHES)
def test_a_switch_ends_alike_wherever_it_was_broken_off(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    switch: Callable[[IndexService, float], None],
    keep_s: float,
    after: bool,
) -> None:
    whole = begun(tmp_path / "whole", keep_s, back=switch is back)
    switch(whole, keep_s)
    expected = states(whole)
    whole.close()
    assert list(expected.values()).count("live") == 1
    for at in range(1, WRITES):
        folder = tmp_path / f"broken-{at}"
        service = begun(folder, keep_s, back=switch is back)
        breaking = Breaking(at, after=after)
        with monkeypatch.context() as patched:
            patched.setattr("indexes.generations.replace_file", breaking)
            patched.setattr("indexes.generation.replace_file", breaking)
            with suppress(Killed):
                switch(service, keep_s)
        service.close()
        again = IndexService(folder, EdgeStores())
        found = states(again)
        assert list(found.values()).count("live") == 1, (at, found)
        assert again.count() == 1
        switch(again, keep_s)  # as whoever asked for it does again
        assert states(again) == expected, f"broken off at write {at}"
        again.close()
        shutil.rmtree(folder)  # the engine's logs are large, and many folders of them
        if breaking.left > 0:
            return
    raise AssertionError("a switch makes more writes than were tried")
