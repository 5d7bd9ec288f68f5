"""From a picture to an image group: shown in every aspect, its facts told, whatever its origin."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from artwork.assess import Assessed, FigureSource
from artwork.candidates.emphasis import emphasis_facts
from artwork.framing.crops import Box
from artwork.framing.saliency import saliency, spread
from artwork.framing.shapes import Shape
from artwork.framing.shown import Frame, frame
from artwork.framing.subject import Subject
from artwork.framing.zones import focal_point, zones
from artwork.identities import keyed
from artwork.image_groups import PictureGroup, PictureVariant
from artwork.images.placeholder import blur_hash, dominant_colour
from artwork.images.store import ImageStore
from artwork.quality.measures import Quality, measure
from artwork.quality.picture import analysis_picture
from artwork.quality.scores import appeal
from content.ids import stable_id
from content.types import ASPECTS, F32, U8, Aspect, Origin


@dataclass(frozen=True, slots=True)
class GroupMaker:
    """Makes groups of one title. `encoder` is the fingerprint of what made the embeddings."""

    title_id: str
    tenant: str
    images: ImageStore
    encoder: str
    figures: FigureSource

    def group(
        self,
        rgb: U8,
        seen: Assessed,
        *,
        origin: Origin = "frame",
        source_s: float | None = None,
        position: float = 0.5,
        emphasis: Sequence[str] = (),
        language: str | None = None,
        made: Mapping[str, Any] | None = None,
    ) -> PictureGroup:
        """The group of a picture, its master stored and its variants as cuts of it.

        A group is named by the title and the pixels of its whole picture: the same one again is
        the same group.

        Args:
            rgb: the full picture that was assessed, (H, W, 3).
            position: of the film at which it stands, 0..1.
            emphasis: its tags, `artwork.candidates.emphasis`.
            language: of lettering laid over it, a BCP 47 tag; None where there is none.
            made: how it was made, JSON-ready; None for a plain frame.
        """
        group_id = self._id(rgb)
        source = self.images.put(seen.inside.cut(rgb)).sha256
        figure = self.figures.find(analysis_picture(seen.inside.cut(rgb)))
        subject = Subject.of(seen.inside, seen.faces, seen.mass, seen.words, figure)
        variants = (self.variant(rgb, source, subject, group_id, aspect) for aspect in ASPECTS)
        whole = Frame(seen.inside, (seen.inside.width, seen.inside.height))
        x, y, _, _ = whole.area(Box(*focal_point(subject, seen.inside), 0, 0))
        return PictureGroup(
            id=group_id,
            source_s=source_s,
            variants=tuple(variant for variant in variants if variant is not None),
            source_sha256=source,
            focal=(x, y),
            **self._told(
                seen,
                origin=origin,
                position=position,
                emphasis=emphasis,
                language=language,
                made=made,
            ),
        )

    def shaped(
        self,
        shapes: Mapping[Aspect, Shape],
        seen: Assessed,
        *,
        origin: Origin,
        position: float = 0.5,
        emphasis: Sequence[str] = (),
        language: str | None = None,
        made: Mapping[str, Any] | None = None,
    ) -> PictureGroup:
        """The group of a picture that was made anew for each aspect; arguments as of `group`.

        Args:
            shapes: not empty; the first stands for the whole picture and names the group.
            seen: what was assessed: the picture before any lettering.
        """
        whole = next(iter(shapes.values()))
        group_id = self._id(whole.rgb)
        variants = tuple(self._shaped(shape, group_id, at) for at, shape in shapes.items())
        return PictureGroup(
            id=group_id,
            source_s=None,
            variants=variants,
            source_sha256=self.images.put(whole.rgb).sha256,
            focal=variants[0].focal,
            **self._told(
                seen,
                origin=origin,
                position=position,
                emphasis=emphasis,
                language=language,
                made=made,
            ),
        )

    def _id(self, rgb: U8) -> str:
        digest = hashlib.sha256(np.ascontiguousarray(rgb).data).hexdigest()
        return stable_id(self.tenant, self.title_id, digest)

    def _told(
        self,
        seen: Assessed,
        *,
        origin: Origin,
        position: float,
        emphasis: Sequence[str],
        language: str | None,
        made: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """What is told of a picture however its variants came to be: fields of `PictureGroup`."""
        shown = facts(seen.quality, seen.faces, seen.face, seen.mass, position)
        return {
            "origin": origin,
            "facts": shown | emphasis_facts(emphasis, origin),
            "emphasis": tuple(emphasis),
            "embedding": seen.embedding,
            "embedding_fingerprint": self.encoder,
            "scores": dict(seen.scores),
            "maturity": seen.maturity,
            "language": language,
            "made": None if made is None else dict(made),
            "faces": keyed(seen.face_details),
        }

    def _shaped(self, shape: Shape, group_id: str, aspect: Aspect) -> PictureVariant:
        """The picture of one aspect, stored as a master of its own."""
        stored = self.images.put(shape.rgb)
        picture = analysis_picture(shape.rgb)
        subject = Subject.of(shape.whole, shape.faces, saliency(picture), shape.words)
        framed = Frame(shape.whole, (stored.width, stored.height))
        found = zones(picture, framed, subject)
        largest = max((framed.area(face)[3] for face in shape.faces), default=0.0)
        return PictureVariant(
            id=stable_id(self.tenant, self.title_id, group_id, aspect),
            group_id=group_id,
            aspect=aspect,
            sha256=stored.sha256,
            width=stored.width,
            height=stored.height,
            crop={"x": 0, "y": 0, "width": stored.width, "height": stored.height},
            scores=_scores(measure(picture), largest),
            focal=found.focal,
            # A picture that has its title wants no second one.
            safe={n: area for n, area in found.safe.items() if n != "title" or not shape.words},
            blurhash=blur_hash(picture),
            colour=dominant_colour(picture),
        )

    def variant(
        self, rgb: U8, source: str, subject: Subject, group_id: str, aspect: Aspect
    ) -> PictureVariant | None:
        """The picture in one aspect, stored as a cut of its master `source`.

        None where every way to show it would cut a head or words.
        """
        framed = frame(aspect, subject)
        if framed is None:
            return None
        window, inside = framed.window, subject.inside
        box = (window.x - inside.x, window.y - inside.y, window.width, window.height)
        stored = self.images.put_cut(source, box, framed.size)
        picture = analysis_picture(framed.shown(rgb))
        kept = [framed.area(face) for face in subject.faces if window.holds(face)]
        found = zones(picture, framed, subject)
        return PictureVariant(
            id=stable_id(self.tenant, self.title_id, group_id, aspect),
            group_id=group_id,
            aspect=aspect,
            sha256=stored.sha256,
            width=stored.width,
            height=stored.height,
            crop={"x": window.x, "y": window.y, "width": window.width, "height": window.height},
            scores=_scores(measure(picture), max((face[3] for face in kept), default=0.0)),
            fit=framed.fit,
            focal=found.focal,
            safe=found.safe,
            blurhash=blur_hash(picture),
            colour=dominant_colour(picture),
        )


def facts(
    quality: Quality, faces: Sequence[Box], face: float, mass: F32, position: float
) -> dict[str, float]:
    """What a picture is, by name, each 0..1: the features that its choice is learnt from.

    `face_count` is min(n, 3) / 3, `face_size` the largest face's height over the picture's,
    `subject_size` twice the share of the picture with the densest half of its visual mass,
    `position` its time over the film's.
    """
    values = {
        "brightness": quality.brightness,
        "contrast": quality.contrast,
        "saturation": quality.saturation,
        "warmth": quality.warmth,
        "exposure": quality.exposure,
        "sharpness": quality.sharpness,
        "colourfulness": quality.colourfulness,
        "face_count": min(len(faces), 3) / 3,
        "face_size": face,
        "subject_size": 2 * spread(mass),
        "position": position,
    }
    return {name: round(min(1.0, max(0.0, value)), 6) for name, value in values.items()}


def _scores(quality: Quality, face: float) -> dict[str, float]:
    """Of one shown picture; see `artwork.quality` for each. `face`: of the largest, its height."""
    names = ("sharpness", "exposure", "contrast", "colourfulness", "saturation", "brightness")
    scores = {name: float(getattr(quality, name)) for name in names}
    overall = appeal(quality, min(1.0, 3 * face))
    return scores | {"face": round(min(1.0, face), 6), "appeal": round(overall, 6)}
