"""What widgets share that show what lies behind the API: they look again and again.

Nothing there can be watched on every back end; where it cannot be seen at all, the reason is shown.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from kubelearn.errors import KubelearnError
from kubelearn.widgets.actions import beside_api
from kubelearn.widgets.base import Cluster, DocumentWidget
from kubelearn.widgets.courier import courier
from kubelearn.widgets.watchset import CONNECTING


class InternalsWidget(DocumentWidget):
    """A widget that shows what a cluster's internals tell."""

    look_every = 1.0

    def __init__(self, cluster: Cluster, *, facts: dict[str, Any]) -> None:
        self.cluster = cluster
        self._looking = threading.Lock()
        self._displayed = False
        super().__init__(facts={**facts, "cluster": cluster.name}, connection=CONNECTING)
        self.enqueue(self.look)

    def read(self) -> None:
        """Ask the internals, and put what they tell into the document. Raises KubelearnError."""
        raise NotImplementedError

    def look(self) -> None:
        """Read, and show whether that worked."""
        with self._looking:
            self.attempt(self.read)

    def attempt(self, ask: Callable[[], None]) -> bool:
        """Ask the internals something, and show whether that worked."""
        reason = None
        try:
            ask()
        except KubelearnError as error:
            reason = error.message
        if reason != self.document.get("connection", "reason"):
            self.document.put("connection", "reason", reason)
            self.document.put("connection", "since", round(time.time() * 1000))
        courier.wake()
        return reason is None

    def look_for_display(self) -> None:
        """Look before something is shown; once, where picture and line are of one display.

        Programs on machines may have to be asked, which takes a while.
        """
        if not self._displayed:
            self.look()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        self.look()
        self._displayed = True
        try:
            return super()._repr_mimebundle_(**kwargs)
        finally:
            self._displayed = False

    def do(self, command: str, act: Callable[[], None]) -> None:
        """Do something beside the API, show it in the trace, and look what came of it."""
        self.trace(beside_api(command, act))
        self.look()

    @property
    def unknown(self) -> str:
        """Why nothing can be shown, or nothing."""
        return str(self.document.get("connection", "reason") or "")
