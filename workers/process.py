"""What the service's processes share: dying with their parent, stopping on SIGTERM, logging."""

import ctypes
import logging
import os
import signal
import sys

import structlog

PR_SET_PDEATHSIG = 1


def follow_parent(number: int = signal.SIGTERM) -> None:
    """Have the kernel send this process `number` when the thread that started it ends."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it ended before the line above took effect
        sys.exit(1)


def log_to_stderr(process: str, level: str = "INFO") -> None:
    """One line of JSON per event, from our own code and from the libraries'."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            lambda _logger, _name, event: {"process": process, **event},
            structlog.processors.JSONRenderer(),
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
    for library in ("httpx", "httpcore"):  # a line for every call to the index says nothing
        logging.getLogger(library).setLevel(logging.WARNING)
