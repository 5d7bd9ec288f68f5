"""The rules of a whole catalogue, as people put them on top of the settings."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from artwork.rules.guardrails import FallbackName, HouseRules
from artwork.rules.limits import NO_CAP, NO_LIMITS, Cap, Limits, limits_of
from artwork.tables import artwork_rules
from content.tables import matching
from content.types import Origin


@dataclass(frozen=True, slots=True)
class CatalogueRules:
    """As `HouseRules`; what is None is left to the settings."""

    origins: tuple[Origin, ...] | None = None
    """Only these, as far as the settings allow them."""
    generated_share: float | None = None
    review_required: bool = False
    limits: Limits = NO_LIMITS
    cap: Cap = NO_CAP
    change_every_s: float = 0.0
    fallback: FallbackName = "none"
    distinct_neighbours: bool = True

    def over(self, settings: HouseRules) -> HouseRules:
        """What holds: these rules on top of the settings'."""
        own = self.origins
        share = self.generated_share
        return replace(
            settings,
            origins=tuple(one for one in settings.origins if own is None or one in own),
            generated_share=settings.generated_share if share is None else share,
            review_required=self.review_required,
            limits=self.limits,
            cap=self.cap,
            change_every_s=self.change_every_s,
            fallback=self.fallback,
            distinct_neighbours=self.distinct_neighbours and settings.distinct_neighbours,
        )


def rules_of(connection: sa.Connection, tenant: str) -> tuple[CatalogueRules, int | None]:
    """The rules in force, and since when (µs UTC): that moment is another for other rules."""
    row = connection.execute(
        sa.select(artwork_rules.c.rules, artwork_rules.c.updated_us).where(
            *matching(artwork_rules, tenant=tenant)
        )
    ).one_or_none()
    if row is None:
        return CatalogueRules(), None
    return _rules(row.rules), int(row.updated_us)


def set_rules(
    connection: sa.Connection, rules: CatalogueRules, at_us: int, tenant: str
) -> tuple[CatalogueRules, int]:
    """Put these rules in the place of the earlier ones; the next choice obeys them."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    said, before = asdict(rules), artwork_rules.c.updated_us
    new = dialect.insert(artwork_rules).values(tenant=tenant, rules=said, updated_us=at_us)
    # Never the same moment for other rules, whatever the clock does and whoever else puts some.
    since = sa.case((before >= at_us, before + 1), else_=at_us)
    statement = new.on_conflict_do_update(
        index_elements=["tenant"], set_={"rules": said, "updated_us": since}
    )
    return rules, int(connection.execute(statement.returning(before)).scalar_one())


def _rules(stored: Mapping[str, Any]) -> CatalogueRules:
    origins = stored["origins"]
    return CatalogueRules(
        **{
            **stored,
            "origins": None if origins is None else tuple(origins),
            "limits": limits_of(stored["limits"]),
            "cap": Cap(**stored["cap"]),
        }
    )
