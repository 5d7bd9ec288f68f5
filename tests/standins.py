"""The house in memory, for tests of HTTP behaviour alone: small real data, no learning, no SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import sqlalchemy as sa

from artwork.candidates import considered
from artwork.candidates.considered import CandidateRow
from artwork.choice import personalize
from artwork.choice.belief.features import Lens
from artwork.choice.events.worth import DEFAULT
from artwork.choice.learning.rebuild import Learned
from artwork.choice.modes.steering import Steering
from artwork.choice.people.forgetting import People
from artwork.choice.probability.explaining import Explaining
from artwork.images.decoding import decoded
from artwork.images.store import ImageStore
from artwork.pictures import VariantRow
from artwork.quality.refit import QualityWeights
from artwork.rules.guardrails import ArtworkPolicy, HouseRules, Verdict
from artwork.rules.review import Judged
from content.errors import Conflict, Invalid, NotFound, Unavailable
from content.ids import new_id
from content.records import Writer
from content.types import F32, U8, Space, Vector, Vectors
from indexes import weights
from indexes.lexical.bm25 import Match
from indexes.pictured import MediaQuestion
from indexes.question import Continuation, HitPage, Question
from indexes.schema import (
    Because,
    Comparison,
    Filter,
    GenerationInfo,
    Hit,
    Place,
    Shared,
    WordsHit,
)
from tests.choosing import stop
from tests.shelf import fresh_engine
from tests.standin_catalog import Catalog, Intake, Jobs, job
from tests.standin_choice import Personalizer
from workers.cards import Cards
from workers.finding import FoundCut, FoundMedia, FoundMoment
from workers.jobs import JobRecord
from workers.rebuild import Rebuilt
from workers.rules import Rules
from workers.senses import LIMITS, heard
from workers.settings import Settings


def _looked(n: int, verdict: Verdict = "chosen", reasons: tuple[str, ...] = ()) -> CandidateRow:
    told = (("character", "mood:tense"), "all", f"g{n}" if verdict == "chosen" else None)
    return CandidateRow(n * 4000.5, verdict, reasons, {"overall": 0.5}, *told, "ef" * 32, n=n)


class Index:
    """Every title is as near as its place in the catalogue."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.up = True
        self.filters: list[Filter] = []
        self.questions: list[Question] = []
        self._weights = weights.checked(dict(weights.DEFAULT.items()))

    def alike(self, question: Question) -> HitPage:
        question.check()
        self._check(question.filter)
        self.questions.append(question)
        for title_id in () if question.lenient else (*question.like, *question.unlike):
            if title_id not in self._catalog.titles or title_id == "bare":
                raise NotFound("title_not_indexed", f"{title_id} has no vectors")
        others = sorted(self._catalog.titles.keys() - set(question.leaving_out))
        begin = 0 if question.after is None else question.after.rank
        why = Because({"visual": 0.5}, (Shared("genres", "drama"),)) if question.because else None
        hits = [Hit(each, 0.5, {"visual": 0.5}, why) for each in others[begin:]][: question.limit]
        end = begin + len(hits)
        following = Continuation("g", "w", question.digest(), 100, end, 0.5, others[end - 1])
        return HitPage(tuple(hits), following if end < len(others) else None)

    def search(
        self, words: Vectors, *, text: str | None, limit: int, filter: Filter
    ) -> Sequence[WordsHit]:
        self._check(filter)
        assert words["synopsis"].data.shape == (384,)
        by = {"meaning": Place(0.25, 1), "words": Place(2.5, 1)}
        titles = sorted(self._catalog.titles)[:limit]
        return [WordsHit(each, 0.25, {"synopsis": 0.25}, **by) for each in titles]

    def compare(self, pairs: Sequence[tuple[str, str]]) -> Sequence[Comparison]:
        known = self._catalog.titles
        return [
            Comparison(0.5, {"visual": 0.5}) if a in known and b in known else Comparison(None)
            for a, b in pairs
        ]

    def generations(self, *, detailed: bool = False) -> Sequence[GenerationInfo]:
        made = GenerationInfo(
            "first", "kept", {"visual": "made@1:24:abc"}, 3, 1_700_000_000_000_000
        )
        kept = replace(made, kept_until_us=1_700_000_100_000_000)
        details = {"spaces": {"visual": 2}, "bytes": 4096} if detailed else {}
        quality = {"overlap": 0.5, "recall": 0.99, "golden": {"ndcg": 0.75}}
        live = replace(made, name="g-2", state="live", previous="first", quality=quality, **details)
        self._check(Filter())
        return [kept, live]

    def weights(self) -> Mapping[Space, float]:
        return self._weights

    def set_weights(self, wanted: Mapping[str, float]) -> Mapping[Space, float]:
        self._weights = weights.checked(wanted)
        return self._weights

    def _check(self, chosen: Filter) -> None:
        if not self.up:
            raise Unavailable("index_unavailable", "the index process does not answer")
        self.filters.append(chosen)


