"""The spine: a media file in, all that is understood of it out, one streamed segment at a time."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from content.decode import SEGMENT_S, DecodeLimits
from content.describe import describe
from content.encoders.models import Models
from content.segment import Segment, read_segment
from content.segments_kept import kept_segments, save_segment
from content.thumbnails import Thumbnails
from content.types import Extraction

SEGMENTS, THUMBNAILS = "segments", "thumbnails"
"""Folders within that of an extraction."""

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
    at most. The caller removes them when the extraction is kept. The small pictures of the
    keyframes are in `folder / THUMBNAILS` (content.thumbnails).

    Args:
        on_progress: called with a stage (`decode`, `shots`, `vectors`) and its fraction, 0..1.
        synopsis, language: of the title: its themes follow from both words told and said.
        folder: keeps what was said; segments of another file or other models are not taken up.
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
    maker = made_by(path, models, language)
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


def made_by(path: Path, models: Models, language: str | None) -> str:
    """Names the file as it is now and everything that reading it depends on."""
    try:
        status = path.stat()
        file = f"{status.st_size}:{status.st_mtime_ns}"
    except OSError:  # reading it will say what is wrong
        file = "none"
    prints = sorted(spec.fingerprint for spec in models.specs.values())
    return " ".join((file, *prints, models.transcript, models.shots, str(language)))


def _kept(folder: Path, maker: str) -> tuple[int, Segment | None]:
    """How many segments are kept, and the last of them."""
    number, last = 0, None
    for segment in kept_segments(folder, maker):
        number, last = number + 1, segment
    return number, last
