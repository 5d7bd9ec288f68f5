"""Review: what people decide of pictures, written so that the next choice obeys it."""

from artwork.rules import review
from artwork.rules.contradictions import check_policy
from artwork.rules.guardrails import ArtworkPolicy, Verdict
from artwork.rules.house import rules_of
from artwork.rules.review import Judged
from content.ids import now_us
from content.records import writing
from workers.parts import Parts
from workers.rules import house_rules


class Review:
    """Verdicts and policies of one tenant's titles."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def judge(self, variant_id: str, verdict: Verdict) -> Judged:
        """Raises NotFound: `variant_not_found`."""
        with writing(self._parts.engine).begin() as connection:
            return review.judge(connection, variant_id, verdict, now_us(), self._parts.tenant)

    def policy(self, title_id: str) -> ArtworkPolicy:
        """Raises NotFound: `title_not_found`."""
        self._parts.catalog.get(title_id)
        with self._parts.engine.begin() as connection:
            return review.policy_of(connection, title_id, self._parts.tenant)

    def set_policy(self, title_id: str, policy: ArtworkPolicy) -> ArtworkPolicy:
        """Raises NotFound: `title_not_found`, `variant_not_found`.
        Invalid: `picture_twice`, `contradictory_rules`."""
        self._parts.catalog.get(title_id)
        tenant, settings = self._parts.tenant, house_rules(self._parts.settings)
        with writing(self._parts.engine).begin() as connection:
            kept = review.set_policy(connection, title_id, policy, now_us(), tenant)
            pinned = review.origin_of(connection, title_id, kept.pin, tenant)
            check_policy(kept, rules_of(connection, tenant)[0].over(settings), pinned)
            return kept
