"""One generation: vectors of one set of encoders, calibrated by one set of constants.

On disk: `{folder}/generation.json` (written last when it is made, removed first when it is
dropped: a folder without it is a half-made thing), `{folder}/calibration.msgpack`, and whatever
its store keeps there.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from content.errors import Conflict
from content.types import F32, Space, Vectors
from indexes.calibration import Calibration
from indexes.conditions import AllOf, Equals, IsAny, Range
from indexes.durable import replace_file
from indexes.readers import Readers
from indexes.schema import (
    GenerationInfo,
    GenerationState,
    TitlePoint,
    Verification,
    fitting,
    payload_of,
    point_id,
)
from indexes.shots import shot_id, shot_payload
from indexes.sparse import Sparse, SparseSpace
from indexes.store import StoredPoint, VectorStore, Where

RECORD = "generation.json"
CONSTANTS = "calibration.msgpack"
SHOTS_FOLDER = "shots"
SHOTS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Record:
    """What `generation.json` holds."""

    name: str
    state: GenerationState
    fingerprints: dict[Space, str]
    created_us: int
    lexicon: str | None = None
    """What words were made by (`lexical.bm25.fingerprint`); an earlier release had none."""
    previous: str | None = None
    kept_until_us: int | None = None
    """Set before the switch that makes it `kept`, so that a kill then loses it not."""
    quality: dict[str, Any] | None = None

    def write(self, folder: Path) -> None:
        replace_file(folder / RECORD, json.dumps(asdict(self), indent=1).encode())

    @classmethod
    def read(cls, folder: Path) -> "Record":
        return cls(**json.loads((folder / RECORD).read_bytes()))


class Generation:
    """An open generation. Writers are serialised by `Generations`; readers come at any time."""

    def __init__(
        self,
        folder: Path,
        record: Record,
        calibration: Calibration,
        store: VectorStore,
        shots: VectorStore | None = None,
    ) -> None:
        self.folder = folder
        self.record = record
        self.calibration = calibration
        self.store = store
        self.shots = shots
        """Of its titles; None for a generation of an earlier release."""
        self.readers = Readers()
        self._fresh: set[str] = set()
        """Ids of points that were written or removed while it is filled: what a copy has read of
        them before is of the past, whatever its version (one of a title made anew begins at 1)."""

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def state(self) -> GenerationState:
        return self.record.state

    def become(self, state: GenerationState) -> None:
        """Record the new state durably."""
        self.note(state=state)

    def note(self, **changes: Any) -> None:
        """Change fields of the record, durably."""
        record = replace(self.record, **changes)
        if record != self.record:
            record.write(self.folder)
            self.record = record

    def refusal(self, point: TitlePoint) -> str | None:
        """Why the point does not belong here; None when it does."""
        for space, vector in point.vectors.items():
            expected = self.record.fingerprints.get(space)
            if vector.fingerprint != expected:
                return (
                    f"{space} of {point.title_id} was made by {vector.fingerprint}, but generation "
                    f"{self.name} holds {expected or 'no such space'}; reindex to change encoders"
                )
        return None

    def check(self, points: Iterable[TitlePoint]) -> None:
        """Refuse points that do not belong here.

        Raises:
            Conflict: `fingerprint_mismatch`.
        """
        for point in points:
            if (why := self.refusal(point)) is not None:
                raise Conflict("fingerprint_mismatch", why, generation=self.name)

    def put(self, points: Sequence[TitlePoint]) -> None:
        """Store points, calibrated, durably; of two of one title the later stays.

        Raises:
            Conflict: `fingerprint_mismatch`. Invalid: `unknown_space`, `invalid_vector`.
        """
        self.check(points)
        last = {point.id: point for point in points}
        if not last:
            return
        for point in last.values():
            self._put_shots(point)  # before its title, whose version says that all is there
        self.store.upsert([self._calibrated(point) for point in last.values()])

    def write(self, points: Sequence[TitlePoint]) -> None:
        """As `put`; no copy that was read before replaces them."""
        self.put(points)
        self._note_fresh([point.id for point in points])

    def put_fitting(self, points: Sequence[TitlePoint]) -> None:
        """As `put`, but vectors of other encoders than this generation's are left out: a title
        that they alone know is there without, rather than with what it no longer is."""
        prints = self.record.fingerprints
        self.put([replace(point, vectors=fitting(point.vectors, prints)) for point in points])

    def put_unless_newer(self, points: Sequence[TitlePoint]) -> None:
        """As `put`, but a point older than what is stored is left out, and so is one of a title
        that was written or removed by others since the generation was begun.

        For copying: the old version of a title may arrive just after its new one was published.
        """
        self.check(points)
        points = [point for point in points if point.id not in self._fresh]
        stored = self.store.get([point.id for point in points], vectors=False)
        self.put(
            [
                point
                for point in points
                if point.id not in stored or stored[point.id].payload["version"] <= point.version
            ]
        )

    def remove(self, title_ids: Sequence[str], tenant: str) -> None:
        keys = [point_id(title_id, tenant) for title_id in title_ids]
        self._note_fresh(keys)
        self.store.delete(keys)
        if self.shots is not None and title_ids:
            self.shots.delete_where(Where(IsAny("title_id", tuple(title_ids)), tenant))

    def compare(self, expected: Mapping[str, int], tenant: str) -> Verification:
        """What is stored beside what should be: title id to version. What is missing or stale may
        be copied from here on, whoever wrote it."""
        stored = self.store.versions(tenant)
        found = Verification(
            missing=tuple(sorted(expected.keys() - stored.keys())),
            stale=tuple(
                sorted(t for t, version in expected.items() if stored.get(t, version) < version)
            ),
            extra=tuple(sorted(stored.keys() - expected.keys())),
        )
        self._fresh -= {point_id(t, tenant) for t in (*found.missing, *found.stale)}
        return found

    def info(self, tenant: str, *, detailed: bool = False) -> GenerationInfo:
        """What an operator sees; `detailed` counts vectors and bytes, which takes some ms."""
        coverage = self.store.coverage()
        return GenerationInfo(
            self.name,
            self.state,
            dict(self.record.fingerprints),
            self.store.count(tenant),
            self.record.created_us,
            coverage.graph,
            coverage.outside,
            self.record.lexicon,
            self.record.previous,
            self.record.kept_until_us,
            self.record.quality,
            {str(s): n for s, n in self.store.having(tenant).items()} if detailed else None,
            self._bytes() if detailed else None,
        )

    def _bytes(self) -> int | None:
        """On this disk, with shots and graphs; None on a Qdrant server."""
        sizes = [store.bytes() for store in (self.store, self.shots) if store is not None]
        known = [size for size in sizes if size is not None]
        return sum(known) if known else None

    def close(self) -> None:
        """Wait for the readers, then release the store. Nobody may enter any more."""
        self.readers.gone()
        self.store.close()
        if self.shots is not None:
            self.shots.close()

    def _note_fresh(self, keys: Sequence[str]) -> None:
        if self.state in ("building", "ready"):
            self._fresh.update(keys)

    def _calibrated(self, point: TitlePoint) -> StoredPoint:
        sparse = _told(point.sparse) if self._reads(point) else {}
        return StoredPoint(point.id, self._applied(point.vectors), payload_of(point), sparse)

    def _put_shots(self, point: TitlePoint) -> None:
        """Replace all shots of a title."""
        if self.shots is None:
            return
        known = self.record.fingerprints
        for start in range(0, len(point.shots), SHOTS_AT_ONCE):
            stored = []
            for shot in point.shots[start : start + SHOTS_AT_ONCE]:
                ours = fitting(shot.vectors, known)
                payload = shot_payload(shot, point.title_id, point.version, point.tenant)
                key = shot_id(point.title_id, shot.index, point.tenant)
                sparse = _told(shot.sparse) if self._reads(point) else {}
                stored.append(StoredPoint(key, self._applied(ours), payload, sparse))
            self.shots.upsert(stored)
        left = AllOf((Equals("title_id", point.title_id), Range("shot", gte=len(point.shots))))
        self.shots.delete_where(Where(left, point.tenant))

    def _reads(self, point: TitlePoint) -> bool:
        """Words that another lexicon made are left out: they would meet no query."""
        return point.lexicon is not None and point.lexicon == self.record.lexicon

    def _applied(self, vectors: Vectors) -> dict[Space, F32]:
        return {s: self.calibration.apply(s, vector.data) for s, vector in vectors.items()}


def _told(sparse: Mapping[SparseSpace, Sparse]) -> dict[SparseSpace, Sparse]:
    """Without those that tell nothing."""
    return {space: vector for space, vector in sparse.items() if vector.indices}
