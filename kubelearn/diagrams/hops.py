"""The hops of a change: who did what to an object and to all that came of it, from audit events.

The audit trail (`audit.k8s.io/v1`) has every request, but not why it was sent. A component acts on
what it watches: the creation of an object follows its owner's latest change, a status of an owner
follows its objects' changes, and everything else follows the object's own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubelearn.diagrams.actors import Actor, actor_of
from kubelearn.diagrams.deeds import METHODS, changes, deed, name_of, object_of, step, words
from kubelearn.objects import Object, Resource, parse_time

# How many changes of one object are looked through for a cause.
_REMEMBERED = 50


@dataclass(frozen=True)
class Hop:
    """One request that changed something or was refused; moments are seconds since 1970."""

    id: str
    part: str
    """A key of `actors.PARTS`."""
    actor: str
    deed: str
    """What it did: `creates Pod web-5d9-x`."""
    words: str
    """What is new by it: `on node worker`."""
    step: str
    """The kind of change, as `deeds.step` has it, or `note`, or `started`."""
    kind: str
    request: str
    code: int
    revision: str
    """The resourceVersion that it led to, where the answer says it."""
    received: float
    completed: float
    after: str
    """The id of the hop that it follows, or nothing."""
    journey: str
    """The id of the client's change that it comes of."""
    pod: str = ""
    """As `namespace/name`, where it is about a pod."""
    node: str = ""
    """Where a kubelet sent it from."""


@dataclass
class _Relative:
    """An object of the family: the uids of those it comes of, and what was done to it lately."""

    kind: str
    owners: set[str] = field(default_factory=set)
    changes: deque[Hop] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))


