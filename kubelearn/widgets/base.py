"""What every widget shares: a document told to the browser as diffs, actions, a static fallback.

A widget is a `.py` file that says what to watch and what to show of it, and a `.js` file beside it
that draws. Handlers of clicks run on whichever thread the kernel likes, perhaps only after a busy
cell: so they only enqueue, and a thread of the widget's own does the work.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import anywidget
import traitlets

from kubelearn.clusters.internals import Internals
from kubelearn.objects import Object, Resource
from kubelearn.widgets.actions import Action, perform
from kubelearn.widgets.courier import Parcel, courier
from kubelearn.widgets.document import Document
from kubelearn.widgets.watchset import CONNECTING, Collection, Subscription, watches_of

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_HERE = Path(__file__).parent
# How long a first picture may wait for the cluster's answer.
_FIRST_ANSWER = 3.0
_TRACE_LENGTH = 50


class Cluster(Protocol):
    """What widgets need of a cluster."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def api_client(self) -> ApiClient:
        """The official client's connection."""
        ...

    @property
    def internals(self) -> Internals:
        """What is not in the API."""
        ...


def script(*names: str) -> str:
    """A widget's JavaScript: what all views share, then its own parts; no build step."""
    return "".join((_HERE / f"{name}.js").read_text() for name in ("base", *names))


def style(*names: str) -> str:
    """A widget's style sheets, after the one that all views share."""
    return "".join((_HERE / f"{name}.css").read_text() for name in ("base", *names))


