"""A title's frames painted anew by a configured model, from the request to the signed arm."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import msgpack
import numpy as np
import pytest

from artwork import pictures
from artwork.assess import assess, see
from artwork.generate.choice import choice
from artwork.generate.diffusion import Painter, locate
from artwork.generate.making import generate
from artwork.groups import GroupMaker
from artwork.pictures import VariantRow
from artwork.provenance.claims import claim_of, source_type
from content.decode import grab
from content.encoders.models import Models
from content.errors import Invalid
from content.records import writing
from content.types import U8
from tests import small_models
from tests.photographs import PORTRAIT, SCENES, shipped
from tests.shelf import fresh_engine, publish
from tests.synth import write_clip
from workers.child import Operations
from workers.control import Jobs
from workers.making import Making
from workers.parts import Parts
from workers.settings import Settings

SIZE = (480, 320)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    model = small_models.diffusion(tmp_path_factory.mktemp("model") / "faithful", faithful=True)
    return Settings(diffusion=str(model), diffusion_steps=4, device="cpu")


@pytest.fixture(scope="module")
def operations(settings: Settings) -> Operations:
    return Operations(settings)


@pytest.fixture(scope="module")
def keyframes(tmp_path_factory: pytest.TempPathFactory) -> list[U8]:
    """Of a real clip, decoded: two views of a palace and its garden."""
    palace = shipped(*SCENES[0])
    views = [palace[y : y + 320, x : x + 480] for x, y in ((0, 0), (160, 107))]
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_clip(path, [view for view in views for _ in range(12)], fps=12, size=SIZE)
    return [rgb for _, rgb in grab(path, [0.5, 1.5])]


@pytest.fixture
def parts(tmp_path: Path, settings: Settings) -> Iterator[Parts]:
    engine = fresh_engine(tmp_path, "state.db")
    for title_id in ("palace", "other"):
        publish(engine, title_id, {})
    engine.dispose()
    opened = Parts.open(settings.model_copy(update={"data": tmp_path}))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def models(settings: Settings) -> Models:
    return Models(settings.encoders)


def hang(parts: Parts, models: Models, title_id: str, frames: Sequence[U8]) -> None:
    """Give a title these frames as its pictures."""
    seen = assess([see(0.5 + i, rgb, models.faces) for i, rgb in enumerate(frames)], models)
    encoder = parts.fingerprints["visual"]
    maker = GroupMaker(title_id, "default", parts.images, encoder, models.figures)
    groups = [
        maker.group(rgb, each, source_s=each.at_s) for rgb, each in zip(frames, seen, strict=True)
    ]
    with writing(parts.engine).begin() as connection:
        pictures.add_groups(connection, title_id, 1, groups)


class InProcess:
    """A pool whose one child is in this process; what crosses is msgpack, as between processes."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self.asked: dict[str, Any] = {}

    def child(self) -> "InProcess":
        return self

    def __enter__(self) -> "InProcess":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def call(self, operation: str, arguments: dict[str, Any], **_: Any) -> Any:
        self.asked = msgpack.unpackb(msgpack.packb(arguments))
        answer = getattr(self._operations, operation)(lambda *_: None, **self.asked)
        return msgpack.unpackb(msgpack.packb(answer))


def ask(parts: Parts, operations: Operations, **request: Any) -> tuple[Making, InProcess]:
    job = Jobs(parts, cast(Any, None)).add_making("generate", "palace", request)
    pool = InProcess(operations)
    work = Making(parts, cast(Any, pool), job, threading.Event())
    work.make()
    work.publish()
    return work, pool


def outcome(parts: Parts, work: Making) -> dict[str, Any]:
    found = parts.rows.get(work.job.id).outcome
    assert found is not None
    return found


def generated(parts: Parts) -> list[VariantRow]:
    with parts.engine.connect() as connection:
        rows = pictures.list_variants(connection, "palace", 1)
    return [row for row in rows if row.origin == "generated"]


