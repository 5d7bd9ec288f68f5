"""From a brief to image groups: paint, assess, refuse or keep. Runs in a warm child."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from artwork.assess import MIN_FACE, PictureModels, TitleContext, assess, see
from artwork.candidates.emphasis import emphasis, repainted
from artwork.generate import prompt as words
from artwork.generate.brief import Brief, parse
from artwork.generate.diffusion import Painter
from artwork.generate.likeness import Likeness, floor
from artwork.generate.plan import Attempt, attempts
from artwork.groups import GroupMaker
from artwork.image_groups import PictureGroup, packed
from artwork.images.store import ImageStore
from artwork.quality.weights import DEFAULT, Weights
from content.errors import Invalid
from content.types import F32, U8


def generate(
    asked: Mapping[str, Any],
    *,
    models: PictureModels,
    painter: Painter,
    images: ImageStore,
    weights: Weights = DEFAULT,
    on_progress: Callable[[float], None] = lambda _share: None,
) -> dict[str, Any]:
    """Make the pictures that a request asks for.

    Args:
        asked: `request` (brief, n, seed), `title`, `sources` (as `artwork.pictures.sources`),
            `frames` and `strangers` (float32 little-endian rows of the visual space: further
            vectors of the title, and some of other titles), `tenant`, `encoder`.

    Returns:
        {"groups": [PictureGroup as plain data], "refused": [{"reason", "detail"}]}.

    Raises:
        Invalid: `invalid_brief`, `no_frames`; of the model as `Painter`.
    """
    request, title = asked["request"], asked["title"]
    brief = parse(request.get("brief", ""))
    tries = attempts(brief, asked["sources"], request.get("n", 4), request.get("seed", 0))
    if not tries:
        raise Invalid(
            "no_frames", f"title {title['id']!r} has no picture of its film to start from"
        )
    studio = _Studio(
        brief=brief,
        text=words.prompt(brief, title["profile"], title["genres"]),
        painter=painter,
        models=models,
        context=TitleContext(maturity=title["maturity"], weights=weights),
        likeness=_likeness(asked, models, images),
        maker=GroupMaker(title["id"], asked["tenant"], images, asked["encoder"], models.figures),
    )
    groups: list[PictureGroup] = []
    refused: list[dict[str, str]] = []
    for done, attempt in enumerate(tries):
        group, reasons = studio.attempt(attempt)
        if group is not None:
            groups.append(group)
        refused += [{"reason": r, "detail": f"seed {attempt.seed}: {d}"} for r, d in reasons]
        on_progress((done + 1) / len(tries))
    return {"groups": [packed(group) for group in groups], "refused": refused}


class _Studio:
    """What all attempts of one request share."""

    def __init__(
        self,
        *,
        brief: Brief,
        text: str,
        painter: Painter,
        models: PictureModels,
        context: TitleContext,
        likeness: Likeness,
        maker: GroupMaker,
    ) -> None:
        self._brief, self._text = brief, text
        self._painter, self._models = painter, models
        self._context, self._likeness, self._maker = context, likeness, maker

    def attempt(self, attempt: Attempt) -> tuple[PictureGroup | None, list[tuple[str, str]]]:
        """A group, or the reasons why there is none."""
        rgb = self._painted(attempt)
        [seen] = assess([see(0.0, rgb, self._models.faces)], self._models, self._context)
        reasons = [(reason, "a gate of every picture") for reason in seen.reasons]
        reasons += self._likeness.reasons(seen.embedding, _people(rgb, self._models))
        if reasons:
            return None, reasons
        own, frame = emphasis(seen), attempt.source.get("emphasis") or ()
        group = self._maker.group(
            rgb,
            seen,
            origin="generated",
            emphasis=repainted(own, frame, self._brief.mood),
            source_s=attempt.source["source_s"],
            position=attempt.source["facts"].get("position", 0.5),
            made=self._made(attempt),
        )
        if not group.variants:
            return None, [("no_crop", "every crop would cut a face or words")]
        return group, []

    def _painted(self, attempt: Attempt) -> U8:
        frame = self._maker.images.pixels(attempt.source["source_sha256"])
        asked: dict[str, Any] = {
            "prompt": self._text,
            "negative": words.NEGATIVE,
            "seed": attempt.seed,
        }
        if self._brief.extend is None:
            return self._painter.redraw(frame, strength=attempt.strength, **asked)
        width, height = map(int, self._brief.extend.split(":"))
        return self._painter.extend(frame, width / height, **asked)

    def _made(self, attempt: Attempt) -> dict[str, Any]:
        """All that it takes to make the picture again."""
        return {
            "kind": "redraw" if self._brief.extend is None else "extension",
            "sources": [attempt.source["id"]],
            "brief": asdict(self._brief),
            "prompt": self._text,
            "negative_prompt": words.NEGATIVE,
            "strength": attempt.strength,
            "seed": attempt.seed,
            **self._painter.facts,
        }


def _likeness(asked: Mapping[str, Any], models: PictureModels, images: ImageStore) -> Likeness:
    own = [source for source in asked["sources"] if source["origin"] == "frame"]
    frames = np.stack([np.frombuffer(source["embedding"], "<f4") for source in own])
    frames = np.concatenate([frames, _rows(asked["frames"], frames.shape[1])])
    strangers = _rows(asked["strangers"], frames.shape[1])
    faces = [_people(images.pixels(source["source_sha256"]), models) for source in own]
    return Likeness(frames, floor(frames, strangers), np.concatenate(faces))


def _people(rgb: U8, models: PictureModels) -> F32:
    """(k, 128), of the faces that are more than a crowd."""
    least = MIN_FACE * rgb.shape[0]
    faces = [face for face in models.faces.detect(rgb) if face.height >= least]
    return models.identities.encode(rgb, faces)


def _rows(data: bytes, dim: int) -> F32:
    return np.frombuffer(data, "<f4").reshape(-1, dim)
