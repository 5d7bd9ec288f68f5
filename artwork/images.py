"""The image store: masters by content hash, and renditions made from them when first asked for.

    folder/masters/ab/ab12…       the master's bytes; its name is their SHA-256
    folder/renditions/ab/ab12…/640.avif

A file is complete or absent: it is written beside its place, synced and renamed. Every rendition
is encoded anew from pixels, so nothing but the picture (no EXIF, XMP or colour profile) leaves.
"""

import hashlib
import io
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from PIL import Image

from content.errors import Invalid, NotFound
from content.types import U8

Format = Literal["avif", "webp", "jpg"]
LADDER: tuple[int, ...] = (160, 320, 480, 640, 960, 1280, 1920)
"""Widths in px that a rendition may be asked in."""
MEDIA_TYPES: dict[Format, str] = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
MAX_PIXELS = 50_000_000
"""Of a picture whose bytes come from outside; checked on the header, before decoding."""
MAX_BYTES = 32 * 2**20
Sign = Callable[[bytes, str, str], bytes | None]
"""A rendition's bytes, media type and master's hash -> the bytes with what is known of the picture;
None where nothing is."""
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StoredImage:
    """A master: the hash and the length of its bytes, its size in px."""

    sha256: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Rendition:
    """Bytes to send, their media type and their strong ETag (RFC 9110), quotes included."""

    data: bytes
    media_type: str
    etag: str


class ImageStore:
    """Masters and renditions under one folder. Safe to use from several processes at once.

    Args:
        journal: a file that names each new master, one hash a line, before it is stored: what a
            job that is killed may leave behind. Its folder exists.
        sign: asked once for every rendition, when it is made.
    """

    def __init__(self, folder: Path, journal: Path | None = None, sign: Sign | None = None) -> None:
        self._folder = folder
        self._journal = journal
        self._sign = sign

    def put(self, rgb: U8) -> StoredImage:
        """Store a picture, RGB uint8 (H, W, 3), as its master.

        The same pixels give the same bytes (JPEG, quality 93, no chroma subsampling) and so the
        same master; storing one again changes nothing.
        """
        buffer = io.BytesIO()
        picture = Image.fromarray(np.ascontiguousarray(rgb))
        picture.save(buffer, "JPEG", quality=93, subsampling=0, optimize=True)
        return self._keep(buffer.getvalue(), picture.size)

    def put_encoded(self, data: bytes) -> StoredImage:
        """Store a JPEG as it is, once it has been decoded to see that it is one.

        Raises:
            Invalid: `image_unreadable`, or `image_too_large` (over `MAX_BYTES` or `MAX_PIXELS`).
        """
        if len(data) > MAX_BYTES:
            raise Invalid("image_too_large", f"a picture has at most {MAX_BYTES} bytes")
        try:
            with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
                size = picture.size
                if size[0] * size[1] > MAX_PIXELS:
                    raise Invalid("image_too_large", f"a picture has at most {MAX_PIXELS} pixels")
                picture.load()
        except Image.DecompressionBombError as error:
            raise Invalid(
                "image_too_large", f"a picture has at most {MAX_PIXELS} pixels"
            ) from error
        except (OSError, SyntaxError, ValueError) as error:
            raise Invalid("image_unreadable", "the bytes are no whole JPEG picture") from error
        return self._keep(data, size)

    def rendition(self, sha256: str, fmt: Format, width: int | None) -> Rendition:
        """The picture in `fmt`, `width` px wide (None: as wide as its master); never enlarged.

        Raises:
            NotFound: `image_not_found`.
            Invalid: `invalid_width` off the `LADDER`, `invalid_format`.
        """
        if width is not None and width not in LADDER:
            rungs = ", ".join(map(str, LADDER))
            raise Invalid("invalid_width", f"w is one of {rungs}, or left out")
        if fmt not in get_args(Format):
            raise Invalid("invalid_format", "a picture is served as avif, webp or jpg")
        name = f"{width or 'full'}{'' if self._sign is None else '.c2pa'}.{fmt}"
        path = self._folder / "renditions" / sha256[:2] / sha256 / name
        data = _read(path) if SHA256.fullmatch(sha256) else None
        if data is None:
            data = self._made(sha256, fmt, width, path)
        return Rendition(data, MEDIA_TYPES[fmt], f'"{hashlib.sha256(data).hexdigest()[:32]}"')

    def pixels(self, sha256: str) -> U8:
        """A master as RGB (H, W, 3), 0..255.

        Raises:
            NotFound: `image_not_found`.
        """
        with Image.open(io.BytesIO(self._bytes(sha256)), formats=("JPEG",)) as opened:
            return np.asarray(opened.convert("RGB"))

    def has(self, sha256: str) -> bool:
        """Is there a master of this hash?"""
        return self._master(sha256).exists()

    def delete(self, sha256s: Iterable[str]) -> None:
        """Remove masters and their renditions; what is not there is no error."""
        for sha256 in sha256s:
            self._master(sha256).unlink(missing_ok=True)
            folder = self._folder / "renditions" / sha256[:2] / sha256
            shutil.rmtree(folder, ignore_errors=True)

    def _keep(self, data: bytes, size: tuple[int, int]) -> StoredImage:
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._master(sha256)
        if not path.exists():
            if self._journal is not None:
                with self._journal.open("a") as file:
                    file.write(f"{sha256}\n")
            _write(path, data)
        return StoredImage(sha256, size[0], size[1], len(data))

    def _master(self, sha256: str) -> Path:
        """Where a master lies. The pattern also keeps a path from being smuggled in as a hash."""
        if not SHA256.fullmatch(sha256):
            raise NotFound("image_not_found", "a picture is named by 64 lower-case hex digits")
        return self._folder / "masters" / sha256[:2] / sha256

    def _bytes(self, sha256: str) -> bytes:
        master = _read(self._master(sha256))
        if master is None:
            raise NotFound("image_not_found", f"there is no picture {sha256}")
        return master

    def _made(self, sha256: str, fmt: Format, width: int | None, path: Path) -> bytes:
        data = self._render(sha256, fmt, width)
        if self._sign is not None:
            signed = self._sign(data, MEDIA_TYPES[fmt], sha256)
            if signed is None:  # no row names it yet, or any more: not kept without its signature
                return data
            data = signed
        return _write(path, data)

    def _render(self, sha256: str, fmt: Format, width: int | None) -> bytes:
        # Through an array, because Pillow would hand EXIF and profiles on to the rendition.
        picture = Image.fromarray(self.pixels(sha256))
        if width is not None and width < picture.width:
            height = max(1, round(picture.height * width / picture.width))
            picture = picture.resize((width, height), Image.Resampling.LANCZOS)
        return _encode(picture, fmt)