def test_a_brief_becomes_arms_that_say_what_they_are(
    parts: Parts, operations: Operations, models: Models, keyframes: list[U8]
) -> None:
    hang(parts, models, "palace", keyframes)
    work, pool = ask(parts, operations, brief="mood:eerie,emphasis:place", n=2, seed=7)
    told = outcome(parts, work)
    assert (len(told["groups"]), told["refused"]) == (2, [])
    rows = generated(parts)
    assert {row.group_id for row in rows} == set(told["groups"])
    assert {row.aspect for row in rows} >= {"16:9", "1:1"}
    assert all("mood:eerie" in (row.emphasis or ()) for row in rows)
    made = rows[0].made or {}
    assert made["kind"] == "redraw" and made["seed"] in (7, 8) and len(made["sources"]) == 1
    assert "eerie atmosphere" in made["prompt"] and len(made["model_sha256"]) == 64
    with parts.engine.connect() as connection:
        claim = claim_of(connection, rows[0].sha256)
    assert claim is not None
    assert (source_type(claim) or "").endswith("/trainedAlgorithmicMedia")
    again, _ = ask(parts, operations, brief="mood:eerie,emphasis:place", n=2, seed=7)
    assert outcome(parts, again)["groups"] == told["groups"], "the same seeds, the same pictures"
    assert len(generated(parts)) == len(rows)
    assert pool.asked["strangers"] == b"", "no other title has pictures"


def test_a_copy_of_another_titles_picture_is_not_taken(
    parts: Parts, operations: Operations, models: Models, keyframes: list[U8]
) -> None:
    hang(parts, models, "palace", keyframes)
    hang(parts, models, "other", keyframes[:1])
    work, pool = ask(parts, operations, n=2, seed=1)
    told = outcome(parts, work)
    reasons = [each["reason"] for each in told["refused"]]
    assert "near_copy" in reasons and "of other" in told["refused"][-1]["detail"]
    assert len(told["groups"]) + len(reasons) == 2
    assert len(np.frombuffer(pool.asked["strangers"], "<f4")) == 1280


class Planted:
    """A model that paints what it is told to."""

    facts: dict[str, Any] = {"model": "planted", "model_sha256": "00" * 32}  # noqa: RUF012

    def __init__(self, rgb: U8) -> None:
        self._rgb = rgb

    def redraw(self, _frame: U8, **_: Any) -> U8:
        return self._rgb


def planted(parts: Parts, models: Models, rgb: U8) -> dict[str, Any]:
    with parts.engine.connect() as connection:
        sources = pictures.sources(connection, "palace", 1)
    asked = {
        "request": {"n": 1},
        "title": {"id": "palace", "profile": {}, "genres": [], "maturity": "all"},
        "sources": sources,
        "frames": b"",
        "strangers": b"",
        "tenant": "default",
        "encoder": parts.fingerprints["visual"],
    }
    return generate(asked, models=models, painter=cast(Any, Planted(rgb)), images=parts.images)


def test_a_picture_of_another_title_is_refused(
    parts: Parts, models: Models, keyframes: list[U8]
) -> None:
    hang(parts, models, "palace", keyframes)
    for foreign, reasons in [
        (shipped(*SCENES[1])[:320, :480], {"unrepresentative"}),
        (shipped(*PORTRAIT)[:480], {"unrepresentative", "unknown_face"}),
        (np.zeros((320, 480, 3), np.uint8), {"dark", "flat", "unrepresentative"}),
    ]:
        answer = planted(parts, models, foreign)
        assert answer["groups"] == []
        found = {each["reason"] for each in answer["refused"]}
        assert found & reasons and "unrepresentative" in found
        assert ("unknown_face" in found) == ("unknown_face" in reasons)


def test_a_face_of_the_titles_own_people_is_welcome(
    parts: Parts, models: Models, keyframes: list[U8]
) -> None:
    portrait = shipped(*PORTRAIT)[:480]
    hang(parts, models, "palace", [*keyframes, portrait])
    turned = np.ascontiguousarray(portrait[:, ::-1])
    assert planted(parts, models, turned)["refused"] == []


def test_nothing_is_painted_of_a_title_without_frames(parts: Parts, operations: Operations) -> None:
    job = Jobs(parts, cast(Any, None)).add_making("generate", "palace", {})
    work = Making(parts, cast(Any, InProcess(operations)), job, threading.Event())
    with pytest.raises(Exception, match="no_frames"):
        work.make()


