"""Weights that lie inside an installed package: the file is taken, its code is never imported."""

import hashlib
import importlib.util
from functools import cache
from pathlib import Path

from content.errors import Unavailable


def packaged_file(package: str, place: str, code: str, remedy: str) -> Path:
    """The file at `place` below the folder of an importable package.

    Raises:
        Unavailable: `code`, when it is not installed; the detail ends in `remedy`.
    """
    spec = importlib.util.find_spec(package)  # finds the folder, imports nothing
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / place
        if path.is_file():
            return path
    raise Unavailable(code, f"{place} of {package} is not installed: {remedy}")


@cache
def digest(path: Path) -> str:
    """SHA-256 of a file, its first 12 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
