"""The warm child of `workers.pool`: `python -m workers.child PARENT_PID NICE`.

Reads calls from standard input and answers on standard output, both msgpack; keeps its models
between calls; ends when its input ends or its parent is gone.
"""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgpack
import numpy as np
from PIL import Image

from artwork.assess import TitleContext
from artwork.candidates.walk import make_candidates
from artwork.compose.grades import graded, title_tones
from artwork.generate.diffusion import Painter
from artwork.generate.making import generate
from artwork.groups import GroupMaker
from artwork.image_groups import packed
from artwork.images.decoding import UPLOADED
from artwork.images.store import ImageStore
from artwork.quality import weights as quality_weights
from artwork.quality.picture import analysis_picture
from artwork.uploads import taken_in
from content.decode import DecodeLimits, grab, probe
from content.describe import describe_words
from content.encoders.models import Models
from content.errors import Conflict, KeyartError, PermanentError, TransientError, described
from content.extract import extract, made_by
from content.hearing import sound_of
from content.keeping import load, save
from content.letterbox import without_bars
from content.process import follow_parent
from content.synopsis import MAX_CHUNKS, chunks, encode_synopsis
from content.types import Maturity
from workers import composing, taste
from workers.parts import Parts
from workers.settings import Settings

Report = Callable[[str, float], None]


