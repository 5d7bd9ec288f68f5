"""Answers about moments and match cuts."""

from typing import Any

from pydantic import BaseModel

from api.schemas.common import image_url
from api.schemas.search import Found
from content.entries import ShotRow
from workers import finding


class Why(BaseModel):
    """What speaks for a moment: `evidence` of 0..1, the strongest first, of `picture`, `sound`,
    `said` (what speech means), `words` (said or written themselves) and `mood`; which `words` of
    the query, in which `lines`; `facts` of its best shot."""

    evidence: dict[str, float]
    words: list[str]
    lines: list[str]
    facts: dict[str, Any]


class FoundMoment(BaseModel):
    """A stretch `[start_s, end_s)` of a title; the keyframe is its best shot's."""

    title_id: str
    start_s: float
    end_s: float
    score: float
    keyframe_url: str | None
    why: Why

    @classmethod
    def of(cls, moment: finding.FoundMoment) -> "FoundMoment":
        why = Why(
            evidence=moment.evidence,
            words=list(moment.words),
            lines=list(moment.lines),
            facts=moment.facts,
        )
        return cls(
            title_id=moment.title_id,
            start_s=moment.start_s,
            end_s=moment.end_s,
            score=moment.score,
            keyframe_url=_url(moment.keyframe_sha256),
            why=why,
        )


class CutSide(BaseModel):
    """One shot of a match cut."""

    title_id: str
    start_s: float
    end_s: float
    keyframe_url: str | None

    @classmethod
    def of(cls, title_id: str, shot: ShotRow) -> "CutSide":
        return cls(
            title_id=title_id,
            start_s=shot.start_s,
            end_s=shot.end_s,
            keyframe_url=_url(shot.keyframe_sha256),
        )


class Stretch(BaseModel):
    """A shot, `[start_s, end_s)`."""

    start_s: float
    end_s: float
    keyframe_url: str | None


class FoundByMedia(Found):
    """A title that shows something like a picture, or sounds like a piece of sound: `score` is the
    cosine of its nearest shot, `moment`; `scores.visual`, or `.audio`, that of the title as a
    whole."""

    moment: Stretch

    @classmethod
    def shown(cls, found: finding.FoundMedia) -> "FoundByMedia":
        shot = found.shot
        moment = Stretch(
            start_s=shot.start_s, end_s=shot.end_s, keyframe_url=_url(shot.keyframe_sha256)
        )
        return cls(title_id=found.title_id, score=found.score, scores=found.scores, moment=moment)


class MatchCut(BaseModel):
    """A shot of the title asked for, one of another, and how alike they are: `score` is the larger
    of the cosines of their pictures (`visual`) and sound (`audio`); `why` says which."""

    shot: CutSide
    other: CutSide
    score: float
    scores: dict[str, float]
    why: str

    @classmethod
    def of(cls, title_id: str, cut: finding.FoundCut) -> "MatchCut":
        seen = cut.scores.get("visual", -1.0) >= cut.scores.get("audio", -1.0)
        return cls(
            shot=CutSide.of(title_id, cut.shot),
            other=CutSide.of(cut.other_id, cut.other),
            score=cut.score,
            scores=cut.scores,
            why="picture" if seen else "sound",
        )


def _url(sha256: str | None) -> str | None:
    return None if sha256 is None else image_url(sha256)
