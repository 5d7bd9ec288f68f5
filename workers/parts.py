"""The parts that every process of the service shares: records, catalogue, pictures, index."""

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from artwork.images.store import ImageStore
from content.catalog import Catalog
from content.encoders.models import Models
from content.encoders.specs import specs
from content.extract import made_by
from content.ids import DEFAULT_TENANT
from content.records import open_engine
from content.types import Space, TitleInput
from indexes.client import IndexClient
from workers.jobs import JobRows
from workers.readings import Readings
from workers.settings import Settings

PATIENCE_S = 10.0
"""A question waits so long for an index process that died; it is back after one to five."""


@dataclass(frozen=True)
class Parts:
    """Built once per process from the settings; cheap, loads no model."""

    settings: Settings
    engine: sa.Engine
    catalog: Catalog
    rows: JobRows
    images: ImageStore
    index: IndexClient
    tenant: str = DEFAULT_TENANT

    @classmethod
    def open(cls, settings: Settings) -> "Parts":
        engine = open_engine(settings.records_url, sync=settings.sync)
        return cls(
            settings=settings,
            engine=engine,
            catalog=Catalog(engine),
            rows=JobRows(engine),
            images=ImageStore(settings.image_folder, cache_bytes=settings.image_cache_bytes),
            index=IndexClient(settings.index_socket, patience_s=PATIENCE_S),
        )

    @property
    def fingerprints(self) -> dict[Space, str]:
        """Of today's encoder of each space."""
        chosen = self.settings
        made = specs(chosen.encoders)
        return {space: spec.fingerprint for space, spec in made.items()}

    @property
    def readings(self) -> Readings:
        """What was read of published films."""
        return Readings(self.settings.data.resolve() / "readings", self.settings.keep_readings)

    def maker(self, title: TitleInput) -> str:
        """What today's extraction of a title with media would be made by."""
        assert title.media_path is not None
        return made_by(Path(title.media_path), self.models, title.language)

    @property
    def models(self) -> Models:
        """Today's, none of them loaded."""
        chosen = self.settings
        return Models(chosen.encoders, transcript=chosen.transcript, shots=chosen.shots)

    def close(self) -> None:
        self.index.close()
        self.engine.dispose()

    def work_folder(self, job_id: str) -> Path:
        """Where a job keeps what it has made so far; gone when the job has ended."""
        return self.settings.work / job_id

    def journal(self, job_id: str) -> Path:
        """Where a job notes the pictures that it stores or replaces, before it does."""
        return self.work_folder(job_id) / "pictures.journal"