class Operations:
    """What a child can do. Arguments and results are msgpack; files carry what is large."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._data = settings.data
        self._models = Models(
            settings.encoders, transcript=settings.transcript, shots=settings.shots
        )
        chosen = settings.painter
        self._painter = None if chosen is None else Painter(chosen)

    def probe(self, _report: Report, *, path: str, wall_s: float) -> dict[str, Any]:
        return asdict(probe(Path(path), DecodeLimits(wall_s=wall_s)))

    def extract(
        self,
        report: Report,
        *,
        path: str,
        folder: str,
        wall_s: float,
        synopsis: str = "",
        language: str | None = None,
    ) -> float:
        """The film's length in s; what was understood lies in `folder`."""
        extraction = extract(
            Path(path),
            self._models,
            limits=DecodeLimits(wall_s=wall_s),
            on_progress=report,
            synopsis=synopsis,
            language=language,
            folder=Path(folder),
        )
        save(extraction, Path(folder), made_by(Path(path), self._models, language))
        return extraction.facts.duration_s

    def synopsis(self, _report: Report, *, text: str) -> dict[str, Any] | None:
        vector = encode_synopsis(text, self._models)
        if vector is None:
            return None
        return {"data": vector.data.astype("<f4").tobytes(), "fingerprint": vector.fingerprint}

    def told(self, _report: Report, *, text: str, language: str | None = None) -> dict[str, Any]:
        return describe_words(text, self._models, language)

    def texts(
        self, report: Report, *, items: list[tuple[str, str, str | None]]
    ) -> list[dict[str, Any]]:
        """Of each title of words alone (its synopsis, what that tells, its language): `words` as by
        `synopsis` and `told` as by `told`, or `error`, of this one only."""
        pieces = [piece for text, *_ in items for piece in chunks(text, self._models)[:MAX_CHUNKS]]
        with suppress(KeyartError):  # whose fault it is shows below
            self._models.text.encode(pieces)  # in the batches that the encoder is made for
        return [self._text(report, *item) for item in items]

    def _text(
        self, report: Report, synopsis: str, story: str, language: str | None
    ) -> dict[str, Any]:
        try:
            words = self.synopsis(report, text=synopsis)
            return {"words": words, "told": self.told(report, text=story, language=language)}
        except KeyartError as error:
            return {"error": described(error)}

    def query(self, _report: Report, *, text: str) -> dict[str, tuple[bytes, str]]:
        found = self._models.query(text)
        return {s: (v.data.astype("<f4").tobytes(), v.fingerprint) for s, v in found.items()}

    def picture(
        self, _report: Report, *, pixels: bytes, shape: tuple[int, ...]
    ) -> tuple[bytes, str]:
        """The visual vector of a still (RGB uint8, (H, W, 3)) that is searched for."""
        rgb = np.frombuffer(pixels, np.uint8).reshape(shape)
        vector = self._models.visual.encode([without_bars(rgb)])[0]
        return vector.astype("<f4").tobytes(), self._models.specs["visual"].fingerprint

    def sound(self, _report: Report, *, samples: bytes) -> tuple[bytes, str] | None:
        """The audio vector of a piece of sound (float32, mono, 16 kHz) that is searched for."""
        vector = sound_of(np.frombuffer(samples, "<f4"), self._models)
        return None if vector is None else (vector.data.astype("<f4").tobytes(), vector.fingerprint)

    def looks(
        self,
        _report: Report,
        *,
        images: str,
        masters: list[tuple[str, str | None]],
        palette: list[str],
    ) -> list[bytes]:
        """The visual vectors of stored pictures, each in its look if it has one, float32
        little-endian."""
        store = ImageStore(Path(images))
        small = []
        for sha256, look in masters:
            rgb = store.pixels(sha256)
            if look is not None:
                rgb = graded(rgb, look, title_tones(palette, rgb))
            small.append(analysis_picture(rgb))
        return [row.astype("<f4").tobytes() for row in self._models.visual.encode(small)]

    def pictures(
        self,
        report: Report,
        *,
        path: str,
        wall_s: float,
        extraction: str,
        images: str,
        journal: str,
        spoilers: bool,
        **ids: str,
    ) -> dict[str, Any]:
        kept = load(Path(extraction))
        found = make_candidates(
            Path(path),
            kept,
            title_id=ids["title_id"],
            tenant=ids["tenant"],
            images=ImageStore(Path(images), Path(journal)),
            models=self._models,
            grab=partial(grab, limits=DecodeLimits(wall_s=wall_s), steady=kept.steady),
            on_progress=lambda fraction: report("pictures", fraction),
            spoilers=spoilers,
            maturity=cast(Maturity, ids["maturity"]),
            weights=quality_weights.read(self._data),
        )
        return {
            "groups": [packed(group) for group in found.groups],
            "candidates": [asdict(one) for one in found.candidates],
        }

    def fit_taste(self, report: Report, *, seed: int) -> dict[str, Any]:
        """A map of the taste space, kept beside those in use: see `taste.fit`."""
        parts = Parts.open(self._settings)
        try:
            return taste.fit(parts, seed, lambda share: report("fit", share))
        finally:
            parts.close()

    def upload(
        self,
        _report: Report,
        *,
        request: dict[str, Any],
        title: dict[str, Any],
        tenant: str,
        encoder: str,
        images: str,
        journal: str,
        **_untouched: Any,
    ) -> dict[str, Any]:
        """A house's own picture: see `artwork.uploads.taken_in`; the file lies by the journal."""
        try:
            with Image.open(Path(journal).parent / UPLOADED, formats=("PNG",)) as picture:
                rgb = np.asarray(picture)
        except FileNotFoundError as error:
            raise PermanentError("work_lost", "the picture is gone; upload it again") from error
        store = ImageStore(Path(images), Path(journal))
        maker = GroupMaker(title["id"], tenant, store, encoder, self._models.figures)
        context = TitleContext(maturity=title["maturity"], weights=quality_weights.read(self._data))
        groups, refused = taken_in(rgb, self._models, maker, request, context)
        return {"groups": [packed(group) for group in groups], "refused": refused}

    def generate(
        self, report: Report, *, images: str, journal: str, **asked: Any
    ) -> dict[str, Any]:
        """Pictures by a diffusion model: see `artwork.generate.making`."""
        if self._painter is None:  # configured when it was asked for, not any more
            raise Conflict("generation_off", "KEYART_DIFFUSION names no model")
        return generate(
            asked,
            models=self._models,
            painter=self._painter,
            weights=quality_weights.read(self._data),
            images=ImageStore(Path(images), Path(journal)),
            on_progress=lambda share: report("generate", share),
        )

    def compose(self, report: Report, **arguments: Any) -> dict[str, Any]:
        return composing.compose(
            self._models,
            lambda fraction: report("compose", fraction),
            weights=quality_weights.read(self._data),
            **arguments,
        )


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer calls until the input ends."""
    operations = Operations(Settings())

    def send(message: dict[str, Any]) -> None:
        answers.write(msgpack.packb(message))
        answers.flush()

    for request in msgpack.Unpacker(requests, max_buffer_size=2**30):
        try:
            run = getattr(operations, request["operation"])
            before = _cpu_s()
            result = run(lambda s, f: send({"progress": [s, f]}), **request["arguments"])
            send({"result": result, "cpu_s": _cpu_s() - before})
        except KeyartError as error:
            send({"error": described(error)})
        except MemoryError:
            send({"error": described(TransientError("out_of_memory", "not enough memory"))})
            sys.exit(1)


def _cpu_s() -> float:
    """Of this process and its children that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def main() -> None:
    parent, nice = int(sys.argv[1]), int(sys.argv[2])
    follow_parent(signal.SIGKILL, parent)
    os.nice(nice)
    # Libraries print to standard output now and then; the answers get a descriptor of their own.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Unbuffered: a buffered read would wait for more than one call's bytes.
    serve(os.fdopen(0, "rb", buffering=0), answers)


if __name__ == "__main__":
    main()
