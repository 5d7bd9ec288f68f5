"""A title of four pictures, and rules for it and for the catalogue."""

from artwork.choice.belief.features import Context
from artwork.rules.guardrails import ArtworkPolicy
from artwork.rules.house import CatalogueRules, set_rules
from artwork.rules.review import set_policy
from content.records import writing
from tests.choosing import EMBEDDINGS, TITLES, House

TITLE = "limited"
VECTORS = dict(list(EMBEDDINGS[TITLES[0]].items())[:4])
A, B, C, D = VECTORS


def rule(house: House, **fields: object) -> ArtworkPolicy:
    with writing(house.engine).begin() as connection:
        policy = ArtworkPolicy(**fields)  # type: ignore[arg-type]
        return set_policy(connection, TITLE, policy, house.now_us, "default")


def put(house: House, **fields: object) -> None:
    with writing(house.engine).begin() as connection:
        set_rules(connection, CatalogueRules(**fields), house.now_us, "default")  # type: ignore[arg-type]


def seen(house: House, times: int = 40, **context: object) -> set[str]:
    """The groups that many viewers nobody knows are offered."""
    found: set[str] = set()
    for _ in range(times):
        [choice] = house.choose(TITLE, user=None, context=Context(**context))  # type: ignore[arg-type]
        found.add(choice.group_id)
    return found


def offered(house: House, **context: object) -> int:
    [choice] = house.choose(TITLE, user=None, context=Context(**context))  # type: ignore[arg-type]
    return len(house.p.decision(choice.decision_id).propensities)
