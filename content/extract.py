"""The spine: a media file in, all that is understood of it out, one streamed segment at a time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from content.decode import SEGMENT_S, DecodeLimits
from content.describe import describe
from content.encoders.models import Models
from content.segment import Segment, read_segment
from content.segments_kept import kept_segments, maker_of, save_segment
from content.thumbnails import Thumbnails
from content.types import SPACES, Extraction, Space

GONE = "none"
SEGMENTS, THUMBNAILS = "segments", "thumbnails"
"""Folders within that of an extraction."""

_READ: tuple[Space, ...] = ("visual", "audio")
"""Spaces whose encoders look at the film, and hear it."""

Progress = Callable[[str, float], None]


def extract(
    path: Path,
    models: Models,
    *,
    limits: DecodeLimits,
    on_progress: Progress,
    synopsis: str = "",
    language: str | None = None,
    folder: Path | None = None,
    segment_s: float = SEGMENT_S,
) -> Extraction:
    """Understand one media file.

    Each segment that was read is kept in `folder / SEGMENTS`, and not read again: a kill costs one
    at most, and where all are there the media is not opened. The caller removes them or keeps
    them. The small pictures of the keyframes are in `folder / THUMBNAILS` (content.thumbnails), as
    far as they were read here.

    Args:
        on_progress: called with a stage (`decode`, `shots`, `vectors`) and its fraction, 0..1.
        synopsis, language: of the title: its themes follow from both words told and said.
        folder: keeps what was said; segments that are not of `read_by` are not taken up.
            None keeps nothing.
        segment_s: whole seconds.

    Returns:
        Shots tiling `[0, facts.duration_s)`; keyframes: first each shot's own, in order, then the
        further ones of long shots; vectors for `visual`, `concept` and, when something can be
        heard, `audio`. The duration is the decoded one.

    Raises:
        PermanentError, TransientError: `media_…`, as `decode.analyse`.
    """
    if folder is None:
        with TemporaryDirectory() as own:
            return extract(
                path,
                models,
                limits=limits,
                on_progress=on_progress,
                synopsis=synopsis,
                language=language,
                folder=Path(own),
                segment_s=segment_s,
            )
    until_s = time.monotonic() + limits.wall_s
    maker = _maker(path, models, language, folder / SEGMENTS)
    number, before = _kept(folder / SEGMENTS, maker)
    while before is None or not before.end.last:
        before = read_segment(
            path,
            models,
            limits=replace(limits, wall_s=max(0.01, until_s - time.monotonic())),
            start_s=before.end.duration_s if before is not None else 0.0,
            length_s=segment_s,
            before=before,
            language=language,
            thumbnails=Thumbnails(folder / THUMBNAILS),
            on_progress=lambda fraction: on_progress("decode", fraction),
        )
        save_segment(before, folder / SEGMENTS, number, maker)
        number += 1
    on_progress("decode", 1.0)
    on_progress("shots", 1.0)
    extraction = describe(kept_segments(folder / SEGMENTS, maker), models, synopsis, language)
    on_progress("vectors", 1.0)
    return extraction


def read_by(path: Path, models: Models, language: str | None) -> str:
    """Names the file as it is now and everything that reading it depends on: not the encoder of
    words, nor the formula of moods, which say what was read."""
    return _named(path, models, language, _READ)


def made_by(path: Path, models: Models, language: str | None) -> str:
    """Names the file as it is now and everything that understanding it depends on."""
    return _named(path, models, language, SPACES)


def _named(path: Path, models: Models, language: str | None, spaces: Sequence[Space]) -> str:
    try:
        status = path.stat()
        file = f"{status.st_size}:{status.st_mtime_ns}"
    except OSError:  # reading it will say what is wrong
        file = GONE
    return f"{file} {_readers(models, language, spaces)}"


def _readers(models: Models, language: str | None, spaces: Sequence[Space]) -> str:
    prints = sorted(spec.fingerprint for space, spec in models.specs.items() if space in spaces)
    return " ".join((*prints, models.transcript, models.shots, str(language)))


def _maker(path: Path, models: Models, language: str | None, folder: Path) -> str:
    """As `read_by`; of a file that is gone, what its segments in `folder` were made by, if by
    these models."""
    maker = read_by(path, models, language)
    gone = maker.startswith(f"{GONE} ")
    found = maker_of(folder) if gone else None
    return found if found is not None and read_so(found, models, language) else maker


def read_so(maker: str, models: Models, language: str | None) -> bool:
    """Whether `maker`, as of `read_by`, names these models, whatever the file."""
    return maker.partition(" ")[2] == _readers(models, language, _READ)


def _kept(folder: Path, maker: str) -> tuple[int, Segment | None]:
    """How many segments are kept, and the last of them."""
    number, last = 0, None
    for segment in kept_segments(folder, maker):
        number, last = number + 1, segment
    return number, last
