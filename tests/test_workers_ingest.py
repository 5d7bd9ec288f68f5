"""The stages of an ingest by a real child: refused early, failed for good, taken up again."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgpack
import pytest

from content import keeping
from content.encoders.specs import embedded_specs
from content.errors import Conflict, PermanentError
from content.types import TitleInput
from tests import plausible
from tests.opened import indexed_parts
from tests.synth import Take, make_clip
from workers.ingest import Ingest
from workers.parts import Parts
from workers.pool import Pool
from workers.settings import Settings

PRINTS = {space: spec.fingerprint for space, spec in embedded_specs().items()}


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with indexed_parts(tmp_path) as opened:
        yield opened


def submitted(parts: Parts, pool: Pool | None, media: Path | None) -> Ingest:
    path = None if media is None else str(media)
    title = TitleInput(id="a", name="A", synopsis="Bars.", media_path=path)
    job = parts.rows.get(parts.catalog.submit(title).job_id)
    return Ingest(parts, cast(Pool, pool), job, threading.Event())


def film(folder: Path) -> Path:
    path = folder / "film.mp4"
    make_clip(path, [Take(1.0, (180, 60, 50)), Take(1.0, (40, 90, 170), "bars")])
    return path


def test_encoders_that_the_live_generation_is_not_of_are_told_first(
    parts: Parts, tmp_path: Path
) -> None:
    parts.index.ensure({**PRINTS, "visual": "old@1:1280:a"})
    with pytest.raises(Conflict, match="fingerprint_mismatch: visual is made by"):
        submitted(parts, None, tmp_path / "film.mp4").probe()  # no child is asked
    submitted(parts, None, None).probe()  # words alone have no such vector


def test_a_film_that_takes_too_long_fails_for_good(
    parts: Parts, pool: Pool, tmp_path: Path
) -> None:
    parts.index.ensure(PRINTS)
    hasty = replace(parts, settings=Settings(data=tmp_path, job_timeout_s=0.05))
    with pytest.raises(PermanentError, match="media_timeout"):
        submitted(hasty, pool, film(tmp_path)).decode()


def test_what_others_have_kept_is_not_published(parts: Parts, pool: Pool, tmp_path: Path) -> None:
    parts.index.ensure(PRINTS)
    ingest = submitted(parts, pool, film(tmp_path))
    folder = parts.work_folder(ingest.job.id) / "extraction"
    keeping.save(plausible.film(10.0, 3), folder, "another encoder")
    ingest.pictures()
    assert len(keeping.load(folder).shots) == 2
    asked = replace(ingest, pool=None)
    asked.decode()  # it is of today now
    kept = parts.work_folder(ingest.job.id) / "found"
    found = unpacked(kept)
    seen = [{**group, "embedding_fingerprint": "old@1:1280:a"} for group in found["groups"]]
    kept.write_bytes(msgpack.packb({**found, "groups": seen}))
    (folder / "extraction.msgpack").write_bytes(msgpack.packb({"version": 3}))
    ingest.publish()
    assert len(parts.catalog.run("a").shots) == 2
    assert {group["embedding_fingerprint"] for group in unpacked(kept)["groups"]} == {
        PRINTS["visual"]
    }


def unpacked(path: Path) -> Any:
    return msgpack.unpackb(path.read_bytes())
