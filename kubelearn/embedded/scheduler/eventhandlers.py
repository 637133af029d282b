"""Carries what happens in the cluster into the scheduler's cache and queue.

Upstream: pkg/scheduler/eventhandlers.go. Every change also has a name, by which plugins say what
would help the pods that they rejected.
"""

from __future__ import annotations

from kubelearn.embedded.informer import Informer, Informers
from kubelearn.embedded.scheduler.cache import Cache, PodInfo
from kubelearn.embedded.scheduler.framework import Change, Framework
from kubelearn.embedded.scheduler.nominator import Nominator, nominated
from kubelearn.embedded.scheduler.plugins import STORAGE
from kubelearn.embedded.scheduler.queue import SchedulingQueue
from kubelearn.objects import NODES, PODS, Object, is_terminal, key


class EventHandlers:
    """The handlers of one scheduler, which looks after pods with its own name."""

    def __init__(
        self,
        name: str,
        *,
        cache: Cache,
        queue: SchedulingQueue,
        nominator: Nominator,
        framework: Framework,
    ) -> None:
        self._name = name
        self._cache = cache
        self._queue = queue
        self._nominator = nominator
        self._framework = framework

    def attach(self, informers: Informers) -> None:
        """Listen to nodes and pods; nodes first, for pods are of no use without them."""
        informers.get(NODES).add_handler(
            on_add=self._node_added, on_update=self._node_updated, on_delete=self._node_deleted
        )
        informers.get(PODS).add_handler(
            on_add=self._pod_added, on_update=self._pod_updated, on_delete=self._pod_deleted
        )
        for resource in STORAGE:
            self._attach_storage(informers.get(resource), resource.kind)

    def _attach_storage(self, informer: Informer, kind: str) -> None:
        informer.add_handler(
            on_add=lambda _: self._changed(kind), on_update=lambda _, __: self._changed(kind)
        )

    def _changed(self, name: str, *, old: Object | None = None, new: Object | None = None) -> None:
        change = Change(name, old, new)
        self._queue.move_all(
            lambda pod, rejected_by: self._framework.is_helped(pod, rejected_by, change)
        )

    # --- nodes ---

    def _node_added(self, node: Object) -> None:
        self._cache.put_node(node)
        self._changed("NodeAdd", new=node)

    def _node_updated(self, old: Object, new: Object) -> None:
        self._cache.put_node(new)
        # Nodes report every few seconds that they live; only this much of them matters.
        if _schedulability(old) != _schedulability(new):
            self._changed("NodeUpdate", old=old, new=new)

    def _node_deleted(self, node: Object) -> None:
        self._cache.remove_node(node["metadata"]["name"])
        self._changed("NodeDelete", old=node)

    # --- pods ---

    def _pod_added(self, pod: Object) -> None:
        if _is_assigned(pod):
            self._assigned(pod)
            self._changed("PodAdd", new=pod)
        elif self._is_mine(pod):
            info = PodInfo(pod)
            self._nominator.update(info, before=None)
            self._queue.add(info)

    def _pod_updated(self, old: Object, new: Object) -> None:
        if _is_assigned(new):
            if not _is_assigned(old):
                self._assigned(new)
                self._changed("PodAdd", new=new)
            # Most changes are the kubelet's reports, which change nothing here.
            elif _claims(old) != _claims(new):
                self._assigned(new)
                self._changed("PodUpdate", old=old, new=new)
        elif self._is_mine(new):
            info = PodInfo(new)
            self._nominator.update(info, before=nominated(PodInfo(old)))
            self._queue.update(info, worth_a_try=_claims(old) != _claims(new))
        else:
            self._pod_deleted(new)

    def _pod_deleted(self, pod: Object) -> None:
        self._queue.remove(key(pod))
        self._nominator.remove(key(pod))
        if self._cache.node_of(key(pod)):
            self._cache.remove_pod(key(pod))
            self._changed("PodDelete", old=pod)

    def _assigned(self, pod: Object) -> None:
        self._queue.remove(key(pod))
        self._nominator.remove(key(pod))
        self._cache.put_pod(PodInfo(pod), pod["spec"]["nodeName"])

    def _is_mine(self, pod: Object) -> bool:
        """Whether the pod waits for this scheduler to find it a node."""
        spec, meta = pod["spec"], pod["metadata"]
        return (
            not spec.get("nodeName")
            and spec.get("schedulerName") == self._name
            and not spec.get("schedulingGates")
            and not meta.get("deletionTimestamp")
            and not is_terminal(pod)
        )


def _is_assigned(pod: Object) -> bool:
    """Whether the pod takes room on a node; a finished one does not."""
    return bool(pod["spec"].get("nodeName")) and not is_terminal(pod)


def _claims(pod: Object) -> tuple[object, ...]:
    meta = pod["metadata"]
    return pod["spec"], meta.get("labels"), meta.get("deletionTimestamp")


def _schedulability(node: Object) -> tuple[object, ...]:
    spec = node["spec"]
    return (
        node["metadata"].get("labels"),
        spec.get("taints"),
        spec.get("unschedulable"),
        (node.get("status") or {}).get("allocatable"),
    )
