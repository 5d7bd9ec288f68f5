"""Signing and reading C2PA manifests, by the Content Authenticity Initiative's own library.

Nothing here reaches the network: no countersigned time, no revocation lists, no remote manifests.
"""

import io
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from PIL import Image

from artwork.provenance import container
from artwork.provenance.certificates import Chain
from artwork.provenance.claims import (
    GENERATED,
    LABEL,
    PARTLY_GENERATED,
    Claim,
    claim_of,
    manifest,
)
from content.errors import Invalid, NotFound
from content.ids import DEFAULT_TENANT

if TYPE_CHECKING:
    import c2pa

MEDIA_TYPES: Mapping[str, str] = {"JPEG": "image/jpeg", "WEBP": "image/webp", "AVIF": "image/avif"}
MAX_FILE_BYTES = 64 * 2**20
"""Of a file to be read; an artwork has less than 1 MB."""
_OFFLINE: dict[str, Any] = {
    "verify": {"ocsp_fetch": False, "remote_manifest_fetch": False, "verify_after_sign": False},
    "builder": {"thumbnail": {"enabled": False}},
}


class Signer:
    """Signs pictures with one chain; for use by any thread. About 1 ms and 3.5 KB a picture."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def sign(self, data: bytes, media_type: str, claim: Claim) -> bytes:
        """`data`, a JPEG, WebP or AVIF, with a manifest that says what is claimed of it.

        Raises:
            Invalid: `signing_unusable`, when C2PA refuses the certificates.
        """
        import c2pa

        with Image.open(io.BytesIO(data)) as picture:
            size = picture.size
        head = container.head(data).hex() or None
        told = manifest(claim, size, head=head)
        chain = self._chain
        info = c2pa.C2paSignerInfo(chain.algorithm.encode(), chain.certificates, chain.key, None)
        signed = io.BytesIO()
        try:
            with c2pa.Builder(told, _context()) as builder:
                builder.sign(c2pa.Signer.from_info(info), media_type, io.BytesIO(data), signed)
        except c2pa.C2paError as error:
            raise Invalid("signing_unusable", f"C2PA does not sign with it: {error}") from error
        return signed.getvalue()

    def prove(self) -> None:
        """See that C2PA accepts the certificates.

        Raises:
            Invalid: `signing_unusable`.
        """
        blank = io.BytesIO()
        Image.new("RGB", (8, 8)).save(blank, "JPEG")
        self.sign(blank.getvalue(), "image/jpeg", Claim("", ""))


def signing(
    engine: sa.Engine, signer: Signer, tenant: str = DEFAULT_TENANT
) -> Callable[[bytes, str, str], bytes | None]:
    """What an image store asks to sign a rendition: its bytes, media type and master's hash.

    It answers None of a picture that no row names: nothing can be said of it.
    """

    def sign(data: bytes, media_type: str, sha256: str) -> bytes | None:
        with engine.connect() as connection:
            claim = claim_of(connection, sha256, tenant)
        return None if claim is None else signer.sign(data, media_type, claim)

    return sign


@dataclass(frozen=True, slots=True)
class Report:
    """What a file says of itself, and whether it may be believed."""

    state: str
    """`trusted`: unchanged, signed by a certificate that is known; `valid`: unchanged, signed by
    one that is not; `invalid`: it was changed, or never was right."""
    signer: str | None
    title: str | None
    generated: bool
    """All or some of it was made by a model."""
    source_types: tuple[str, ...]
    actions: tuple[Mapping[str, Any], ...]
    artwork: Mapping[str, Any]
    """Keyart's own assertion; empty in a file of others."""
    problems: tuple[str, ...]


def read(path: Path, anchors: bytes | None = None) -> Report:
    """What a file's manifest says, and whether file and manifest are as they were signed.

    Args:
        anchors: PEM certificates whose pictures are trusted.

    Raises:
        NotFound: `no_manifest`. Invalid: `image_unreadable`.
    """
    import c2pa

    data, media_type = _picture(path)
    try:
        context = _context(anchors)
        with c2pa.Reader(media_type, io.BytesIO(data), context=context) as reader:
            store = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound as error:
        detail = f"{path.name} holds no C2PA manifest: nothing is known of it"
        raise NotFound("no_manifest", detail) from error
    except c2pa.C2paError as error:
        return _nothing(str(error))
    return _report(store, data)


def _picture(path: Path) -> tuple[bytes, str]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Invalid("image_unreadable", f"{path}: {error.strerror}") from error
    kinds = {b"\xff\xd8": "JPEG", b"RI": "WEBP"}
    kind = kinds.get(data[:2], "AVIF" if data[4:8] == b"ftyp" else "")
    if not kind or len(data) > MAX_FILE_BYTES:
        raise Invalid("image_unreadable", f"{path.name} is no JPEG, WebP or AVIF")
    return data, MEDIA_TYPES[kind]


def _nothing(problem: str) -> Report:
    return Report("invalid", None, None, False, (), (), {}, (problem,))


def _report(store: Mapping[str, Any], data: bytes) -> Report:
    active = store["manifests"].get(store.get("active_manifest"))
    if active is None:
        return _nothing("the manifest is damaged")
    found = {a["label"]: _mapping(a["data"]) for a in active.get("assertions", ())}
    actions = tuple(found.get("c2pa.actions.v2", found.get("c2pa.actions", {})).get("actions", ()))
    types = tuple(a["digitalSourceType"] for a in actions if "digitalSourceType" in a)
    artwork = {**found.get(LABEL, {})}
    if "made" in artwork:
        artwork["made"] = _mapping(artwork["made"])
    state = str(store.get("validation_state", "Invalid")).lower()
    results = store.get("validation_results", {}).get("activeManifest", {})
    problems = [
        failure.get("explanation") or failure["code"]
        for failure in results.get("failure", ())
        if failure["code"] != "signingCredential.untrusted"
    ]
    if artwork:
        problems += _irregular(data, artwork)
    return Report(
        state="invalid" if problems else state,
        signer=(active.get("signature_info") or {}).get("common_name"),
        title=active.get("title"),
        generated=bool({GENERATED, PARTLY_GENERATED} & set(types)),
        source_types=types,
        actions=actions,
        artwork=artwork,
        problems=tuple(problems),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    """Of what anybody may have written: a mapping, or an empty one in its place."""
    return value if isinstance(value, Mapping) else {}


def _irregular(data: bytes, artwork: Mapping[str, Any]) -> list[str]:
    if container.head(data).hex() != artwork.get("head", ""):
        return ["the head of the file was changed"]
    try:
        container.check(data)
    except (container.Irregular, IndexError, ValueError, struct.error) as error:
        return [str(error)]
    return []


def _context(anchors: bytes | None = None) -> "c2pa.Context":
    import c2pa

    trust = {"trust": {"user_anchors": anchors.decode()}} if anchors else {}
    return c2pa.Context.from_dict({**_OFFLINE, **trust})
