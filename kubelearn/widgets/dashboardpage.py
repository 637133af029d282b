"""The dashboard on a page of its own: what `kubelearn dashboard` serves until Ctrl+C."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kubelearn.clusters import Cluster
from kubelearn.progress import Say
from kubelearn.widgets.dashboard import Dashboard
from kubelearn.widgets.page import PageServer, relay

_LOOK_EVERY = 1.0  # seconds
_ADVICE = "If you ended it, type: kubelearn dashboard"


def run(cluster: Cluster, *, namespace: str, port: int, browser: bool, say: Say) -> None:
    """Serve the dashboard of a cluster; one that does not answer yet may come later.

    `port` 0 takes any free one. Raises KubelearnError when the port is taken.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    relay()
    server = PageServer(
        lambda: Dashboard(cluster, namespace),
        port=port,
        title=f"Dashboard of {cluster.name}",
        advice=_ADVICE,
    )
    with contextlib.suppress(KeyboardInterrupt), contextlib.closing(server):
        say(f"Dashboard of cluster {cluster.name}: {server.url}")
        if not cluster.ready():
            say("The cluster does not answer yet; the page shows when it does.")
        say("Who has this address can do what you can: keep it to yourself. Ctrl+C ends it.")
        threading.Thread(target=_keep_up, args=[cluster], name="kubeconfig", daemon=True).start()
        with _opened(server.url) if browser else contextlib.nullcontext():
            server.serve()
    say("The dashboard is closed.")


def _keep_up(cluster: Cluster) -> None:
    """Go on with a cluster that somebody has stopped and started again, perhaps elsewhere."""
    known = _written(cluster)
    while True:
        time.sleep(_LOOK_EVERY)
        now = _written(cluster)
        if now not in (known, 0):
            # A file that is half-written is read again the next time.
            with contextlib.suppress(Exception):
                cluster.reconnect()
                known = now


def _written(cluster: Cluster) -> int:
    """When its kubeconfig was written, or 0 where it is gone."""
    try:
        return cluster.kubeconfig.stat().st_mtime_ns
    except OSError:
        return 0


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _opened(url: str) -> Iterator[None]:
    """Show it in a browser, where there is a screen for one.

    Everybody on this machine can read a browser's command line, so the address goes by a file that
    only its owner can read.
    """
    if not any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")):
        yield
        return
    number, name = tempfile.mkstemp(prefix="kubelearn-dashboard-", suffix=".html")
    with os.fdopen(number, "w") as file:
        file.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={url}">')
    try:
        webbrowser.open(Path(name).as_uri())
        yield
    finally:
        Path(name).unlink(missing_ok=True)
