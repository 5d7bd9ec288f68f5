"""Messages between a parent and its child: a small msgpack map and, behind it, raw bytes.

On the wire: two little-endian uint32 (length of the map, length of the bytes), the map, the bytes.
"""

import struct
from typing import Any, BinaryIO

import msgpack

from content.errors import TransientError
from content.types import F32, U8

_HEADER = struct.Struct("<II")
MAX_META = 1 << 20
MAX_PAYLOAD = 1 << 30

Message = tuple[dict[str, Any], bytes]


def send(stream: BinaryIO, meta: dict[str, Any], payload: bytes | memoryview = b"") -> None:
    """Write one message and flush. `payload` must be contiguous bytes."""
    packed = msgpack.packb(meta)
    size = payload.nbytes if isinstance(payload, memoryview) else len(payload)
    stream.write(_HEADER.pack(len(packed), size) + packed)
    stream.write(payload)
    stream.flush()


def send_array(stream: BinaryIO, meta: dict[str, Any], array: U8 | F32) -> None:
    """Write a message whose bytes are a contiguous array; its `shape` goes into the map."""
    send(stream, {**meta, "shape": array.shape}, array.data.cast("B"))


def receive(stream: BinaryIO) -> Message | None:
    """Read one message; None when the other side has closed, even in the middle of a message.

    Raises:
        TransientError: `wire_broken`, when the header announces more than any message has.
    """
    header = stream.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    meta_size, payload_size = _HEADER.unpack(header)
    if meta_size > MAX_META or payload_size > MAX_PAYLOAD:
        raise TransientError("wire_broken", "the child sent something that is not a message")
    packed, payload = stream.read(meta_size), stream.read(payload_size)
    if len(packed) < meta_size or len(payload) < payload_size:
        return None
    meta: dict[str, Any] = msgpack.unpackb(packed)
    return meta, payload
