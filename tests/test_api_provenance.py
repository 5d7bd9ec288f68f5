"""`keyart verify` and the certificate that it may be given."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from artwork.provenance.certificates import own_chain
from artwork.provenance.claims import Claim
from artwork.provenance.credentials import Signer
from tests.http_house import make_house
from tests.standins import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A signed WebP; the certificates lie in `own`, which is nobody's data folder."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 36), "navy").save(buffer, "WEBP")
    made = {"kind": "redraw", "model": "tiny", "model_sha256": "ab" * 32, "seed": 7}
    claim = Claim("sintel", "Sintel", origin="generated", at_s=12.5, aspect="16:9", made=made)
    path = tmp_path / "sent.webp"
    path.write_bytes(
        Signer(own_chain(tmp_path / "own")).sign(buffer.getvalue(), "image/webp", claim)
    )
    return path


def test_verify_says_what_a_picture_is(
    keyart: Any, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYART_DATA", str(tmp_path / "nowhere"))
    status, out, err = keyart("verify", str(picture))
    assert (status, err) == (0, "")
    assert "unchanged, signed by a certificate that this machine does not know" in out
    for words in ("Sintel", "generated", "12.500 s of the film", "trainedAlgorithmicMedia", "tiny"):
        assert words in out
    root = tmp_path / "own" / "root.pem"
    status, out, _ = keyart("verify", str(picture), "--trust", str(root), "--json")
    told = json.loads(out)
    assert (status, told["state"], told["generated"]) == (0, "trusted", True)
    assert told["artwork"]["made"]["seed"] == 7


def test_verify_trusts_the_deployment_on_whose_machine_it_runs(
    keyart: Any, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "own").rename(tmp_path / "data" / "c2pa")
    monkeypatch.setenv("KEYART_DATA", str(tmp_path / "data"))
    assert "that is trusted here" in keyart("verify", str(picture))[1]


def test_verify_refuses_what_was_changed_and_what_says_nothing(
    keyart: Any, picture: Path, tmp_path: Path
) -> None:
    whole = picture.read_bytes()
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    picture.write_bytes(changed)
    status, out, _ = keyart("verify", str(picture))
    assert (status, out.partition("\n")[0]) == (1, "not as it was signed")
    Image.new("RGB", (64, 36)).save(picture, "WEBP")
    assert keyart("verify", str(picture))[0::2] == (
        1,
        "no_manifest sent.webp holds no C2PA manifest: nothing is known of it\n",
    )
    assert keyart("verify", str(tmp_path / "nowhere.jpg"))[0] == 1
    picture.write_bytes(whole)
    other = own_chain(tmp_path / "other")
    (tmp_path / "other.pem").write_bytes(other.root)
    status, out, _ = keyart("verify", str(picture), "--trust", str(tmp_path / "other.pem"))
    assert status == 1 and "does not know" in out
    assert keyart("verify", str(picture), "--trust", str(tmp_path / "nowhere.pem"))[0] == 2


def test_the_root_certificate_is_to_be_had(client: TestClient, house: House) -> None:
    answer = client.get("/v1/provenance/root.pem")
    assert answer.headers["content-type"] == "application/x-pem-file"
    assert answer.content == house.root_certificate