class Finding:
    """One moment and one match cut, of shots that every title has."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.asked: list[dict[str, Any]] = []

    def matches(self, title_id: str, text: str) -> Sequence[Match]:
        return [Match(text.split(maxsplit=1)[0], ("name", "said"))]

    def moments(self, words: Vectors, **asked: Any) -> Sequence[FoundMoment]:
        self.asked.append(asked)
        if asked["text"] is None and asked["mood"] is None:
            raise Invalid("nothing_asked", "say in words what to look for (q), or a mood")
        why = {"picture": 0.4, "words": 0.2}
        told = {"mood": "tense", "speech": 0.5, "loudness_lufs": -20.0, "faces": 1}
        said = (("cats",), ("Two cats.",), told)
        return [FoundMoment("film", 1.0, 4.5, 0.52, "ab" * 32, why, *said)][: asked["limit"]]

    def pictured(self, question: MediaQuestion) -> tuple[Sequence[FoundMedia], Continuation | None]:
        question.check()
        self.asked.append({"media": question})
        titles = sorted(set(self._catalog.titles) - {"bare", *question.leaving_out})
        begin = 0 if question.after is None else question.after.rank
        shot = self._catalog.shots("film", after=None, limit=2)[1]
        found = [FoundMedia(each, 0.9, {question.space: 0.4}, shot) for each in titles[begin:]]
        shown, end = found[: question.limit], begin + question.limit
        following = Continuation("g", "", question.digest(), 100, end, 0.9, titles[-1])
        return shown, following if end < len(titles) else None

    def match_cuts(self, title_id: str, *, limit: int) -> Sequence[FoundCut]:
        own = self._catalog.shots(title_id, after=None, limit=1)[0]
        other = self._catalog.shots("bikes", after=None, limit=1)[0]
        scores = {"visual": 0.8, "audio": 0.4}
        return [FoundCut(own, "bikes", other, 0.8, scores)][:limit]


class Review:
    """Of the one picture there is, and of any title's policy."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.verdicts: dict[str, Verdict] = {}
        self.policies: dict[str, ArtworkPolicy] = {}

    def judge(self, variant_id: str, verdict: Verdict) -> Judged:
        if variant_id != "v1":
            raise NotFound("variant_not_found", f"there is no variant {variant_id!r}")
        self.verdicts["g1"] = verdict
        return Judged("v1", "g1", "film", "16:9", verdict, 1_700_000_000_000_000)

    def policy(self, title_id: str) -> ArtworkPolicy:
        self._catalog.get(title_id)
        return self.policies.get(title_id, ArtworkPolicy())

    def set_policy(self, title_id: str, policy: ArtworkPolicy) -> ArtworkPolicy:
        self._catalog.get(title_id)
        for named in {policy.pin, *policy.pictures} - {None, "g1"}:
            raise NotFound("variant_not_found", f"there is no picture {named!r}")
        self.policies[title_id] = policy
        return policy


class Uploads:
    """Decodes what it is given, as the real one does, and keeps the pixels."""

    def __init__(self, catalog: Catalog, jobs: Jobs, folder: Path) -> None:
        self._catalog, self._jobs, self.folder = catalog, jobs, folder
        self.outcome: dict[str, Any] = {"groups": ["g1"], "refused": []}
        self.taken: list[tuple[str, U8, str | None, str | None]] = []

    def check(self, title_id: str) -> None:
        if self._catalog.get(title_id).version is None:
            raise Conflict("not_published", "it is not published yet")

    def new_path(self) -> Path:
        return self.folder / new_id()

    def take(
        self, title_id: str, file: Path, *, language: str | None, note: str | None
    ) -> JobRecord:
        self.taken.append((title_id, decoded(file), language, note))
        made = job("upload-1", kind="upload", title_id=title_id, state="done", progress=1.0)
        self._jobs.rows[made.id] = replace(made, outcome=self.outcome)
        return self._jobs.rows[made.id]


