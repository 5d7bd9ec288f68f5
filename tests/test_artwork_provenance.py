"""What a picture says of itself: signed, read back, and not believed when a byte was changed."""

import io
import random
import re
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from artwork import pictures
from artwork.image_groups import PictureGroup, PictureVariant
from artwork.images.store import ImageStore
from artwork.provenance import credentials
from artwork.provenance.certificates import Chain, given_chain, own_chain
from artwork.provenance.claims import LABEL, Claim, Part, claim_of, manifest, source_type
from artwork.provenance.credentials import MEDIA_TYPES, Signer, read, signing
from content.errors import Invalid, NotFound
from content.records import writing
from tests.photographs import SCENES, shipped
from tests.shelf import fresh_engine, publish
from workers.deployment import signing_chain
from workers.settings import Settings

EMBEDDING = np.eye(1, 1280, dtype=np.float32)[0]
FRAME = Claim(
    "sintel",
    "Sintel",
    at_s=12.5,
    aspect="16:9",
    crop={"x": 0, "y": 4, "width": 1280, "height": 720},
    medium="animation",
)
MODEL = {"model": "tiny", "revision": "local", "model_sha256": "cd" * 32, "seed": 7}


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return own_chain(tmp_path_factory.mktemp("c2pa"))


def encoded(kind: str, width: int = 96) -> bytes:
    picture = Image.fromarray(shipped(*SCENES[0]))
    picture.thumbnail((width, width))
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def signed(chain: Chain, kind: str, claim: Claim, folder: Path) -> Path:
    path = folder / f"picture.{kind.lower()}"
    path.write_bytes(Signer(chain).sign(encoded(kind), MEDIA_TYPES[kind], claim))
    return path


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_a_picture_tells_what_it_is(kind: str, chain: Chain, tmp_path: Path) -> None:
    path = signed(chain, kind, FRAME, tmp_path)
    report = read(path, chain.root)
    assert (report.state, report.problems) == ("trusted", ())
    assert (report.signer, report.title, report.generated) == ("Keyart artwork", "Sintel", False)
    done = [action["action"] for action in report.actions]
    assert done == ["c2pa.opened", "c2pa.cropped", "c2pa.resized.proportional", "c2pa.transcoded"]
    assert report.actions[1]["parameters"] == dict(FRAME.crop or {})
    told = {name: report.artwork[name] for name in ("title_id", "at_s", "origin", "aspect")}
    assert told == {"title_id": "sintel", "at_s": 12.5, "origin": "frame", "aspect": "16:9"}
    assert report.source_types[0].endswith("/digitalCreation")
    with Image.open(path) as picture, Image.open(io.BytesIO(encoded(kind))) as before:
        assert np.array_equal(np.asarray(picture), np.asarray(before)), "no pixel changes"


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_any_one_byte_changed_is_seen(kind: str, chain: Chain, tmp_path: Path) -> None:
    """Padding, lengths and labels too, which C2PA's own hashes leave out."""
    path = signed(chain, kind, FRAME, tmp_path)
    whole = path.read_bytes()
    places = random.Random(7).sample(range(len(whole)), 250)
    for place in [*range(48), *places, len(whole) - 1]:
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        try:
            assert read(path, chain.root).state == "invalid", place
        except (Invalid, NotFound):  # no picture, or no manifest, any more
            assert place < 48 or kind == "WEBP"
    for longer in (whole + b"\0", whole[:-1], whole + whole):
        path.write_bytes(longer)
        assert read(path, chain.root).state == "invalid"


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_every_bit_of_what_describes_a_part_counts(kind: str, chain: Chain, tmp_path: Path) -> None:
    """Its type's last byte and what it is marked to hold, of each of the manifest's parts."""
    path = signed(chain, kind, FRAME, tmp_path)
    whole = path.read_bytes()
    marks = [found.end() for found in re.finditer(rb"jumd.{16}", whole, re.DOTALL)]
    assert len(marks) == 9
    for place, bit in product(marks, range(8)):
        changed = bytearray(whole)
        changed[place] ^= 1 << bit
        path.write_bytes(changed)
        assert read(path, chain.root).state == "invalid", (place, bit)


