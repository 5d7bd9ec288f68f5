"""The audit: every decision again from the ledger, one that was changed found by its id."""

from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, reset_tzpath

import numpy as np
import pytest
import sqlalchemy as sa

from artwork.choice.belief.features import Context
from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.personalize import Choice, RewardEvent
from artwork.choice.probability import audit
from artwork.choice.probability.audit import Audited, Auditor, Mismatch
from artwork.choice.probability.frequencies import SIGNIFICANT, Served, battery
from artwork.tables import checkpoints, decisions, picture_features
from content.errors import Conflict
from tests.choosing import SECRET, TITLES, House, run
from tests.renewing import (
    DAY_S,
    HALVED,
    NEW,
    OLD,
    cut_over,
    live,
    look_again,
    refold,
    renewed,
)


def auditor(house: House, **changes: Any) -> Auditor:
    p = house.p
    given = {"parameters": p._parameters, "secret": SECRET, "draws": 256} | changes
    return Auditor(house.engine, "default", p.scope.policy_id, **given)


def change(house: House, choice: Choice, **values: Any) -> None:
    with house.engine.begin() as connection:
        mine = decisions.c.id == choice.decision_id
        connection.execute(sa.update(decisions).where(mine).values(**values))


def test_every_decision_is_computed_again_over_landmarks_encoders_and_pages(
    any_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PAGE", 7)
    any_house.close()
    any_house.open(parameters=HALVED, encoder=OLD)
    live(any_house, 4)
    any_house.later(DAY_S)
    assert renewed(any_house.p)
    live(any_house, 3)
    any_house.close()
    any_house.open(parameters=HALVED, encoder=NEW)
    look_again(any_house)
    refold(any_house)
    live(any_house, 1)
    cut_over(any_house)
    assert renewed(any_house.p)
    live(any_house, 3)
    any_house.later(DAY_S)
    assert renewed(any_house.p)
    any_house.choose(*TITLES, user=None)
    any_house.close()
    with any_house.engine.begin() as connection:
        connection.execute(sa.delete(checkpoints))
    for last in (1, 10, 10_000):
        found = auditor(any_house).audit(last)
        assert found.mismatches == [] and not found.left_out
        assert found.looked_at == found.same == min(last, any_house.count(decisions))
    assert found.same == 48


def test_what_was_changed_is_found_by_its_id(house: House) -> None:
    shown = live(house, 4)
    house.close()
    whole = auditor(house).audit(1000)
    assert (whole.same, whole.fine) == (16, True)
    counts = np.full(12, 21, "<u2")
    with house.engine.connect() as connection:
        row = connection.execute(
            sa.select(decisions).where(decisions.c.id == shown[12].decision_id)
        ).one()
    change(house, shown[9], counts=counts.tobytes())
    change(house, shown[10], seed=b"0" * 16)
    change(house, shown[12], chosen=(row.chosen + 1) % 12)
    change(house, shown[14], floor=0.9, decided_us=house.now_us)
    found = auditor(house).audit(1000)
    ids = {each.decision_id: each.what for each in found.mismatches}
    assert ids[shown[9].decision_id] == "counts"
    assert ids[shown[10].decision_id] == "seed"
    assert shown[12].decision_id in ids
    assert not found.fine
    assert Mismatch(shown[9].decision_id, "counts") in found.mismatches


def test_a_changed_row_of_the_ledger_shows_in_the_decisions_that_knew_it(house: House) -> None:
    shown = live(house, 4)
    house.close()
    with house.engine.begin() as connection:
        connection.execute(sa.text("UPDATE rewards SET after = 1024 WHERE after > 0"))
    wrong = {each.decision_id for each in auditor(house).audit(1000).mismatches}
    assert not wrong & {choice.decision_id for choice in shown[:4]}
    assert len(wrong) > 6


def test_what_cannot_be_computed_again_is_counted_by_its_reason(house: House) -> None:
    shown = live(house, 3)
    house.close()
    change(house, shown[0], policy_id="ts1-00000000")
    change(house, shown[1], feature_set="fs1-00000000")
    with house.engine.begin() as connection:
        connection.execute(
            sa.delete(picture_features).where(picture_features.c.title_id == TITLES[2])
        )
    found = auditor(house).audit(1000)
    assert found.looked_at == 12
    assert found.left_out == {audit.OTHER_POLICY: 1, audit.OTHER_RELEASE: 1, audit.GONE: 3}
    assert found.same + len(found.mismatches) == 7


def test_a_time_zone_that_was_told_otherwise_since_is_no_mismatch(
    house: House, tmp_path: Path
) -> None:
    shown = live(house, 2)
    [elsewhere] = house.choose(TITLES[0], user=None, context=Context(tz="Asia/Tokyo"))
    change(house, elsewhere, context='[null,null,"Asia/Nowhere"]')
    assert auditor(house).audit(1000).left_out == {audit.OTHER_HOUR: 1}
    berlin = tmp_path / "Europe" / "Berlin"
    berlin.parent.mkdir()
    berlin.write_bytes(files("tzdata").joinpath("zoneinfo", "Asia", "Tokyo").read_bytes())
    reset_tzpath([tmp_path])
    ZoneInfo.clear_cache()
    try:
        found = auditor(house).audit(1000)
        for choice in (shown[0], elsewhere):
            with pytest.raises(Conflict, match="time zone"):
                house.p.replay(choice.decision_id)
    finally:
        reset_tzpath()
        ZoneInfo.clear_cache()
    assert found.mismatches == [] and found.left_out == {audit.OTHER_HOUR: 9}
    assert auditor(house).audit(1000).same == 8


def test_decisions_from_before_a_forgetting_are_left_out_and_later_ones_are_exact(
    any_house: House,
) -> None:
    any_house.close()
    any_house.open(parameters=HALVED)
    live(any_house, 3)
    for user in ("gone", "stays"):
        [choice] = any_house.choose(TITLES[0], user=user)
        any_house.refusals(RewardEvent(choice.decision_id, "watch", 1.0))
    live(any_house, 2)
    run(any_house.p.people.forget("gone"))
    live(any_house, 2)
    any_house.later(DAY_S)
    assert renewed(any_house.p)
    later = live(any_house, 2)
    proof = run(any_house.p.people.forget("stays", proven=True)).proof
    assert proof is not None and proof.holds
    last = live(any_house, 2)
    found = auditor(any_house).audit(1000)
    assert not found.mismatches
    assert found.same == len(last) and later
    assert found.left_out == {audit.REMOVED: found.looked_at - len(last)}
    assert len(found.served.chosen) == found.looked_at  # how often they were served is tested yet


def test_a_forgetting_in_the_midst_of_an_audit_makes_no_mismatch(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PAGE", 5)
    [choice] = house.choose(TITLES[0], user="gone")
    house.refusals(RewardEvent(choice.decision_id, "watch", 1.0))
    live(house, 3)
    page, pages = audit._Pass._page, []

    def then_forget(self: Any, connection: sa.Connection, found: Any) -> None:
        page(self, connection, found)
        pages.append(found)
        if len(pages) == 1:
            run(house.p.people.forget("gone"))

    monkeypatch.setattr(audit._Pass, "_page", then_forget)
    found = auditor(house).audit(1000)
    assert not found.mismatches and len(pages) == 1
    assert found.same == 5 and found.left_out[audit.REMOVED] > 0


def test_rows_taken_away_while_the_ledger_is_folded_anew_do_not_come_back(house: House) -> None:
    house.close()
    house.open(parameters=HALVED)
    [choice] = house.choose(TITLES[0], user="gone")
    house.refusals(RewardEvent(choice.decision_id, "watch", 1.0))
    live(house, 2)
    house.later(DAY_S)
    prepared = house.p._renewal.due(house.p._state())
    assert prepared is not None
    run(house.p.people.forget("gone"))
    house.p._switch(prepared)
    rows = house.p._ready().sums.rows
    proof = run(house.p.people.forget("nobody", proven=True)).proof
    assert proof is not None and proof.holds and proof.rows == rows == 8


def test_another_key_is_not_taken_for_this_one(house: House) -> None:
    live(house, 1)
    found = auditor(house, secret=b"x" * 32).audit(1000)
    assert [each.what for each in found.mismatches] == ["seed"] * 4


def test_it_reads_beside_the_service_and_writes_nothing(any_house: House) -> None:
    live(any_house, 2)
    with any_house.engine.connect() as connection:
        before = connection.execute(sa.select(decisions)).all()
    found = auditor(any_house).audit(1000)
    more = any_house.choose(*TITLES, user="meanwhile")
    assert found.same == 8
    with any_house.engine.connect() as connection:
        after = connection.execute(sa.select(decisions).order_by(decisions.c.seq)).all()
    assert after[: len(before)] == before and len(after) == len(before) + len(more)


# ---- served as often as told? --------------------------------------------------------------------


def served(seed: int, skew: float = 0.0, count: int = 4000) -> Served:
    """Decisions drawn from their probabilities; with `skew` so many take the likeliest instead."""
    rng = np.random.default_rng(seed)
    out = Served()
    for n in range(count):
        arms = int(rng.integers(2, 9))
        pmf = rng.dirichlet(np.full(arms, 0.5)) * 0.98 + 0.02 / arms
        chosen = int(pmf.argmax()) if rng.random() < skew else int(rng.choice(arms, p=pmf))
        groups = tuple(f"g{k}" for k in range(arms))
        out.add(pmf, chosen, f"t{n % 5}", ("16:9", "2:3")[n % 2], groups)
    return out


def test_true_draws_pass_and_the_whole_battery_seldom_errs() -> None:
    least = [battery(served(seed, count=500))[0].holm for seed in range(30)]
    assert sum(p <= SIGNIFICANT for p in least) <= 2
    single = [t.p for seed in range(15) for t in battery(served(seed + 100, count=500))]
    assert 0.4 < np.mean(single) < 0.6, "p is uniform where all is true"


def test_draws_that_favour_the_likeliest_are_found() -> None:
    tests = battery(served(1, skew=0.15))
    assert tests[0].holm < 1e-4
    assert not Audited(tests=tests).fine
    assert Audited(tests=battery(served(1))).fine


def test_for_one_distribution_it_is_pearsons_statistic() -> None:
    from scipy.stats import chisquare

    pmf = np.array([0.5, 0.3, 0.15, 0.05])
    rng = np.random.default_rng(2)
    out = Served()
    chosen = rng.choice(4, 500, p=pmf)
    for each in chosen:
        out.add(pmf, int(each), "t", "16:9", ("a", "b", "c", "d"))
    expected = chisquare(np.bincount(chosen, minlength=4), 500 * pmf)
    found = {t.name: t for t in battery(out)}["place in the offer"]
    assert (found.cells, found.chi_square) == (4, pytest.approx(expected.statistic))
    assert found.p == pytest.approx(expected.pvalue)


def test_small_cells_are_pooled_and_too_few_make_no_test() -> None:
    out = Served()
    for n in range(40):
        out.add(np.array([0.48, 0.48, 0.04]), n % 2, "t", "16:9", ("a", "b", "c"))
    assert {t.name: t.cells for t in battery(out)}["place in the offer"] == 2
    few = Served()
    few.add(np.array([0.5, 0.5]), 0, "t", "16:9", ("a", "b"))
    assert battery(few) == battery(Served()) == []
    assert Audited().fine
    assert Hyperparameters().half_life_days is None
