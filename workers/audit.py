"""The audit of a deployment's decisions: reads its ledger and its key, nothing else, and writes
nothing. It may run beside the service."""

import sqlalchemy as sa
from threadpoolctl import threadpool_limits

from artwork.choice.belief.policy import DRAWS, policy_id
from artwork.choice.probability.audit import Audited, Auditor
from artwork.choice.probability.frequencies import battery
from content.errors import NotFound, Unavailable
from content.ids import DEFAULT_TENANT
from content.records import open_engine
from workers.learning import parameters_of
from workers.reward_policy import read_reward_policy
from workers.settings import Settings


def audit_propensity(settings: Settings, last: int) -> Audited:
    """Compute the last so many decisions again, and test what was served.

    Raises:
        NotFound: `no_ledger`. Unavailable: `ledger_unavailable`. Invalid: of KEYART_REWARDS.
    """
    key = settings.data / "secret.key"
    if not key.is_file() or not (settings.database_url or (settings.data / "state.db").is_file()):
        raise NotFound("no_ledger", f"{settings.data.resolve()} is no data folder with a ledger")
    parameters = parameters_of(settings)
    engine = open_engine(settings.records_url, sync=settings.sync)
    policy = policy_id(parameters, DRAWS, read_reward_policy(settings.rewards).plain())
    auditor = Auditor(engine, DEFAULT_TENANT, policy, parameters, key.read_bytes(), DRAWS)
    try:
        # As in the service: threads spin while they wait, on matrices that are too small for them.
        with threadpool_limits(1):
            found = auditor.audit(last)
    except sa.exc.SQLAlchemyError as error:
        raise Unavailable("ledger_unavailable", f"the ledger cannot be read: {error}") from error
    finally:
        engine.dispose()
    found.tests = battery(found.served)
    return found
