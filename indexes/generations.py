"""All generations of one folder, and which of them answers.

`{folder}/current` names the live one and is replaced atomically; `{folder}/generations/{name}`
holds each. Readers take the live generation in one reference, so no answer mixes two. Writes are
serialised by the caller's hold of `writing`.
"""

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from content.errors import Conflict, Invalid, NotFound
from content.ids import now_us
from content.types import Space
from indexes.calibration import Calibration
from indexes.durable import replace_file, sync_folder
from indexes.generation import CONSTANTS, RECORD, SHOTS_FOLDER, Generation, Record
from indexes.lexical.bm25 import fingerprint
from indexes.schema import Fingerprints, GenerationState, check_fingerprints
from indexes.store import SHOTS, Stores, VectorStore

TRAINED_BY_COSINE = ("open_clip:", "clap:", "sentence-transformers:")
"""What the fingerprints of such encoders begin with."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
POINTER = "current"
FIRST = "first"
LEFT: tuple[GenerationState, ...] = ("kept", "retired")
"""What a generation may be that was live."""
OF_SHOTS: frozenset[Space] = frozenset({"visual", "concept", "audio", "synopsis"})
"""Spaces in which shots have vectors; in `synopsis`, of what is said in them."""


def shots_of(name: str) -> str:
    """What the store of a generation's shots is called; no generation has a dot in its name."""
    return f"{name}.shots"


