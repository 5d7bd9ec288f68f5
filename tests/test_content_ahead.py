import threading
import time
from collections.abc import Iterator

import pytest

from content.ahead import ahead
from tests.waiting import until


class Source:
    """Counts up, and how far it was asked."""

    def __init__(self, until: int) -> None:
        self.until, self.given = until, 0

    def items(self) -> Iterator[int]:
        while self.given < self.until:
            self.given += 1
            yield self.given
        raise ValueError("no more")


def test_everything_comes_in_order_and_the_error_last() -> None:
    got = []
    with pytest.raises(ValueError, match="no more"):
        for item in ahead(Source(50).items(), 4):
            got.append(item)
    assert got == list(range(1, 51))


def test_an_end_without_an_error_ends_it() -> None:
    assert list(ahead(iter([3, 1, 2]), 8)) == [3, 1, 2]


def test_no_more_is_fetched_than_asked_for() -> None:
    source = Source(1000)
    reading = ahead(source.items(), 5)
    assert next(reading) == 1
    until(lambda: source.given == 6)
    time.sleep(0.05)  # would it fetch one more?
    assert source.given == 6
    reading.close()  # type: ignore[attr-defined]


def test_it_fetches_while_the_caller_is_busy() -> None:
    met = threading.Barrier(2, timeout=60)

    def items() -> Iterator[int]:
        yield 1
        met.wait()
        yield 2

    reading = ahead(items(), 1)
    assert next(reading) == 1
    met.wait()
    assert list(reading) == [2]


def test_closed_early_it_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    reading = ahead(Source(1000).items(), 3)
    next(reading)
    made = set(threading.enumerate()) - before
    assert made
    reading.close()  # type: ignore[attr-defined]
    until(lambda: not any(thread.is_alive() for thread in made))
