"""Wiring: which parts the API process is made of, and the order they start and stop in."""

from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from artwork import pictures
from artwork.candidates.considered import CandidateRow, Verdict, list_candidates
from artwork.choice.belief.features import Lens
from artwork.choice.events.worth import RewardPolicy
from artwork.choice.modes.steering import Guard, Steering
from artwork.choice.people.forgetting import People
from artwork.choice.personalize import Personalizer
from artwork.choice.probability.explaining import Explaining
from artwork.images.store import ImageStore
from artwork.pictures import VariantRow
from artwork.provenance.credentials import Signer, signing
from artwork.quality.refit import QualityWeights
from content.catalog import Catalog
from content.receipts import Receipts
from content.records import Writer
from content.types import Space
from indexes.client import IndexClient
from workers import taste
from workers.cards import Cards
from workers.control import Jobs
from workers.deployment import deployment_key, signing_chain
from workers.finding import Finding
from workers.intake import Intake
from workers.learning import parameters_of
from workers.parts import Parts
from workers.past import Past
from workers.rebuild import Rebuilt, rebuild
from workers.review import Review
from workers.reward_policy import read_reward_policy
from workers.rules import Rules
from workers.senses import Senses
from workers.settings import Settings
from workers.ticker import Ticker
from workers.uploads import ArtworkUploads
from workers.words import Words
from workers.workflows import JobStarter

LATE_EVERY_S = 2.0
"""How often it is looked whether titles that were watched before have pictures by now."""
LAPSES_EVERY_S = 60.0
GUARDRAIL_EVERY_S = 30.0
SWEEP_EVERY_S = 3600.0
"""How often it is looked whether rows are due that are too old, and whether what was forgotten has
to be learned without."""


@dataclass(frozen=True)
class Services:
    """All that the API needs."""

    settings: Settings
    catalog: Catalog
    intake: Intake
    jobs: Jobs
    personalizer: Personalizer
    worth: RewardPolicy
    quality: QualityWeights
    images: ImageStore
    index: IndexClient
    words: Words
    senses: Senses
    finding: Finding
    root_certificate: bytes
    review: Review
    rules: Rules
    cards: Cards
    uploads: ArtworkUploads
    people: People
    steering: Steering
    explaining: Explaining
    _guardrail: Ticker
    _sweeper: Ticker
    _parts: Parts
    _writer: Writer
    _starter: JobStarter
    _lapses: Ticker
    _late: Ticker
    _refit: Ticker

    @classmethod
    def open(cls, settings: Settings) -> "Services":
        parts = Parts.open(settings)
        writer = Writer(parts.engine, receipts=Receipts(parts.engine, parts.tenant))
        starter = JobStarter(settings)
        chain = signing_chain(settings)
        sign = signing(parts.engine, Signer(chain), parts.tenant)
        jobs = Jobs(parts, starter)
        worth = read_reward_policy(settings.rewards)
        rules = Rules(parts)
        personalizer = Personalizer(
            parts.engine,
            writer,
            secret=deployment_key(settings),
            episode_s=settings.episode_s,
            floor=settings.explore_floor,
            tenant=parts.tenant,
            encoder=parts.fingerprints["visual"],
            parameters=parameters_of(settings),
            house=rules.settings,
            worth=worth,
            certificates=settings.data / "forgotten",
            horizons=settings.horizons,
            guard=Guard(settings.holdout, settings.guardrail_margin),
        )
        words = Words(environment=settings.environment())
        return cls(
            settings=settings,
            catalog=parts.catalog,
            intake=Intake(parts, jobs),
            jobs=jobs,
            personalizer=personalizer,
            worth=worth,
            quality=QualityWeights(parts.engine, settings.data, parts.tenant),
            images=ImageStore(
                settings.image_folder, cache_bytes=settings.image_cache_bytes, sign=sign
            ),
            index=parts.index,
            words=words,
            senses=Senses(settings, words),
            finding=Finding(parts.catalog, parts.index),
            root_certificate=chain.root,
            review=Review(parts),
            rules=rules,
            cards=Cards(parts.catalog, deployment_key(settings), parts.tenant),
            uploads=ArtworkUploads(parts, jobs),
            people=personalizer.people,
            steering=personalizer.steering,
            explaining=Explaining(
                *(parts.engine, lambda: personalizer.scope, parameters_of(settings)),
                lens=Lens(parts.fingerprints["visual"]),
                house=rules.settings,
                beside=Past(settings).at,
            ),
            _guardrail=Ticker(
                personalizer.steering.watch, every_s=GUARDRAIL_EVERY_S, name="guardrail"
            ),
            _sweeper=Ticker(
                personalizer.people.retention.tick, every_s=SWEEP_EVERY_S, name="retention"
            ),
            _parts=parts,
            _writer=writer,
            _starter=starter,
            _lapses=Ticker(personalizer.lapse, every_s=LAPSES_EVERY_S, name="lapses"),
            _late=Ticker(personalizer.complete_watched, every_s=LATE_EVERY_S, name="late"),
            _refit=Ticker(partial(_refit, parts, jobs), every_s=SWEEP_EVERY_S, name="refit"),
        )

    def start(self) -> None:
        self.personalizer.start()
        self._lapses.start()
        self._late.start()
        self._guardrail.start()
        self.words.warm()
        self._sweeper.start()
        self._refit.start()

    def close(self) -> None:
        """Flush what is pending; nothing that was answered is lost."""
        self._guardrail.close()
        self._refit.close()
        self._late.close()
        self._lapses.close()
        self.people.retention.stop()
        self._sweeper.close()
        self.personalizer.close()
        self._writer.close()
        self.words.close()
        self._starter.close()
        self._parts.close()

    def readiness(self) -> dict[str, bool]:
        """Each part that an answer needs: does it work?"""
        return {"records": self._records_answer(), "index": self.index.ready()}

    def fingerprints(self) -> dict[Space, str]:
        """Of today's encoder of each space."""
        return self._parts.fingerprints

    def _records_answer(self) -> bool:
        try:
            with self._parts.engine.connect() as connection:
                connection.execute(sa.select(1))
        except sa.exc.SQLAlchemyError:
            return False
        return True

    def rebuild(self) -> Rebuilt:
        """Fold the ledger again beside the state in use.

        Raises:
            Conflict: `rebuild_running`. Unavailable: `rebuild_failed`, `rebuild_disturbed`, and as
                `choose`.
        """
        return rebuild(self.settings, self.personalizer.learned)

    def candidates(
        self, title_id: str, *, verdict: Verdict | None, after: int | None, limit: int
    ) -> list[CandidateRow]:
        """The moments looked at for a title's published version, those behind number `after`.

        Raises:
            NotFound: `title_not_found`.
        """
        version = self.catalog.get(title_id).version
        if version is None:
            return []
        with self._parts.engine.begin() as connection:
            return list_candidates(
                *(connection, title_id, version, self._parts.tenant),
                verdict=verdict,
                after=after,
                limit=limit,
            )

    def variants(self, title_id: str, aspect: str | None = None) -> list[VariantRow]:
        """The candidate pictures of a title's published version.

        Raises:
            NotFound: `title_not_found`.
        """
        version = self.catalog.get(title_id).version
        if version is None:
            return []
        with self._parts.engine.begin() as connection:
            return pictures.list_variants(
                connection, title_id, version, self._parts.tenant, aspect=aspect
            )


def _refit(parts: Parts, jobs: Jobs) -> None:
    if taste.due(parts):
        jobs.start_fit(seed=0, dry_run=False)
