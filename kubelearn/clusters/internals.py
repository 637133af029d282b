"""What lies behind the API, the same on every cluster that can be opened.

Components and machines to stop and start, etcd's keys, what runs on a node, the way of a packet to
a Service's pods, and the audit trail. Times carry a zone; keys, ids and addresses are written as
etcdctl, crictl and kube-proxy write them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kubelearn.errors import NotAvailable
from kubelearn.objects import Object

REGISTRY = "/registry/"
"""What all keys of Kubernetes begin with."""


@dataclass(frozen=True)
class ComponentState:
    """One component of a cluster, and whether it runs."""

    name: str
    node: str
    state: str
    restarts: int
    """How often it was started again because it crashed."""


@dataclass(frozen=True)
class EtcdStatus:
    """How far etcd has counted, and how much of the past it still has."""

    revision: int
    """Of the latest change of any key."""
    compacted: int
    """States before this revision are forgotten; 0 if none was."""


@dataclass(frozen=True)
class KeyValue:
    """One state of a key, as `etcdctl get -w json` shows it."""

    key: str
    value: bytes
    """What is stored: protobuf behind four bytes of magic, or JSON."""
    create_revision: int
    """The revision in which the key came to life."""
    mod_revision: int
    """The revision of this state, which the object shows as its resourceVersion."""
    version: int
    """1 for a new key, one more for each change, 0 for a key that was deleted."""
    lease: int = 0
    """The lease that the key ends with; 0 for none."""
    object: Object | None = None
    """The value as an object, None if it is none."""


@dataclass(frozen=True)
class KeyEvent:
    """One change of a key. A deletion's `kv` has no value; `prev` is what was there before."""

    type: Literal["PUT", "DELETE"]
    kv: KeyValue
    prev: KeyValue | None = None


RunState = Literal["Created", "Running", "Exited", "Unknown"]


@dataclass(frozen=True)
class NodeContainer:
    """One container of a node, as `crictl ps -a` shows it."""

    id: str
    name: str
    pod: str
    namespace: str
    image: str
    state: RunState
    attempt: int
    """How often it was started again in this pod."""
    created: datetime
    pid: int
    """Its first process, as the node counts them; 0 when it does not run."""


@dataclass(frozen=True)
class NodeProcess:
    """One process of a node, as `ps` on the node shows it."""

    pid: int
    ppid: int
    user: str
    started: datetime
    command: str
    container: str
    """The id of the container that it belongs to; empty for the node's own."""


@dataclass(frozen=True)
class Target:
    """One endpoint that connections are sent to."""

    address: str
    """Such as `10.244.1.7:8080`."""
    chance: float
    """How likely a new client gets there: 0.25 for one of four."""
    rule: str
    """What decides it, in the data path's own words."""


AddressKind = Literal["ClusterIP", "NodePort", "ExternalIP", "LoadBalancer"]


@dataclass(frozen=True)
class Entry:
    """One address of a Service, and where it leads. Without targets a connection is refused."""

    address: str
    """Such as `10.96.0.10:53`; of a node port, the node's address and that port."""
    kind: AddressKind
    protocol: str
    port: str
    """The port's name in the Service; may be empty."""
    affinity_seconds: int
    """How long a client stays with its endpoint; 0 without session affinity."""
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class ServicePath:
    """How one node leads connections from a Service's addresses to its endpoints."""

    service: str
    """As `namespace/name`."""
    node: str
    mode: Literal["iptables", "nftables", "userspace"]
    entries: tuple[Entry, ...]
    rules: str
    """The rules as the data path has them: lines of `iptables-save`, for instance."""


@dataclass(frozen=True)
class ControllerState:
    """One control loop, and what it has before it; keys are `namespace/name`."""

    name: str
    paused: bool
    working: tuple[str, ...]
    waiting: tuple[str, ...]
    later: Mapping[str, float]
    """What it will look at again by itself, in so many seconds: after a failure, for instance."""


@dataclass(frozen=True)
class Step:
    """One reconcile: of what, and what went wrong, if anything."""

    key: str
    problem: str


