"""The bytes of a signed picture that C2PA's hashes leave out: lengths, labels, padding.

They say nothing of the picture, but "one byte was changed" is true of them, too. So of the files
that Keyart signs each of these bytes must be the one that a writer writes: JUMBF (ISO/IEC 19566-5)
in a JPEG's APP11 segments, a WebP's `C2PA` chunk or an AVIF's `uuid` box, and the unprotected
header of its COSE signature (RFC 9052).
"""

import struct
from collections.abc import Iterator

_LABELS = (b"c2pa.assertions", b"c2pa.claim.v2", b"c2pa.signature")
"""Of a manifest's parts, in their order."""
_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""Of C2PA's box in ISO base media files."""
_PURPOSE = _UUID + bytes(4) + b"manifest\0" + bytes(8)
_INSTANCE = b"JP\x02\x11"
_LABELLED, _SALTED = b"\x03", b"\x13"
"""What a description marks: it may be asked for and has a label; it holds a box of its own, too."""


class Irregular(ValueError):
    """A byte is none that a writer writes."""


def head(data: bytes) -> bytes:
    """The `ftyp` box of an ISO base media file, which C2PA's hash leaves out; else nothing."""
    return data[: struct.unpack(">I", data[:4])[0]] if data[4:8] == b"ftyp" else b""


def check(data: bytes) -> None:
    """See that what frames the one manifest of a file is regular.

    Raises:
        Irregular.
    """
    store = _store(data)
    parts = list(_boxes(_content(store, b"c2pa")))
    _demand(len(parts) == 1, "one manifest")
    kinds = list(_boxes(_content(parts[0])))
    _demand(len(kinds) == len(_LABELS), "three parts")
    for label, part in zip(_LABELS, kinds, strict=True):
        inner = list(_boxes(_content(part, label)))
        if label == _LABELS[0]:
            for assertion in inner:
                _content(assertion)
        if label == _LABELS[-1]:
            _demand(len(inner) == 1 and inner[0][4:8] == b"cbor", "a signature")
            _signature(inner[0][8:])


def _demand(regular: bool, what: str) -> None:
    if not regular:
        raise Irregular(f"the manifest's container has not {what} as it is written")


def _store(data: bytes) -> bytes:
    if data[:2] == b"\xff\xd8":
        return _of_jpeg(data)
    if data[:4] == b"RIFF":
        return _of_webp(data)
    _demand(data[4:8] == b"ftyp", "a place")
    boxes = [box for box in _boxes(data) if box[4:8] == b"uuid"]
    _demand(len(boxes) == 1 and boxes[0][8:].startswith(_PURPOSE), "a box")
    return boxes[0][8 + len(_PURPOSE) :]


def _of_jpeg(data: bytes) -> bytes:
    place, packets = 2, list[bytes]()
    while data[place : place + 1] == b"\xff" and data[place + 1] != 0xDA:
        (length,) = struct.unpack(">H", data[place + 2 : place + 4])
        if data[place + 1] == 0xEB:
            packets.append(data[place + 4 : place + 2 + length])
        place += 2 + length
    _demand(bool(packets), "a segment")
    for number, packet in enumerate(packets, 1):
        _demand(packet[:8] == _INSTANCE + struct.pack(">I", number), "a numbered segment")
        _demand(packet[8:16] == packets[0][8:16], "its length in every segment")
    return packets[0][8:] + b"".join(packet[16:] for packet in packets[1:])


def _of_webp(data: bytes) -> bytes:
    place = 12
    while place + 8 <= len(data):
        (length,) = struct.unpack("<I", data[place + 4 : place + 8])
        if data[place : place + 4] == b"C2PA":
            end = place + 8 + length
            _demand(end + length % 2 == len(data) and not any(data[end:]), "the last chunk")
            return data[place + 8 : end]
        place += 8 + length + length % 2
    raise Irregular("there is no chunk C2PA")


def _boxes(data: bytes) -> Iterator[bytes]:
    """Boxes, head included, that fill `data` exactly."""
    place = 0
    while place < len(data):
        _demand(place + 8 <= len(data), "a whole box")
        (length,) = struct.unpack(">I", data[place : place + 4])
        _demand(8 <= length <= len(data) - place, "a box's length")
        yield data[place : place + length]
        place += length


def _content(box: bytes, label: bytes | None = None) -> bytes:
    """What follows the description of a JUMBF superbox."""
    whole = list(_boxes(box))
    _demand(len(whole) == 1 and box[4:8] == b"jumb", "a superbox")
    described, *_ = _boxes(box[8:])
    _demand(described[4:8] == b"jumd", "a description")
    told, _, salt = described[25:].partition(b"\0")
    _demand(label in (None, told), f"the label {told.decode(errors='replace')}")
    _demand(described[24:25] == (_SALTED if salt else _LABELLED), "its marks of what it holds")
    return box[8 + len(described) :]


def _signature(cose: bytes) -> None:
    """COSE_Sign1: protected, {"pad": zeros}, null, signature; nothing behind."""
    _demand(cose[:2] == b"\xd2\x84", "a COSE signature")
    _, place = _bytes(cose, 2)
    entries = cose[place] - 0xA0
    place += 1
    _demand(0 <= entries <= 2, "an unprotected header")
    for name in (b"\x63pad", b"\x64pad2")[:entries]:
        _demand(cose[place : place + len(name)] == name, "padding")
        padding, place = _bytes(cose, place + len(name))
        _demand(not any(padding), "empty padding")
    _demand(cose[place : place + 1] == b"\xf6", "a detached payload")
    _, place = _bytes(cose, place + 1)
    _demand(place == len(cose), "an end")


def _bytes(cbor: bytes, place: int) -> tuple[bytes, int]:
    """A CBOR byte string (RFC 8949 §3.1), and the place behind it."""
    short = cbor[place] - 0x40
    place += 1
    size = {24: 1, 25: 2, 26: 4}.get(short, 0)
    _demand(0 <= short <= 26, "a byte string")
    length = int.from_bytes(cbor[place : place + size], "big") if size else short
    place += size
    _demand(place + length <= len(cbor), "a whole byte string")
    return cbor[place : place + length], place + length