class Trail:
    """Takes audit events in their order, and tells those that belong to one object's story."""

    def __init__(self, resource: Resource, namespace: str, name: str) -> None:
        self._root = (resource.plural, namespace, name)
        self._relatives: dict[str, _Relative] = {}
        self._uids: dict[tuple[str, str, str], str] = {}
        self._journey = ""

    def take(self, event: Mapping[str, Any]) -> Hop | None:
        """The hop that an event tells of, or None for somebody else's."""
        if not changes(event):
            return None
        if event["objectRef"]["resource"] == "events":
            return self._note(event)
        obj = object_of(event)
        subject = self._subject(event, obj)
        return self._hop(event, obj, subject) if subject else None

    def started(
        self, pod: str, *, container: str, process: int, node: str, moment: float
    ) -> Hop | None:
        """A node's runtime has made a container of a pod (`namespace/name`): no request."""
        namespace, _, name = pod.partition("/")
        uid = self._uids.get(("pods", namespace, name))
        after = self._latest([uid] if uid else [], moment)
        if after is None:
            return None
        return Hop(
            id=f"{pod}/{container}",
            part="runtime",
            actor=f"runtime of {node}",
            deed=f"makes container {container}",
            words=f"process {process}" if process else "",
            step="started",
            kind="Container",
            request="",
            code=0,
            revision="",
            received=moment,
            completed=moment,
            after=after.id,
            journey=after.journey,
            pod=pod,
            node=node,
        )

    # --- whose story is it --------------------------------------------------------------------

    def _subject(self, event: Mapping[str, Any], obj: Object) -> str:
        """The uid of the relative that a request was about, or nothing."""
        reference, meta = event["objectRef"], obj.get("metadata") or {}
        name = (
            str(reference["resource"]),
            str(reference.get("namespace") or ""),
            str(reference.get("name") or meta.get("name") or ""),
        )
        uid = str(meta.get("uid") or self._uids.get(name) or "/".join(name))
        owners = self._owners(obj)
        if uid not in self._relatives:
            if not owners and name != self._root:
                return ""
            self._relatives[uid] = _Relative(str(obj.get("kind") or reference["resource"]))
        self._relatives[uid].owners |= owners
        self._uids[name] = uid
        return uid

    def _owners(self, obj: Object) -> set[str]:
        """Whom of the family an object comes of: its owner, or the pods that a slice leads to."""
        references = (obj.get("metadata") or {}).get("ownerReferences") or []
        endpoints = [each.get("targetRef") or {} for each in obj.get("endpoints") or []]
        found = {str(each.get("uid") or "") for each in [*references, *endpoints]}
        return found & self._relatives.keys()

    # --- why was it done ----------------------------------------------------------------------

    def _hop(self, event: Mapping[str, Any], obj: Object, subject: str) -> Hop:
        actor, relative, kind = actor_of(event), self._relatives[subject], step(event, obj)
        after = None
        # What a client wants is no consequence of anything: a journey begins.
        if actor.part == "client":
            self._journey = event["auditID"]
        else:
            after = self._cause(event, subject, "own" if actor.part == "kubelet" else kind)
        reference = event["objectRef"]
        about = f"{reference.get('namespace', '')}/{name_of(event)}"
        hop = Hop(
            deed=deed(event, relative.kind),
            words=words(event, obj),
            step=kind,
            kind=relative.kind,
            pod=about if relative.kind == "Pod" else "",
            **self._facts(event, obj, actor=actor, after=after),
        )
        if hop.code < 400:
            relative.changes.append(hop)
        return hop

    def _note(self, event: Mapping[str, Any]) -> Hop | None:
        """An Event object, by which a component tells what it did beside the API."""
        obj = event.get("requestObject") or {}
        about = obj.get("involvedObject") or obj.get("regarding") or {}
        subject = str(about.get("uid") or "")
        if subject not in self._relatives or not obj.get("reason"):
            return None
        after = self._latest([subject], _moment(event["requestReceivedTimestamp"]))
        return Hop(
            deed=f"notes {obj['reason']}",
            words=str(obj.get("message") or obj.get("note") or ""),
            step="note",
            kind="Event",
            **self._facts(event, {}, actor=actor_of(event), after=after),
        )

    def _facts(
        self, event: Mapping[str, Any], obj: Object, *, actor: Actor, after: Hop | None
    ) -> dict[str, Any]:
        return {
            "id": event["auditID"],
            "part": actor.part,
            "actor": actor.name,
            "node": actor.node,
            "request": f"{METHODS[event['verb']]} {event['requestURI']}",
            "code": int((event.get("responseStatus") or {}).get("code") or 0),
            "revision": str((obj.get("metadata") or {}).get("resourceVersion") or ""),
            "received": _moment(event["requestReceivedTimestamp"]),
            "completed": _moment(event["stageTimestamp"]),
            "after": after.id if after else "",
            "journey": after.journey if after else self._journey,
        }

    def _cause(self, event: Mapping[str, Any], subject: str, kind: str) -> Hop | None:
        """The change that a component saw before it did this."""
        owners = self._relatives[subject].owners
        received = _moment(event["requestReceivedTimestamp"])
        match kind:
            case "own" | "bound":
                return self._latest([subject], received)
            case "status":
                return self._latest([subject, *self._children({subject})], received)
            case "made":
                lost = self._latest(self._children(owners), received, step="deleted")
                wanted = self._latest(owners, received)
                return max((hop for hop in (lost, wanted) if hop), key=_by_time, default=None)
        return self._latest([subject, *owners], received)

    def _children(self, owners: set[str]) -> list[str]:
        """Those who come of these objects; a slice only leads to its pods."""
        return [
            uid
            for uid, each in self._relatives.items()
            if each.owners & owners and each.kind != "EndpointSlice"
        ]

    def _latest(self, uids: Iterable[str], received: float, *, step: str = "") -> Hop | None:
        """The last change of these objects, of that kind, that came in before a moment."""
        changes = (hop for uid in uids for hop in self._relatives[uid].changes)
        fitting = (h for h in changes if h.received < received and step in ("", h.step))
        return max(fitting, key=_by_time, default=None)


def _moment(text: str) -> float:
    return parse_time(text).timestamp()


def _by_time(hop: Hop) -> float:
    return hop.received
