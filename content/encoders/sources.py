"""From where an encoder is configured to files on this disk, and to its fingerprint.

Loads no model and imports no torch: every process of the service needs the fingerprints.
"""

import hashlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from content.encoders.choice import Device, Role, Source
from content.encoders.torch_setup import PRECISION, planned
from content.errors import Invalid, Unavailable
from content.types import EncoderSpec, Space

SPACE: dict[Role, Space] = {"visual": "visual", "audio": "audio", "text": "synopsis"}
CLIP_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors")
CLIP_PICKLED = "open_clip_pytorch_model.bin"
"""What older repositories hold; read by torch's restricted unpickler (weights_only) alone."""
CHECKPOINTS = (".safetensors", ".pt", ".pth", ".bin")
_CLIP_USE = ["open_clip_config.json", "*token*", "vocab*", "merges.txt"]
"""Files that say how a CLIP is used, …"""
_CLIP_WANTED = [*_CLIP_USE, *CLIP_WEIGHTS]
_WANTED = ["*.json", "*.txt", "*.model", "*.safetensors"]
"""… and all of another library's, as the hub's patterns. What else lies in a folder (others share
the hub's cache) is not read and not part of a fingerprint."""
RECIPE = "2"
"""Of what we do around the libraries' own pre- and postprocessing; raise it when that changes."""


@dataclass(frozen=True, slots=True)
class Located:
    """An encoder's files."""

    folder: Path | None
    """Configuration and weights together; None for a checkpoint of an architecture."""
    weights: tuple[Path, ...]
    spec: EncoderSpec


@cache
def locate(role: Role, source: Source, wanted: Device = "auto") -> Located:
    """Find a configured encoder's files, fetching a hub's repository that is not here yet.

    Args:
        wanted: where it will run: its vectors differ a little by the precision, and so does the
            fingerprint.

    Raises:
        Invalid: `encoder_not_found`, `encoder_unsafe_weights`, `encoder_unfit`.
        Unavailable: `encoder_unreachable`, when the hub does not give the files.
    """
    if source.library == "open_clip":
        return _clip(source, wanted)
    folder = _folder(source, _WANTED)
    weights = _safetensors(folder)
    dim = _clap_dim(folder) if source.library == "clap" else _sentence_dim(folder)
    files = _matching(folder, _WANTED)
    return Located(folder, weights, _spec(role, source, wanted, files, dim))


def fetched(source: Source) -> bool:
    """Whether `locate` would find it without the network."""
    if source.embedded or source.path is not None:
        return True
    if not source.hub:
        return _ask_for_tag(source.model, source.revision, "cached").returncode == 0
    wanted = [*_CLIP_WANTED, CLIP_PICKLED] if source.library == "open_clip" else _WANTED
    try:
        folder = _folder(source, wanted, here=True)
    except Unavailable:
        return False
    return any(path.suffix in CHECKPOINTS for path in folder.rglob("*"))


def weights_folder(source: Source, patterns: list[str]) -> Path:
    """The folder of a model of a library that reads whole folders: safetensors, no code.

    Args:
        patterns: the files wanted of a repository of the hub.

    Raises:
        Invalid: `encoder_not_found`, `encoder_unsafe_weights`, `encoder_unfit`.
        Unavailable: `encoder_unreachable`.
    """
    folder = _folder(source, patterns)
    _safetensors(folder)
    if code := next(folder.rglob("*.py"), None):
        raise Invalid("encoder_unfit", f"{folder} wants code of its own ({code.name}): not run")
    return folder


def digest_of(folder: Path, patterns: list[str]) -> str:
    """SHA-256 (hex) of the names and bytes of the files that `patterns` want."""
    digest = hashlib.sha256()
    _add_files(digest, _matching(folder, patterns))
    return digest.hexdigest()


def _add_files(digest: "hashlib._Hash", files: Mapping[str, Path]) -> None:
    for name, path in sorted(files.items()):
        digest.update(f"\0{name}\0".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())


def _clip(source: Source, wanted: Device) -> Located:
    if source.path is not None and source.model:
        return _checkpoint(source, source.path, wanted)
    if not source.hub and source.path is None:
        return _checkpoint(source, _tagged(source.model, source.revision), wanted)
    folder = _folder(source, _CLIP_WANTED)
    weights = next((folder / n for n in CLIP_WEIGHTS if (folder / n).is_file()), None)
    if weights is None and source.hub:
        folder = _folder(source, [*_CLIP_WANTED, CLIP_PICKLED])
    weights = weights or folder / CLIP_PICKLED
    if not weights.is_file():
        raise _missing(folder, f"no {CLIP_WEIGHTS[0]}")
    config = _object(folder / "open_clip_config.json").get("model_cfg", {})
    dim = _number(folder, config, "embed_dim")
    files = {**_matching(folder, _CLIP_USE), weights.name: weights}
    return Located(folder, (weights,), _spec("visual", source, wanted, files, dim))


