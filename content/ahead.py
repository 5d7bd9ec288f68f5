"""Reading ahead of the one who uses it."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T], count: int) -> Iterator[T]:
    """The same items, up to `count` of them fetched by a thread while the caller is busy.

    What `items` raises is raised in its place. When this is closed early the thread may still be
    in `items`: make what it waits for end.

    Args:
        items: never None.
        count: 1 or more.
    """
    reader = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    try:
        waiting = deque(reader.submit(next, items, None) for _ in range(count))
        while (item := waiting.popleft().result()) is not None:
            waiting.append(reader.submit(next, items, None))
            yield item
    finally:
        reader.shutdown(wait=False, cancel_futures=True)
