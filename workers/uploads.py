"""Taking in a house's own artwork: decoded at once, judged and cropped in a job."""

import hashlib
from pathlib import Path

from PIL import Image

from artwork.images.decoding import UPLOADED, decoded
from content.errors import Conflict
from content.ids import new_id
from workers.control import Jobs
from workers.jobs import JobRecord
from workers.parts import Parts


class ArtworkUploads:
    """Receives pictures for published titles."""

    def __init__(self, parts: Parts, jobs: Jobs) -> None:
        self._parts, self._jobs = parts, jobs

    def check(self, title_id: str) -> None:
        """Refuse before anything is received.

        Raises:
            NotFound: `title_not_found`. Conflict: `not_published`.
            Busy: `queue_full`. NoSpace: `disk_full`.
        """
        if self._parts.catalog.get(title_id).version is None:
            raise Conflict("not_published", f"title {title_id!r} is not published yet")
        self._jobs.check_capacity()

    def new_path(self) -> Path:
        """A fresh name in the uploads folder; whoever asks removes the file."""
        self._parts.settings.uploads.mkdir(parents=True, exist_ok=True)
        return self._parts.settings.uploads / new_id()

    def take(
        self, title_id: str, file: Path, *, language: str | None, note: str | None
    ) -> JobRecord:
        """Start the job that judges and crops the picture in `file`, which stays the caller's.

        Raises:
            Invalid: as `artwork.images.decoding.decoded`. Others: as `check`.
        """
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        pixels = decoded(file)
        request = {"language": language, "note": note, "sha256": digest}
        draft = file.with_suffix(".png")
        try:
            Image.fromarray(pixels).save(draft, compress_level=1)
            return self._jobs.start_making("upload", title_id, request, {UPLOADED: draft})
        finally:
            draft.unlink(missing_ok=True)
