"""What was read of published films, kept: another encoder of words, or a better description, is
then a matter of seconds, and of no film (`content.describe`).

`{data}/readings/{title}/{version}/` holds the segments (`content.segments_kept`), which name the
file and the models they were read by: what is not, or not any more, of those is read again. So it
may lack anything, and be deleted at any time.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Readings:
    """Args:
    folder: of all of them.
    kept: whether new ones are, as KEYART_KEEP_READINGS.
    """

    folder: Path
    kept: bool

    def of(self, title_id: str, version: int) -> Path:
        """Where the segments of a version are, if they are."""
        return self.folder / title_id / str(version)

    def keep(self, title_id: str, version: int, segments: Path) -> None:
        """Take over the folder of all segments of a version, in place of what is kept of it;
        nothing where that was done already."""
        if not self.kept or not segments.exists():
            return
        target = self.of(title_id, version)
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(segments, target)

    def lend(self, title_id: str, version: int, segments: Path) -> None:
        """Put what is kept of a version into a job's folder, unless that has some of its own."""
        kept = self.of(title_id, version)
        if not kept.exists() or segments.exists():
            return
        segments.parent.mkdir(parents=True, exist_ok=True)
        partial = segments.with_name(f".{segments.name}.{os.getpid()}")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(kept, partial, copy_function=_linked)
        partial.rename(segments)

    def drop(self, title_id: str, version: int | None = None) -> None:
        """Delete what is kept of a version, or of all of a title's."""
        gone = self.folder / title_id if version is None else self.of(title_id, version)
        shutil.rmtree(gone, ignore_errors=True)

    def sweep(self, published: Callable[[str], int | None]) -> None:
        """Delete all but each title's published version: what a process left that died."""
        for title in self.folder.glob("*"):
            kept = published(title.name)
            for version in title.iterdir():
                if version.name != str(kept):
                    shutil.rmtree(version, ignore_errors=True)


def _linked(source: str, target: str) -> None:
    """A file is replaced, never changed, so that both may share it; on one file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