class Generations:
    """Opened on a folder whose lock the process holds.

    A kill at any moment leaves: the pointer's generation live, half-filled ones `building`,
    half-made or half-dropped folders to be removed here.
    """

    def __init__(self, folder: Path, stores: Stores) -> None:
        self.writing = threading.RLock()
        self._folder = folder
        self._stores = stores
        self._switch = threading.Lock()
        self._home = folder / "generations"
        self._home.mkdir(parents=True, exist_ok=True)
        self._open: dict[str, Generation] = {}
        self._live: Generation | None = None
        self._load()

    @contextmanager
    def reading(self, name: str | None = None) -> Iterator[Generation | None]:
        """The live generation, or that of a name, which stays open meanwhile; None for the live
        one before the first `ensure`.

        Raises:
            NotFound: `unknown_generation`.
        """
        with self._switch:
            held = self._live if name is None else self.get(name)
            if held is not None:
                held.readers.enter()
        try:
            yield held
        finally:
            if held is not None:
                held.readers.leave()

    def live(self) -> Generation:
        """For writers, under `writing`.

        Raises:
            Conflict: `no_generation`.
        """
        if self._live is None:
            raise Conflict("no_generation", "the index has no generation yet; call ensure first")
        return self._live

    def filling(self) -> list[Generation]:
        """Those being built, under `writing`."""
        return [g for g in self._open.values() if g.state in ("building", "ready")]

    def kept(self) -> list[Generation]:
        """Those that may be gone back to, under `writing`."""
        return [g for g in self._open.values() if g.state == "kept"]

    def all(self) -> list[Generation]:
        """Every one, oldest first, under `writing`."""
        return sorted(self._open.values(), key=lambda g: (g.record.created_us, g.name))

    def stores(self) -> list[tuple[str, VectorStore]]:
        """Names and stores of those that answer or will, the live one first."""
        with self.writing:
            wanted = [g for g in (self._live, *self.filling()) if g is not None]
            shots = [(shots_of(g.name), g.shots) for g in wanted if g.shots is not None]
            return [*((generation.name, generation.store) for generation in wanted), *shots]

    def get(self, name: str) -> Generation:
        """The one of this name, under `writing`.

        Raises:
            NotFound: `unknown_generation`.
        """
        if name not in self._open:
            raise NotFound("unknown_generation", f"there is no generation {name!r}; call begin")
        return self._open[name]

    def ensure(self, fingerprints: Fingerprints) -> str:
        """The live generation's name; the first one is made when there is none."""
        if self._live is None:
            if FIRST in self._open and self._open[FIRST].record.fingerprints != fingerprints:
                self.drop(FIRST)  # left by a start that was killed, before encoders were changed
            first = self.begin(FIRST, fingerprints, None)
            first.become("ready")
            self.cut_over(FIRST)
        return self.live().name

    def begin(
        self, name: str, fingerprints: Fingerprints, calibration: Calibration | None
    ) -> Generation:
        """A new empty generation, or the one of this name if it is of the same encoders.

        The calibration of the first call stays: constants are frozen per generation.

        Raises:
            Invalid: `invalid_generation`, `unknown_space`, `invalid_fingerprint`,
                `calibration_mismatch`.
            Conflict: `generation_differs`, when the name holds other fingerprints.
        """
        if not NAME.fullmatch(name):
            raise Invalid(
                "invalid_generation",
                "a generation's name has 1 to 64 letters, digits, underscores or hyphens",
            )
        dims = check_fingerprints(fingerprints)
        if name in self._open:
            known = self._open[name]
            if known.record.fingerprints != dict(fingerprints):
                raise Conflict(
                    "generation_differs",
                    f"generation {name!r} exists with other encoders; choose another name",
                )
            return known
        metric = {s for s, text in fingerprints.items() if text.startswith(TRAINED_BY_COSINE)}
        constants = (calibration or Calibration({})).completed(dims, metric=metric)
        folder = self._home / name
        self._clear(folder)
        folder.mkdir()
        store = self._stores.create(name, folder, dims)
        seen = {space: dim for space, dim in dims.items() if space in OF_SHOTS}
        shots = self._stores.create(shots_of(name), folder / SHOTS_FOLDER, seen, SHOTS)
        replace_file(folder / CONSTANTS, constants.to_bytes())
        record = Record(name, "building", dict(fingerprints), now_us(), fingerprint())
        record.write(folder)
        sync_folder(self._home)
        self._open[name] = Generation(folder, record, constants, store, shots)
        return self._open[name]

    def cut_over(self, name: str, *, keep_s: float = 0.0) -> None:
        """Let `name` answer from now on. Repeating it changes nothing.

        Args:
            keep_s: how long the one before is kept, with all writes, to be gone back to; any
                that was kept until now is not any more.

        Raises:
            NotFound: `unknown_generation`.
            Conflict: `generation_unfinished`, unless `verify` found it complete;
                `generation_retired`, for one that was live before (`roll_back` goes back).
        """
        new, old = self.get(name), self._live
        if new is old:
            self._settle(new)  # what a cut-over may have failed at after its switch
            return
        if new.state in ("kept", "retired"):
            raise Conflict(
                "generation_retired", f"generation {name!r} was replaced; roll the reindex back"
            )
        if new.state != "ready":
            raise Conflict(
                "generation_unfinished",
                f"generation {name!r} is {new.state}; fill it until verify finds nothing missing",
            )
        kept = old is not None and keep_s > 0
        new.note(previous=old.name if old is not None and kept else None)
        self._switch_to(new, keep_s)
        self._settle(new)

    def roll_back(self, name: str, *, keep_s: float) -> str:
        """Let the generation answer again that was live before `name`; its name. Repeating it
        changes nothing.

        Nothing that was written meanwhile is missing from it but vectors that its encoders did
        not make. `name` itself is kept for `keep_s`, which may be 0.

        Raises:
            Conflict: `generation_not_live`, when a third answers meanwhile; `rollback_expired`,
                when the one before is not kept any more.
        """
        live = self.live()
        if live.name != name:
            left = self._open.get(name)
            if left is None or left.state not in LEFT or left.record.previous != live.name:
                raise Conflict(
                    "generation_not_live", f"generation {live.name!r} answers, not {name!r}"
                )
            self._stores.publish(live.name)
            return live.name
        previous = self._open.get(live.record.previous or "")
        if previous is None or previous.state != "kept":
            raise Conflict(
                "rollback_expired", "the generation before is not kept any more; reindex again"
            )
        self._switch_to(previous, keep_s)
        self._stores.publish(previous.name)
        return previous.name

    def release(self, name: str) -> None:
        """Keep a generation no longer; one that is not kept, or unknown, is no error."""
        found = self._open.get(name)
        if found is not None and found.state == "kept":
            found.become("retired")

    def expire(self, now_us: int) -> list[str]:
        """Drop what may not, or need not, be gone back to any more; the names."""
        over = [
            g.name
            for g in self._open.values()
            if g.state == "retired"
            or (g.state == "kept" and (g.record.kept_until_us or 0) <= now_us)
        ]
        for name in over:
            self.drop(name)
        return over

    def _switch_to(self, new: Generation, keep_s: float) -> None:
        old = self._live
        if old is not None and keep_s > 0:
            old.note(kept_until_us=now_us() + round(keep_s * 1e6))
        replace_file(self._folder / POINTER, new.name.encode())  # the moment it happens
        with self._switch:
            self._live = new
        new.note(state="live", kept_until_us=None)
        if old is not None:
            old.become(_after(old.record))

    def _settle(self, live: Generation) -> None:
        """What follows a cut-over, repeated by calling it again: of those that were live before
        only the last one is kept; others find the new one."""
        for each in self.kept():
            if each.name != live.record.previous:
                each.become("retired")
        self._stores.publish(live.name)  # last: it may fail

    def drop(self, name: str) -> None:
        """Remove a generation once its readers are done; an unknown one is no error.

        Raises:
            Conflict: `generation_live`.
        """
        if name not in self._open:
            return
        if self._open[name] is self._live:
            raise Conflict(
                "generation_live", f"generation {name!r} answers; cut over to another one first"
            )
        with self._switch:
            generation = self._open.pop(name)
        generation.close()
        self._clear(generation.folder)

    def close(self) -> None:
        """Wait for readers and close all."""
        with self._switch:
            self._live = None
        for generation in self._open.values():
            generation.close()
        self._open.clear()

    def _load(self) -> None:
        pointer = self._folder / POINTER
        live = pointer.read_text() if pointer.exists() else None
        for folder in sorted(self._home.iterdir()):
            if not (folder / RECORD).exists():
                self._clear(folder)
                continue
            generation = self._opened(folder)
            if generation.name == live:
                generation.note(state="live", kept_until_us=None)
            elif generation.state == "live":  # killed between the pointer and the records
                generation.become(_after(generation.record))
            self._open[generation.name] = generation
        if live is not None:
            self._live = self.get(live)

    def _opened(self, folder: Path) -> Generation:
        record = Record.read(folder)
        constants = Calibration.from_bytes((folder / CONSTANTS).read_bytes())
        shots, home = None, folder / SHOTS_FOLDER
        if home.is_dir():
            shots = self._stores.open(shots_of(record.name), home, SHOTS)
        store = self._stores.open(record.name, folder)
        return Generation(folder, record, constants, store, shots)

    def _clear(self, folder: Path) -> None:
        if folder.exists():
            (folder / RECORD).unlink(missing_ok=True)
            sync_folder(folder)
            self._stores.destroy(shots_of(folder.name), folder / SHOTS_FOLDER)
            self._stores.destroy(folder.name, folder)
            shutil.rmtree(folder)
            sync_folder(self._home)


def _after(record: Record) -> GenerationState:
    """What a generation is that was live."""
    return "retired" if record.kept_until_us is None else "kept"
