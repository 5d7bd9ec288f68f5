"""What a signature costs: CPU ms beside the encoding alone, bytes beside those of the picture."""

import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from PIL import Image

from artwork.images.store import Format, ImageStore
from artwork.provenance.certificates import own_chain
from artwork.provenance.claims import Claim
from artwork.provenance.credentials import Signer, read
from content.decode import grab
from content.errors import KeyartError
from samples.fetch import fetch

FORMATS: tuple[Format, ...] = ("avif", "webp", "jpg")
WIDTHS = (160, 640)
REPEATS = 15
TRIES = 200
"""Single bytes changed, evenly over a file."""

Row = dict[str, object]


def run() -> list[Row]:
    """One row a format and width: medians of REPEATS."""
    clip = fetch(Path(".cache/samples").resolve())["bigbuckbunny.mp4"]
    _, rgb = next(grab(clip, [2.5]))
    with tempfile.TemporaryDirectory() as folder:
        store, chain = ImageStore(Path(folder)), own_chain(Path(folder) / "c2pa")
        sha256, signer = store.put(rgb).sha256, Signer(chain)
        crop = {"x": 0, "y": 0, "width": rgb.shape[1], "height": rgb.shape[0]}
        claim = Claim("bbb", "Big Buck Bunny", at_s=2.5, aspect="16:9", crop=crop)
        rows = []
        for fmt in FORMATS:
            for width in WIDTHS:
                plain = store.rendition(sha256, fmt, width)
                path = Path(folder) / f"sent.{fmt}"

                def sign(data: bytes = plain.data, kind: str = plain.media_type) -> bytes:
                    return signer.sign(data, kind, claim)

                path.write_bytes(sign())
                rows.append(
                    {
                        "rendition": f"{fmt}, {width} px",
                        "encode, ms": _ms(_encoding(rgb, fmt, width)),
                        "sign, ms": _ms(sign),
                        "verify, ms": _ms(lambda path=path: read(path, chain.root)),
                        "bytes": len(plain.data),
                        "and signed": path.stat().st_size,
                        "changes seen": _seen(path, chain.root),
                    }
                )
        return rows


def _encoding(rgb: object, fmt: Format, width: int) -> Callable[[], object]:
    picture = Image.fromarray(rgb)
    picture.thumbnail((width, width))
    options = {"avif": {"quality": 62, "speed": 9, "max_threads": 1}, "webp": {"method": 4}}
    kind = {"avif": "AVIF", "webp": "WEBP", "jpg": "JPEG"}[fmt]
    return lambda: picture.save(io.BytesIO(), kind, **options.get(fmt, {}))


def _ms(run_once: Callable[[], object]) -> str:
    taken = []
    for _ in range(REPEATS):
        start = time.process_time()
        run_once()
        taken.append(time.process_time() - start)
    return f"{1000 * median(taken):.1f}"


def _seen(path: Path, root: bytes) -> str:
    """Of TRIES files with one byte changed, how many `keyart verify` calls changed."""
    whole = path.read_bytes()
    seen = 0
    for i in range(TRIES):
        changed = bytearray(whole)
        changed[i * len(whole) // TRIES] ^= 1 << i % 8
        path.write_bytes(changed)
        try:
            seen += read(path, root).state == "invalid"
        except KeyartError:  # no picture, or no manifest, any more
            seen += 1
    path.write_bytes(whole)
    return f"{seen} of {TRIES}"
