"""What is learned: with which parameters, and how it goes along to other features: those of another
encoder, or of looks as the catalogue's pictures differ."""

import logging
from collections.abc import Iterator

from artwork.choice.belief.features import Lens
from artwork.choice.belief.looks import AT_MOST, ENOUGH, Projection
from artwork.choice.belief.policy import Hyperparameters
from artwork.choice.learning.anew import Anew
from artwork.choice.record import feature_sets
from artwork.choice.record.feature_sets import FeatureSet
from artwork.choice.record.ledger import head
from artwork.looks import count_looks, looks_of
from content.ids import now_us
from content.records import writing
from workers.parts import Parts
from workers.settings import Settings

log = logging.getLogger("keyart.jobs")

GROWTH = 4
"""Looks are fitted again where there are so many times the pictures: ever more rarely."""


def parameters_of(settings: Settings) -> Hyperparameters:
    return Hyperparameters(half_life_days=settings.half_life_days)


def target(parts: Parts) -> FeatureSet:
    """The features that today's encoder and catalogue ask for, known to the ledger.

    The same again until the catalogue has grown much: a step that runs twice goes on with it.
    """
    encoder = parts.fingerprints["visual"]
    with parts.engine.connect() as connection:
        best = feature_sets.widest(connection, parts.tenant, encoder)
        count = count_looks(connection, encoder, parts.tenant)
        if count < max(ENOUGH, GROWTH * (best.pictures if best else 0)):
            lens = best.lens if best else Lens(encoder)
            pictures = best.pictures if best else 0
        else:
            vectors = looks_of(connection, encoder, AT_MOST, parts.tenant)
            lens, pictures = Lens(encoder, Projection.of(vectors)), count
    with writing(parts.engine).begin() as connection:
        return feature_sets.register(connection, parts.tenant, lens, pictures=pictures)


def seen_by(parts: Parts, encoder: str) -> FeatureSet:
    """The features of an encoder that know most pictures; by chance where there are none."""
    with writing(parts.engine).begin() as connection:
        best = feature_sets.widest(connection, parts.tenant, encoder)
        return best or feature_sets.register(connection, parts.tenant, Lens(encoder))


def made_anew(parts: Parts, wanted: FeatureSet) -> Iterator[float]:
    """Make the ledger's rows anew as these features have them; the share that is done.

    Goes on where it was left; features that are in use already have nothing to do.
    """
    with parts.engine.connect() as connection:
        upto = head(connection, parts.tenant)
    for reached in Anew(parts.tenant, wanted.lens).all(parts.engine, upto):
        yield reached / upto


def follow(parts: Parts, wanted: FeatureSet) -> None:
    """Tell whoever chooses to switch to these features."""
    with writing(parts.engine).begin() as connection:
        feature_sets.announce(connection, parts.tenant, wanted.id, now_us())
        found = feature_sets.known(connection, parts.tenant, wanted.id)
    if found is not None and found.left_out:
        log.info("%d decisions are left out of what is learned: no picture", found.left_out)


def look_anew(parts: Parts) -> None:
    """See the catalogue's pictures as they differ, where there are many more than when that was
    done last; what is learned goes along.

    Only with the encoder in use: another one's features come with a reindex.
    """
    encoder = parts.fingerprints["visual"]
    with parts.engine.connect() as connection:
        name = feature_sets.in_use(connection, parts.tenant)
        used = None if name is None else feature_sets.known(connection, parts.tenant, name)
        if used is None or used.encoder != encoder or not used.runs:
            return
        if feature_sets.announced(connection, parts.tenant) not in {None, used.id}:
            return  # whoever chooses is about to follow
        if count_looks(connection, encoder, parts.tenant) < max(ENOUGH, GROWTH * used.pictures):
            return
    wanted = target(parts)
    for _ in made_anew(parts, wanted):
        pass
    follow(parts, wanted)
    log.info("looks of %d pictures: %s in place of %s", wanted.pictures, wanted.id, used.id)
