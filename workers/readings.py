"""What was read of published films, kept: another encoder of words, or a better description, is
then a matter of seconds, and of no film (`content.describe`).

`{data}/readings/{title}/{version}/` holds the segments (`content.segments_kept`), which name the
file and the models they were read by: what is not, or not any more, of those is read again. So it
may lack anything, and be deleted at any time.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SWEPT_AT_ONCE = 500


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
        if not segments.exists():
            return
        self.drop(title_id, version)  # also where none is kept any more: it is of another reading
        if self.kept:
            target = self.of(title_id, version)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(segments, target)

    def lend(self, title_id: str, version: int, segments: Path) -> None:
        """Put what is kept of a version, if anything is, into a job's folder, unless that has some
        of its own."""
        if segments.exists():
            return
        partial = segments.with_name(f".{segments.name}.{os.getpid()}")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            shutil.copytree(self.of(title_id, version), partial, copy_function=_linked)
        except OSError:  # there is none, or it is being deleted
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.rename(segments)

    def drop(self, title_id: str, version: int | None = None) -> None:
        """Delete what is kept of a version, or of all of a title's."""
        gone = self.folder / title_id if version is None else self.of(title_id, version)
        shutil.rmtree(gone, ignore_errors=True)
        if version is not None:
            with suppress(OSError):  # another version is there
                gone.parent.rmdir()

    def sweep(self, published: Callable[[Sequence[str]], Mapping[str, int]]) -> None:
        """Delete all but each title's published version: what a process left that died."""
        if not self.folder.is_dir():
            return
        names = sorted(each.name for each in self.folder.iterdir())
        for start in range(0, len(names), SWEPT_AT_ONCE):
            page = names[start : start + SWEPT_AT_ONCE]
            kept = published(page)
            for name in page:
                with suppress(OSError):  # no folder, or one that somebody is deleting
                    self._sweep_title(self.folder / name, str(kept.get(name)))

    @staticmethod
    def _sweep_title(title: Path, kept: str) -> None:
        for version in title.iterdir():
            if version.name != kept:
                shutil.rmtree(version, ignore_errors=True)
        title.rmdir()


def _linked(source: str, target: str) -> None:
    """A file is replaced, never changed, so that both may share it; on one file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
