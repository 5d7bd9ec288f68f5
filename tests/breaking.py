"""A way to Postgres that breaks where it hurts: between a COMMIT and its answer."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

_COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
"""As psycopg sends it: a simple query of the wire protocol, version 3."""


class Breaking:
    """A Unix socket that passes everything on, until told what to do with the next COMMIT of
    something written. (Of a transaction that read, it would tell nothing.)

    `kept`: it goes on to the server, its answer is lost. `lost`: it never arrives. Either way the
    client's connection ends there; with `for_good` nobody gets through any more afterwards, until
    it is taken back.
    """

    def __init__(self, folder: Path, url: sa.URL) -> None:
        self._server = f"{url.query['host']}/.s.PGSQL.{url.port or 5432}"
        self.url = url.update_query_dict({"host": str(folder)})
        self.next: Literal["kept", "lost"] | None = None
        self.for_good = False
        self._gone = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / f".s.PGSQL.{url.port or 5432}"))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # else nobody tells who waits for a client
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        with client, server, contextlib.suppress(OSError):
            if self._gone and self.for_good:
                return
            server.connect(self._server)
            wrote = False
            for ready, data in _heard(client, server):
                if ready is client:
                    wrote = wrote or b"INSERT" in data
                    if _COMMIT in data and wrote and self.next is not None:
                        self._break(server, data)
                        return
                    wrote = wrote and _COMMIT not in data
                (server if ready is client else client).sendall(data)

    def _break(self, server: socket.socket, data: bytes) -> None:
        how, self.next, self._gone = self.next, None, True
        if how == "kept":
            server.sendall(data)
            server.recv(65536)  # done; nobody is told


def _heard(*ends: socket.socket) -> Iterator[tuple[socket.socket, bytes]]:
    """What comes, and from whom, until one of them goes.

    Not by `select`: it knows no file numbers above 1023, which a long run of tests reaches.
    """
    with selectors.DefaultSelector() as heard:
        for end in ends:
            heard.register(end, selectors.EVENT_READ, end)
        while True:
            for key, _ in heard.select():
                data = key.data.recv(65536)
                if not data:
                    return
                yield key.data, data
