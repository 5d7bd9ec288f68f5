"""Ten thousand worlds of rules: what is masked is never offered, and what is free is not lost."""

from collections.abc import Sequence

import numpy as np
import pytest

from artwork.choice.belief.features import Context
from artwork.choice.belief.policy import draw
from artwork.choice.belief.posterior import Scores
from artwork.choice.offer.arms import Shelf
from artwork.choice.record.offers import Arm
from artwork.rules.guardrails import (
    ORIGINS,
    ArtworkPolicy,
    HouseRules,
    Picture,
    Verdict,
    barred,
    reads,
)
from content.errors import NotFound
from content.types import MATURITIES, Maturity, Origin

WORLDS = 10_000
TONGUES = ("de", "en", "pt-BR", "zh-Hant")
ASKED = (None, "de-AT", "en-GB", "pt", "zh-Hans")


def subset(rng: np.random.Generator, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if rng.random() < 0.7)


def pick(rng: np.random.Generator, values: Sequence[object], none: float = 0.5) -> object:
    return None if rng.random() < none else values[rng.integers(len(values))]


def free(
    picture: Picture,
    policy: ArtworkPolicy,
    house: HouseRules,
    verdict: Verdict | None,
    context: Context,
    generated: bool,
) -> bool:
    """The rules once more, as one sentence each."""
    ceiling = "18" if context.maturity_max is None else context.maturity_max
    return (
        verdict != "veto"
        and picture.group_id not in policy.veto
        and policy.pin in (None, picture.group_id)
        and picture.origin in set(house.origins) & set(policy.origins)
        and (not policy.review_required or verdict == "approve" or picture.origin == "uploaded")
        and MATURITIES.index(picture.maturity or "all") <= MATURITIES.index(ceiling)
        and (
            picture.language is None
            or (context.language is not None and reads(context.language, picture.language))
        )
        and (generated or picture.origin != "generated")
    )


@pytest.mark.parametrize("batch", range(4))
def test_a_masked_picture_is_never_on_offer(batch: int) -> None:
    rng = np.random.default_rng(batch)
    refused = offered = 0
    for _ in range(WORLDS // 4):
        names = [f"g{i}" for i in range(rng.integers(1, 8))]
        pictures = {
            name: Picture(
                name,
                pick(rng, ORIGINS, 0),  # type: ignore[arg-type]
                pick(rng, MATURITIES),  # type: ignore[arg-type]
                pick(rng, TONGUES, 0.7),  # type: ignore[arg-type]
            )
            for name in names
        }
        origins: list[tuple[Origin, ...]] = [subset(rng, ORIGINS) for _ in "ab"]  # type: ignore[misc]
        house = HouseRules(origins[0])
        policy = ArtworkPolicy(
            pin=pick(rng, names, 0.9),  # type: ignore[arg-type]
            veto=tuple(name for name in names if rng.random() < 0.15),
            origins=origins[1],
            review_required=bool(rng.random() < 0.2),
        )
        verdicts: dict[str, Verdict | None] = {
            name: pick(rng, ("approve", "veto"), 0.5)  # type: ignore[misc]
            for name in names
        }
        reasons = {n: barred(pictures[n], house, policy, verdicts[n]) for n in names}
        ceiling: Maturity | None = pick(rng, MATURITIES)  # type: ignore[assignment]
        context = Context(maturity_max=ceiling, language=pick(rng, ASKED, 0))  # type: ignore[arg-type]
        generated = bool(rng.random() < 0.5)
        shelf = Shelf(
            "default",
            "t",
            "all",
            {"16:9": [Arm(f"v-{name}", name, name, b"") for name in names]},
            pictures,
            {name: reason for name, reason in reasons.items() if reason is not None},
            dict.fromkeys(names, np.zeros(20, np.int16)),
        )
        wanted = [
            name
            for name in names
            if free(pictures[name], policy, house, verdicts[name], context, generated)
        ]
        try:
            offer = shelf.offer("16:9", shelf.audience(context, generated=generated))
        except NotFound as error:
            assert error.code == "no_variants" and wanted == []
            assert all(word in error.detail for word in ("16:9", "may be shown"))
            refused += 1
            continue
        assert list(offer.groups) == wanted
        arms = len(wanted)
        scores = Scores(rng.normal(size=arms), np.eye(arms))
        drawn = draw(scores, rng.bytes(16), draws=16, floor=0.02)
        assert abs(float(drawn.pmf.sum()) - 1.0) < 1e-12
        assert offer.groups[drawn.chosen] in wanted and drawn.pmf[drawn.chosen] > 0
        offered += 1
    assert min(refused, offered) > WORLDS // 40
