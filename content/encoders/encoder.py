"""What every encoder is: items in, unit vectors out, in three steps; one needs the model."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import Any, Generic, TypeVar

import numpy as np

from content.errors import PermanentError
from content.types import F32, EncoderSpec

NORM_TOLERANCE = 1e-3

Item = TypeVar("Item")


class Encoder(ABC, Generic[Item]):
    """`pre` and `post` are plain numpy; `core` runs the model and nothing else."""

    spec: EncoderSpec
    batch = 1
    """Items that go through the model at once."""

    @abstractmethod
    def pre(self, items: Sequence[Item]) -> Any:
        """Up to `batch` items as the model's input: an array, or named arrays."""

    @abstractmethod
    def core(self, batch: Any) -> Any:
        """The model's own answer."""

    @abstractmethod
    def post(self, raw: Any) -> F32:
        """The answer as vectors (n, spec.dim), unit norm."""

    def encode(self, items: Sequence[Item]) -> F32:
        """Vectors (n, spec.dim), finite and of unit norm, in the order of the items.

        Raises:
            PermanentError: `encoder_bad_vector`.
        """
        rows = [
            check_vectors(self.post(self.core(self.pre(items[at : at + self.batch]))), self.spec)
            for at in range(0, len(items), self.batch)
        ]
        return np.concatenate(rows) if rows else np.zeros((0, self.spec.dim), np.float32)


def check_vectors(rows: F32, spec: EncoderSpec) -> F32:
    """`rows` if they are what `spec` promises: float32 (n, dim), finite, norm 1 ± 0.001.

    Raises:
        PermanentError: `encoder_bad_vector`. Such a vector is never stored: the engines would take
            it and answer nonsense.
    """
    if rows.dtype != np.float32 or rows.ndim != 2 or rows.shape[1] != spec.dim:
        found = f"{rows.dtype} {rows.shape}, expected float32 (n, {spec.dim})"
    elif not np.isfinite(rows).all():
        found = "NaN or infinity"
    elif (np.abs(np.linalg.norm(rows, axis=1) - 1.0) > NORM_TOLERANCE).any():
        found = "a vector whose length is not 1"
    else:
        return rows
    raise PermanentError("encoder_bad_vector", f"{spec.name} gave {found} for {spec.space}")


@contextmanager
def loading(spec: EncoderSpec) -> Iterator[None]:
    """Around the loading of a configured model, whose files may be anything.

    Raises:
        PermanentError: `encoder_unloadable`.
    """
    from safetensors import SafetensorError

    try:
        yield
    except (
        OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError, ImportError,
        UnpicklingError, SafetensorError,
    ) as error:  # fmt: skip
        raise PermanentError("encoder_unloadable", f"{spec.name} does not load: {error}") from error


def units(rows: F32) -> F32:
    """Rows divided by their length; a zero row stays zero, for `check_vectors` to refuse."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: F32 = (rows / np.where(norms > 0, norms, 1)).astype(np.float32)
    return scaled