def _checkpoint(source: Source, path: Path, wanted: Device) -> Located:
    if path.suffix not in CHECKPOINTS:
        raise Invalid(
            "encoder_unsafe_weights", f"{path} is none of {', '.join(CHECKPOINTS)}: not loaded"
        )
    if not path.is_file():
        raise _missing(path, "no such file")
    package = importlib.util.find_spec("open_clip")
    assert package is not None and package.origin is not None
    config = Path(package.origin).parent / "model_configs" / f"{source.model}.json"
    if not config.is_file():
        raise Invalid("encoder_not_found", f"open_clip has no model {source.model!r}")
    dim = _number(config, _object(config), "embed_dim")
    # A file's own name says nothing: the weights may be kept under any.
    files = {config.name: config, "weights": path}
    return Located(None, (path,), _spec("visual", source, wanted, files, dim))


@cache
def _tagged(model: str, tag: str) -> Path:
    done = _ask_for_tag(model, tag)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Unavailable("encoder_unreachable", f"open_clip:{model}@{tag}: {reason}")
    return Path(done.stdout.strip().splitlines()[-1])


def _ask_for_tag(*arguments: str) -> "subprocess.CompletedProcess[str]":
    # open_clip alone knows where a tag's weights are, and importing it brings torch.
    command = [sys.executable, "-m", "content.encoders.tagged", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _folder(source: Source, patterns: list[str], *, here: bool = False) -> Path:
    if source.path is not None:
        if not source.path.is_dir():
            raise _missing(source.path, "no such folder")
        return source.path
    import httpx
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                source.model,
                revision=source.revision,
                allow_patterns=patterns,
                local_files_only=here,
            )
        )
    except (OSError, ValueError, httpx.HTTPError) as error:
        raise Unavailable(
            "encoder_unreachable",
            f"{source.model}@{source.revision} cannot be fetched: {error}",
        ) from error


def _safetensors(folder: Path) -> tuple[Path, ...]:
    """The weights below `folder`; pickled ones that stand alone are refused."""
    safe = sorted(p for p in folder.rglob("*.safetensors") if p.is_file())
    pickled = [p for p in folder.rglob("*.bin") if p.name.startswith("pytorch_model")]
    alone = [p for p in pickled if not any(s.parent == p.parent for s in safe)]
    if alone or not safe:
        name = alone[0] if alone else folder
        raise Invalid("encoder_unsafe_weights", f"{name} holds no safetensors: convert it first")
    return tuple(safe)


def _sentence_dim(folder: Path) -> int:
    """The last stated size along the modules of a sentence-transformers folder."""
    dim: int | None = None
    for place, kind in _modules(folder):
        if not kind.startswith("sentence_transformers."):
            raise Invalid("encoder_unfit", f"{folder} wants code of its own ({kind}): not run")
        config = folder / place / "config.json"
        stated = _object(config) if place and config.is_file() else {}
        for key in ("word_embedding_dimension", "embedding_dimension", "out_features"):
            dim = stated.get(key, dim)
    path = folder / "config_sentence_transformers.json"
    dim = (_object(path).get("truncate_dim") if path.is_file() else None) or dim
    return _number(folder, {"size of its vectors": dim}, "size of its vectors")


def _modules(folder: Path) -> list[tuple[str, str]]:
    """Of a sentence-transformers folder: each module's place below it, and its class."""
    match _json(folder / "modules.json"):
        case [*modules] if all(
            isinstance(m, dict) and {"path", "type"} <= m.keys() for m in modules
        ):
            return [(str(m["path"]), str(m["type"])) for m in modules]
    raise Invalid("encoder_unfit", f"{folder}/modules.json is no list of modules")


def _clap_dim(folder: Path) -> int:
    config = _object(folder / "config.json")
    if config.get("model_type") != "clap":
        raise Invalid("encoder_unfit", f"{folder} holds a {config.get('model_type')}, no CLAP")
    return _number(folder, {"projection_dim": 512, **config}, "projection_dim")


def _number(where: Path, config: Any, name: str) -> int:
    value = config.get(name) if isinstance(config, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Invalid("encoder_unfit", f"{where} states no {name}")
    return value


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _missing(path, str(error)) from error


def _object(path: Path) -> dict[str, Any]:
    found = _json(path)
    if not isinstance(found, dict):
        raise Invalid("encoder_unfit", f"{path} holds no JSON object")
    return found


def _missing(path: Path, why: str) -> Invalid:
    return Invalid("encoder_not_found", f"no encoder at {path}: {why}")


def _matching(folder: Path, patterns: list[str]) -> dict[str, Path]:
    """The files that the hub would give for these patterns, by their place below `folder`."""
    names = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {
        name: path
        for name, path in names.items()
        if path.is_file() and any(fnmatchcase(name, pattern) for pattern in patterns)
    }


def _spec(
    role: Role, source: Source, wanted: Device, files: Mapping[str, Path], dim: int
) -> EncoderSpec:
    """Named by its weights, the files that say how they are used, and the precision."""
    digest = hashlib.sha256(f"{RECIPE} {PRECISION[planned(wanted)]}".encode())
    _add_files(digest, files)
    shown = source.model or (source.path.name if source.path else "")
    name, revision = f"{source.library}:{shown}", source.revision or "local"
    return EncoderSpec(name, revision, SPACE[role], dim, digest.hexdigest())
