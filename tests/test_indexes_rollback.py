"""Going back: what was live before is kept, has every write since, and answers again at once."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.errors import Conflict, NotFound
from indexes.generation import RECORD
from indexes.generations import POINTER
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from tests.index_points import FINGERPRINTS, OTHER_FINGERPRINTS, point

KEEP_S = 3600.0
MIXED = {**FINGERPRINTS, "visual": OTHER_FINGERPRINTS["visual"]}
"""Of a change of the visual encoder alone."""


def opened(folder: Path) -> IndexService:
    service = IndexService(folder, EdgeStores())
    service.ensure(FINGERPRINTS)
    return service


def turned_over(service: IndexService, name: str, prints: Any, keep_s: float = KEEP_S) -> None:
    """A reindex of titles 1 to 3."""
    items = [point(n, fingerprints=prints) for n in (1, 2, 3)]
    service.begin(name, prints, None)
    service.upsert_into(name, items)
    assert service.verify(name, {item.title_id: 1 for item in items}).complete
    service.cut_over(name, keep_s=keep_s)


def states(service: IndexService) -> dict[str, str]:
    return {info.name: info.state for info in service.generations()}


@pytest.fixture
def service(tmp_path: Path) -> Any:
    made = opened(tmp_path / "index")
    made.upsert([point(n) for n in (1, 2, 3)])
    yield made
    made.close()


def test_there_and_back_loses_nothing_that_was_written_meanwhile(service: IndexService) -> None:
    turned_over(service, "next", MIXED)
    assert states(service) == {"first": "kept", "next": "live"}
    service.upsert([point(4, fingerprints=MIXED), point(1, version=2, fingerprints=MIXED)])
    service.delete(["t0002"])
    for _ in range(2):
        assert service.roll_back("next", keep_s=KEEP_S) == "first"
        assert states(service) == {"first": "live", "next": "kept"}
    assert service.verify("first", {"t0001": 2, "t0003": 1, "t0004": 1}).complete
    assert service.count() == 3
    assert set(service.vectors("t0003")) == set(FINGERPRINTS)
    # What its encoders have not seen is absent, not stale; the other spaces are there.
    for title in ("t0001", "t0004"):
        assert set(service.vectors(title)) == FINGERPRINTS.keys() - {"visual"}
    told = {info.name: info for info in service.generations(detailed=True)}
    assert told["first"].spaces == {**dict.fromkeys(FINGERPRINTS, 3), "visual": 1}
    assert told["next"].spaces == dict.fromkeys(FINGERPRINTS, 3)
    assert all((told[name].bytes or 0) > 10_000 for name in told)
    service.upsert([point(5)])  # and on it goes, into both
    assert set(service.vectors("t0005")) == set(FINGERPRINTS)
    assert service.verify("next", {"t0005": 1}).complete


def test_who_may_go_back(service: IndexService) -> None:
    with pytest.raises(Conflict, match="rollback_expired"):
        service.roll_back("first", keep_s=KEEP_S)
    turned_over(service, "next", FINGERPRINTS, keep_s=0.0)
    assert states(service) == {"first": "retired", "next": "live"}
    with pytest.raises(Conflict, match="rollback_expired"):
        service.roll_back("next", keep_s=KEEP_S)
    turned_over(service, "third", FINGERPRINTS)
    turned_over(service, "fourth", FINGERPRINTS)
    assert states(service) == {
        **{"first": "retired", "next": "retired"},
        **{"third": "kept", "fourth": "live"},
    }
    with pytest.raises(Conflict, match="generation_not_live"):
        service.roll_back("third", keep_s=KEEP_S)
    with pytest.raises(Conflict, match="generation_not_live"):
        service.roll_back("nobody", keep_s=KEEP_S)
    with pytest.raises(Conflict, match="generation_retired"):
        service.cut_over("third")
    service.release("third")
    with pytest.raises(Conflict, match="rollback_expired"):
        service.roll_back("fourth", keep_s=KEEP_S)
    for harmless in ("fourth", "nobody"):
        service.release(harmless)
    assert sorted(service.expire()) == ["first", "next", "third"]
    assert states(service) == {"fourth": "live"}


def test_a_kept_generation_goes_at_its_time(service: IndexService) -> None:
    turned_over(service, "next", FINGERPRINTS, keep_s=0.05)
    time.sleep(0.06)
    assert service.expire() == ["first"]
    assert service.expire() == []
    with pytest.raises(Conflict, match="rollback_expired"):
        service.roll_back("next", keep_s=KEEP_S)


@pytest.mark.parametrize("back", [False, True])
def test_a_kill_between_the_pointer_and_the_records(
    tmp_path: Path, service: IndexService, back: bool
) -> None:
    turned_over(service, "next", FINGERPRINTS)
    if back:
        service.roll_back("next", keep_s=KEEP_S)
    service.close()
    folder = tmp_path / "index"
    live, old = ("first", "next") if back else ("next", "first")
    # As the records were before the switch.
    for name, state in ((live, "kept" if back else "ready"), (old, "live")):
        path = folder / "generations" / name / RECORD
        path.write_text(json.dumps({**json.loads(path.read_bytes()), "state": state}))
    assert (folder / POINTER).read_text() == live
    again = opened(folder)
    assert states(again) == {live: "live", old: "kept"}
    if back:
        assert again.roll_back("next", keep_s=KEEP_S) == "first"
    else:
        assert again.roll_back("next", keep_s=KEEP_S) == "first"
        assert states(again) == {"first": "live", "next": "kept"}
    again.close()


def test_a_generation_is_asked_by_its_name(service: IndexService) -> None:
    service.begin("next", FINGERPRINTS, None)
    service.upsert_into("next", [point(1), point(2)])
    near = service.similar("t0001", space="visual", limit=5, generation="next")
    assert [hit.title_id for hit in near] == ["t0002"]
    assert len(service.similar("t0001", space="visual", limit=5)) == 2
    words = point(2).vectors
    asked = {"synopsis": words["synopsis"]}
    assert service.search(asked, limit=1, generation="next")[0].title_id == "t0002"
    for call in (
        lambda: service.similar("t0001", space="visual", limit=5, generation="nobody"),
        lambda: service.search(asked, limit=1, generation="nobody"),
        lambda: service.judged("nobody", {}),
    ):
        with pytest.raises(NotFound, match="unknown_generation"):
            call()


def test_what_was_measured_stays_with_the_generation(tmp_path: Path, service: IndexService) -> None:
    service.judged("first", {"recall": 0.99, "golden": {"ndcg": 0.5}})
    service.close()
    again = opened(tmp_path / "index")
    assert again.generations()[0].quality == {"recall": 0.99, "golden": {"ndcg": 0.5}}
    again.close()


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 5), st.integers(1, 3)),
        st.tuples(st.just("delete"), st.integers(0, 5), st.just(0)),
        st.sampled_from([("over", 0, 0), ("back", 0, 0), ("reopen", 0, 0)]),
    ),
    max_size=14,
)


@settings(max_examples=12, deadline=None)
@given(acts=ACTS)
def test_whatever_happens_the_live_and_the_kept_hold_the_same_titles(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("index")
    service, known, made = opened(folder), {}, 0
    prints = {"first": FINGERPRINTS}
    for act, n, version in acts:
        live = next(info.name for info in service.generations() if info.state == "live")
        if act == "put":
            service.upsert([point(n, version=version, fingerprints=prints[live])])
            known[f"t{n:04d}"] = version
        elif act == "delete":
            service.delete([f"t{n:04d}"])
            known.pop(f"t{n:04d}", None)
        elif act == "over":
            made += 1
            name = f"g{made}"
            prints[name] = (FINGERPRINTS, MIXED)[made % 2]
            service.begin(name, prints[name], None)
            items = [
                point(int(title[1:]), version=version, fingerprints=prints[name])
                for title, version in known.items()
            ]
            service.upsert_into(name, items)
            assert service.verify(name, known).complete
            service.cut_over(name, keep_s=KEEP_S)
            service.expire()
        elif act == "back" and made:
            try:
                service.roll_back(live, keep_s=KEEP_S)
            except Conflict as error:
                assert error.code == "rollback_expired"
        elif act == "reopen":
            service.close()
            service = opened(folder)
    told = service.generations(detailed=True)
    assert [info.state for info in told].count("live") == 1
    assert {info.state for info in told} <= {"live", "kept"}
    for info in told:
        found = service.verify(info.name, known)
        assert found.complete and not found.extra
        held = info.spaces or {}
        assert all(held[space] == len(known) for space in FINGERPRINTS.keys() - {"visual"})
    service.close()
