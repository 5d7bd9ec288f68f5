"""The image store: masters by content hash, and renditions made from them when first asked for.

    folder/masters/ab/ab12…       the master's bytes; its name is their SHA-256
    folder/renditions/ab/ab12…/640.avif

A master is a JPEG, or a cut: the rule that makes a picture of another master
(`artwork.images.cuts`). A file is complete or absent: it is written beside its place, synced and
renamed. Every rendition is encoded anew from pixels, so nothing but the picture (no EXIF, XMP or
colour profile) leaves. Renditions go when they take more than a cap (`artwork.images.renditions`);
masters stay until deleted.
"""

import hashlib
import io
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from PIL import Image

from artwork.images.cuts import Cut, narrowed
from artwork.images.renditions import Renditions, read, write
from content.errors import Invalid, NotFound
from content.types import U8

Format = Literal["avif", "webp", "jpg"]
LADDER: tuple[int, ...] = (160, 320, 480, 640, 960, 1280, 1920)
"""Widths in px that a rendition may be asked in."""
MEDIA_TYPES: dict[Format, str] = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
MAX_PIXELS = 50_000_000
"""Of a picture whose bytes come from outside; checked on the header, before decoding."""
MAX_BYTES = 32 * 2**20
CACHE_BYTES = 5 * 2**30
"""What renditions may take on disk where nothing else is said."""
Sign = Callable[[bytes, str, str], bytes | None]
"""A rendition's bytes, media type and master's hash -> the bytes with what is known of the picture;
None where nothing is."""
SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_RULE = 1024
"""Bytes of a cut's rule, at most."""


@dataclass(frozen=True, slots=True)
class StoredImage:
    """A master: the hash and the length of its bytes, its picture's size in px."""

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
        cache_bytes: what renditions may take on disk.
        sign: asked once for every rendition, when it is made.
    """

    def __init__(
        self,
        folder: Path,
        journal: Path | None = None,
        *,
        cache_bytes: int = CACHE_BYTES,
        sign: Sign | None = None,
    ) -> None:
        self._folder = folder
        self._journal = journal
        self._sign = sign
        self._renditions = Renditions(folder / "renditions", cache_bytes)

    def put(self, rgb: U8) -> StoredImage:
        """Store a picture, RGB uint8 (H, W, 3), as its master.

        The same pixels give the same bytes (JPEG, quality 93, no chroma subsampling) and so the
        same master; storing one again changes nothing.
        """
        picture = Image.fromarray(np.ascontiguousarray(rgb))
        return self._keep(_jpeg(picture, quality=93, subsampling=0), picture.size)

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

    def put_cut(
        self, source: str, box: tuple[int, int, int, int], size: tuple[int, int] | None = None
    ) -> StoredImage:
        """Store the rule that makes a picture of the master `source`, itself no cut.

        Args:
            box: x, y, width, height in px of the source.
            size: width and height of a bleed; None for a crop, which has its box's size.

        Raises:
            NotFound: `image_not_found`: there is no such source.
            ValueError: the box is not within it, or it is itself a cut.
        """
        cut, data = Cut(source, box, size or box[2:]), self._bytes(source)
        if Cut.unpacked(data) is not None:
            raise ValueError(f"{source} is itself a cut")
        with _opened(data) as whole:
            if box[0] + box[2] > whole.width or box[1] + box[3] > whole.height:
                raise ValueError(f"{box} is not within {whole.size}")
        return self._keep(cut.packed(), cut.size)

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
        self._master(sha256)  # the name is one
        name = f"{width or 'full'}{'' if self._sign is None else '.c2pa'}.{fmt}"
        path = self._renditions.path(sha256, name)
        data = self._renditions.get(path)
        if data is None:
            data = self._made(sha256, fmt, width, path)
        return Rendition(data, MEDIA_TYPES[fmt], f'"{hashlib.sha256(data).hexdigest()[:32]}"')

    def pixels(self, sha256: str) -> U8:
        """A master's picture as RGB (H, W, 3), 0..255.

        Raises:
            NotFound: `image_not_found`.
        """
        return np.asarray(self._picture(sha256, None))

    def has(self, sha256: str) -> bool:
        """Is there a master of this hash, and of a cut also what it is cut from?"""
        try:
            with self._master(sha256).open("rb") as file:
                cut = Cut.unpacked(file.read(MAX_RULE))
        except FileNotFoundError:
            return False
        return cut is None or self._master(cut.source).exists()

    def delete(self, sha256s: Iterable[str]) -> None:
        """Remove masters and their renditions; what is not there is no error.

        Cuts of a master that goes are of no use any more: who names them names it as well.
        """
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
            write(path, data)
        return StoredImage(sha256, size[0], size[1], len(data))

    def _master(self, sha256: str) -> Path:
        """Where a master lies. The pattern also keeps a path from being smuggled in as a hash."""
        if not SHA256.fullmatch(sha256):
            raise NotFound("image_not_found", "a picture is named by 64 lower-case hex digits")
        return self._folder / "masters" / sha256[:2] / sha256

    def _bytes(self, sha256: str) -> bytes:
        master = read(self._master(sha256))
        if master is None:
            raise NotFound("image_not_found", f"there is no picture {sha256}")
        return master

    def _made(self, sha256: str, fmt: Format, width: int | None, path: Path) -> bytes:
        data = encode(self._picture(sha256, width), fmt)
        if self._sign is None:
            return self._renditions.put(path, data)
        signed = self._sign(data, MEDIA_TYPES[fmt], sha256)
        # No row names it yet, or any more: not kept without its signature.
        return data if signed is None else self._renditions.put(path, signed)

    def _picture(self, sha256: str, width: int | None) -> Image.Image:
        """RGB, `width` px wide or as wide as it is, whichever is less."""
        data = self._bytes(sha256)
        cut = Cut.unpacked(data)
        if cut is not None:
            data = self._bytes(cut.source)
        with _opened(data) as opened:
            # Through an array, because Pillow would hand EXIF and profiles on to the rendition.
            whole = Image.fromarray(np.asarray(opened.convert("RGB")))
        return narrowed(whole, width) if cut is None else cut.of(whole, width)


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=("JPEG",))


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


def encode(picture: Image.Image, fmt: Format) -> bytes:
    """A picture as it is sent; the same pixels give the same bytes."""
    buffer = io.BytesIO()
    match fmt:
        case "avif":
            # One thread, so that the bytes do not depend on the machine; speed 9 takes a ninth of
            # the time of 7 (47 ms for 1280 × 720) for 4 % more bytes.
            picture.save(buffer, "AVIF", quality=62, speed=9, max_threads=1)
        case "webp":
            picture.save(buffer, "WEBP", quality=80, method=4)
        case "jpg":
            return _jpeg(picture, quality=84, progressive=True)
    return buffer.getvalue()


def _jpeg(picture: Image.Image, **options: Any) -> bytes:
    """With optimised tables; noise without, and baseline.

    For those Pillow holds the whole file in a buffer of a byte a pixel, and gives up where that
    is too small.
    """
    buffer = io.BytesIO()
    try:
        picture.save(buffer, "JPEG", optimize=True, **options)
    except OSError:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", **{**options, "progressive": False})
    return buffer.getvalue()