class Widget(anywidget.AnyWidget):
    """A widget with a static fallback: a picture and one line of text."""

    def picture(self) -> str:
        """The SVG that stays in the notebook; the same for the same state."""
        raise NotImplementedError

    def line(self) -> str:
        """The one line for terminals and for tests."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if bundle else ({}, {})
        return {**data, "image/svg+xml": self.picture(), "text/plain": self.line()}, metadata


class DocumentWidget(Widget):
    """A widget whose views follow a document; what it shows may change while nobody runs a cell."""

    # Never assigned: asked for only when a view opens, and then it is the document as it is.
    snapshot = traitlets.Dict().tag(sync=True, to_json=lambda _, widget: widget.document.snapshot())

    # How often `look` is called while somebody looks, in seconds; 0: never.
    look_every = 0.0

    # Here, because ipywidgets also closes an object whose constructor failed half-way.
    _worker: threading.Thread | None = None
    _unseen: threading.Event | None = None

    def __init__(self, *, facts: dict[str, Any], connection: str | None = None) -> None:
        self.document = Document(facts=facts, connection={"reason": connection}, trace={})
        self._views: dict[str, int] = {}
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._traced = 0
        self._parcel = Parcel(self.document, self.send)
        # Before the comm opens: what is known already goes with the first message.
        self.attach()
        super().__init__()
        self.on_msg(self._on_message)

    # --- what a widget says -----------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Do what a click asked for; runs on the widget's own thread."""
        raise NotImplementedError

    def look(self) -> None:
        """Look at what tells nothing by itself, and put it into the document; may take a while."""

    # --- while somebody looks ---------------------------------------------------------------

    def attach(self) -> None:
        """Follow what happens, if it is not done already."""
        if self._unseen is None:
            self._unseen = threading.Event()
            courier.add(self._parcel)
            if self.look_every:
                threading.Thread(
                    target=self._keep_looking,
                    args=[self._unseen],
                    name=f"kubelearn {type(self).__name__} looks",
                    daemon=True,
                ).start()

    def detach(self) -> None:
        """Follow no more: nobody looks."""
        if self._unseen is not None:
            self._unseen.set()
            self._unseen = None
            courier.remove(self._parcel)

    def close(self) -> None:
        """Follow no more, and remove the views."""
        self.detach()
        if self._worker:
            self._jobs.put(None)
            self._worker = None
        super().close()

    def _keep_looking(self, unseen: threading.Event) -> None:
        while not unseen.wait(self.look_every):
            # Looks that take long must not pile up.
            if self._jobs.empty():
                self.enqueue(self.look)

    # --- messages of the view ---------------------------------------------------------------

    def _on_message(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        kind = content.get("type")
        if kind == "action":
            self.enqueue(lambda: self.act(str(content["name"]), content.get("arguments") or {}))
        elif kind == "resync":
            self._parcel.ask_for_all()
            courier.wake()
        elif kind == "views":
            self._views[str(content["page"])] = int(content["count"])
            self.enqueue(lambda: self._follow_views(int(content["rev"])))

    def _follow_views(self, revision: int) -> None:
        """Follow only while somebody looks; tell a new view what it missed while it loaded."""
        if not any(self._views.values()):
            self.detach()
            return
        self._parcel.opened()
        self.attach()
        if revision != self.document.revision:
            self._parcel.ask_for_all()
            courier.wake()

    def enqueue(self, job: Callable[[], None]) -> None:
        """Do something on the widget's own thread, after what is queued already."""
        if self._worker is None:
            self._worker = threading.Thread(
                target=self._work, name=f"kubelearn {type(self).__name__}", daemon=True
            )
            self._worker.start()
        self._jobs.put(job)

    def _work(self) -> None:
        while job := self._jobs.get():
            try:
                job()
            except Exception as error:  # a failed click must not end the widget
                self.trace(_failure(repr(error)))

    def trace(self, entry: Object) -> None:
        """Show what was done, and what came back."""
        self._traced += 1
        self.document.put("trace", str(self._traced), {**entry, "at": round(time.time() * 1000)})
        self.document.drop("trace", str(self._traced - _TRACE_LENGTH))
        courier.wake()


class LiveWidget(DocumentWidget):
    """A widget that shows what a cluster does. Close it with `close()`, or just clear its cell."""

    # The sections that are made from watched objects: they start anew with the watch.
    watched: tuple[str, ...] = ()

    _subscription: Subscription | None = None
    _due = False

    def __init__(
        self, cluster: Cluster, collections: Iterable[Collection], *, facts: dict[str, Any]
    ) -> None:
        self.cluster = cluster
        self._collections = list(collections)
        super().__init__(facts=facts, connection=CONNECTING)

    # --- what a widget says -----------------------------------------------------------------

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """Put into the document what shall be shown of an object; None: it is gone."""
        raise NotImplementedError

    def renew(self) -> None:
        """Make the document anew from all that is known; `renew_soon` asks for it."""

    def renew_soon(self) -> None:
        """Let `renew` run soon on the widget's own thread, once for many changes."""
        if not self._due:
            self._due = True
            self.enqueue(self._renew_now)

    def _renew_now(self) -> None:
        # First, so that a change which comes meanwhile asks again.
        self._due = False
        self.renew()
        courier.wake()

    def forget(self) -> None:
        """Drop what an earlier watch told, before a new one tells everything again."""
        for section in self.watched:
            self.document.replace(section, {})

    # --- the watch --------------------------------------------------------------------------

    def on_object(self, resource: Resource, name: str, obj: Object | None) -> None:
        """Pass an object on to the picture; one that cannot be shown must not end the watch."""
        try:
            self.show(resource, name, obj)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self.trace(_failure(f"{resource.kind} {name} cannot be shown: {error!r}"))
        courier.wake()

    def on_connection(self, reason: str | None) -> None:
        """Show whether the picture is up to date."""
        self.document.put("connection", "reason", reason)
        self.document.put("connection", "since", round(time.time() * 1000))
        courier.wake()

    def wait(self, seconds: float = _FIRST_ANSWER) -> bool:
        """Wait until the cluster has answered for the first time; whether it did."""
        return self._subscription is not None and self._subscription.wait(seconds)

    @property
    def disconnected(self) -> str:
        """Why the picture is not up to date, or nothing."""
        return str(self.document.get("connection", "reason") or "")

    def attach(self) -> None:
        """Watch, if it is not done already."""
        if self._subscription is None:
            self.forget()
            watches = watches_of(self.cluster.api_client)
            self._subscription = watches.subscribe(self._collections, self)
        super().attach()

    def detach(self) -> None:
        """Watch no more: nobody looks."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
        super().detach()

    # --- actions ----------------------------------------------------------------------------

    def perform(self, action: Action) -> Object:
        """Send an action's request and show it in the trace."""
        entry = perform(self.cluster.api_client, action)
        self.trace(entry)
        return entry


def _failure(message: str) -> Object:
    return {"command": "", "request": "", "code": 0, "message": message}
