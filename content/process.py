"""What the service's processes share: going with their parent, and logging."""

import ctypes
import gc
import logging
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def follow_parent(number: int = signal.SIGTERM, parent: int | None = None) -> None:
    """Have the kernel send this process `number` when the *thread* that started it ends (prctl(2)).

    Args:
        parent: the parent's pid as the parent knows it; without it, one that ended before this
            call goes unnoticed.
    """
    expected = parent or os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != expected:  # it ended before the line above took effect
        os._exit(1)


def settle() -> None:
    """Take what was made at the start out of the garbage collector's sight (`gc.freeze`).

    It stays until the process ends, but every full collection would walk all of it: 200,000
    objects in the api, 125 ms in which nobody is answered; without them 2 ms.
    """
    gc.collect()
    gc.freeze()


def log_to_stderr(process: str, level: str = "INFO") -> None:
    """One line per event, from our own code and the libraries': JSON, or for a terminal, text."""
    import structlog  # not at the top: the decoding child follows its parent but logs nothing

    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    rendered: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if sys.stderr.isatty():
        rendered = structlog.dev.ConsoleRenderer()
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            lambda _logger, _name, event: {"process": process, **event},
            rendered,
        ],
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # A line for every call to the index or every migration of the job engine says nothing.
    for library in ("httpx", "httpcore", "dbos", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)
