"""The house in memory, for tests of HTTP behaviour alone: small real data, no learning, no SQL."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import sqlalchemy as sa

from artwork.candidates import considered
from artwork.candidates.considered import CandidateRow
from artwork.choice import personalize
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
from content.entries import Run, ShotRow, Submission, TitleRecord
from content.errors import Conflict, Invalid, KeyartError, NotFound, Unavailable
from content.ids import check_title_id, new_id
from content.records import Writer
from content.types import U8, Extraction, MediaFacts, Space, Vector, Vectors
from indexes import weights
from indexes.schema import Comparison, Filter, Hit, SimilarSpace
from tests.shelf import fresh_engine
from tests.standin_choice import Personalizer
from workers.cards import Cards
from workers.fields import SubmitFields
from workers.jobs import JobRecord
from workers.rebuild import Rebuilt
from workers.rules import Rules
from workers.settings import Settings


def title(title_id: str, **changes: object) -> TitleRecord:
    """A ready title with media."""
    made = TitleRecord(
        id=title_id,
        name=title_id.title(),
        synopsis="A clip.",
        genres=("short",),
        maturity="all",
        language="en",
        country=None,
        released=None,
        external_ids={},
        version=1,
        state="ready",
        job_id="job-" + title_id,
        media_path=None,
        facts=MediaFacts(3.5, 25.0, 640, 360, True, "h264"),
        profile={"brightness": 0.5},
        fingerprints={"visual": "net@1:1280:abc"},
        created_us=1_700_000_000_000_000,
        updated_us=1_700_000_000_000_001,
        published_us=1_700_000_000_000_001,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def job(job_id: str, **changes: object) -> JobRecord:
    made = JobRecord(
        id=job_id,
        kind="ingest",
        title_id="film",
        version=1,
        generation=None,
        state="running",
        stage="decode",
        progress=0.5,
        error_code=None,
        error_detail=None,
        created_us=1,
        updated_us=2,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def _looked(n: int, verdict: Verdict = "chosen", reasons: tuple[str, ...] = ()) -> CandidateRow:
    told = (("character", "mood:tense"), "all", f"g{n}" if verdict == "chosen" else None)
    return CandidateRow(n * 4000.5, verdict, reasons, {"overall": 0.5}, *told, "ef" * 32, n=n)


_SHOTS = [ShotRow(i, i * 1.0, i + 1.0, i + 0.5, "ab" * 32 if i else None) for i in range(5)]


class Catalog:
    def __init__(self) -> None:
        self.titles: dict[str, TitleRecord] = {}
        self.runs: dict[str, Run] = {}

    def get(self, title_id: str) -> TitleRecord:
        if title_id not in self.titles:
            raise NotFound("title_not_found", f"there is no title {title_id!r}")
        return self.titles[title_id]

    def list(self, *, after: str | None, limit: int) -> Sequence[TitleRecord]:
        return [self.titles[key] for key in sorted(self.titles) if key > (after or "")][:limit]

    def shots(self, title_id: str, *, after: int | None, limit: int) -> Sequence[ShotRow]:
        self.get(title_id)
        rows = self.runs[title_id].shots if title_id in self.runs else _SHOTS
        return [row for row in rows if row.idx > (-1 if after is None else after)][:limit]

    def run(self, title_id: str) -> Run:
        record = self.get(title_id)
        if record.version is None:
            raise Conflict("title_not_ready", "its job is not done")
        if title_id in self.runs:
            return replace(self.runs[title_id], title=record)
        return Run(record, [] if record.facts is None else _SHOTS, {})

    def screen(self, title_id: str, film: Extraction, keyframes: Sequence[str | None] = ()) -> None:
        """Take in a title of which all of `film` was understood."""
        shots = [
            ShotRow(
                i,
                shot.start_s,
                shot.end_s,
                shot.keyframe_s,
                keyframes[i] if keyframes else None,
                shot.boundary,
                shot.confidence,
                asdict(facts),
                shot.boundary_from_s,
                shot.boundary_until_s,
            )
            for i, (shot, facts) in enumerate(zip(film.shots, film.shot_facts, strict=True))
        ]
        made = title(title_id, facts=film.facts, profile=film.profile)
        self.titles[title_id] = made
        self.runs[title_id] = Run(made, shots, film.timeline)


@dataclass
class Jobs:
    rows: dict[str, JobRecord] = field(default_factory=dict)

    def get(self, job_id: str) -> JobRecord:
        if job_id not in self.rows:
            raise NotFound("job_not_found", f"there is no job {job_id!r}")
        return self.rows[job_id]

    def list(self, *, state: str | None, after: str | None, limit: int) -> Sequence[JobRecord]:
        rows = [self.rows[key] for key in sorted(self.rows, reverse=True)]
        rows = [row for row in rows if after is None or row.id < after]
        return [row for row in rows if state in (None, row.state)][:limit]

    def cancel(self, job_id: str) -> JobRecord:
        if self.get(job_id).state not in ("queued", "running"):
            raise Conflict("job_ended", "it has ended")
        self.rows[job_id] = replace(self.rows[job_id], state="cancelled")
        return self.rows[job_id]

    def start_reindex(self) -> JobRecord:
        made = job("reindex-1", kind="reindex", title_id=None, generation="g-2", state="queued")
        self.rows[made.id] = made
        return made

    def start_fit(self, *, seed: int, dry_run: bool) -> JobRecord:
        row = {"recall": 0.5, "ndcg": 0.4, "coverage": 0.3}
        gain = {"gain": 0.2, "low": 0.1, "high": 0.3}
        outcome = {
            "figures": dict.fromkeys(("taste", "content", "genres", "popularity", "random"), row),
            "gains": dict.fromkeys(("content", "genres", "popularity"), gain),
            "map": {"titles": 90, "viewers": 70, "own": 80},
            "used": not dry_run,
        }
        made = job(
            "fit-1",
            kind="fit-space",
            title_id=None,
            generation=None if dry_run else "g-3",
            state="done",
            request={"seed": seed, "dry_run": dry_run},
            outcome=outcome,
        )
        self.rows[made.id] = made
        return made

    def start_making(self, kind: str, title_id: str, request: dict[str, Any]) -> JobRecord:
        outcome = {"groups": ["g1"], "refused": [{"reason": "flat", "detail": "seed 8: a gate"}]}
        made = job(f"{kind}-1", kind=kind, title_id=title_id, state="done", request=request)
        self.rows[made.id] = replace(made, outcome=outcome, stage="done", progress=1.0)
        return self.rows[made.id]

    def counts(self) -> Mapping[str, int]:
        return {"running": len(self.rows)}


class Intake:
    """Takes titles at once: their job is done when submit returns."""

    def __init__(self, catalog: Catalog, jobs: Jobs, folder: Path) -> None:
        self._catalog = catalog
        self._jobs = jobs
        self.folder = folder
        self.uploads: dict[str, str] = {}
        """Title id -> SHA-256 of what was uploaded."""
        self.taken: dict[str, SubmitFields] = {}
        self.refuse: KeyartError | None = None

    def submit(self, fields: SubmitFields, upload: Path | None = None) -> Submission:
        try:
            return self._submit(fields, upload)
        except KeyartError:
            if upload is not None:  # the intake's own from the call on
                upload.unlink()
            raise

    def _submit(self, fields: SubmitFields, upload: Path | None) -> Submission:
        if self.refuse is not None:
            raise self.refuse
        title_id = new_id() if fields.id is None else check_title_id(fields.id)
        if upload is not None:
            if upload.stat().st_size == 0:
                raise Invalid("media_empty", "no bytes")
            with upload.open("rb") as file:
                self.uploads[title_id] = hashlib.file_digest(file, "sha256").hexdigest()
        known = replace(fields, again=False)
        created = fields.again or self.taken.get(title_id) != known
        self.taken[title_id] = known
        made = job("job-" + title_id, title_id=title_id, state="done", stage="done", progress=1.0)
        self._jobs.rows[made.id] = made
        self._catalog.titles[title_id] = title(
            title_id, name=fields.name, synopsis=fields.synopsis, genres=fields.genres
        )
        return Submission(title_id, 1, made.id, created=created)

    def new_upload_path(self) -> Path:
        return self.folder / new_id()

    def delete(self, title_id: str) -> None:
        self._catalog.get(title_id)
        del self._catalog.titles[title_id]


class Index:
    """Every title is as near as its place in the catalogue."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.up = True
        self.filters: list[Filter] = []
        self._weights = weights.checked(dict(weights.DEFAULT.items()))

    def similar(
        self, title_id: str, *, space: SimilarSpace, limit: int, filter: Filter
    ) -> Sequence[Hit]:
        self._check(filter)
        if title_id not in self._catalog.titles or title_id == "bare":
            raise NotFound("title_not_indexed", f"{title_id} has no vectors")
        others = [each for each in sorted(self._catalog.titles) if each != title_id]
        return [Hit(each, 0.5, {"visual": 0.5}) for each in others][:limit]

    def near(
        self,
        liked: Mapping[str, float],
        *,
        space: SimilarSpace,
        limit: int,
        filter: Filter,
        leaving_out: Sequence[str] = (),
    ) -> Sequence[Hit]:
        self._check(filter)
        others = sorted(self._catalog.titles.keys() - set(leaving_out))
        return [Hit(each, 0.5, {"visual": 0.5}) for each in others][:limit]

    def search(self, words: Vectors, *, limit: int, filter: Filter) -> Sequence[Hit]:
        self._check(filter)
        assert words["synopsis"].data.shape == (384,)
        return [Hit(each, 0.25, {"synopsis": 0.25}) for each in sorted(self._catalog.titles)][
            :limit
        ]

    def compare(self, pairs: Sequence[tuple[str, str]]) -> Sequence[Comparison]:
        known = self._catalog.titles
        return [
            Comparison(0.5, {"visual": 0.5}) if a in known and b in known else Comparison(None)
            for a, b in pairs
        ]

    def weights(self) -> Mapping[Space, float]:
        return self._weights

    def set_weights(self, wanted: Mapping[str, float]) -> Mapping[Space, float]:
        self._weights = weights.checked(wanted)
        return self._weights

    def _check(self, chosen: Filter) -> None:
        if not self.up:
            raise Unavailable("index_unavailable", "the index process does not answer")
        self.filters.append(chosen)


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
        self.root_certificate = b"-----BEGIN CERTIFICATE-----\n"
        self.review = Review(self.catalog)
        self.cards = Cards(self.catalog, b"k" * 32)
        self.uploads = Uploads(self.catalog, self.jobs, folder / "uploads")
        self.events: list[str] = []
        self.folding, self.posterior = False, "cd"
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
        return Explaining(*parts, encoder=None, house=HouseRules())

    @cached_property
    def choosing(self) -> personalize.Personalizer:
        """A real personalizer over a database of its own; `self.personalizer` stands in for it."""
        engine = fresh_engine(self.folder)
        made = personalize.Personalizer(
            engine,
            Writer(engine),
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

    def readiness(self) -> Mapping[str, bool]:
        return {"records": True, "index": self.index.up}

    def start(self) -> None:
        self.events.append("start")

    def close(self) -> None:
        self.events.append("close")
