"""Candidate pictures of a title: look at many moments, keep the best and most different, crop them.

The film is visited twice by seeking, so that no more than one full-resolution frame is held at a
time: first to measure, then to crop what was chosen.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from artwork.assess import Assessed, PictureModels, TitleContext, assess, see
from artwork.groups import GroupMaker
from artwork.images import ImageStore
from artwork.pictures import PictureGroup
from artwork.quality.gates import may_serve
from artwork.quality.weights import DEFAULT, Weights
from artwork.selection import change, diverse, probe_times
from content.types import U8, Extraction, Maturity

MAX_GROUPS = 12
ENOUGH = 3
"""Pictures that a title should have to choose from; up to here smaller differences and lesser
pictures do, beyond it they do not."""
ALIKE, STILL = 0.75, 7.0
"""Cosine of two pictures' embeddings from which on, and `change` below which, they are alike."""
SAME, FROZEN = 0.95, 3.0
"""The same where there are not `ENOUGH`: beyond these they are one picture."""
GOOD, POOR = 0.75, 0.6
"""A candidate whose appeal is below this share of the title's best is not offered; the second
where there are not `ENOUGH`."""
HELD = 0.57
"""A candidate without a face that is `held` less than this has no subject, or has lost it."""
FADE_S = 1.0
"""As long words may take to appear or go, half seen."""

Grab = Callable[[Path, Sequence[float]], Iterator[tuple[float, U8]]]


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
    maturity: Maturity | None = None,
    weights: Weights = DEFAULT,
) -> list[PictureGroup]:
    """Up to `MAX_GROUPS` pictures of a film with their crops, stored; in the order of the film.

    Fewer, or none, when the film offers no more. The same film gives the same pictures with the
    same ids: a group is named by the bytes of its source picture.

    Args:
        extraction: of the same film; its visual vector names the encoder in `models`.
        grab: full-resolution RGB frames (H, W, 3) of a file at ascending seconds, each with its
            own time; the frame at its own time is the same frame.
        on_progress: told the fraction done, 0..1.
        maturity: of the title; pictures above it are refused.
        weights: of the sub-scores in the overall one.
    """
    times = probe_times(extraction)
    seen = []
    for at_s, rgb in grab(path, times):
        seen.append(see(at_s, rgb, models.faces))
        on_progress(0.6 * min(1.0, len(seen) / len(times)))
    title = TitleContext(
        maturity=maturity,
        shots=extraction.shots,
        visual=extraction.vectors["visual"].data,
        motion=extraction.timeline.get("motion_local"),
        weights=weights,
    )
    chosen = _choose(assess(seen, models, title))
    groups = dict[str, PictureGroup]()
    maker = GroupMaker(title_id, tenant, images, extraction.vectors["visual"].fingerprint)
    duration_s = max(1e-9, extraction.facts.duration_s)
    for done, (at_s, rgb) in enumerate(grab(path, [one.at_s for one in chosen]) if chosen else ()):
        one = min(chosen, key=lambda one: abs(one.at_s - at_s))
        group = maker.group(rgb, one, source_s=one.at_s, position=one.at_s / duration_s)
        if group.variants:
            groups.setdefault(group.id, group)
        on_progress(0.6 + 0.4 * min(1.0, (done + 1) / len(chosen)))
    on_progress(1.0)
    return list(groups.values())


def _choose(candidates: Sequence[Assessed]) -> list[Assessed]:
    """The best, mutually different ones, in the order of the film."""
    reasons = _reasons(candidates)
    fit = [one for one, why in zip(candidates, reasons, strict=True) if not why]
    # A film that is soft or spare throughout still gets its pictures; a black one gets none.
    spare = [one for one, why in zip(candidates, reasons, strict=True) if may_serve(why)]
    pool = fit or spare
    best = max((one.appeal for one in pool), default=0.0)
    pool = [one for one in pool if one.appeal >= POOR * best]
    strict = [one for one in pool if one.appeal >= GOOD * best and (one.faces or one.held >= HELD)]
    taken = _unlike(strict, MAX_GROUPS, ALIKE, STILL)
    for wider, alike, still in ((strict, SAME, FROZEN), (pool, ALIKE, STILL), (pool, SAME, FROZEN)):
        if len(taken) < ENOUGH:
            taken = max(taken, _unlike(wider, ENOUGH, alike, still), key=len)
    return sorted(taken, key=lambda one: one.at_s)


def _reasons(candidates: Sequence[Assessed]) -> list[tuple[str, ...]]:
    """Why each is refused; words refuse the moments of their fading, too."""
    written = [one.at_s for one in candidates if "lettering" in one.reasons]
    return [
        ("lettering",)
        if not one.reasons and any(abs(one.at_s - at_s) <= FADE_S for at_s in written)
        else one.reasons
        for one in candidates
    ]


def _unlike(pool: Sequence[Assessed], count: int, alike: float, still: float) -> list[Assessed]:
    """Up to `count` of a pool, no two of them as like as `alike` or changed less than `still`."""
    if not pool:
        return []
    vectors = np.stack([one.embedding for one in pool])
    apart = np.array([[change(a.sketch, b.sketch) >= still for b in pool] for a in pool])
    appeals = [one.appeal for one in pool]
    return [pool[i] for i in diverse(appeals, vectors, count, duplicate=alike, apart=apart)]
