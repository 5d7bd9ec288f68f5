"""Taking in media: what cannot be is refused by name, and what is refused is not kept."""

import socket
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from content.catalog import Catalog
from content.errors import Busy, Invalid, KeyartError
from workers.fields import SubmitFields
from workers.intake import Intake, _identity
from workers.settings import Settings


def test_a_socket_is_no_media(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        with pytest.raises(Invalid, match="media_not_a_file"):
            _identity(path, owned=False)


def test_a_file_that_goes_away_meanwhile_is_no_media(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="media_not_a_file"):
        _identity(tmp_path / "gone.mp4", owned=False)


class Jobs:
    """Records what is started; full when told so."""

    def __init__(self, full: bool = False) -> None:
        self.full = full
        self.started: list[str] = []

    def check_capacity(self) -> None:
        if self.full:
            raise Busy("queue_full", "full")

    def start(self, job_id: str) -> None:
        self.started.append(job_id)


def intake(engine: sa.Engine, folder: Path, jobs: Jobs) -> Intake:
    parts = SimpleNamespace(settings=Settings(data=folder), catalog=Catalog(engine))
    return Intake(parts, jobs)  # type: ignore[arg-type]


WORDS = SubmitFields(name="A", synopsis="A story.", id="a")


def test_a_refused_upload_is_not_kept(engine: sa.Engine, tmp_path: Path) -> None:
    for fields, jobs, code, data in (
        (WORDS, Jobs(full=True), "queue_full", b"film"),
        (replace(WORDS, media="x.mp4"), Jobs(), "media_twice", b"film"),
        (replace(WORDS, id="a/b"), Jobs(), "invalid_title_id", b"film"),
        (WORDS, Jobs(), "media_empty: the uploaded file holds", b""),
    ):
        taking = intake(engine, tmp_path, jobs)
        upload = taking.new_upload_path()
        upload.write_bytes(data)
        with pytest.raises(KeyartError, match=code):
            taking.submit(fields, upload)
        assert not upload.exists()
        assert not jobs.started


def test_the_same_upload_again_is_the_same_job_and_one_file(
    engine: sa.Engine, tmp_path: Path
) -> None:
    jobs = Jobs()
    taking = intake(engine, tmp_path, jobs)
    uploads = [taking.new_upload_path() for _ in range(2)]
    for upload in uploads:
        upload.write_bytes(b"film")
    first, again = (taking.submit(WORDS, upload) for upload in uploads)
    assert (first.job_id, first.created, again.created) == (again.job_id, True, False)
    assert [upload.exists() for upload in uploads] == [True, False]
    assert jobs.started == [first.job_id, first.job_id]


def test_an_upload_understood_again_is_a_file_and_a_job_of_its_own(
    engine: sa.Engine, tmp_path: Path
) -> None:
    jobs = Jobs()
    taking = intake(engine, tmp_path, jobs)
    uploads = [taking.new_upload_path() for _ in range(2)]
    for upload in uploads:
        upload.write_bytes(b"film")
    first = taking.submit(WORDS, uploads[0])
    second = taking.submit(replace(WORDS, again=True), uploads[1])
    assert (second.version, second.created) == (2, True)
    assert all(upload.exists() for upload in uploads)
    assert jobs.started == [first.job_id, second.job_id]
