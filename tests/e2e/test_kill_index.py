"""kill -9 of the index process while it writes, builds, copies itself and cuts over: no
acknowledged point is lost, no generation half visible, no snapshot half made."""

import contextlib
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from content.errors import KeyartError, Unavailable
from indexes import snapshots
from indexes.client import IndexClient
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from tests.index_points import FINGERPRINTS, point

TIMES = [1, pytest.param(20, marks=pytest.mark.proof)]
TITLES = 300


class Index:
    """The real index process on a folder, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = IndexClient(folder / "s", timeout_s=30)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "indexes.server", "--socket", str(self.folder / "s")]
        command += ["--folder", str(self.folder / "index")]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while not self.client.ready():
            assert self._process.poll() is None
            time.sleep(0.02)

    def kill(self) -> None:
        assert self._process is not None
        family = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        _, left = psutil.wait_procs(family, timeout=60)
        assert not left, "the builder outlived its parent"

    def generation(self) -> str:
        return next(i.name for i in self.client.generations() if i.state == "live")


class Writer(threading.Thread):
    """Writes and deletes without pause; knows what was acknowledged."""

    def __init__(self, client: IndexClient) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.acknowledged: dict[str, int] = {}
        self.deleted: set[str] = set()
        self.doubtful: set[str] = set()
        """Titles of the calls whose answers were lost: stored or not."""
        self.stop = threading.Event()

    def run(self) -> None:
        version = 1
        while not self.stop.is_set():
            version += 1
            first = version * 7 % TITLES
            items = [point(first + n, version=version) for n in range(3)]
            gone = f"t{(first + 100) % TITLES:04d}"
            under_way = {item.title_id for item in items} | {gone}
            try:
                self.client.upsert(items)
                self.acknowledged |= {item.title_id: version for item in items}
                self.deleted -= under_way
                self.client.delete([gone])
                self.acknowledged.pop(gone, None)
                self.deleted.add(gone)
            except Unavailable:  # once and again, until the process is known to be dead
                self.doubtful |= under_way
                time.sleep(0.02)

    def check(self, stored: dict[str, int], *, copied: bool) -> None:
        """All that was acknowledged is there, in that version or a newer one; what was deleted is
        not, unless it was `copied` meanwhile, which `verify` would have found."""
        for title, version in self.acknowledged.items():
            if title not in self.doubtful:
                assert stored.get(title, -1) >= version, title
        if not copied:
            assert not (self.deleted - self.doubtful) & stored.keys()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    made = Index(tmp_path)
    made.start()
    made.client.ensure(FINGERPRINTS)
    made.client.upsert([point(n) for n in range(TITLES)])
    yield made
    with contextlib.suppress(AssertionError):
        made.kill()


def survive(
    index: Index,
    times: int,
    act: Callable[[int, Writer], None],
    within_s: float,
    *,
    copied: bool = False,
) -> None:
    """Kill it `times` times at random moments of `act`, writing meanwhile; compare each time."""
    chance = random.Random(times)
    writer = Writer(index.client)
    writer.acknowledged = {f"t{n:04d}": 1 for n in range(TITLES)}
    for turn in range(times):
        writer.start()
        actor = threading.Thread(target=tried, args=(act, turn, writer), daemon=True)
        actor.start()
        time.sleep(chance.uniform(0.05, within_s))
        index.kill()
        writer.stop.set()
        for thread in (writer, actor):
            thread.join(60)
            assert not thread.is_alive()
        stored = look(index.folder / "index")
        writer.check(stored, copied=copied)
        known = {t: v for t, v in stored.items() if t in writer.acknowledged | stored}
        writer = Writer(index.client)
        writer.acknowledged = known
        index.start()
    assert len(index.client.similar("t0001", space="fused", limit=5)) == 5


def tried(act: Callable[[int, Writer], None], turn: int, writer: Writer) -> None:
    with contextlib.suppress(KeyartError):
        act(turn, writer)


def look(folder: Path) -> dict[str, int]:
    """Open what the kill left; one generation answers, and every point in it is whole."""
    service = IndexService(folder, EdgeStores())
    infos = service.generations()
    assert [info.state for info in infos].count("live") == 1
    for home in (folder / "generations").iterdir():
        assert len(list(home.glob("shard*"))) == 1, "a side copy was left over"
    with service._generations.reading() as live:
        assert live is not None
        stored = live.store.versions("default")
        point_of = live.store.get([point(1).id], vectors=True)
    assert all(set(p.vectors) == set(FINGERPRINTS) for p in point_of.values())
    assert len(stored) == next(info.points for info in infos if info.state == "live")
    service.close()
    return stored


@pytest.mark.parametrize("times", TIMES)
def test_upserts(index: Index, times: int) -> None:
    survive(index, times, lambda _turn, _writer: None, within_s=0.8)


@pytest.mark.parametrize("times", TIMES)
def test_builds(index: Index, times: int) -> None:
    def build(_turn: int, _writer: Writer) -> None:
        index.client.build(index.generation())

    survive(index, times, build, within_s=4)


@pytest.mark.parametrize("times", TIMES)
def test_snapshots(index: Index, times: int, tmp_path: Path) -> None:
    def take(turn: int, _writer: Writer) -> None:
        for number in range(100):
            index.client.snapshot(tmp_path / f"kept-{turn}-{number}")

    survive(index, times, take, within_s=1)
    kept = list(tmp_path.glob("kept-*"))
    for folder in kept:
        (tmp_path / "restored").mkdir(exist_ok=True)
        assert snapshots.put_back(folder, tmp_path / "restored") > TITLES / 2
        assert len(look(tmp_path / "restored")) > TITLES / 2


@pytest.mark.parametrize("times", TIMES)
def test_cut_overs(index: Index, times: int) -> None:
    def turn_over(turn: int, writer: Writer) -> None:
        for number in range(100):
            name = f"g{turn}-{number}"
            index.client.begin(name, FINGERPRINTS)
            known = dict(writer.acknowledged)
            copied = [point(int(title[1:]), version=v) for title, v in known.items()]
            index.client.upsert_into(name, copied)
            index.client.verify(name, {})
            index.client.cut_over(name)
            for info in index.client.generations():
                if info.state == "retired":
                    index.client.drop(info.name)

    survive(index, times, turn_over, within_s=2, copied=True)
