"""Photographs that come inside packages."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from content.types import U8

PORTRAIT = ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")
SCENES = tuple(("sklearn.datasets", f"images/{name}.jpg") for name in ("china", "flower"))


def shipped(package: str, path: str) -> U8:
    """RGB (H, W, 3) of a picture file in a package's folder."""
    return np.array(Image.open(package_file(package, path)).convert("RGB"))


def package_file(package: str, path: str) -> Path:
    """A file in a package's folder."""
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / path
