"""Uploads on their way into a job: what is kept where, and what goes when it is not wanted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from artwork.images.decoding import UPLOADED
from content.errors import Conflict, Invalid, NotFound, PermanentError
from content.types import TitleInput
from tests import bad_pictures as bad
from tests.shelf import fresh_engine, publish
from workers.child import Operations
from workers.control import Jobs
from workers.parts import Parts
from workers.settings import Settings
from workers.uploads import ArtworkUploads


class Starter:
    """Stands in for the job engine: notes what it is asked."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.cancelled: list[str] = []

    def start(self, job: Any) -> None:
        self.started.append(job.id)

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    engine = fresh_engine(tmp_path / "data", "state.db")
    publish(engine, "a", {"frame": np.eye(1, 1280, dtype=np.float32)[0]})
    engine.dispose()
    opened = Parts.open(Settings(data=tmp_path / "data", min_free_bytes=0))
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()


def house(parts: Parts) -> tuple[ArtworkUploads, Jobs, Starter]:
    starter = Starter()
    jobs = Jobs(parts, cast(Any, starter))
    return ArtworkUploads(parts, jobs), jobs, starter


def test_the_decoded_picture_waits_in_the_folder_of_its_job(parts: Parts, tmp_path: Path) -> None:
    uploads, jobs, starter = house(parts)
    uploads.check("a")
    received = bad.misnamed(tmp_path).rename(uploads.new_path())
    job = uploads.take("a", received, language="de", note=None)
    assert starter.started == [job.id] and (job.kind, job.title_id) == ("upload", "a")
    assert job.request is not None and (job.request["language"], job.request["note"]) == (
        "de",
        None,
    )
    with Image.open(parts.work_folder(job.id) / UPLOADED) as picture:
        assert (np.asarray(picture) == np.asarray(bad.picture())).all()
    assert list(parts.settings.uploads.iterdir()) == [received], "it stays the caller's"
    jobs.cancel(job.id)
    assert starter.cancelled == [job.id] and not parts.work_folder(job.id).exists()


def test_what_cannot_be_taken_leaves_no_job(parts: Parts, tmp_path: Path) -> None:
    uploads, jobs, _ = house(parts)
    with pytest.raises(Invalid) as error:
        uploads.take("a", bad.svg(tmp_path), language=None, note=None)
    assert error.value.code == "image_format_refused"
    assert jobs.live() == []
    with pytest.raises(NotFound):
        uploads.check("zork")
    parts.catalog.submit(TitleInput(id="new", name="New", synopsis="Not understood yet."))
    with pytest.raises(Conflict) as early:
        uploads.check("new")
    assert early.value.code == "not_published"


def test_a_picture_that_is_gone_is_no_fault_of_the_child(parts: Parts, tmp_path: Path) -> None:
    operations = Operations(parts.settings)
    with pytest.raises(PermanentError) as error:
        operations.upload(
            lambda _name, _part: None,
            request={},
            title={"id": "a"},
            tenant="default",
            encoder="test@1:1280:0",
            images=str(tmp_path / "images"),
            journal=str(tmp_path / "pictures.journal"),
        )
    assert error.value.code == "work_lost"
