"""Shows a widget on a page of its own, without Jupyter and without a cluster.

python -m kubelearn.widgets.clustermap
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
import time
from collections.abc import Callable

from kubelearn.widgets.base import Widget
from kubelearn.widgets.page import PageServer, relay
from kubelearn.widgets.simulation import SimulatedCluster

_STEP = 0.6


def run(make: Callable[[SimulatedCluster], Widget], *, title: str) -> None:
    """A demo's command line: serve the widget on a simulated cluster, or write its picture."""
    parser = argparse.ArgumentParser(description=f"{title} without a cluster")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--svg", action="store_true", help="print the static picture and end")
    options = parser.parse_args()
    relay()
    cluster = SimulatedCluster()
    cluster.settle()
    if options.svg:
        sys.stdout.write(make(cluster).picture() + "\n")
        return
    threading.Thread(target=_keep_moving, args=[cluster], daemon=True).start()
    server = PageServer(
        lambda: make(cluster), port=options.port, title=title, advice="Start the demo again."
    )
    with contextlib.suppress(KeyboardInterrupt), contextlib.closing(server):
        print(f"{title} on a simulated cluster: {server.url}")
        print("Ctrl-C ends it.")
        server.serve()


def _keep_moving(cluster: SimulatedCluster) -> None:
    while True:
        time.sleep(_STEP)
        cluster.step()
