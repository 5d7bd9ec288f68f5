"""Taking in what callers submit: checked, recorded, and a job started."""

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from content.entries import Submission
from content.errors import Conflict, Invalid, NotFound
from content.ids import check_title_id, new_id
from content.types import TitleInput
from workers import removal
from workers.control import Jobs
from workers.fields import SubmitFields
from workers.parts import Parts


class Intake:
    """Submits and removes titles."""

    def __init__(self, parts: Parts, jobs: Jobs) -> None:
        self._parts = parts
        self._jobs = jobs

    def submit(self, fields: SubmitFields, upload: Path | None = None) -> Submission:
        """Record a submission and start its job. The upload becomes the service's own file.

        Raises:
            Invalid: `invalid_title_id`, `media_twice`, `media_not_found`, `media_outside_roots`,
                `media_not_a_file`, `media_empty`.
            Busy: `queue_full`. NoSpace: `disk_full`.
        """
        kept = False
        try:
            self._jobs.check_capacity()
            if upload is not None and fields.media is not None:
                raise Invalid(
                    "media_twice", "give either a media path or an uploaded file, not both"
                )
            submission = self._parts.catalog.submit(self._title(fields, upload), again=fields.again)
            kept = submission.created
        finally:
            if upload is not None and not kept:
                upload.unlink(missing_ok=True)
        # From here on the row names the file. Should the start fail, the worker makes up for it.
        self._jobs.start(submission.job_id)
        return submission

    def new_upload_path(self) -> Path:
        """A fresh name in the uploads folder, on the same disk as everything else kept."""
        self._parts.settings.uploads.mkdir(parents=True, exist_ok=True)
        return self._parts.settings.uploads / new_id()

    def delete(self, title_id: str) -> None:
        """Remove a title and all that belongs to it; its running jobs are cancelled first.

        Raises:
            NotFound: `title_not_found`.
        """
        self._parts.catalog.get(title_id)
        for job in self._jobs.live(title_id):
            with contextlib.suppress(Conflict):  # it has ended meanwhile
                self._jobs.cancel(job.id)
        with contextlib.suppress(NotFound):  # it had but the version that was cancelled
            removal.remove_title(self._parts, title_id)

    def _title(self, fields: SubmitFields, upload: Path | None) -> TitleInput:
        title_id = new_id() if fields.id is None else check_title_id(fields.id)
        path = upload if upload is not None else self._media(fields.media)
        return TitleInput(
            id=title_id,
            name=fields.name,
            synopsis=fields.synopsis,
            genres=fields.genres,
            maturity=fields.maturity,
            language=fields.language,
            country=fields.country,
            released=fields.released,
            external_ids=fields.external_ids,
            tags=fields.tags,
            available=fields.available,
            media_path=None if path is None else str(path),
            media_sha256=None if path is None else _identity(path, owned=upload is not None),
            media_owned=upload is not None,
        )

    def _media(self, media: str | None) -> Path | None:
        if media is None:
            return None
        roots = [root.resolve() for root in self._parts.settings.media_roots]
        named = [Path(media)] if Path(media).is_absolute() else [root / media for root in roots]
        try:
            # Resolved first: a symlink that leads out of the roots is outside them. And asked for
            # second, so that nobody learns here what exists elsewhere.
            paths = [path.resolve() for path in named]
            inside = [path for path in paths if any(path.is_relative_to(root) for root in roots)]
            found = [path for path in inside if path.exists()]
        except (OSError, RuntimeError, ValueError):
            inside, found = [Path(media)], []  # a loop of links, a name that no file can have
        if not inside:
            raise Invalid("media_outside_roots", "media must lie under one of KEYART_MEDIA_ROOTS")
        if not found:
            raise Invalid("media_not_found", f"there is no {media!r} under the media roots")
        return found[0]


def _identity(path: Path, *, owned: bool) -> str:
    """What tells this media from other media: an upload's bytes; a file's path, size and time.

    Raises:
        Invalid: `media_not_a_file`, `media_empty`.
    """
    try:
        # O_NONBLOCK: opening a FIFO must not wait for somebody to write to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:  # a socket, say, or a file that only others may read
        raise Invalid("media_not_a_file", f"cannot open {path.name!r}: {error.strerror}") from error
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise Invalid("media_not_a_file", f"{path.name!r} is not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        if facts.st_size == 0:
            what = "the uploaded file" if owned else repr(path.name)
            raise Invalid("media_empty", f"{what} holds no bytes")
        if owned:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(
        f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}".encode(errors="surrogateescape")
    ).hexdigest()