def test_what_others_have_written_as_ours_is_read_all_the_same(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = signed(chain, "JPEG", FRAME, tmp_path)
    changed = path.read_bytes()
    place = changed.index(b"cbor", changed.index(LABEL.encode())) + 4
    path.write_bytes(changed[:place] + bytes([changed[place] ^ 0x20]) + changed[place + 1 :])
    report = read(path, chain.root)  # a list, where a map was
    assert (report.state, report.artwork) == ("invalid", {})
    monkeypatch.setattr(credentials, "manifest", _odd)
    assert read(signed(chain, "JPEG", FRAME, tmp_path)).artwork["made"] == {}


def _odd(claim: Claim, size: tuple[int, int], **more: Any) -> dict[str, Any]:
    return manifest(claim, size, **more, made="by hand", at_s="noon")


def test_a_signature_of_somebody_else_is_valid_but_not_trusted(
    chain: Chain, tmp_path: Path
) -> None:
    path = signed(own_chain(tmp_path / "other"), "JPEG", FRAME, tmp_path)
    assert read(path, chain.root).state == read(path).state == "valid"


def test_a_file_without_a_manifest_and_one_that_is_no_picture_are_refused(tmp_path: Path) -> None:
    bare, text = tmp_path / "bare.jpg", tmp_path / "text.jpg"
    bare.write_bytes(encoded("JPEG"))
    text.write_text("<svg/>")
    with pytest.raises(NotFound, match="no_manifest"):
        read(bare)
    for path in (text, tmp_path / "nowhere"):
        with pytest.raises(Invalid, match="image_unreadable"):
            read(path)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"medium": "live_action"}, "digitalCapture"),
        ({"medium": None}, None),
        ({"origin": "uploaded"}, None),
        ({"origin": "composed", "made": {"kind": "split"}}, "composite"),
        ({"origin": "composed", "made": {"kind": "grade"}}, "digitalCreation"),
        ({"origin": "composed", "parts": (Part("uploaded"),)}, None),
        ({"origin": "generated", "made": {"kind": "redraw"}}, "trainedAlgorithmicMedia"),
        (
            {"origin": "generated", "made": {"kind": "extension"}},
            "compositeWithTrainedAlgorithmicMedia",
        ),
    ],
)
def test_the_source_type_is_that_of_its_making(changes: dict[str, Any], kind: str | None) -> None:
    found = source_type(replace(FRAME, **changes))
    assert (found and found.rpartition("/")[2]) == kind


def test_a_generated_picture_says_so_with_model_and_seed(chain: Chain, tmp_path: Path) -> None:
    made = {"kind": "redraw", "prompt": "not for everybody", **MODEL}
    path = signed(chain, "WEBP", replace(FRAME, origin="generated", made=made), tmp_path)
    report = read(path, chain.root)
    assert (report.state, report.generated, report.artwork["made"]) == ("trusted", True, MODEL)
    assert report.actions[0]["softwareAgent"]["name"] == "tiny"
    assert "not for everybody" not in str(report)


# ----- the deployment's certificates


def test_the_chain_is_made_once_and_its_key_is_for_the_owner_alone(tmp_path: Path) -> None:
    first = own_chain(tmp_path)
    assert own_chain(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "signing.pem").stat().st_mode) == 0o600
    assert (tmp_path / "root.pem").read_bytes() == first.root
    assert b"PRIVATE" not in first.root
    assert sorted(path.name for path in tmp_path.iterdir()) == ["root.pem", "signing.pem"]


def test_a_chain_from_elsewhere_is_used_and_a_bad_one_refused(tmp_path: Path, chain: Chain) -> None:
    certificates, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    certificates.write_bytes(chain.certificates)
    key.write_bytes(chain.key)
    settings = Settings(data=tmp_path / "data", c2pa_cert=certificates, c2pa_key=key)
    assert signing_chain(settings) == given_chain(certificates, key) == chain
    Signer(chain).prove()
    with pytest.raises(Invalid, match="go together"):
        signing_chain(Settings(data=tmp_path / "data", c2pa_cert=certificates))
    other = tmp_path / "other.pem"
    other.write_bytes(own_chain(tmp_path / "other").key)
    with pytest.raises(Invalid, match="not that of the first"):
        given_chain(certificates, other)
    certificates.write_bytes(chain.certificates.partition(b"-----END CERTIFICATE-----\n")[0])
    with pytest.raises(Invalid, match="signing_unusable"):
        given_chain(certificates, key)
    with pytest.raises(Invalid, match="signing_unusable"):
        given_chain(tmp_path / "nowhere", key)


