"""Another set of encoders: set by the environment, taken over by a reindex, found by words."""

import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from content.catalog import Catalog
from content.decode import DecodeLimits
from content.encoders.models import Models
from content.extract import extract
from content.records import open_engine
from content.types import Vectors
from tests.e2e.conftest import film
from tests.e2e.service import Service, running
from tests.waiting import until
from workers.settings import Settings


def spaces(service: Service, title_id: str) -> dict[str, str]:
    return dict(service.http.get(f"/v1/titles/{title_id}").json()["fingerprints"])


def found(service: Service, words: str) -> dict[str, dict[str, float]]:
    answers: list[httpx.Response] = []

    def told() -> bool:
        answers.append(service.http.get("/v1/search", params={"q": words}, timeout=60))
        return answers[-1].status_code != 503  # while the encoder is loaded

    until(told, "the text encoder was not loaded")
    answer = answers[-1]
    assert answer.status_code == 200, answer.text
    return {item["title_id"]: item["scores"] for item in answer.json()["items"]}


def stored(data: Path, title_id: str) -> Vectors:
    engine = open_engine(f"sqlite:///{data / 'state.db'}")
    version = Catalog(engine).published_version(title_id)
    assert version is not None
    vectors = Catalog(engine).vectors(title_id, version)
    engine.dispose()
    return vectors


def chosen(service: Service, user: str) -> dict[str, Any]:
    """A decision on the first title for a viewer, as logged, and rewarded."""
    answer = service.http.get("/v1/titles/t0/artwork", params={"aspect": "16:9", "user": user})
    assert answer.status_code == 200, answer.text
    decision = answer.json()["decision_id"]
    reward = {"decision_id": decision, "kind": "watch", "value": 0.75}
    assert service.http.post("/v1/rewards", json={"items": [reward]}).status_code == 202
    return dict(service.http.get(f"/v1/decisions/{decision}").json())


def relearned(service: Service) -> dict[str, Any]:
    """What is learned, which must be what the ledger says."""
    found = service.http.post("/v1/rebuild", timeout=120).json()
    assert found["same_sums"] and found["same_posterior"], found
    return dict(found)


def followed(service: Service, feature_set: str) -> dict[str, Any]:
    """A decision with other features than these: the choice follows a reindex within seconds."""
    for n in range(300):
        decision = chosen(service, f"after {n}")
        if decision["feature_set"] != feature_set:
            return decision
        time.sleep(0.1)
    raise AssertionError(f"the choice has not followed: {service.log()}")


def test_encoders_are_changed_by_configuration_and_a_reindex(
    tmp_path: Path, models_folder: Path
) -> None:
    media, data = tmp_path / "media", tmp_path / "data"
    media.mkdir()
    for number in (0, 1):
        film(media / f"{number}.mp4", number, shots=2)
    fields = [
        {"id": f"t{n}", "media": f"{n}.mp4", "name": "T", "synopsis": "A ship at sea."}
        for n in (0, 1)
    ]
    root = {"KEYART_MEDIA_ROOTS": str(media)}
    with running(data, **root) as service:
        job = service.submit(fields[0])
        assert service.wait(job["job_id"])["state"] == "done", service.log()
        embedded = {"visual", "concept", "audio", "synopsis", "style"}
        assert set(spaces(service, "t0")) == embedded
        assert set(found(service, "a ship")["t0"]) == {"concept", "synopsis"}
        watched = {"user": "ann", "title_id": "t0", "kind": "watch", "value": 1.0}
        assert service.http.post("/v1/events", json={"items": [watched]}).status_code == 202
        before, _, _ = (chosen(service, user) for user in ("ann", "bob", "cid"))
        assert relearned(service)["decisions"] == 3
    configured = {
        "KEYART_VISUAL_ENCODER": f"open_clip:{models_folder / 'clip'}",
        "KEYART_AUDIO_ENCODER": f"clap:{models_folder / 'clap'}",
        "KEYART_TEXT_ENCODER": f"sentence-transformers:{models_folder / 'sentences'}",
    }
    with running(data, **root, **configured) as service:
        # By the words themselves: nothing is compared that another encoder made.
        assert found(service, "a ship") == {"t0": {}}
        assert chosen(service, "dan")["feature_set"] == before["feature_set"]
        assert relearned(service)["decisions"] == 4
        reindex = service.http.post("/v1/reindex").json()
        assert service.wait(reindex["job_id"])["state"] == "done", service.log()
        after = followed(service, before["feature_set"])
        learned = relearned(service)
        assert learned["feature_set"] == after["feature_set"]
        assert learned["decisions"] >= 5, "what was learned with the old encoder is there, too"
        again = service.http.get(f"/v1/decisions/{before['decision_id']}").json()
        assert again["feature_set"] == before["feature_set"], "decisions stay as they were logged"
        late = {"decision_id": before["decision_id"], "kind": "return", "value": 1.0}
        assert service.http.post("/v1/rewards", json={"items": [late]}).status_code == 202
        relearned(service)
        job = service.submit(fields[1])
        assert service.wait(job["job_id"])["state"] == "done", service.log()
        names = {"visual": "open_clip:", "audio": "clap:", "synopsis": "sentence-transformers:"}
        for title_id in ("t0", "t1"):
            prints = spaces(service, title_id)
            assert set(prints) == {*names, "style"}
            assert all(prints[space].startswith(name) for space, name in names.items())
        hits = found(service, "a ship")
        assert set(hits) == {"t0", "t1"}
        assert all(set(scores) == set(names) for scores in hits.values())
        near = service.http.get("/v1/titles/t0/similar").json()["items"]
        assert [item["title_id"] for item in near] == ["t1"]
        artwork = service.http.get("/v1/titles/t1/artwork?aspect=16:9")
        assert artwork.status_code == 200, artwork.text
    settings = Settings(**{k.removeprefix("KEYART_").lower(): v for k, v in configured.items()})  # type: ignore[arg-type]
    models = Models(settings.encoders)
    for n in (0, 1):
        path = media / f"{n}.mp4"
        direct = extract(path, models, limits=DecodeLimits(), on_progress=lambda *_: None).vectors
        kept = stored(data, f"t{n}")
        for space in ("visual", "audio"):
            assert kept[space].data @ direct[space].data > 0.9999
        told = models.text.encode(["A ship at sea."])[0]
        assert np.allclose(kept["synopsis"].data, told, atol=1e-5)