class Senses:
    """Decodes what it is given, as the real one does; everything looks, and sounds, alike."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: list[U8] = []
        self.heard: list[F32] = []

    def new_path(self) -> Path:
        return self.folder / new_id()

    def look(self, file: Path) -> Vector:
        self.seen.append(decoded(file, LIMITS))
        return Vector(np.ones(1, np.float32), "test@1:1:0")

    def hear(self, file: Path) -> Vector:
        self.heard.append(heard(file))
        return Vector(np.ones(1, np.float32), "test@1:1:0")


class Words:
    def encode(self, text: str) -> Vectors:
        vector = np.zeros(384, dtype=np.float32)
        vector[len(text) % 384] = 1
        return {"synopsis": Vector(vector, "test@1:384:0")}


class House:
    """All of it; satisfies `api.services.Services`."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        (folder / "uploads").mkdir(parents=True)
        self.settings = settings
        self.catalog = Catalog()
        self.jobs = Jobs()
        self.intake = Intake(self.catalog, self.jobs, folder / "uploads")
        self.personalizer = Personalizer(self.catalog)
        self.worth = DEFAULT
        self.folder = folder
        self.images = ImageStore(folder / "images")
        self.index = Index(self.catalog)
        self.words = Words()
        self.senses = Senses(folder / "uploads")
        self.finding = Finding(self.catalog)
        self.root_certificate = b"-----BEGIN CERTIFICATE-----\n"
        self.review = Review(self.catalog)
        self.cards = Cards(self.catalog, b"k" * 32)
        self.uploads = Uploads(self.catalog, self.jobs, folder / "uploads")
        self.events: list[str] = []
        self.folding, self.posterior = False, "cd"
        self.prints: Mapping[Space, str] = {"visual": "made@1:24:abc"}
        self.master = "cd" * 32
        self.looked = [_looked(0), _looked(1, "refused", ("blurred", "lettering")), _looked(2)]

    def candidates(
        self, title_id: str, *, verdict: considered.Verdict | None, after: int | None, limit: int
    ) -> Sequence[CandidateRow]:
        self.catalog.get(title_id)
        rows = [row for row in self.looked if verdict in (None, row.verdict)]
        return [row for row in rows if row.n > (-1 if after is None else after)][:limit]

    @cached_property
    def people(self) -> People:
        """The real ones, over a ledger that tests may fill."""
        return self.choosing.people

    @property
    def steering(self) -> Steering:
        """The real one, likewise."""
        return self.choosing.steering

    @cached_property
    def explaining(self) -> Explaining:
        """The real one, over the same ledger."""
        p = self.choosing
        parts = (p._engine, lambda: p.scope, p._parameters)
        return Explaining(*parts, lens=Lens(), house=HouseRules())

    @cached_property
    def choosing(self) -> personalize.Personalizer:
        """A real personalizer over a database of its own; `self.personalizer` stands in for it."""
        engine = fresh_engine(self.folder)
        self._writer = Writer(engine)
        made = personalize.Personalizer(
            engine,
            self._writer,
            secret=b"s" * 32,
            episode_s=60,
            floor=0.02,
            certificates=self.folder / "forgotten",
        )
        made.start()
        return made

    @cached_property
    def engine(self) -> sa.Engine:
        """Of records that hold no title of the catalogue, unless a test puts it there."""
        return fresh_engine(self.folder)

    @cached_property
    def rules(self) -> Rules:
        """The real ones."""
        told = {"tenant": "default", "fingerprints": {"visual": None}}
        return Rules(SimpleNamespace(engine=self.engine, settings=self.settings, **told))

    @cached_property
    def quality(self) -> QualityWeights:
        """The real one, over a ledger in which nothing has happened."""
        return QualityWeights(fresh_engine(self.folder), self.folder)

    def rebuild(self) -> Rebuilt:
        if self.folding:
            raise Conflict("rebuild_running", "one at a time")
        state = Learned("p-1", "f-1", 7, None, 3, 1, 2, "ab", "cd")
        return Rebuilt(state, replace(state, posterior=self.posterior), 0.25)

    def variants(self, title_id: str, *, aspect: str | None = None) -> Sequence[VariantRow]:
        self.catalog.get(title_id)
        row = VariantRow(
            id="v1",
            group_id="g1",
            aspect="16:9",
            sha256=self.master,
            width=640,
            height=360,
            origin="frame",
            source_s=1.5,
            crop={"x": 0, "y": 0, "width": 640, "height": 360},
            scores={"sharpness": 0.5},
            verdict=self.review.verdicts.get("g1"),
        )
        return [row] if aspect in (None, "16:9") else []

    def fingerprints(self) -> Mapping[Space, str]:
        return self.prints

    def readiness(self) -> Mapping[str, bool]:
        return {"records": True, "index": self.index.up}

    def start(self) -> None:
        self.events.append("start")

    def close(self) -> None:
        self.events.append("close")
        if made := self.__dict__.pop("choosing", None):
            stop(made)
            self._writer.close()
            made._engine.dispose()
