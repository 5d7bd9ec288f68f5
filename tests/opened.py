"""The parts of a service over an empty catalogue, with the index in this process or without."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from tests.shelf import fresh_engine
from workers.parts import Parts
from workers.settings import Settings


@contextmanager
def opened_parts(folder: Path, **settings: Any) -> Iterator[Parts]:
    """Over records of their own; nobody answers for the index."""
    fresh_engine(folder, "state.db").dispose()
    with closing(Parts.open(Settings(data=folder, **settings))) as parts:
        yield parts


@contextmanager
def indexed_parts(folder: Path, **settings: Any) -> Iterator[Parts]:
    """The same with the index service itself, without a generation yet."""
    with (
        opened_parts(folder, **settings) as parts,
        closing(IndexService(folder / "index", EdgeStores())) as index,
    ):
        yield replace(parts, index=cast(Any, index))
