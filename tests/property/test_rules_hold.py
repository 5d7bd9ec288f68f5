"""Rules hold under exploration: random rules, audiences and pages, rules that change midway."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rule_referee import World


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**63 - 1),
    changes=st.lists(st.integers(1, 40), min_size=1, max_size=4),
)
def test_no_rule_is_broken_while_rules_change(seed: int, changes: list[int]) -> None:
    world = World(np.random.default_rng(seed))
    for pages in changes:
        for _ in range(pages):
            world.page()
        world.rule()
    assert world.violations == []


def test_the_worlds_have_what_the_rules_are_about() -> None:
    """The referee sees every kind of case: none of its sentences is empty."""
    world = World(np.random.default_rng(1))
    for _ in range(40):
        for _ in range(20):
            world.page()
        world.rule()
    assert world.violations == []
    assert min(world.left_none, world.held, world.capped, world.parted) > 20


@pytest.mark.parametrize("broken", ["spent", "drawable", "audience"])
def test_a_broken_rule_is_seen(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Masks that are not applied: the referee sees it."""
    from artwork.choice.offer.arms import Shelf
    from artwork.choice.offer.restraints import Restraints
    from artwork.rules.guardrails import Audience

    if broken == "spent":
        monkeypatch.setattr(Restraints, "spent", lambda *_: frozenset())
    elif broken == "drawable":
        monkeypatch.setattr(Restraints, "drawable", lambda _self, _shelf, offer, *_: (offer, ()))
    else:
        monkeypatch.setattr(Shelf, "audience", lambda *_, **__: Audience(country="DE"))
    world = World(np.random.default_rng(2))
    for _ in range(10):
        for _ in range(20):
            world.page()
        world.rule()
    assert world.violations


@pytest.mark.proof
@pytest.mark.parametrize("part", range(8))
def test_a_million_exploratory_decisions_break_no_rule(part: int) -> None:
    wanted = 125_000
    began = time.process_time()
    decided = none = changes = 0
    for seed in range(1000):
        world = World(np.random.default_rng([part, seed]))
        while world.decided < min(20_000, wanted - decided):
            for _ in range(150):
                world.page()
            world.rule()
            changes += 1
        assert world.violations == []
        decided, none = decided + world.decided, none + world.left_none
        if decided >= wanted:
            break
    spent = time.process_time() - began
    print(
        f"\n{decided} decisions under {changes} sets of rules, {none} answers without a picture: "
        f"0 violations; {spent:.0f} s of CPU"
    )
    assert decided >= wanted
    assert none > wanted / 100
