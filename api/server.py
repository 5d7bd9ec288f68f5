"""The api process: `python -m api.server`. Settings, wiring, uvicorn."""

import argparse
import signal
import socket
import sys
from collections.abc import Sequence

import uvicorn

from api.app import create_app
from content.process import follow_parent, log_to_stderr, settle
from workers.settings import Settings, check_exposure
from workers.wiring import Services

GRACE_S = 20
"""How long requests in flight may take to end after SIGTERM; the supervisor kills at 30 s."""
KEEP_ALIVE_S = 75


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        settle()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT.

    Returns:
        The exit status: 0 after a stop that was asked for, 2 when the settings may not be
        listened with, 3 when the services could not start.
    """
    options = _options(arguments)
    settings = Settings()
    log_to_stderr("api", settings.log_level.upper())
    if (refusal := check_exposure(settings)) is not None:
        print(f"keyart api: {refusal}", file=sys.stderr, flush=True)
        return 2
    if options.parent is not None:
        follow_parent(parent=options.parent)
    server = _Server(_config(settings))
    # uvicorn, once stopped, raises the signal again for whoever handled it before: nobody must
    # die of it, because the stop was a success.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    # As a socket, not by number: uvicorn would take a descriptor for a Unix socket.
    handed = None if options.fd is None else [socket.socket(fileno=options.fd)]
    server.run(handed)
    return 0 if server.started else 3


def _config(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(Services.open(settings)),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,  # the gate's own names no query, where user ids travel
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m api.server", description=__doc__)
    parser.add_argument("--fd", type=int, help="a listening socket handed over by the supervisor")
    parser.add_argument("--parent", type=int, help="pid of the process to go with")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