def test_a_service_without_a_model_paints_nothing(parts: Parts, settings: Settings) -> None:
    off = Operations(settings.model_copy(update={"diffusion": ""}))
    with pytest.raises(Exception, match="generation_off"):
        off.generate(lambda *_: None, images="", journal="")


# ----- the model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights."""
    return small_models.diffusion(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def photograph() -> U8:
    return shipped(*SCENES[0])


def paint(painter: Painter, photograph: U8, seed: int = 7, strength: float = 0.4) -> U8:
    return painter.redraw(photograph, prompt="eerie", negative="", strength=strength, seed=seed)


def painter(model: Path, **more: Any) -> Painter:
    chosen = choice(str(model), steps=4, device="cpu", **more)
    assert chosen is not None
    return Painter(chosen)


def test_one_seed_is_one_picture_whoever_paints_it(model: Path, photograph: U8) -> None:
    one = painter(model)
    first = paint(one, photograph)
    assert np.array_equal(first, paint(painter(model), photograph))
    assert np.array_equal(first, paint(one, photograph)), "the model keeps nothing of a picture"
    assert not np.array_equal(first, paint(one, photograph, seed=8))
    assert not np.array_equal(first, paint(one, photograph, strength=0.6))
    height, width = photograph.shape[:2]
    assert first.shape[1] / first.shape[0] == pytest.approx(width / height, rel=0.05)
    assert one.facts["model"] == "tiny" and len(one.facts["model_sha256"]) == 64


def test_an_extension_keeps_the_frame_and_paints_the_rest(model: Path, photograph: U8) -> None:
    one = painter(model)
    made = one.extend(photograph, 2 / 3, prompt="eerie", negative="", seed=7)
    assert made.shape[1] / made.shape[0] == pytest.approx(2 / 3, rel=0.05)
    again = one.extend(photograph, 2 / 3, prompt="eerie", negative="", seed=8)
    middle = slice(made.shape[0] // 2 - 8, made.shape[0] // 2 + 8)
    assert np.array_equal(made[middle], again[middle]), "the frame's own pixels"
    assert not np.array_equal(made[:8], again[:8]), "what was not there is painted"
    with pytest.raises(Invalid, match="nothing to extend"):
        one.extend(made, 2 / 3, prompt="", negative="", seed=7)


def test_a_controlnet_and_an_ip_adapter_have_their_say(
    model: Path, photograph: U8, tmp_path: Path
) -> None:
    plain = paint(painter(model), photograph)
    net = small_models.controlnet(tmp_path / "net", model)
    edged = painter(model, controlnet=str(net))
    assert not np.array_equal(plain, paint(edged, photograph))
    assert edged.extend(photograph, 2 / 3, prompt="", negative="", seed=7).shape[0] > 0
    file = small_models.ip_adapter(tmp_path / "ip")
    shown = painter(model, ip_adapter=f"{tmp_path / 'ip'}:{file}")
    assert not np.array_equal(plain, paint(shown, photograph))
    assert {"controlnet_sha256"} <= edged.facts.keys()
    assert {"ip_adapter_sha256"} <= shown.facts.keys()


def test_what_cannot_be_trusted_or_is_no_model_is_refused(model: Path, tmp_path: Path) -> None:
    assert choice("") is None
    for text, code in [
        ("stabilityai/sd", "encoder_not_pinned"),
        ("sd", "invalid_encoder"),
    ]:
        with pytest.raises(Invalid, match=code):
            choice(text)
    with pytest.raises(Invalid, match="no IP-Adapter"):
        choice(str(model), ip_adapter=str(model))

    def refused(folder: Path, code: str) -> None:
        chosen = choice(str(folder))
        assert chosen is not None
        with pytest.raises(Invalid, match=code):
            locate(chosen)

    refused(tmp_path / "nowhere", "encoder_not_found")
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    (pickled / "model_index.json").write_text("{}")
    (pickled / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04.")
    refused(pickled, "encoder_unsafe_weights")
    coded = tmp_path / "coded"
    coded.mkdir()
    (coded / "model.safetensors").symlink_to(model / "text_encoder" / "model.safetensors")
    refused(coded, "no model_index.json")
    (coded / "pipeline.py").write_text("raise SystemExit")
    refused(coded, "wants code of its own")