@dataclass(frozen=True)
class Refusal:
    """Why a pod cannot be on a node."""

    plugin: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """What the scheduler thought of a pod when it last tried it."""

    pod: str
    """As `namespace/name`."""
    time: datetime
    node: str
    """The node that it chose; empty if none."""
    message: str
    """Why it chose none, in the words of the Event `FailedScheduling`."""
    scores: Mapping[str, Mapping[str, int]]
    """The points that each plugin gave each node that was possible, weighted."""
    rejections: Mapping[str, Refusal]
    """Why the others were not, as far as it is told."""


class Internals(ABC):
    """What lies behind the API of one cluster.

    Every method raises NotAvailable, with the reason, where a back end cannot do it or does not
    know the component, node or Service that is named, and ClusterError where what would have to
    answer is stopped.
    """

    # --- components and machines ---

    @abstractmethod
    def components(self) -> list[ComponentState]:
        """All components, with their states."""

    @abstractmethod
    def stop(self, component: str) -> None:
        """Stop one component."""

    @abstractmethod
    def start(self, component: str) -> None:
        """Start one component."""

    @abstractmethod
    def stop_node(self, name: str) -> None:
        """Switch a machine off, with all that runs on it."""

    @abstractmethod
    def start_node(self, name: str) -> None:
        """Switch a machine on."""

    # --- etcd ---

    @abstractmethod
    def etcd(self) -> EtcdStatus:
        """The current revision, and how much of the past is left."""

    @abstractmethod
    def keys(self, prefix: str = REGISTRY, *, revision: int = 0, limit: int = 0) -> list[KeyValue]:
        """The keys that begin with `prefix`, in order, at a revision of the past or (0) now.

        At most `limit` of them, if that is not 0. Raises Compacted for what is forgotten.
        """

    @abstractmethod
    def watch_keys(
        self, prefix: str = REGISTRY, *, start: int = 0, seconds: float | None = None
    ) -> Iterator[KeyEvent]:
        """The changes of such keys from the revision `start` on, or (0) those to come.

        It begins with this call and ends after so many seconds, or (None) when it is closed.
        Raises Compacted, and ClusterError when etcd is stopped.
        """

    @abstractmethod
    def compact(self, revision: int) -> None:
        """Forget the states that were replaced or deleted before a revision.

        Raises Compacted when that was done already.
        """

    # --- nodes ---

    @abstractmethod
    def containers(self, node: str) -> list[NodeContainer]:
        """The containers that the node's runtime knows, dead ones too, newest first."""

    @abstractmethod
    def processes(self, node: str) -> list[NodeProcess]:
        """The node's processes, by number: its own, and those in containers."""

    # --- Services ---

    @abstractmethod
    def service_path(
        self, service: str, namespace: str = "default", *, node: str = ""
    ) -> ServicePath:
        """Where connections to a Service's addresses go that begin on a node, or on the first."""

    # --- audit ---

    @abstractmethod
    def audit(self, *, since: datetime | None = None, after: str = "") -> Iterator[Object]:
        """The events of the audit trail (`audit.k8s.io/v1`), oldest first, up to now.

        There is one for each finished request that the policy asks for. `since` leaves out those
        that were received before; `after` is an auditID: those behind it in the trail, so that
        whoever asks again goes on where he was. Raises ClusterError when that one is not kept.
        """

    # --- control loops, which a real cluster keeps to itself ---

    def controllers(self) -> list[ControllerState]:
        """The controllers, and as one more the scheduler, with their queues."""
        raise _not_told()

    def pause(self, controller: str) -> None:
        """Let a controller do nothing more, until `resume` or until its component is stopped."""
        raise _not_told()

    def resume(self, controller: str) -> None:
        """Let it go on."""
        raise _not_told()

    def step(self, controller: str, key: str = "") -> Step:
        """Let a paused controller reconcile once: that key, or the first that waits."""
        raise _not_told()

    def decision(self, pod: str, namespace: str = "default") -> Decision:
        """Which nodes the scheduler rejected for a pod, how others scored, and which it took."""
        raise _not_told()


def _not_told() -> NotAvailable:
    return NotAvailable(
        "the controllers and the scheduler of a real cluster keep to themselves what they are at",
        hint="KUBELEARN_BACKEND=embedded   # a cluster whose control loops can be watched",
    )