def test_a_bare_self_signed_certificate_is_refused(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "me")])
    now = datetime.now(UTC)
    bare = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    ).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "bare.pem").write_bytes(bare)
    (tmp_path / "key.pem").write_bytes(secret)
    with pytest.raises(Invalid, match="signing_unusable"):
        given_chain(tmp_path / "bare.pem", tmp_path / "key.pem")
    with pytest.raises(Invalid, match="C2PA does not sign"):
        Signer(Chain(bare + bare, secret, "es256")).prove()


# ----- what the records say


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    engine = fresh_engine(tmp_path, "state.db")
    publish(engine, "a", {"frame": EMBEDDING})
    return engine


def stored(engine: sa.Engine, images: ImageStore, name: str, **facts: Any) -> str:
    pixels = shipped(*SCENES[0])[: 180 + len(name), :320]
    sha256 = images.put(pixels).sha256
    size = {"x": 0, "y": 0, "width": 320, "height": 180}
    crop = PictureVariant(f"{name}-w", name, "16:9", sha256, 320, 180, size, {})
    group = PictureGroup(
        name, facts.pop("origin"), 2.5, {}, EMBEDDING, "test@1:1280:0", (crop,), sha256, **facts
    )
    with writing(engine).begin() as connection:
        pictures.add_groups(connection, "a", 1, [group])
    return sha256


def test_the_records_tell_of_a_picture_and_of_what_it_was_made(
    engine: sa.Engine, tmp_path: Path, chain: Chain
) -> None:
    images = ImageStore(tmp_path / "images")
    drawn = stored(engine, images, "drawn", origin="generated", made={"kind": "redraw", **MODEL})
    stored(engine, images, "frame22", origin="frame")
    stored(engine, images, "upload333", origin="uploaded")
    made = {"kind": "split", "sources": ["upload333", "frame22"]}
    joined = stored(engine, images, "both joined", origin="composed", made=made)
    with engine.connect() as connection:
        claim, other = claim_of(connection, drawn), claim_of(connection, joined)
        assert claim_of(connection, "00" * 32) is None
    assert claim is not None and other is not None
    assert (claim.title_id, claim.origin, claim.at_s, claim.aspect) == (
        "a",
        "generated",
        2.5,
        "16:9",
    )
    assert claim.made["seed"] == 7 and claim.parts == ()
    assert other.parts == (Part("uploaded", 2.5), Part("frame", 2.5))
    path = signed(chain, "WEBP", other, tmp_path)
    assert read(path, chain.root).state == "trusted"
    told = path.read_bytes()
    assert b"artwork of the house" in told and b"at 2.500 s" in told


def test_every_rendition_leaves_signed_and_keeps_its_etag(
    engine: sa.Engine, tmp_path: Path, chain: Chain
) -> None:
    plain = ImageStore(tmp_path / "images")
    sha256 = stored(engine, plain, "frame2", origin="frame")
    unsigned = plain.rendition(sha256, "webp", 160)
    images = ImageStore(tmp_path / "images", sign=signing(engine, Signer(chain)))
    first = images.rendition(sha256, "webp", 160)
    assert first.etag != unsigned.etag, "one made before there were signatures is not served"
    for _ in range(2):
        again = ImageStore(tmp_path / "images", sign=signing(engine, Signer(chain)))
        assert again.rendition(sha256, "webp", 160) == first, "signed once, then kept"
    path = tmp_path / "sent.webp"
    path.write_bytes(first.data)
    assert read(path, chain.root).artwork["title_id"] == "a"
    orphan = images.put(shipped(*SCENES[1])).sha256
    path.write_bytes(images.rendition(orphan, "webp", 160).data)
    with pytest.raises(NotFound, match="no_manifest"):
        read(path)
