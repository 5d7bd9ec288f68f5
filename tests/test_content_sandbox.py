"""What a child that handles untrusted bytes can no longer do."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from content import sandbox

PRELUDE = "import errno, os, resource, socket, sys\nfrom content import sandbox\n"
RIGHTS = "sandbox.give_up_rights(memory_bytes=1 << 30, cpu_s=5, new_fds={})\n"


def run(code: str, new_fds: int = 8) -> str:
    program = PRELUDE + RIGHTS.format(new_fds) + textwrap.dedent(code)
    root = Path(sandbox.__file__).parents[1]
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(root)},
        timeout=20,
    ).stdout.strip()


ATTEMPT = """
try:
    {}
    print("allowed")
except OSError as error:
    print(errno.errorcode[error.errno])
"""


def test_no_file_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / "file"
    code = ATTEMPT.format(f"f = open({str(target)!r}, 'w'); f.write('x'); f.flush()")
    assert run(code) in ("EACCES", "EFBIG")
    assert not target.exists() or target.stat().st_size == 0


@pytest.mark.skipif(sandbox.level() != "landlock", reason="this kernel has no Landlock")
def test_no_file_can_be_read() -> None:
    assert run(ATTEMPT.format("open('/etc/passwd')")) == "EACCES"


def test_descriptors_are_counted() -> None:
    code = "print(len([os.dup(0) for _ in range({})]))"
    assert run(code.format(1), new_fds=1) == "1"
    assert run(ATTEMPT.format("[os.dup(0) for _ in range(2)]"), new_fds=1) == "EMFILE"
    assert run(ATTEMPT.format("socket.socket()"), new_fds=0) == "EMFILE"


def test_memory_is_bounded() -> None:
    code = "try: bytearray(2 << 30)\nexcept MemoryError: print('refused')"
    assert run(code) == "refused"


def test_a_child_does_not_outlive_its_parent(tmp_path: Path) -> None:
    """The parent is killed with -9 while its child decodes; the child goes too."""
    from tests.synth import Take, make_clip

    clip = tmp_path / "clip.mp4"
    make_clip(clip, [Take(4.0)])
    code = (
        "import time\nfrom pathlib import Path\nfrom content import decode\n"
        f"reading = decode.analyse(Path({str(clip)!r}))\nnext(reading)\n"
        "print('ready', flush=True)\ntime.sleep(60)\n"
    )
    root = Path(sandbox.__file__).parents[1]
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env={"PYTHONPATH": str(root)}
    )
    assert parent.stdout is not None and parent.stdout.readline() == b"ready\n"
    [child] = psutil.Process(parent.pid).children()
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    _, left = psutil.wait_procs([child], timeout=30)
    assert not left, "the decode child is an orphan"


def test_a_child_sees_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_API_KEYS", "secret")
    child = sandbox.spawn("content.media", "probe")
    try:
        environment = psutil.Process(child.pid).environ()
    finally:
        sandbox.end(child)
    assert "KEYART_API_KEYS" not in environment and "HOME" not in environment
