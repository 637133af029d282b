"""The page of one object in the dashboard: what it is, its pods, its events, its logs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from kubelearn.diagrams.clustermap import pod_row
from kubelearn.diagrams.dashboard import conditions, owners, yaml_lines
from kubelearn.diagrams.objectfacts import consequence, facts_of
from kubelearn.diagrams.objectstates import state_of
from kubelearn.labelselector import matches
from kubelearn.objects import EVENTS, NODES, PODS, Object, Resource, split_key
from kubelearn.widgets import actions
from kubelearn.widgets.actions import Action, line
from kubelearn.widgets.courier import courier
from kubelearn.widgets.dashboardkinds import deeds, pod_selector
from kubelearn.widgets.document import Document
from kubelearn.widgets.eventlines import EventLines
from kubelearn.widgets.following import Following, Listening
from kubelearn.widgets.logfeed import LogFeed

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

SECTIONS = ("object", "pods", "events", "stream", "lines", "streams", "feed")


class Visitor(Protocol):
    """Who looks at the page: as whom, and where it is shown."""

    document: Document
    namespace: str

    @property
    def api(self) -> ApiClient:
        """The connection."""
        ...

    def ask(self, request: Action) -> Any:
        """Send a request and show it; the answer's body, None for a failure."""
        ...

    def show(self, entry: Object) -> None:
        """Show what was done."""
        ...


class ObjectPage:
    """Keeps SECTIONS of the visitor's document while it is open."""

    def __init__(self, visitor: Visitor, resource: Resource, name: str) -> None:
        self.resource, self.name = resource, name
        self._visitor = visitor
        self._document = visitor.document
        self._scope = visitor.namespace if resource.namespaced else None
        self._selector: Object | None = None
        self._feed: LogFeed | None = None
        self._pods: dict[str, Object] = {}

    def ask(self) -> None:
        """Read the object, as the click does that leads here."""
        command = line(
            self.resource,
            *("get", self.resource.kind.lower(), self.name, "-o", "yaml"),
            namespace=self._visitor.namespace,
        )
        request = Action(command, "GET", self.resource.path(self._scope, self.name))
        found = self._visitor.ask(request)
        if found is not None:
            self._on_object(self._key, {**found, "kind": self.resource.kind})

    @property
    def _key(self) -> str:
        return f"{self._scope}/{self.name}" if self._scope else self.name

    def follow(self, following: Following) -> None:
        """Follow the object, events about it, and its pods."""
        api = self._visitor.api
        following.follow(api, (self.resource, self._scope), Listening(self._on_object))
        for section in ("events", "pods"):
            self._document.replace(section, {})
        self._pods.clear()
        self._events = EventLines(self._document)
        following.follow(api, (EVENTS, self._scope), Listening(self._on_event))
        if self.resource is PODS or self._selector is not None:
            following.follow(api, (PODS, self._scope), Listening(self._on_pod))
        if self._feed is not None:
            self._feed.start(api)

    def rest(self) -> None:
        """Read no logs while nobody looks."""
        if self._feed is not None:
            self._feed.stop()

    def leave(self) -> None:
        """Clear the page."""
        self.rest()
        for section in SECTIONS:
            self._document.replace(section, {})

    def look(self) -> None:
        """Take new lines of logs to the document."""
        if self._feed is not None:
            self._feed.flush()

    # --- what is told -------------------------------------------------------------------------

    def _on_object(self, name: str, obj: Object | None) -> None:
        if name != self._key:
            return
        if obj is None:
            self._document.put("object", "gone", True)
            courier.wake()
            return
        self._selector = pod_selector(self.resource, obj)
        state, word = state_of(obj)
        told: dict[str, Any] = {
            "gone": False,
            "state": state,
            "word": word,
            "facts": [list(fact) for fact in facts_of(obj)],
            "conditions": conditions(obj),
            "owners": owners(obj),
            "yaml": yaml_lines(obj),
            "edit": self._edit_line(),
            "deeds": deeds(self.resource, obj),
            "consequence": _consequence(self.resource, obj),
            "logs": self.resource is PODS or self._selector is not None,
        }
        for key, value in told.items():
            self._document.put("object", key, value)
        courier.wake()

    def _edit_line(self) -> str:
        words = ["edit", self.resource.kind.lower(), self.name]
        return line(self.resource, *words, namespace=self._visitor.namespace)

    def _on_event(self, name: str, event: Object | None) -> None:
        about = (event or {}).get("involvedObject") or {}
        if event is None or (about.get("kind"), about.get("name")) == (
            self.resource.kind,
            self.name,
        ):
            self._events.take(name, event)
            courier.wake()

    def _on_pod(self, name: str, pod: Object | None) -> None:
        mine = pod if pod is not None and self._is_mine(name, pod) else None
        self._pods.pop(name, None)
        if mine is None:
            self._document.drop("pods", name)
        else:
            self._pods[name] = mine
            row = pod_row(mine)
            shown = ("name", "node", "phase", "word", "ready", "restarts")
            self._document.put("pods", name, {key: row[key] for key in shown})
        if self._feed is not None:
            self._feed.pod(name, mine)
        courier.wake()

    def _is_mine(self, name: str, pod: Mapping[str, Any]) -> bool:
        if self.resource is PODS:
            return split_key(name)[1] == self.name
        return matches(self._selector, pod["metadata"].get("labels"))

    # --- what is done -------------------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """What a button of the page does."""
        request = self._request(name, arguments)
        if request is not None:
            self._visitor.ask(request)
        elif name == "choose" and self._feed is not None:
            last = int(arguments.get("last") or 200)
            container, previous = str(arguments["container"]), bool(arguments["previous"])
            self._feed.choose(container=container, previous=previous, last=last)

    def _request(self, name: str, arguments: dict[str, Any]) -> Action | None:
        where = self._visitor.namespace, self.name
        match name:
            case "scale":
                replicas = int(arguments["replicas"])
                return actions.scale(*where, replicas, resource=self.resource)
            case "restart":
                return actions.restart(*where, moment=datetime.now(UTC), resource=self.resource)
            case "delete":
                return actions.delete(self.resource, *where)
            case "cordon":
                return actions.cordon(self.name, on=bool(arguments["on"]))
        return None

    def read_logs(self) -> None:
        """Begin to read the logs of its pods, if it is not done already."""
        if self._feed is not None:
            return
        self._feed = LogFeed(self._document)
        self._feed.start(self._visitor.api)
        for name, pod in self._pods.copy().items():
            self._feed.pod(name, pod)
        what, path = (
            f"{self.resource.kind.lower()}/{self.name}",
            PODS.path(self._scope, "POD", "log"),
        )
        many = ["--all-pods", "--prefix"]
        if self.resource is PODS:
            what, path, many = self.name, PODS.path(self._scope, self.name, "log"), []
        words = ["logs", what, *many, "--follow", "--tail=200"]
        command = line(self.resource, *words, namespace=self._visitor.namespace)
        request = f"GET {path}?follow=true&timestamps=true&tailLines=200"
        self._visitor.show({"command": command, "request": request, "code": None, "body": ""})


def _consequence(resource: Resource, obj: Object) -> str:
    if resource is NODES:
        return "The cluster forgets the machine; its pods are lost to it."
    if resource.kind == "Namespace":
        return "All that is in it goes with it."
    return consequence(obj)
