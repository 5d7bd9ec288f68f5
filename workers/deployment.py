"""What is a deployment's own: the secret that hashes, and the certificates that sign."""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from content.errors import Invalid
from workers.settings import Settings

if TYPE_CHECKING:
    from artwork.provenance.certificates import Chain


def deployment_key(settings: Settings) -> bytes:
    """The 32-byte secret of this deployment, made at the first start.

    It hashes user ids and seeds decisions: losing it loses what viewers have taught.
    """
    path = settings.data / "secret.key"
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        with draft.open("wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())  # an empty key after a power cut would be a lost one
        # A link, unlike a rename, never replaces a key that another process made meanwhile.
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()


def signing_chain(settings: Settings) -> "Chain":
    """The certificates that pictures are signed with: those configured, else the deployment's own.

    Raises:
        Invalid: `signing_unusable`.
    """
    from artwork.provenance.certificates import given_chain, own_chain

    match settings.c2pa_cert, settings.c2pa_key:
        case Path() as certificates, Path() as key:
            return given_chain(certificates, key)
        case None, None:
            return own_chain(settings.data / "c2pa")
    raise Invalid("signing_unusable", "KEYART_C2PA_CERT and KEYART_C2PA_KEY go together")
