"""Forgetting a viewer: their rows, their taste, their episodes, and what they taught."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from artwork.choice.events.watched import Liking, liking
from artwork.choice.learning.desk import Desk
from artwork.choice.people.certificates import Certificate, Certificates
from artwork.choice.people.export import Export, export
from artwork.choice.people.proof import Proof, prove
from artwork.choice.people.removal import (
    Doomed,
    Removed,
    Without,
    of_viewer,
    take_out,
    taken_out,
    without,
)
from artwork.choice.people.retention import Retention
from artwork.choice.record.commits import durable, ledger_unavailable
from artwork.choice.record.horizons import Horizons
from artwork.choice.record.ledger import head
from artwork.choice.record.marks import applied
from artwork.tables import decisions, watch_events
from content.errors import NotFound
from content.records import overwrite_deleted, writing

_log = structlog.get_logger("keyart.people")


@dataclass(frozen=True)
class Forgotten:
    """`overwritten`: nothing deleted is left in the files of SQLite either."""

    certificate: Certificate
    overwritten: bool
    proof: Proof | None


class People:
    """Order of a forgetting: the certificate, the state without the viewer (beside the choices),
    the transaction, that state in use, the certificate complete. A kill before the first leaves
    nothing done, a kill after it is made up for at the next start (`reapply`), as is a backup from
    before it.
    """

    def __init__(self, desk: Desk, certificates: Certificates, horizons: Horizons) -> None:
        self._desk, self._certificates = desk, certificates
        self._removing = ThreadPoolExecutor(1, thread_name_prefix="keyart-removing")
        """Of two removals at once the later would find that what it made beside is not what is
        left, and make it again while the choices wait: so there is one after the other."""
        self.retention = Retention(desk, horizons, self._removing)

    async def forget(self, user: str, *, proven: bool = False) -> Forgotten:
        """Raises Unavailable: `not_started`, `learning_stopped`, `ledger_unavailable`,
        `certificate_unwritten`; after the last two what was promised is kept by the next start.
        """
        desk = self._desk
        desk.ready()
        viewer = desk.viewer(user)
        taken = asyncio.get_running_loop().run_in_executor(self._removing, self._taken, viewer)
        begun, submitted = await taken
        removed = await durable(submitted)
        return await asyncio.to_thread(self._settle, viewer, begun, removed, proven)

    def export(self, user: str) -> Export:
        """All that is held of a viewer. Raises NotFound: `user_not_found`."""
        return export(self._desk, self._desk.viewer(user))

    def liking(self, user: str) -> Liking:
        """What a viewer likes, from what they watched; nothing is written.

        Raises:
            NotFound: `user_not_found`, when nothing is held of them (any more); `nothing_watched`.
        """
        desk = self._desk
        viewer = desk.viewer(user)
        with desk.engine.connect() as connection:
            found = liking(connection, desk.scope.tenant, viewer)
            if not (found.watched or self._met(connection, viewer)):
                raise NotFound("user_not_found", "nothing is held of this user")
        if not found.weights:
            raise NotFound("nothing_watched", "this user has watched nothing yet")
        return found

    def _met(self, connection: sa.Connection, viewer: bytes) -> bool:
        d = decisions.c
        mine = sa.select(d.seq).where(d.tenant == self._desk.scope.tenant, d.viewer == viewer)
        return connection.scalar(mine.limit(1)) is not None

    def _taken(self, viewer: bytes) -> "tuple[Certificate, Future[Removed]]":
        """The promise, and it kept: the future is done."""
        begun, ready = self._begin(viewer)
        return begun, self._desk.thread.submit(self._let_go, viewer, begun.id, ready).result()

    def _begin(self, viewer: bytes) -> tuple[Certificate, Without | None]:
        """The promise, and what will be left, made beside the choices."""
        desk, tenant = self._desk, self._desk.scope.tenant
        try:
            with desk.engine.connect() as connection:
                seq = head(connection, tenant)
            begun = self._certificates.begin(viewer, tenant, seq=seq, at_us=desk.clock())
            return begun, without(desk, of_viewer(viewer))
        except sa.exc.SQLAlchemyError as error:
            raise ledger_unavailable() from error

    def _let_go(self, viewer: bytes, certificate: str, ready: Without | None) -> "Future[Removed]":
        """Called in the deciding thread: what it decides from now on comes after the mark."""
        desk = self._desk
        desk.ready()
        with desk.lock:
            desk.tastes.forget(viewer)
            desk.episodes.forget(viewer)
            desk.changes.forget(viewer)
        doomed = of_viewer(viewer)
        return taken_out(desk, doomed, ready, kind="forgotten", certificate=certificate)

    def _settle(
        self, viewer: bytes, begun: Certificate, removed: Removed, proven: bool
    ) -> Forgotten:
        certificate = self._certificates.finish(begun, removed.mark, removed.counts)
        overwritten = overwrite_deleted(self._desk.engine)
        proof = prove(self._desk, viewer, removed.mark) if proven else None
        return Forgotten(certificate, overwritten, proof)

    def reapply(self) -> int:
        """At start, before anything is learned: keep the promises that this database has not kept.

        Returns:
            How many were made up for: a kill fell into them, or the database is a backup.
        """
        desk, tenant = self._desk, self._desk.scope.tenant
        with desk.engine.connect() as connection:
            known = applied(connection, tenant)
        missing = []
        for certificate in self._certificates.open_ones(tenant, known):
            if certificate.id in known:
                self._certificates.finish(certificate, *known[certificate.id])
            else:
                missing.append(certificate)
        if missing:
            viewers = self._stored_viewers({certificate.token for certificate in missing})
            for certificate in missing:
                self._make_up(certificate, viewers.get(certificate.token))
            overwrite_deleted(desk.engine)
            _log.info("forgotten again", certificates=len(missing), viewers=len(viewers))
        return len(missing)

    def _stored_viewers(self, tokens: set[str]) -> dict[str, bytes]:
        """Those of these tokens whose viewer this database holds."""
        found = {}
        with self._desk.engine.connect() as connection:
            for table in (decisions, watch_events):
                query = (
                    sa.select(table.c.viewer)
                    .where(table.c.tenant == self._desk.scope.tenant, table.c.viewer.is_not(None))
                    .distinct()
                )
                for (viewer,) in connection.execute(query):
                    token = self._certificates.token(bytes(viewer))
                    if token in tokens:
                        found[token] = bytes(viewer)
        return found

    def _make_up(self, certificate: Certificate, viewer: bytes | None) -> None:
        desk, doomed = self._desk, Doomed()
        if viewer is not None:
            doomed = of_viewer(viewer, upto=certificate.seq, before_us=certificate.at_us)
        with writing(desk.engine).begin() as connection:
            removed = take_out(
                *(connection, desk.scope, desk.parameters, doomed),
                kind="forgotten",
                at_us=desk.clock(),
                certificate=certificate.id,
            )
        if certificate.mark is None:
            self._certificates.finish(certificate, removed.mark, removed.counts)
