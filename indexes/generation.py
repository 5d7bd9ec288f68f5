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
from content.types import Space
from indexes.calibration import Calibration
from indexes.durable import replace_file
from indexes.readers import Readers
from indexes.schema import (
    GenerationInfo,
    GenerationState,
    TitlePoint,
    Verification,
    payload_of,
    point_id,
)
from indexes.store import StoredPoint, VectorStore

RECORD = "generation.json"
CONSTANTS = "calibration.msgpack"


@dataclass(frozen=True, slots=True)
class Record:
    """What `generation.json` holds."""

    name: str
    state: GenerationState
    fingerprints: dict[Space, str]
    created_us: int
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
        self, folder: Path, record: Record, calibration: Calibration, store: VectorStore
    ) -> None:
        self.folder = folder
        self.record = record
        self.calibration = calibration
        self.store = store
        self.readers = Readers()

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
        last = {point.id: self._calibrated(point) for point in points}
        if last:
            self.store.upsert(list(last.values()))

    def put_fitting(self, points: Sequence[TitlePoint]) -> None:
        """As `put`, but vectors of other encoders than this generation's are left out: a title
        that they alone know is there without, rather than with what it no longer is."""
        prints = self.record.fingerprints
        self.put(
            [
                replace(
                    point,
                    vectors={
                        s: v for s, v in point.vectors.items() if prints.get(s) == v.fingerprint
                    },
                )
                for point in points
            ]
        )

    def put_unless_newer(self, points: Sequence[TitlePoint]) -> None:
        """As `put`, but a point older than what is stored is left out.

        For copying: the old version of a title may arrive just after its new one was published.
        """
        self.check(points)
        stored = self.store.get([point.id for point in points], vectors=False)
        self.put(
            [
                point
                for point in points
                if point.id not in stored or stored[point.id].payload["version"] <= point.version
            ]
        )

    def remove(self, title_ids: Sequence[str], tenant: str) -> None:
        self.store.delete([point_id(title_id, tenant) for title_id in title_ids])

    def compare(self, expected: Mapping[str, int], tenant: str) -> Verification:
        """What is stored beside what should be: title id to version."""
        stored = self.store.versions(tenant)
        return Verification(
            missing=tuple(sorted(expected.keys() - stored.keys())),
            stale=tuple(
                sorted(t for t, version in expected.items() if stored.get(t, version) < version)
            ),
            extra=tuple(sorted(stored.keys() - expected.keys())),
        )

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
            self.record.previous,
            self.record.kept_until_us,
            self.record.quality,
            {str(s): n for s, n in self.store.having(tenant).items()} if detailed else None,
            self.store.bytes() if detailed else None,
        )

    def close(self) -> None:
        """Wait for the readers, then release the store. Nobody may enter any more."""
        self.readers.gone()
        self.store.close()

    def _calibrated(self, point: TitlePoint) -> StoredPoint:
        vectors = {
            space: self.calibration.apply(space, vector.data)
            for space, vector in point.vectors.items()
        }
        return StoredPoint(point.id, vectors, payload_of(point))
