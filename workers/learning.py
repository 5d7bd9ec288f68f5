"""What is learned: with which parameters, and how it goes along to another encoder in a reindex."""

import logging
from collections.abc import Iterator

from artwork.choice.belief.features import feature_set_id
from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning.anew import Anew
from artwork.choice.record import feature_sets
from artwork.choice.record.ledger import head
from content.ids import now_us
from content.records import writing
from workers.parts import Parts
from workers.settings import Settings

log = logging.getLogger("keyart.jobs")


def parameters_of(settings: Settings) -> Hyperparameters:
    return Hyperparameters(half_life_days=settings.half_life_days)


def made_anew(parts: Parts) -> Iterator[float]:
    """Make the ledger's rows anew as today's encoder sees them; the share that is done.

    Goes on where it was left; an encoder that is in use already has nothing to do.
    """
    encoder = parts.fingerprints["visual"]
    with writing(parts.engine).begin() as connection:
        feature_sets.register(connection, parts.tenant, encoder)
        upto = head(connection, parts.tenant)
    for reached in Anew(parts.tenant, encoder).all(parts.engine, upto):
        yield reached / upto


def follow(parts: Parts) -> None:
    """Tell whoever chooses to switch to today's encoder."""
    name = feature_set_id(parts.fingerprints["visual"])
    with writing(parts.engine).begin() as connection:
        feature_sets.announce(connection, parts.tenant, name, now_us())
        found = feature_sets.known(connection, parts.tenant, name)
    if found is not None and found.left_out:
        log.info("%d decisions are left out of what is learned: no picture", found.left_out)
