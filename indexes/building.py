"""Running the builder beside the process that answers."""

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

from indexes.graph import RECALL_MIN, Graph

log = logging.getLogger("keyart.index")

POLL_S = 0.1


def run(shard: Path, *, int8: bool, stop: threading.Event) -> Graph | None:
    """Build the graph of the closed shard at `shard`; wait for the end or for `stop`.

    Returns:
        What was built; None when it was stopped, failed, or finds too little.
    """
    command = [sys.executable, "-m", "indexes.builder", "--shard", str(shard)]
    command += ["--parent", str(os.getpid()), *(["--int8"] if int8 else [])]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0) as process:
        while process.poll() is None:
            if stop.wait(POLL_S):
                process.kill()
    graph = Graph.read(shard)
    if process.returncode != 0 or graph is None:
        if not stop.is_set():
            log.error("the builder ended with status %s; search stays exact", process.returncode)
        return None
    if any(found < RECALL_MIN for found in graph.recall.values()):
        log.warning("a graph was built that finds too little: %s; search stays exact", graph.recall)
        return None
    return graph
