"""`keyart serve` as a subprocess, for the demo, the benchmarks and the end-to-end tests."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil


class Service:
    """A real service on its own data folder and port (0: any free one), ready once started.

    Its log lies at `{data}/serve.log`.
    """

    def __init__(self, data: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data = data.resolve()
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("KEYART_")},
            "KEYART_DATA": str(self.data),
            "KEYART_PORT": "0",
            "KEYART_MIN_FREE_BYTES": "0",
            **(environment or {}),
        }
        self._process: subprocess.Popen[str] | None = None
        self.http = httpx.Client()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self, timeout_s: float = 90.0) -> Self:
        """Start and wait until every part is ready.

        Raises:
            RuntimeError: it does not start; the message ends with its log.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "serve.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "serve"],
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if "http://" not in line:
            raise RuntimeError(f"the service did not start\n{self.log()}")
        self.http = httpx.Client(base_url=line.split()[-1], timeout=60.0)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if self.http.get("/readyz").status_code == 200:
                    return self
            time.sleep(0.1)
        raise RuntimeError(f"the service did not become ready\n{self.log()}")

    def stop(self) -> int:
        """SIGTERM; its exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(60)

    def kill(self) -> None:
        """kill -9 of every process of the service at once, whatever group it is in."""
        assert self._process is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            supervisor = psutil.Process(self._process.pid)
            for process in (supervisor, *supervisor.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        self._process.wait()

    def interrupt(self) -> int:
        """Ctrl-C, as a terminal sends it: SIGINT to the whole foreground group; the exit status."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGINT)
        return self._process.wait(60)

    def wait_for_interrupt(self) -> None:
        """Return when the user presses Ctrl-C or the service ends."""
        assert self._process is not None
        with contextlib.suppress(KeyboardInterrupt):
            self._process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def log(self) -> str:
        path = self.data / "serve.log"
        return path.read_text()[-4000:] if path.exists() else ""

    def processes(self) -> list[psutil.Process]:
        """Every process of this data folder, wherever it hangs in the tree."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("KEYART_DATA") == str(self.data):
                    found.append(process)
        return found
