"""Which encoders a deployment uses: the grammar of the settings, parsed into plain values.

    embedded                                    what ships inside packages
    open_clip:MODEL@TAG                         a pretrained tag that open_clip knows
    open_clip:MODEL@PATH                        a checkpoint file of one of open_clip's models
    open_clip:FOLDER                            open_clip_config.json and weights
    open_clip:hf-hub:ORG/NAME@COMMIT
    sentence-transformers:FOLDER                or ORG/NAME@COMMIT
    clap:FOLDER                                 or ORG/NAME@COMMIT

A PATH or FOLDER begins with `/`, `./`, `../` or `~`. A hub id is pinned to a commit (40 hex
digits): a branch may change under a catalogue whose vectors must all be made alike.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from content.errors import Invalid

Role = Literal["visual", "audio", "text"]
Library = Literal["embedded", "open_clip", "sentence-transformers", "clap", "diffusers"]
Device = Literal["auto", "cpu", "cuda"]

LIBRARIES: dict[Role, Library] = {
    "visual": "open_clip",
    "audio": "clap",
    "text": "sentence-transformers",
}
EXPECTED: dict[Role, str] = {
    "visual": "embedded, open_clip:MODEL@TAG_OR_CHECKPOINT, open_clip:FOLDER or "
    "open_clip:hf-hub:ORG/NAME@COMMIT",
    "audio": "embedded, clap:FOLDER or clap:ORG/NAME@COMMIT",
    "text": "embedded, sentence-transformers:FOLDER or sentence-transformers:ORG/NAME@COMMIT",
}
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_MODEL = re.compile(r"[\w.-]+")
_PATH = ("/", "./", "../", "~")


@dataclass(frozen=True, slots=True)
class Source:
    """Where one encoder comes from."""

    library: Library = "embedded"
    model: str = ""
    """The hub id, or the name of open_clip's architecture."""
    revision: str = ""
    """The hub's commit, or open_clip's pretrained tag."""
    path: Path | None = None
    """A local folder, or a checkpoint of `model`."""

    @property
    def embedded(self) -> bool:
        return self.library == "embedded"

    @property
    def hub(self) -> bool:
        """Is it a repository of the hub?"""
        return self.path is None and "/" in self.model


def default_cache() -> Path:
    """`keyart` in the user's cache folder (XDG Base Directory)."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "keyart"


@dataclass(frozen=True, slots=True)
class EncoderChoice:
    """The encoder of each role, where they run, and where exported models are kept."""

    visual: Source = Source()
    audio: Source = Source()
    text: Source = Source()
    device: Device = "auto"
    """Of the configured ones; the embedded ones run on the CPU."""
    cache: Path = field(default_factory=default_cache)


EMBEDDED = EncoderChoice()


def parse(role: Role, text: str) -> Source:
    """What a setting's text names. Touches no file.

    Raises:
        Invalid: `invalid_encoder`, `encoder_not_pinned`.
    """
    library, colon, rest = text.strip().partition(":")
    if not colon and library == "embedded":
        return Source()
    if library != LIBRARIES[role] or not rest:
        raise _unknown(role, text)
    if rest.startswith(_PATH):
        return Source(LIBRARIES[role], path=_path(text, rest))
    if role == "visual" and not rest.startswith("hf-hub:"):
        return _architecture(text, rest)
    return _hub(role, text, rest.removeprefix("hf-hub:") if role == "visual" else rest)


def parse_diffusers(text: str) -> Source:
    """FOLDER or ORG/NAME@COMMIT, of what diffusers loads. Touches no file.

    Raises:
        Invalid: `invalid_encoder`, `encoder_not_pinned`.
    """
    if text.startswith(_PATH):
        return Source("diffusers", path=_path(text, text))
    name, _, revision = text.partition("@")
    if not _HUB_ID.fullmatch(name):
        expected = "FOLDER or ORG/NAME@COMMIT"
        raise Invalid("invalid_encoder", f"{text!r} names no model; write {expected}")
    return Source("diffusers", name, _commit(text, revision))


def _architecture(text: str, rest: str) -> Source:
    model, _, pretrained = rest.partition("@")
    if not _MODEL.fullmatch(model) or not pretrained:
        raise _unknown("visual", text)
    if pretrained.startswith(_PATH):
        return Source("open_clip", model, path=_path(text, pretrained))
    if not _MODEL.fullmatch(pretrained):
        raise _unknown("visual", text)
    return Source("open_clip", model, pretrained)


def _path(text: str, place: str) -> Path:
    try:
        return Path(place).expanduser().resolve()
    except RuntimeError as error:  # ~NAME of nobody
        raise Invalid("invalid_encoder", f"{text!r}: {error}") from error


def _hub(role: Role, text: str, rest: str) -> Source:
    name, _, revision = rest.partition("@")
    if not _HUB_ID.fullmatch(name):
        raise _unknown(role, text)
    return Source(LIBRARIES[role], name, _commit(text, revision))


def _commit(text: str, revision: str) -> str:
    if not _COMMIT.fullmatch(revision):
        raise Invalid(
            "encoder_not_pinned",
            f"{text!r} names no commit: add @ and the 40 hex digits that the hub shows for it",
        )
    return revision


def _unknown(role: Role, text: str) -> Invalid:
    return Invalid("invalid_encoder", f"{text!r} is no {role} encoder; expected {EXPECTED[role]}")
