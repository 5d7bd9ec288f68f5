"""The certificates that pictures are signed with: the deployment's own, made at its first start.

C2PA (specification 2.2, §14.5) asks for a chain: a leaf for signing, an end entity with a purpose
(extended key usage), issued by another certificate. A bare self-signed one is refused.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from content.errors import Invalid

YEARS = 10
"""Signatures carry no countersigned time: they are valid as long as the certificates are."""
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True, slots=True)
class Chain:
    """What signs: PEM certificates, leaf first, and the leaf's private key (PEM, PKCS #8)."""

    certificates: bytes
    key: bytes
    algorithm: str
    """As C2PA names it: es256, es384, es512, ps256, ed25519."""

    @property
    def root(self) -> bytes:
        """The last certificate, PEM: who trusts it trusts every picture of this deployment."""
        return _pem(x509.load_pem_x509_certificates(self.certificates)[-1:])


def own_chain(folder: Path) -> Chain:
    """The deployment's own chain, made when `folder` has none yet.

    `signing.pem` (mode 0600) holds key, leaf and root, `root.pem` the root alone, to be given away.
    The root's key is not kept: nobody can issue a second leaf.
    """
    path = folder / "signing.pem"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"signing.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_bytes(_made())
        try:
            # A link, unlike a rename, never replaces a chain that another process made meanwhile.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    chain = _chain(path.read_bytes(), path.read_bytes(), str(path))
    draft = folder / f"root.{os.getpid()}"
    draft.write_bytes(chain.root)
    draft.replace(folder / "root.pem")
    return chain


def given_chain(certificates: Path, key: Path) -> Chain:
    """A chain that somebody else has issued.

    Raises:
        Invalid: `signing_unusable`, when a file cannot be read, they do not belong together, or
            the key is of a kind that C2PA does not know.
    """
    try:
        return _chain(certificates.read_bytes(), key.read_bytes(), str(certificates))
    except OSError as error:
        raise Invalid("signing_unusable", str(error)) from error


def _chain(certificates: bytes, key: bytes, name: str) -> Chain:
    try:
        chain = x509.load_pem_x509_certificates(certificates)
        secret = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Invalid("signing_unusable", f"{name}: {error}") from error
    if len(chain) < 2:
        raise Invalid("signing_unusable", f"{name}: C2PA wants the leaf and who issued it")
    if secret.public_key() != chain[0].public_key():
        raise Invalid("signing_unusable", f"{name}: the key is not that of the first certificate")
    return Chain(_pem(chain), _private(secret), _algorithm(secret, name))


def _algorithm(key: PrivateKeyTypes, name: str) -> str:
    match key:
        case ec.EllipticCurvePrivateKey() if key.curve.name in _CURVES:
            return _CURVES[key.curve.name]
        case rsa.RSAPrivateKey():
            return "ps256"
        case ed25519.Ed25519PrivateKey():
            return "ed25519"
    raise Invalid("signing_unusable", f"{name}: C2PA knows no keys of this kind")


def _made() -> bytes:
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = _name("Keyart root of this deployment")
    root = _builder(root_name, root_name, root_key.public_key())
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    root = root.add_extension(_usage(signs_certificates=True), critical=True)
    leaf = _builder(_name("Keyart artwork"), root_name, leaf_key.public_key())
    leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    leaf = leaf.add_extension(_usage(signs_certificates=False), critical=True)
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    leaf = leaf.add_extension(purpose, critical=True)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    leaf = leaf.add_extension(issuer, critical=False)
    signed = [builder.sign(root_key, hashes.SHA256()) for builder in (leaf, root)]
    return _private(leaf_key) + _pem(signed)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks of others may be behind
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    words = ((NameOID.ORGANIZATION_NAME, "Keyart"), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(oid, word) for oid, word in words])


def _pem(chain: Sequence[x509.Certificate]) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)


def _private(key: PrivateKeyTypes) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
