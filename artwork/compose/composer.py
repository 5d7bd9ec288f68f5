"""Composing, from a title's pictures and a request to image groups: bases, looks, gates, lettering.

A base is a picture as it is, two characters beside each other, or a poster grown out of one. It is
graded, passes the gates that every candidate passes, and is then lettered: so the gate that keeps
foreign lettering out does not see our own. Everything is deterministic.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from artwork.assess import Assessed, PictureModels, TitleContext
from artwork.compose import fonts
from artwork.compose.aspects import SHORT_PX, framed, lettered
from artwork.compose.extension import EXTENDED, extended
from artwork.compose.grades import graded, title_tones
from artwork.compose.pairs import Half, paired
from artwork.compose.request import Kind, Request
from artwork.compose.setting import settings
from artwork.compose.sources import Source, assessed, couples
from artwork.framing.shapes import Shape
from artwork.groups import GroupMaker
from artwork.image_groups import PictureGroup
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
    ) -> tuple[list[PictureGroup], list[Refusal]]:
        """Groups, their files stored, and what was refused; the same input gives the same."""
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
        return list(groups.values()), refused

    def _tasks(
        self, sources: Sequence[Source], request: Request, refused: list[Refusal]
    ) -> Iterator[tuple[Base, str | None]]:
        """Bases with looks, the kinds asked for in turn."""
        looks: Sequence[str | None] = request.looks or (None,)

        def turns(kind: Kind) -> Iterator[tuple[Base, str | None]]:
            nothing = True
            for base in self._bases(kind, sources):
                nothing = False
                yield from ((base, look) for look in looks)
            if nothing:
                refused.append(Refusal(*_NOTHING[kind]))

        for turn in zip_longest(*map(turns, request.bases)):
            yield from (task for task in turn if task is not None)

    def _bases(self, kind: Kind, sources: Sequence[Source]) -> Iterator[Base]:
        match kind:
            case "split" | "two_shot":
                for first, second in couples(sources):
                    base = self._pair(kind, first, second)
                    if base is not None:
                        yield base
            case "extension":
                for source in sources:
                    grown = self._grown(source)
                    if grown is not None:
                        yield grown
            case _:
                yield from (Base(kind, (source,), {}) for source in sources)

    def _grown(self, source: Source) -> Base | None:
        tones, of = self._tones(source.rgb), source.subject
        found = {a: extended(source.rgb, of, a, tones, SHORT_PX) for a in EXTENDED}
        shapes = {aspect: shape for aspect, shape in found.items() if shape is not None}
        if not shapes:
            return None
        small = extended(source.rgb, of, next(iter(shapes)), tones, 0)
        return Base("extension", (source,), shapes, small)

    def _pair(self, kind: Any, first: Source, second: Source) -> Base | None:
        halves = Half(first.rgb, first.subject), Half(second.rgb, second.subject)
        tones = self._tones(first.rgb)
        found = {a: paired(halves, a, kind, tones=tones, short_px=SHORT_PX) for a in ASPECTS}
        shapes = {aspect: shape for aspect, shape in found.items() if shape is not None}
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
                made=made,
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
        plain = base.shapes or framed(base.rgb, seen, self._tones(base.rgb))
        for language, text in request.titles.items():
            face = fonts.choose(text, self.moods, language)
            try:
                shapes, contrast = lettered(plain, settings(text, face, language))
            except Invalid as error:
                told = f"{language or 'title'}: {error.detail}"
                refused.append(Refusal(error.code, _told(base, made["look"], told)))
                continue
            yield self.maker.shaped(
                shapes,
                seen,
                origin="composed",
                position=base.position,
                emphasis=base.emphasis,
                language=language,
                made={
                    **made,
                    "text": text,
                    "language": language,
                    "font": face.name,
                    "contrast": contrast,
                },
            )

    def _tones(self, rgb: U8) -> F32:
        return title_tones(self.palette, rgb)


def _told(base: Base, look: str | None, detail: str) -> str:
    of = " and ".join(source.id for source in base.sources)
    return f"{look + ' ' if look else ''}{base.kind} of {of}: {detail}"


_NOTHING: dict[Kind, tuple[str, str]] = {
    "title": ("no_pictures", "the title has no picture that can be composed of"),
    "grade": ("no_pictures", "the title has no picture that can be composed of"),
    "split": ("no_two_characters", "no two pictures show two people so that neither is cut"),
    "two_shot": ("no_two_characters", "no two pictures show two people so that neither is cut"),
    "extension": ("no_room_to_extend", "no picture has a window upright enough that cuts no head"),
}
