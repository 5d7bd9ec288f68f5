"""A bulk request that is sent, and its answer read, piece by piece: what no usual client does."""

import json
import socket
from collections.abc import Iterator
from typing import Any

PATH = "/v1/titles:bulk"


class Wire:
    """A request that is sent, and its answer read, piece by piece."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(60)
        self._socket.connect((host, int(port)))
        head = f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-ndjson\r\n"
        self._socket.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        self._answer = self._socket.makefile("rb")

    def send(self, data: bytes) -> None:
        """One chunk; an empty one is the end."""
        self._socket.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def head(self) -> str:
        text = b""
        while not text.endswith(b"\r\n\r\n"):
            text += self._answer.readline()
        return text.decode()

    def chunk(self) -> list[dict[str, Any]]:
        """The lines of the next chunk; none at the end."""
        size = int(self._answer.readline(), 16)
        data = self._answer.read(size)
        self._answer.readline()
        return [json.loads(each) for each in data.splitlines()]

    def chunks(self) -> Iterator[list[dict[str, Any]]]:
        while lines := self.chunk():
            yield lines

    def close(self) -> None:
        self._answer.close()
        self._socket.close()