def negotiate(accept: str | None) -> Format:
    """The format for an `Accept` header (RFC 9110 §12.5.1).

    AVIF and WebP only where named, because `*/*` also comes from clients that show neither; the
    highest weight wins, then the smaller format.
    """
    weights = dict(_media_ranges(accept or "*/*"))
    anything = weights.get("image/*", weights.get("*/*", 0.0))
    offers: tuple[tuple[Format, float], ...] = (
        ("avif", weights.get("image/avif", 0.0)),
        ("webp", weights.get("image/webp", 0.0)),
        ("jpg", weights.get("image/jpeg", anything)),
    )
    best = max(offers, key=lambda offer: offer[1])  # the first among equals
    return best[0] if best[1] > 0 else "jpg"


def _media_ranges(accept: str) -> Iterable[tuple[str, float]]:
    for part in accept.split(","):
        name, _, parameters = part.strip().lower().partition(";")
        weight = re.search(r"(?:^|;)\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)", parameters)
        yield name.strip(), float(weight[1]) if weight else 1.0


def _encode(picture: Image.Image, fmt: Format) -> bytes:
    buffer = io.BytesIO()
    match fmt:
        case "avif":
            # One thread, so that the bytes do not depend on the machine; speed 9 takes a ninth of
            # the time of 7 (47 ms for 1280 × 720) for 4 % more bytes.
            picture.save(buffer, "AVIF", quality=62, speed=9, max_threads=1)
        case "webp":
            picture.save(buffer, "WEBP", quality=80, method=4)
        case "jpg":
            picture.save(buffer, "JPEG", quality=84, optimize=True, progressive=True)
    return buffer.getvalue()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, data: bytes) -> bytes:
    """Atomically: readers see all of it or nothing, after a power cut too.

    Returns:
        What is there now: `data`, or what another process wrote first, since no two signatures
        are the same.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # unlike a rename, it never replaces what is there
    except FileExistsError:
        return _read(path) or data
    finally:
        Path(temporary).unlink(missing_ok=True)
    return data
