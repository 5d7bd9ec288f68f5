"""Composing, from a title's pictures and a request to image groups: bases, looks, gates, lettering.

A base is a picture as it is, two characters beside each other, or a poster grown out of one. It is
graded, passes the gates that every candidate passes, and is then lettered: so the gate that keeps
foreign lettering out does not see our own. Everything is deterministic.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import Any

from artwork.assess import Assessed, PictureModels, TitleContext
from artwork.compose import fonts
from artwork.compose.aspects import LEAST_PX, SHORT_PX, framed, lettered, poster
from artwork.compose.extension import EXTENDED, extended
from artwork.compose.grades import graded, title_tones
from artwork.compose.pairs import Half, paired
from artwork.compose.request import Kind, Request
from artwork.compose.setting import settings
from artwork.compose.sources import Source, assessed, couples
from artwork.framing.shapes import Shape
from artwork.groups import GroupMaker
from artwork.image_groups import PictureGroup
from artwork.rules.guardrails import UNKNOWN
from content.errors import Invalid
from content.types import ASPECTS, F32, U8, Aspect


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """What is graded and lettered."""

    kind: Kind
    sources: tuple[Source, ...]
    shapes: Mapping[Aspect, Shape]
    """Of a base that is made anew for each aspect; empty for a picture as it is."""
    judged: Shape | None = None
    """What the gates see in place of its first shape: the same, but not enlarged."""

    @property
    def rgb(self) -> U8:
        return next(iter(self.shapes.values())).rgb if self.shapes else self.sources[0].rgb

    @property
    def emphasis(self) -> tuple[str, ...]:
        """Tags of its sources, each once."""
        return tuple(dict.fromkeys(tag for source in self.sources for tag in source.emphasis))

    @property
    def position(self) -> float:
        return sum(source.position for source in self.sources) / len(self.sources)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something that was asked for was not made."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Composed:
    """What came of a request."""

    groups: list[PictureGroup]
    """One for each picture and language, their files stored."""
    refused: list[Refusal]
    pictures: int
    """How many were made, each counted once whatever the languages."""


@dataclass(frozen=True, slots=True, eq=False)
class Composer:
    """Composes for one title.

    Args:
        moods: of its profile, the strongest first: typefaces follow them.
        palette: of its profile, `#rrggbb` each; may be empty.
    """

    maker: GroupMaker
    models: PictureModels
    title: TitleContext
    moods: Sequence[str] = ()
    palette: Sequence[str] = ()

    def compose(
        self, sources: Sequence[Source], request: Request, on_progress: Callable[[float], None]
    ) -> Composed:
        """Until as many pictures are made as are asked for, or the sources give no more; the same
        input gives the same."""
        groups = dict[str, PictureGroup]()
        refused: list[Refusal] = []
        made = 0
        for base, look in self._tasks(sources, request, refused):
            if made == request.count:
                break
            before = len(groups)
            try:
                for group in self._made(base, look, request, refused):
                    groups.setdefault(group.id, group)
            except Invalid as error:
                refused.append(Refusal(error.code, _told(base, look, error.detail)))
            made += len(groups) > before
            on_progress(min(1.0, made / request.count))
        if sources and made < request.count:
            refused.append(Refusal("fewer_sources", _fewer(made, request, len(sources))))
        return Composed(list(groups.values()), refused, made)

    def _tasks(
        self, sources: Sequence[Source], request: Request, refused: list[Refusal]
    ) -> Iterator[tuple[Base, str | None]]:
        """Bases with looks, the kinds asked for in turn."""
        looks: Sequence[str | None] = request.looks or (None,)

        def turns(kind: Kind) -> Iterator[tuple[Base, str | None]]:
            nothing = True
            for base in self._bases(kind, sources, SHORT_PX if request.titles else LEAST_PX):
                nothing = False
                yield from ((base, look) for look in looks)
            if nothing:
                refused.append(Refusal(*_NOTHING[kind]))

        for turn in zip_longest(*map(turns, request.bases)):
            yield from (task for task in turn if task is not None)

    def _bases(self, kind: Kind, sources: Sequence[Source], short_px: int) -> Iterator[Base]:
        match kind:
            case "split" | "two_shot":
                for first, second in couples(sources):
                    base = self._pair(kind, first, second, short_px)
                    if base is not None:
                        yield base
            case "extension":
                for source in sources:
                    grown = self._grown(source, short_px)
                    if grown is not None:
                        yield grown
            case _:
                yield from (Base(kind, (source,), {}) for source in sources)

    def _grown(self, source: Source, short_px: int) -> Base | None:
        of = source.subject
        found = {a: extended(source.rgb, of, a, short_px) for a in EXTENDED}
        shapes = {aspect: shape for aspect, shape in found.items() if shape is not None}
        if not shapes:
            return None
        small = extended(source.rgb, of, next(iter(shapes)), 0)
        return Base("extension", (source,), shapes, small)

    def _pair(self, kind: Any, first: Source, second: Source, short_px: int) -> Base | None:
        halves = Half(first.rgb, first.subject), Half(second.rgb, second.subject)
        tones = self._tones(first.rgb)
        shapes = {
            aspect: shape
            for aspect in ASPECTS
            if (shape := paired(halves, aspect, kind, tones=tones, least_px=short_px)) is not None
        }
        return Base(kind, (first, second), shapes) if shapes else None

    def _made(
        self, base: Base, look: str | None, request: Request, refused: list[Refusal]
    ) -> Iterator[PictureGroup]:
        """The groups of one base in one look: one for each language, or one without lettering.

        Raises:
            Invalid: the code is the gate that refuses it.
        """
        base, seen = self._graded(base, look)
        if seen.reasons:
            raise Invalid(seen.reasons[0], "the composed picture does not pass this gate")
        made = {
            "kind": base.kind,
            "look": look,
            "sources": [source.id for source in base.sources],
        }
        if request.titles:
            yield from self._lettered(base, seen, request, made, refused)
        elif base.shapes:
            yield self.maker.shaped(
                base.shapes,
                seen,
                origin="composed",
                position=base.position,
                emphasis=base.emphasis,
                made={**made, **_enlarged(base.shapes)},
            )
        else:
            group = self.maker.group(
                base.rgb,
                seen,
                origin="composed",
                position=base.position,
                emphasis=base.emphasis,
                made=made,
            )
            if group.variants:
                yield group

    def _graded(self, base: Base, look: str | None) -> tuple[Base, Assessed]:
        tones = self._tones(base.sources[0].rgb)
        if look is None:
            if not base.shapes:
                return base, base.sources[0].seen
        elif base.shapes:
            shapes = {
                aspect: replace(shape, rgb=graded(shape.rgb, look, tones))
                for aspect, shape in base.shapes.items()
            }
            small = base.judged
            if small is not None:
                small = replace(small, rgb=graded(small.rgb, look, tones))
            base = replace(base, shapes=shapes, judged=small)
        else:
            source = base.sources[0]
            base = replace(base, sources=(replace(source, rgb=graded(source.rgb, look, tones)),))
        whole = base.judged or next(iter(base.shapes.values()), None)
        if whole is None:
            return base, assessed(base.rgb, self.models, self.title, base.sources[0].seen.faces)
        return base, assessed(whole.rgb, self.models, self.title, whole.faces)

    def _lettered(
        self,
        base: Base,
        seen: Assessed,
        request: Request,
        made: Mapping[str, Any],
        refused: list[Refusal],
    ) -> Iterator[PictureGroup]:
        plain = base.shapes or framed(base.rgb, seen)
        spare = [] if base.shapes else [partial(poster, base.rgb, seen)]
        for language, text in request.titles.items():
            face = fonts.choose(text, self.moods, language)
            try:
                done = lettered(plain, settings(text, face, language), *spare)
            except Invalid as error:
                told = f"{language or 'title'}: {error.detail}"
                refused.append(Refusal(error.code, _told(base, made["look"], told)))
                continue
            shapes = {aspect: shape for aspect, (shape, _) in done.items()}
            yield self.maker.shaped(
                shapes,
                seen,
                origin="composed",
                position=base.position,
                emphasis=base.emphasis,
                language=language or UNKNOWN,
                made={
                    **made,
                    "text": text,
                    "language": language,
                    "font": face.name,
                    "contrast": min(contrast for _, contrast in done.values()),
                    **_enlarged(shapes),
                },
            )

    def _tones(self, rgb: U8) -> F32:
        return title_tones(self.palette, rgb)


def _enlarged(shapes: Mapping[Aspect, Shape]) -> dict[str, float]:
    """How much larger than in its source the picture is drawn, where it is: detail that a shape's
    size promises and does not have."""
    most = max(shape.scale for shape in shapes.values())
    return {"upscaled": round(most, 2)} if most > 1 else {}


def _fewer(made: int, request: Request, sources: int) -> str:
    looks = f" in {len(request.looks)} looks" if len(request.looks) > 1 else ""
    return (
        f"{made} of {request.count} pictures could be made: the title has {sources} to compose of, "
        f"and {' and '.join(request.bases)}{looks} gives no more of them"
    )


def _told(base: Base, look: str | None, detail: str) -> str:
    of = " and ".join(source.id for source in base.sources)
    return f"{look + ' ' if look else ''}{base.kind} of {of}: {detail}"


_NOTHING: dict[Kind, tuple[str, str]] = {
    "title": ("no_pictures", "the title has no picture that can be composed of"),
    "grade": ("no_pictures", "the title has no picture that can be composed of"),
    "split": ("no_two_characters", "no two pictures show two people so that neither is cut"),
    "two_shot": ("no_two_characters", "no two pictures show two people so that neither is cut"),
    "extension": (
        "no_room_to_extend",
        "no picture can grow into a poster: its ends are not calm, or heads reach into them",
    ),
}
