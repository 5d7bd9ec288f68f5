"""Certificates of forgetting: files outside the database, so that no backup brings anybody back.

A certificate is written before the rows are deleted and completed afterwards. It holds a keyed
one-way token of the viewer instead of the pseudonym: whoever has the deployment's key can tell
whether a stored viewer is the one who was forgotten, and nobody can tell who it was.
"""

import hmac
import json
import os
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from content.errors import Invalid, Unavailable
from content.ids import iso, new_id

_PROMISE, _DONE = ".promise", ".json"
"""Endings of the files: so a start need not read those that are complete and known."""


@dataclass(frozen=True)
class Certificate:
    """`seq` and `at_us`: the ledger's head and the time when the forgetting was asked for.

    `mark` and `removed` (rows by table) are None until it is done.
    """

    id: str
    tenant: str
    token: str
    seq: int
    at_us: int
    mark: int | None = None
    removed: Mapping[str, int] | None = None


class Certificates:
    """The folder of one deployment, a file each; written as a whole, made durable, then renamed.

    Without a folder nothing is kept.
    """

    def __init__(self, folder: Path | None, secret: bytes) -> None:
        self._folder, self._secret = folder, secret

    def token(self, viewer: bytes) -> str:
        return hmac.new(self._secret, b"forgotten\x1f" + viewer, "sha256").hexdigest()

    def begin(self, viewer: bytes, tenant: str, *, seq: int, at_us: int) -> Certificate:
        """The promise to forget: from here on it is kept, by the next start at the latest."""
        made = Certificate(new_id(), tenant, self.token(viewer), seq, at_us)
        self._write(made)
        return made

    def finish(self, begun: Certificate, mark: int, removed: Mapping[str, int]) -> Certificate:
        done = Certificate(**{**vars(begun), "mark": mark, "removed": dict(removed)})
        self._write(done)
        return done

    def open_ones(self, tenant: str, known: Container[str]) -> Iterator[Certificate]:
        """Those that are not complete, or that the database does not know of.

        Raises:
            Invalid: `certificate_damaged`.
        """
        if self._folder is None or not self._folder.exists():
            return
        for draft in self._folder.glob("*.draft"):  # a kill fell into its writing
            draft.unlink()
        for path in sorted(self._folder.iterdir()):
            if path.suffix == _DONE and path.stem not in known:
                yield from _read(path, tenant)
            elif path.suffix == _PROMISE:
                if path.with_suffix(_DONE).exists():  # a kill fell into its completion
                    path.unlink()
                else:
                    yield from _read(path, tenant)

    def _write(self, certificate: Certificate) -> None:
        """Raises Unavailable: `certificate_unwritten`."""
        if self._folder is None:
            return
        path = self._folder / certificate.id
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            _write_durably(path, certificate)
        except OSError as error:
            raise Unavailable(
                "certificate_unwritten", f"the certificate could not be written: {error.strerror}"
            ) from error


def _write_durably(path: Path, certificate: Certificate) -> None:
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    with draft.open("w") as file:
        json.dump(_written(certificate), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path.with_suffix(_PROMISE if certificate.mark is None else _DONE))
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    if certificate.mark is not None:
        path.with_suffix(_PROMISE).unlink(missing_ok=True)


def _written(certificate: Certificate) -> dict[str, Any]:
    told = {name: value for name, value in vars(certificate).items() if value is not None}
    return told | {"at": iso(certificate.at_us)}


def _read(path: Path, tenant: str) -> Iterator[Certificate]:
    """The certificate, if it is of this tenant."""
    names = Certificate.__dataclass_fields__
    try:
        data = json.loads(path.read_text())
        found = Certificate(**{name: data[name] for name in names if name in data})
    except (ValueError, TypeError) as error:
        # To go on without it could bring somebody back.
        raise Invalid(
            "certificate_damaged", f"{path} is no certificate; bring it back from a copy"
        ) from error
    if found.tenant == tenant:
        yield found
