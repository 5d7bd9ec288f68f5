"""What the HTTP layer asks of the house. `workers.wiring.Services` is the one that is served."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import Request

from artwork.considered import CandidateRow, Verdict
from artwork.features import Context
from artwork.images import Format, Rendition
from artwork.personalize import Choice, DecisionView
from artwork.pictures import VariantRow
from artwork.quality.fitting import Fit
from artwork.rewards import RewardEvent
from artwork.taste import WatchEvent
from content.entries import Run, ShotRow, Submission, TitleRecord
from content.errors import KeyartError
from content.types import Aspect, Space, Vectors
from indexes.schema import Comparison, Filter, Hit, SimilarSpace
from workers.fields import SubmitFields
from workers.jobs import JobRecord
from workers.settings import Settings


class Catalog(Protocol):
    def get(self, title_id: str) -> TitleRecord: ...
    def list(self, *, after: str | None, limit: int) -> Sequence[TitleRecord]: ...
    def shots(self, title_id: str, *, after: int | None, limit: int) -> Sequence[ShotRow]: ...
    def run(self, title_id: str) -> Run: ...


class Intake(Protocol):
    def submit(self, fields: SubmitFields, upload: Path | None) -> Submission: ...
    def new_upload_path(self) -> Path: ...
    def delete(self, title_id: str) -> None: ...


class Jobs(Protocol):
    def get(self, job_id: str) -> JobRecord: ...
    def list(self, *, state: str | None, after: str | None, limit: int) -> Sequence[JobRecord]: ...
    def cancel(self, job_id: str) -> JobRecord: ...
    def start_reindex(self) -> JobRecord: ...
    def counts(self) -> Mapping[str, int]: ...


class Personalizer(Protocol):
    async def choose(
        self,
        title_ids: Sequence[str],
        aspect: Aspect,
        *,
        user: str | None,
        context: Context,
        defer: bool = False,
    ) -> Sequence[Choice | KeyartError]: ...
    async def observe(self, events: Sequence[RewardEvent]) -> Sequence[KeyartError | None]: ...
    async def watch(self, events: Sequence[WatchEvent]) -> Sequence[KeyartError | None]: ...
    def decision(self, decision_id: str) -> DecisionView: ...


class Quality(Protocol):
    def read(self) -> Mapping[str, float]: ...
    def fit(self, *, keep: bool) -> tuple[Fit, bool]: ...


class Images(Protocol):
    def rendition(self, sha256: str, fmt: Format, width: int | None) -> Rendition: ...


class Index(Protocol):
    def similar(
        self, title_id: str, *, space: SimilarSpace, limit: int, filter: Filter
    ) -> Sequence[Hit]: ...
    def search(self, words: Vectors, *, limit: int, filter: Filter) -> Sequence[Hit]: ...
    def compare(self, pairs: Sequence[tuple[str, str]]) -> Sequence[Comparison]: ...
    def weights(self) -> Mapping[Space, float]: ...
    def set_weights(self, wanted: Mapping[str, float]) -> Mapping[Space, float]: ...


class Words(Protocol):
    def encode(self, text: str) -> Vectors: ...


class Services(Protocol):
    """The parts of the house, opened by `start` and flushed by `close`."""

    @property
    def settings(self) -> Settings: ...
    @property
    def catalog(self) -> Catalog: ...
    @property
    def intake(self) -> Intake: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def personalizer(self) -> Personalizer: ...
    @property
    def quality(self) -> Quality: ...
    @property
    def images(self) -> Images: ...
    @property
    def index(self) -> Index: ...
    @property
    def words(self) -> Words: ...
    def variants(self, title_id: str, *, aspect: str | None = None) -> Sequence[VariantRow]: ...
    def candidates(
        self, title_id: str, *, verdict: Verdict | None, after: int | None, limit: int
    ) -> Sequence[CandidateRow]: ...
    def readiness(self) -> Mapping[str, bool]:
        """Each part that an answer needs (`records`, `index`): does it work?"""
        ...

    def start(self) -> None: ...
    def close(self) -> None: ...


def services_of(request: Request) -> Services:
    """The services of the app that answers `request`."""
    services: Services = request.app.state.services
    return services


async def _of_app(request: Request) -> Services:
    return services_of(request)


House = Annotated[Services, Depends(_of_app)]
"""A handler's parameter of this type is the app's services."""
