"""Retrieval by picture, sound and caption on Tux Paint's stamps; part of `understanding`."""

from pathlib import Path

import av
import cv2
import numpy as np

from content.encoders.models import Models
from content.sound.meter import SoundMeter
from content.sound.vector import sound_vector
from content.types import F32, U8, Space
from indexes.weights import DEFAULT
from samples.stamps import Stamp, fetch_stamps
from tests.bench.retrieval import Corpus, fuse, guessed, lead, measure, same
from tests.synth import RGB

HZ = 16_000
Row = dict[str, object]


def run() -> list[Row]:
    """One row a space, then the fused; the last rows say what fusing adds."""
    stamps = fetch_stamps(Path(".cache/samples").resolve())
    corpus = Corpus(_vectors(stamps), len(stamps))
    cosines, relevant = corpus.cosines(), same([stamp.category for stamp in stamps])
    found = {str(space): measure(matrix, relevant) for space, matrix in cosines.items()}
    sounds = sum(stamp.sound is not None for stamp in stamps)
    unheard = f"{sounds} sounds, {len(corpus.rows['audio'])} of them long and loud enough to tell"
    weights = {**DEFAULT, "concept": 0.0}
    fused = fuse(cosines, weights)
    found |= {"fused": measure(fused, relevant), "chance": measure(guessed(fused), relevant)}
    rows: list[Row] = [{"space": name, **quality.row()} for name, quality in found.items()]
    rows.append({"space": unheard})
    for name in ("visual", "audio", "synopsis"):
        rows.append({"space": f"fused − {name}", "mAP": lead(found["fused"], found[name])})
    return rows


def pictures() -> dict[str, list[U8]]:
    """RGB pictures by category."""
    found: dict[str, list[U8]] = {}
    for stamp in fetch_stamps(Path(".cache/samples").resolve()):
        if stamp.picture:
            found.setdefault(stamp.category, []).append(on_ground(stamp.picture))
    return found


def _vectors(stamps: list[Stamp]) -> dict[Space, dict[int, F32]]:
    models = Models()
    pictures = {n: on_ground(s.picture) for n, s in enumerate(stamps) if s.picture}
    seen = models.pictures(list(pictures.values()))
    captions = {n: s.caption for n, s in enumerate(stamps) if s.caption}
    words = models.text.encode(list(captions.values()))
    sounds = {n: _heard(s.sound) for n, s in enumerate(stamps) if s.sound}
    return {
        "visual": dict(zip(pictures, seen.visual, strict=True)),
        "concept": dict(zip(pictures, models.meaning(seen), strict=True)),
        "audio": {n: vector for n, vector in sounds.items() if vector is not None},
        "synopsis": dict(zip(captions, words, strict=True)),
    }


def on_ground(path: Path, ground: RGB = (255, 255, 255)) -> U8:
    """RGB; what is transparent shows the ground, a white page."""
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if stored.ndim == 2:
        return np.asarray(cv2.cvtColor(stored, cv2.COLOR_GRAY2RGB), np.uint8)
    rgb = cv2.cvtColor(stored[:, :, :3], cv2.COLOR_BGR2RGB).astype(np.float32)
    cover = stored[:, :, 3:].astype(np.float32) / 255 if stored.shape[2] == 4 else 1.0
    behind = np.array(ground, np.float32)
    return np.asarray(np.rint(rgb * cover + behind * (1 - cover)), np.uint8)


def _heard(path: Path) -> F32 | None:
    """The sound's vector, made as a film's is."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=HZ)
    with av.open(str(path)) as media:
        frames = [part for frame in media.decode(audio=0) for part in resampler.resample(frame)]
    frames += resampler.resample(None)
    samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
    meter = SoundMeter(None)
    meter.add(np.pad(samples, (0, -len(samples) % HZ)).astype(np.float32))
    meter.finish()
    return sound_vector(meter.rows)
