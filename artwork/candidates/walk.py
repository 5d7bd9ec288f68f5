"""Candidate pictures of a title: look at many moments, keep the best and most different, crop them.

The film is visited twice by seeking, so that no more than one full-resolution frame is held at a
time: first to measure, then to crop what was chosen.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import imagehash
import numpy as np
from PIL import Image

from artwork.assess import Assessed, PictureModels, Sighting, TitleContext, assess, see
from artwork.candidates.choosing import Look, judge
from artwork.candidates.considered import Candidate, Verdict
from artwork.candidates.coverage import shots_at
from artwork.candidates.emphasis import emphasis
from artwork.candidates.probing import probe_times, unseen
from artwork.candidates.steadier import steadier
from artwork.framing.crops import Bools
from artwork.groups import GroupMaker
from artwork.image_groups import PictureGroup
from artwork.images.store import ImageStore
from artwork.quality.weights import DEFAULT, Weights
from content.types import U8, Extraction, Maturity

SMALL_PX = 320
"""Long side of the small picture that is kept of every moment looked at."""
LOOKING = 0.6
"""Of the progress; the rest is cropping."""

Grab = Callable[[Path, Sequence[float]], Iterator[tuple[float, U8]]]


class Found(NamedTuple):
    """What looking through a film gives, both in the order of the film."""

    groups: list[PictureGroup]
    candidates: list[Candidate]
    """Every moment that was looked at, and one of each shot of which none was."""


def make_candidates(
    path: Path,
    extraction: Extraction,
    *,
    title_id: str,
    tenant: str,
    images: ImageStore,
    models: PictureModels,
    grab: Grab,
    on_progress: Callable[[float], None],
    spoilers: bool = False,
    maturity: Maturity | None = None,
    weights: Weights = DEFAULT,
) -> Found:
    """Up to `choosing.MAX_GROUPS` pictures of a film with their crops, stored.

    Fewer, or none, when the film offers no more. The same film gives the same pictures with the
    same ids: a group is named by the bytes of its source picture.

    Args:
        extraction: of the same film; its visual vector names the encoder in `models`.
        grab: full-resolution RGB frames (H, W, 3) of a file at ascending seconds, each with its
            own time; the frame at its own time is the same frame.
        on_progress: told the fraction done, 0..1.
        spoilers: look at the film's last tenth, too.
        maturity: of the title; pictures above it are refused.
        weights: of the sub-scores in the overall one.
    """
    times = probe_times(extraction, spoilers=spoilers)
    sightings = []
    for one in _seen(path, times, models, grab):
        sightings.append(one)
        on_progress(LOOKING * min(1.0, len(sightings) / len(times)))
    looking = partial(_seen, path, models=models, grab=grab)
    sightings = steadier(sightings, extraction.shots, looking)
    title = TitleContext(
        maturity=maturity,
        shots=extraction.shots,
        visual=extraction.vectors["visual"].data,
        motion=extraction.timeline.get("motion_local"),
        weights=weights,
    )
    seen = assess(sightings, models, title)
    candidates = _judged(sightings, seen, extraction, images)
    chosen = [i for i, one in enumerate(candidates) if one.verdict == "chosen"]
    encoder = extraction.vectors["visual"].fingerprint
    maker = GroupMaker(title_id, tenant, images, encoder, models.figures)
    duration_s = max(1e-9, extraction.facts.duration_s)
    groups = dict[str, PictureGroup]()
    frames = grab(path, [seen[i].at_s for i in chosen]) if chosen else ()
    for done, (i, (_, rgb)) in enumerate(zip(chosen, frames, strict=True)):
        group = maker.group(
            rgb,
            seen[i],
            source_s=seen[i].at_s,
            position=seen[i].at_s / duration_s,
            emphasis=candidates[i].emphasis,
        )
        candidates[i] = _settled(candidates[i], group, known=group.id in groups)
        if group.variants:
            groups.setdefault(group.id, group)
        on_progress(LOOKING + (1 - LOOKING) * (done + 1) / len(chosen))
    on_progress(1.0)
    passed = [_unseen(*one) for one in unseen(extraction, times, spoilers=spoilers)]
    told = sorted([*candidates, *passed], key=lambda one: one.at_s)
    return Found(list(groups.values()), told)


def _seen(
    path: Path, times: Sequence[float], models: PictureModels, grab: Grab
) -> Iterator[Sighting]:
    return (see(at_s, rgb, models.faces) for at_s, rgb in grab(path, times))


def _unseen(at_s: float, reason: str) -> Candidate:
    """A moment that was not fetched: nothing is known of it but why."""
    verdict: Verdict = "passed_over" if reason == "unseen" else "refused"
    return Candidate(at_s, verdict, (reason,), {}, (), "all")


def _judged(
    sightings: Sequence[Sighting],
    seen: Sequence[Assessed],
    extraction: Extraction,
    images: ImageStore,
) -> list[Candidate]:
    """What becomes of each moment, its small picture stored."""
    small = [_inside(one, whole) for one, whole in zip(sightings, seen, strict=True)]
    looks = [Look(one, _phash(rgb), rgb) for one, rgb in zip(seen, small, strict=True)]
    told = zip(seen, judge(looks, extraction), _tags(seen, extraction), small, strict=True)
    return [
        Candidate(
            at_s=one.at_s,
            verdict=what.verdict,
            reasons=tuple(what.reasons),
            scores=dict(one.scores),
            emphasis=tags,
            maturity=one.maturity,
            sha256=images.put_encoded(_jpeg(rgb)).sha256,
        )
        for one, what, tags, rgb in told
    ]


def _settled(one: Candidate, group: PictureGroup, *, known: bool) -> Candidate:
    """A chosen candidate, now that it was cropped: the very same picture twice is one group."""
    if not group.variants:
        return replace(one, verdict="passed_over", reasons=("no_crop",))
    if known:
        return replace(one, verdict="passed_over", reasons=("duplicate",))
    return replace(one, group_id=group.id)


def _tags(seen: Sequence[Assessed], extraction: Extraction) -> list[tuple[str, ...]]:
    own = shots_at([one.at_s for one in seen], extraction) if seen else []
    facts = extraction.shot_facts
    return [emphasis(one, facts[n] if facts else None) for one, n in zip(seen, own, strict=True)]


def _inside(sighting: Sighting, seen: Assessed) -> U8:
    """The small copy without its bars, its long side at most `SMALL_PX`."""
    scale = sighting.small.shape[1] / sighting.size[0]
    box = seen.inside
    top, left = round(box.y * scale), round(box.x * scale)
    bottom, right = round(box.bottom * scale), round(box.right * scale)
    rgb = sighting.small[top : max(top + 1, bottom), left : max(left + 1, right)]
    shrink = min(1.0, SMALL_PX / max(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * shrink)), max(1, round(rgb.shape[0] * shrink)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _phash(rgb: U8) -> Bools:
    """(64,) bits: the signs of the low frequencies (Zauner 2010, as ImageHash computes them)."""
    return np.asarray(imagehash.phash(Image.fromarray(rgb)).hash, np.bool_).ravel()


def _jpeg(rgb: U8) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=82)
    return file.getvalue()
