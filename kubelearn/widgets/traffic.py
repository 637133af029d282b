"""Asks a Service again and again, through the API server, and tells who answered.

The API server's service proxy needs no port of this machine and works on any cluster.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kubelearn.clusters.transport import send
from kubelearn.errors import KubelearnError
from kubelearn.objects import SERVICES, Object

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

PER_SECOND = 5
_PATIENCE = 2.0


class Traffic:
    """A thread that sends requests while it is switched on.

    `service` is a name, or `name:port` where the Service's ports have names.
    """

    def __init__(
        self,
        api: ApiClient,
        *,
        namespace: str,
        service: str,
        report: Callable[[Object], None],
    ) -> None:
        self._namespace = namespace
        self._api = api
        self.aim(service)
        self._report = report
        self._off = threading.Event()
        self._off.set()

    def aim(self, service: str) -> None:
        """Ask this Service, or this port of it, from now on."""
        self.path = SERVICES.path(self._namespace, service, "proxy/")

    @property
    def on(self) -> bool:
        """Whether requests are being sent."""
        return not self._off.is_set()

    def start(self) -> None:
        """Send requests from now on."""
        if not self.on:
            # An event of its own: a thread that is still ending must not be woken up again.
            self._off = off = threading.Event()
            threading.Thread(
                target=self._run, args=[off], name="kubelearn traffic", daemon=True
            ).start()

    def stop(self) -> None:
        """Send no more."""
        self._off.set()

    def _run(self, off: threading.Event) -> None:
        while not off.wait(1 / PER_SECOND):
            entry = self.ask()
            if not off.is_set():
                self._report(entry)

    def ask(self) -> Object:
        """One request: its code (0 for no answer), the answer's first line, the time it took."""
        started = time.perf_counter()
        try:
            answer = send(self._api, "GET", self.path, timeout=_PATIENCE)
            code, text = answer.code, _first_line(answer.body)
        except KubelearnError as error:
            code, text = 0, error.message
        return {"code": code, "text": text, "ms": round((time.perf_counter() - started) * 1000)}


def _first_line(body: Any) -> str:
    text = str(body.get("message", "")) if isinstance(body, dict) else str(body)
    return (text.strip().splitlines() or [""])[0][:120]
