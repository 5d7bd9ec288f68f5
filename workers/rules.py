"""The rules of the catalogue: told, set, and tried without being set."""

from collections.abc import Sequence

from artwork.choice.belief.features import Lens
from artwork.choice.offer.preview import Spectator, TitlePreview, preview
from artwork.choice.record.decisions import Scope
from artwork.rules.contradictions import check_rules
from artwork.rules.guardrails import HouseRules
from artwork.rules.house import CatalogueRules, rules_of, set_rules
from content.ids import now_us
from content.records import writing
from content.types import Aspect
from workers.parts import Parts
from workers.settings import Settings


def house_rules(settings: Settings) -> HouseRules:
    """What the settings alone say; rules come on top."""
    return HouseRules(settings.origins, settings.generated_share)


class Rules:
    """Of one tenant's catalogue."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lens = Lens(parts.fingerprints["visual"])

    @property
    def settings(self) -> HouseRules:
        """What the settings alone say; rules come on top."""
        return house_rules(self._parts.settings)

    def get(self) -> tuple[CatalogueRules, int | None]:
        """The rules in force, and since when (µs UTC); None where none were ever set."""
        with self._parts.engine.begin() as connection:
            return rules_of(connection, self._parts.tenant)

    def set(self, rules: CatalogueRules) -> tuple[CatalogueRules, int]:
        """Put these in the place of the earlier ones; the next choice obeys them.

        Raises:
            Invalid: `contradictory_rules`.
        """
        check_rules(rules, self.settings)
        with writing(self._parts.engine).begin() as connection:
            return set_rules(connection, rules, now_us(), self._parts.tenant)

    def preview(
        self,
        title_ids: Sequence[str],
        aspect: Aspect,
        spectators: Sequence[Spectator],
        rules: CatalogueRules | None,
    ) -> list[TitlePreview]:
        """What `rules` (None: those in force) would leave of titles; changes nothing.

        Raises:
            Invalid: `invalid_context`, `contradictory_rules`.
        """
        if rules is not None:
            check_rules(rules, self.settings)
        # No policy draws here: its place in the scope is not looked at.
        scope = Scope(self._parts.tenant, "", self._lens.feature_set)
        with self._parts.engine.begin() as connection:
            return preview(
                *(connection, scope, title_ids, aspect, spectators),
                lens=self._lens,
                house=self.settings,
                rules=rules,
            )
