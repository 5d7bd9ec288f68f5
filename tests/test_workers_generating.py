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
from artwork.generate.making import generate
from artwork.groups import GroupMaker
from artwork.pictures import VariantRow
from artwork.provenance.claims import claim_of, source_type
from content.decode import grab
from content.encoders.models import Models
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
    """Of a real clip, decoded: three views of a palace and its garden."""
    palace = shipped(*SCENES[0])
    views = [palace[y : y + 320, x : x + 480] for x, y in ((0, 0), (80, 60), (160, 107))]
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_clip(path, [view for view in views for _ in range(12)], fps=12, size=SIZE)
    return [rgb for _, rgb in grab(path, [0.5, 1.5, 2.5])]


@pytest.fixture
def parts(tmp_path: Path, settings: Settings) -> Iterator[Parts]:
    engine = fresh_engine(tmp_path, f"sqlite:///{tmp_path / 'state.db'}")
    for title_id in ("palace", "other"):
        publish(engine, title_id, {})
    engine.dispose()
    yield Parts.open(settings.model_copy(update={"data": tmp_path}))


@pytest.fixture(scope="module")
def models(settings: Settings) -> Models:
    return Models(settings.encoders)


def hang(parts: Parts, models: Models, title_id: str, frames: Sequence[U8]) -> None:
    """Give a title these frames as its pictures."""
    seen = assess([see(0.5 + i, rgb, models.faces) for i, rgb in enumerate(frames)], models)
    maker = GroupMaker(title_id, "default", parts.images, parts.fingerprints["visual"])
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
    work, pool = ask(parts, operations, n=3, seed=1)
    told = outcome(parts, work)
    reasons = [each["reason"] for each in told["refused"]]
    assert "near_copy" in reasons and "of other" in told["refused"][-1]["detail"]
    assert len(told["groups"]) + len(reasons) == 3
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
