"""Children that handle untrusted bytes: how they are started, and how they give up their rights.

The parent calls `spawn`; the child's main calls `process.follow_parent`, reads its request, then
`give_up_rights` before it touches the bytes. Levels, see `level`: resource limits always, Landlock
(https://docs.kernel.org/userspace-api/landlock.html) where the kernel has it.
"""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def spawn(module: str, *arguments: str, fds: Sequence[int] = ()) -> "subprocess.Popen[bytes]":
    """Start `python -m module parent_pid arguments…` in its own process group.

    The child has pipes as standard input and output, `fds` under their own numbers, and no
    environment but what Python needs. Its `main` must call `process.follow_parent`.

    The kernel ties the child to the *thread* that called this: use the child from that thread.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, str(os.getpid()), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=fds,
        env={"PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8", **_ONE_THREAD},
        cwd="/",
        process_group=0,
    )


def end(child: "subprocess.Popen[bytes]") -> int:
    """Kill the child and whatever it started, reap it, close its pipes; its exit status."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    status = child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue  # what was still buffered has no reader any more
    return status


def exit_on_eof(fd: int = 0) -> None:
    """In the child: a thread that ends the process when the other side closes `fd`."""

    def wait() -> None:
        while os.read(fd, 4096):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def give_up_rights(*, memory_bytes: int, cpu_s: int | None, new_fds: int) -> None:
    """In the child, for good: no file can be written, at most `new_fds` descriptors be opened.

    Import everything first: afterwards no module can be loaded from disk. As sockets are
    descriptors too, `new_fds` also bounds what could be connected to.
    """
    os.nice(10)
    _confine_to_nothing()
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_AS, memory_bytes)
    if cpu_s is not None:
        # One second between soft and hard: the soft one's SIGXCPU tells the parent what it was.
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    _limit(resource.RLIMIT_NOFILE, _first_free_fds(new_fds))


def level() -> str:
    """How children are confined on this machine: `landlock` (and limits), or `rlimits` alone."""
    try:
        import sandlock
    except (ImportError, OSError):  # not installed, or its library does not load here
        return "rlimits"
    ours = sandlock.landlock_abi_version()
    return "landlock" if ours >= sandlock.min_landlock_abi() else "rlimits"


def _confine_to_nothing() -> None:
    """Landlock without a single readable path: what is open stays, nothing else can be opened."""
    if level() != "landlock":
        return
    import sandlock

    sandlock.confine(sandlock.Sandbox())


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(what, (value, value))


def _first_free_fds(count: int) -> int:
    """The RLIMIT_NOFILE under which exactly `count` more descriptors can be opened."""
    fd = 0
    while count:
        try:
            os.fstat(fd)
        except OSError:
            count -= 1
        fd += 1
    return fd
