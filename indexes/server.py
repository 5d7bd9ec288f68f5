"""The index process: `python -m indexes.server --socket PATH --folder PATH [--qdrant-url URL …]`.

The only opener of the embedded shards. HTTP with msgpack bodies on a Unix socket that only its
user may open. Logs structured lines to standard error; the Qdrant server's API key is taken from
`KEYART_QDRANT_API_KEY`. It ends with its parent. SIGTERM: finish what runs, flush, close, exit 0.
"""

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from content.errors import Invalid, KeyartError, NotFound
from content.process import follow_parent, log_to_stderr, settle
from indexes.holding import hold
from indexes.service import IndexService
from indexes.store import Stores
from indexes.store_edge import EdgeStores
from indexes.wire import METHODS, pack, pack_error, unpack

SOCKET_PATH_MAX = 107
"""Bytes that fit into sun_path on Linux, without its closing zero."""
PR_SET_PDEATHSIG = 1
MEDIA_TYPE = "application/msgpack"

log = structlog.get_logger("index")


def application(service: IndexService) -> Starlette:
    """The HTTP face of a service: `POST /call/{method}`, `GET /ready`."""

    def answer(method: str, body: bytes) -> Response:
        try:
            if method not in METHODS:
                raise NotFound("unknown_method", f"the index has no method {method!r}")
            content = pack(getattr(service, method)(**unpack(body)))
        except KeyartError as error:
            return Response(pack_error(error), 400, media_type=MEDIA_TYPE)
        return Response(content, media_type=MEDIA_TYPE)

    async def call(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(answer, request.path_params["method"], body)

    async def ready(_request: Request) -> Response:
        return Response(b"", media_type=MEDIA_TYPE)

    return Starlette(
        routes=[Route("/call/{method}", call, methods=["POST"]), Route("/ready", ready)]
    )


def listen(path: Path) -> socket.socket:
    """A listening socket at `path`, in place of whatever a killed process left there.

    Raises:
        Invalid: `socket_path_too_long`.
    """
    beside = path.with_name(f".{path.name}")
    if len(os.fsencode(beside)) > SOCKET_PATH_MAX:
        raise Invalid(
            "socket_path_too_long",
            f"{path} is longer than {SOCKET_PATH_MAX - 1} bytes, which is all that a Unix socket "
            "takes; choose a shorter data folder",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    beside.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(beside))
    beside.chmod(0o600)
    listener.listen(128)
    beside.replace(path)  # whoever connects finds it listening
    return listener


def serve(service: IndexService, listener: socket.socket) -> None:
    """Answer until SIGTERM or SIGINT, finishing the requests under way."""
    config = uvicorn.Config(
        application(service),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=20,
    )
    settle()
    uvicorn.Server(config).run(sockets=[listener])


def main(argv: Sequence[str] | None = None) -> int:
    """Run until told to stop; the exit status is 0, or 1 when it could not start."""
    options = _options(argv)
    log_to_stderr("index")
    stop = threading.Event()
    # uvicorn raises the signal again once it has shut down; without a handler that would kill.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    follow_parent(parent=options.parent)
    try:
        lock = hold(options.folder)
        service = IndexService(options.folder, _stores(options))
        listener = listen(options.socket)
    except KeyartError as error:
        log.error("refused", code=error.code, detail=error.detail)
        return 1
    log.info("listening", socket=str(options.socket), pid=os.getpid())
    if not stop.is_set():
        serve(service, listener)
    service.close()
    options.socket.unlink(missing_ok=True)
    lock.release()
    log.info("closed", pid=os.getpid())
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m indexes.server", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket to answer on")
    parser.add_argument("--folder", type=Path, required=True, help="where generations live")
    parser.add_argument("--parent", type=int, help="pid of the process to go with")
    parser.add_argument("--qdrant-url", help="keep vectors in a Qdrant server instead of here")
    parser.add_argument("--qdrant-ca", type=Path, help="certificates to trust, PEM")
    parser.add_argument("--qdrant-grpc", action="store_true", help="speak gRPC to it")
    parser.add_argument("--qdrant-shards", type=int, help="shards of a collection")
    parser.add_argument("--qdrant-replicas", type=int, help="copies of each shard")
    parser.add_argument("--qdrant-consistency", type=int, help="copies that a write waits for")
    parser.add_argument("--qdrant-quantization", choices=("int8", "none"), default="int8")
    return parser.parse_args(argv)


def _stores(options: argparse.Namespace) -> Stores:
    if options.qdrant_url is None:
        return EdgeStores()
    from indexes.cluster import Cluster
    from indexes.store_server import ServerStores

    return ServerStores.of(
        Cluster(
            options.qdrant_url,
            os.environ.get("KEYART_QDRANT_API_KEY"),
            options.qdrant_ca,
            options.qdrant_grpc,
            options.qdrant_shards,
            options.qdrant_replicas,
            options.qdrant_consistency,
            options.qdrant_quantization,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
