"""The supervisor: `keyart serve`. Starts index, worker and api, and stops them in order."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError

from content import migrate
from content.encoders import exported, torch_setup, whisper
from content.encoders.specs import specs
from content.errors import KeyartError
from content.process import log_to_stderr
from content.records import open_engine, overwrite_deleted
from workers.deployment import deployment_key, signing_chain
from workers.jobs_database import prepare
from workers.reward_policy import read_reward_policy
from workers.settings import Settings, check_exposure

log = logging.getLogger("keyart.serve")

GRACE_S = 30.0
MAX_RESTARTS = 5
RESTART_WINDOW_S = 60.0


# Threads of BLAS spin while they wait: for matrices as small as the choice's that tripled its CPU.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass
class Managed:
    """One process that is started again when it dies, though not for ever."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    descriptors: tuple[int, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    deaths: deque[float] = field(default_factory=deque)

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self.command],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            pass_fds=self.descriptors,
            process_group=0,  # Ctrl-C in a terminal is for the supervisor: it stops them in order
        )
        log.info("%s started, pid %d", self.name, self.process.pid)

    def check(self) -> bool:
        """Start it again if it died. False when it dies too often to be worth another try."""
        if self.process is None or self.process.poll() is None:
            return True
        now = time.monotonic()
        self.deaths.append(now)
        while now - self.deaths[0] > RESTART_WINDOW_S:
            self.deaths.popleft()
        log.error("%s ended with status %d", self.name, self.process.returncode)
        if len(self.deaths) > MAX_RESTARTS:
            return False
        time.sleep(0.2 * len(self.deaths))
        self.start()
        return True

    def stop(self) -> None:
        """Ask it to end; after GRACE_S, make it."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            log.error("%s does not stop: killed", self.name)
            self.process.kill()
            self.process.wait()


class DataFolder:
    """One service per data folder: a lock, and who holds it."""

    def __init__(self, data: Path) -> None:
        self._run = data / "run"
        self._lock = FileLock(self._run / "serve.lock")

    def claim(self) -> str | None:
        """Take the folder; the holder's description when another service has it."""
        self._run.mkdir(parents=True, exist_ok=True)
        holder = self._run / "holder"
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return holder.read_text() if holder.exists() else "another process"
        holder.write_text(f"pid {os.getpid()} on {socket.gethostname()}")
        return None

    def release(self) -> None:
        self._lock.release()


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the exit status.

    Returns:
        0 after a stop that was asked for, 1 when a part keeps dying, 2 when serving is refused
        (the data folder is taken, the address is in use or may not be listened on, a model, the
        device or a certificate is not there).
    """
    log_to_stderr("serve")
    if (refusal := check_exposure(settings)) is not None:
        return _refuse(refusal)
    try:
        settings = _with_models(settings)
    except KeyartError as error:
        return _refuse(f"{error.code}: {error.detail}")
    folder = DataFolder(settings.data.resolve())
    try:
        holder = folder.claim()
    except OSError as error:
        return _refuse(f"cannot use the data folder {settings.data}: {error.strerror}")
    if holder is not None:
        return _refuse(f"the data folder {settings.data} is in use by {holder}")
    try:
        listener = socket.create_server(
            (settings.host, settings.port),
            family=socket.AF_INET6 if ":" in settings.host else socket.AF_INET,
            backlog=2048,
        )
    except OSError as error:
        return _refuse(f"cannot listen: {error.strerror}")
    try:
        _prepare(settings)
        status = _supervise(_processes(settings, listener), listener)
        _fold_log(settings)
        return status
    finally:
        listener.close()
        folder.release()


def _prepare(settings: Settings) -> None:
    """Everything the processes expect to find, made before the first of them starts."""
    for path in (settings.work, settings.uploads, settings.image_folder, settings.index_folder):
        path.mkdir(parents=True, exist_ok=True)
    settings.index_socket.parent.mkdir(parents=True, exist_ok=True)
    deployment_key(settings)
    engine = open_engine(settings.records_url, sync=settings.sync)
    migrate.upgrade(engine)
    engine.dispose()
    prepare(settings)


def _fold_log(settings: Settings) -> None:
    """Leave the records in one file: the worker ends without closing them, so SQLite's log stays,
    and with it what was deleted while a reader held it."""
    engine = open_engine(settings.records_url)
    try:
        overwrite_deleted(engine)
    except SQLAlchemyError as error:
        log.warning("the records' log stays: %s", error)
    finally:
        engine.dispose()


def _with_models(settings: Settings) -> Settings:
    """With every model at hand: fetched from its hub, or exported; that takes time only once.

    And with the device that `auto` is here, so that no process has to find out again.

    Raises:
        KeyartError: a model or the device is not there, configured certificates cannot sign, or
            the reward policy is not acceptable.
    """
    read_reward_policy(settings.rewards)
    if settings.c2pa_cert is not None or settings.c2pa_key is not None:
        from artwork.provenance.credentials import Signer

        Signer(signing_chain(settings)).prove()
    place = torch_setup.device(settings.device)
    specs(settings.encoders)
    if settings.transcript != "off":
        whisper.locate(settings.transcript)
    if settings.painter is not None:
        from artwork.generate import diffusion

        diffusion.locate(settings.painter)
    prepared = exported.prepare(settings.encoders)
    return settings.model_copy(update={"model_cache": prepared, "device": place})


def _qdrant(settings: Settings) -> list[str]:
    """Options of the index process that say where vectors are kept; its key goes by environment."""
    if settings.qdrant_url is None:
        return []
    named = {
        "url": settings.qdrant_url,
        "ca": settings.qdrant_ca,
        "shards": settings.qdrant_shards,
        "replicas": settings.qdrant_replicas,
        "consistency": settings.qdrant_write_consistency,
        "quantization": settings.qdrant_quantization,
    }
    given = [f"--qdrant-{name}={value}" for name, value in named.items() if value is not None]
    return [*given, *(["--qdrant-grpc"] if settings.qdrant_prefer_grpc else [])]


def _processes(settings: Settings, listener: socket.socket) -> list[Managed]:
    """In the order they start; they stop in the opposite one."""
    environment = {**os.environ, **settings.environment()}
    parent = str(os.getpid())
    index = ["indexes.server", "--parent", parent, "--socket", str(settings.index_socket)]
    index += ["--folder", str(settings.index_folder)]
    index += _qdrant(settings)
    descriptor = listener.fileno()
    api = ["api.server", "--parent", parent, "--fd", str(descriptor)]
    return [
        Managed("index", index, environment),
        Managed("worker", ["workers.main", parent], environment),
        Managed("api", api, _ONE_THREAD | environment, (descriptor,)),
    ]


def _supervise(processes: list[Managed], listener: socket.socket) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    for process in processes:
        process.start()
    host, port = listener.getsockname()[:2]
    print(f"Keyart listens on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    status = 0
    while not stop.wait(0.2):
        if not all(process.check() for process in processes):
            status = 1
            break
    listener.close()  # who comes now is refused at once, not kept waiting for nobody
    for process in reversed(processes):
        process.stop()
    log.info("stopped")
    return status


def _refuse(reason: str) -> int:
    print(f"keyart serve: {reason}", file=sys.stderr, flush=True)
    return 2
