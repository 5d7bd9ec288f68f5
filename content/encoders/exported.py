"""Embedded models as ONNX: exported once into a cache, run on one thread without torch."""

import logging
import os
import subprocess
import sys
import tempfile
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from content.encoders.choice import EncoderChoice
from content.encoders.export import OPSET, Name
from content.encoders.specs import packaged
from content.errors import TransientError

log = logging.getLogger("keyart.encoders")

SPACE: dict[Name, Literal["visual", "synopsis"]] = {"lite0": "visual", "minilm": "synopsis"}
RECIPE = "1"
"""Raise it when `export` changes: the files of before are then exported anew."""
EXPORTERS = ("torch", "onnxscript", "transformers", "efficientnet-lite-pytorch")

_temporary: list[tempfile.TemporaryDirectory[str]] = []
"""Kept for the process's life where the cache cannot be written; gone with it."""


def session(name: Name, folder: Path) -> Any:
    """An onnxruntime session of an embedded model, exported into `folder` first if need be."""
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    path = ensure(name, folder)
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except (InvalidProtobuf, InvalidGraph, Fail) as error:  # a disk lost bytes of it
        path.unlink(missing_ok=True)
        raise TransientError("encoder_export_failed", f"{path} was broken; try again") from error


def prepare(choice: EncoderChoice) -> Path:
    """Export what `choice` needs and is missing; the folder that now holds it, for `session`.

    Raises:
        TransientError: `encoder_export_failed`.
    """
    folder = usable(choice.cache)
    if choice.visual.embedded:
        ensure("lite0", folder)
    if choice.text.embedded:
        ensure("minilm", folder)
    return folder


def ensure(name: Name, folder: Path) -> Path:
    """The exported file. Whoever comes while another process exports waits for it.

    Raises:
        TransientError: `encoder_export_failed`.
    """
    path = usable(folder) / file_name(name)
    if not path.exists():
        with FileLock(path.with_suffix(".lock")):
            if not path.exists():
                _export(name, path)
    return path


def file_name(name: Name) -> str:
    """It tells the weights and all that exports them, so that no stale file is ever taken."""
    versions = "-".join(metadata.version(package) for package in EXPORTERS)
    weights = packaged(SPACE[name]).sha256[:12]
    return f"{name}-{weights}-{RECIPE}-{OPSET}-{versions}.onnx"


@cache
def usable(folder: Path) -> Path:
    """`folder`, or a temporary one of this process where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        _temporary.append(tempfile.TemporaryDirectory(prefix="keyart-models-"))
        other = Path(_temporary[-1].name)
        log.warning(
            "models are exported to %s at every start: %s (set KEYART_MODEL_CACHE)", other, error
        )
        return other


def _export(name: Name, path: Path) -> None:
    log.info("exporting %s to %s, once", name, path)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    command = [sys.executable, "-m", "content.encoders.export", name, str(draft)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
            raise TransientError("encoder_export_failed", f"{name} was not exported: {reason}")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
