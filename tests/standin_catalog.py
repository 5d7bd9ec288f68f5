"""Titles, jobs and what is submitted, in memory, for tests of HTTP behaviour alone."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from content.entries import Run, ShotRow, Submission, TitleRecord
from content.errors import Conflict, Invalid, KeyartError, NotFound
from content.ids import check_title_id, new_id
from content.types import Extraction, MediaFacts
from workers.fields import SubmitFields
from workers.forecast import Built, Cost, Forecast
from workers.jobs import JobRecord
from workers.rollback import RolledBack


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
    asked: Mapping[str, Any] | None = None
    """The part of the last forecast."""

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

    def start_partial(self, request: dict[str, Any]) -> JobRecord:
        queued = {"title_id": None, "generation": None, "state": "queued"}
        made = job("part-1", kind="reindex", request=request, **queued)
        self.rows[made.id] = made
        return made

    def forecast(self, part: Mapping[str, Any] | None = None) -> Forecast:
        self.asked = part
        copy = Cost("copy", 3, 0.0, None, None, jobs=0, of_titles=0)
        film = Cost("extract", 1, 7200.0, 3600.0, 5400.5, jobs=2, of_titles=9)
        costs = [film, copy] if part is None else [film]
        builds = Built(4_200_000, True, 12.5, ("vectors", "recall"), 0) if part is None else None
        unknown = ("copy",) if part is None else ()
        return Forecast(3, 1, 7200.0, {"visual": 1}, costs, 3612.5, 5400.5, unknown, builds)

    def roll_back(self, job_id: str) -> RolledBack:
        if self.get(job_id).generation is None:
            raise Conflict("not_a_reindex", "it has built no generation")
        return RolledBack("first", {"visual": 2})

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
