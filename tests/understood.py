"""A published title that is said to be understood, to be understood anew."""

import threading
from pathlib import Path

import numpy as np

from content import publication
from content.encoders.specs import embedded_specs
from content.records import writing
from content.types import TitleInput, Vector
from tests import plausible
from tests.synth import Take
from workers.parts import Parts
from workers.pool import Pool
from workers.refresh import Refresh

PRINTS = {space: spec.fingerprint for space, spec in embedded_specs().items()}
TAKES = [Take(1.0, (180, 60, 50)), Take(1.0, (40, 90, 170), "bars")]
STORY = "A haunted house, and the dead walk at midnight."


def published(
    parts: Parts,
    pool: Pool,
    media: Path | None,
    prints: dict[str, str],
    title_id: str = "a",
    language: str | None = None,
    name: str = "A",
) -> Refresh:
    """A title that was understood as a made-up film, with a picture for its shots."""
    path = None if media is None else str(media)
    title = TitleInput(
        id=title_id,
        name=name,
        synopsis=STORY,
        media_path=path,
        language=language,
    )
    made = parts.catalog.submit(title)
    dims = {space: spec.dim for space, spec in embedded_specs().items()}
    film = plausible.film(10.0, 3)
    picture = parts.images.put(np.full((20, 20, 3), 77, np.uint8)).sha256
    with writing(parts.engine).begin() as connection:
        publication.write_understanding(
            connection,
            tenant="default",
            title_id=title_id,
            version=1,
            extraction=None if media is None else film,
            title_vectors={
                space: Vector(np.eye(1, dims[space], dtype=np.float32)[0], mark)
                for space, mark in prints.items()
            },
            keyframes={shot.keyframe_s: picture for shot in film.shots},
        )
        publication.publish(connection, tenant="default", title_id=title_id, version=1)
    parts.work_folder(made.job_id).mkdir(parents=True)
    return Refresh(parts, pool, parts.rows.get(made.job_id), threading.Event())
