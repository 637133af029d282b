"""Whether a node takes a pod, those counted in that are nominated to run there.

Upstream: `RunFilterPluginsWithNominatedPods` in pkg/scheduler/framework/runtime/framework.go.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubelearn.embedded.scheduler.cache import NodeInfo, PodInfo
from kubelearn.embedded.scheduler.framework import Filter, Framework, Rejection, first_rejection
from kubelearn.embedded.scheduler.nominator import Nominator


class NodeFilter:
    """Asks a framework's filters about one pod."""

    def __init__(
        self, pod: PodInfo, nodes: Sequence[NodeInfo], *, framework: Framework, nominator: Nominator
    ) -> None:
        self._pod = pod
        self._nodes = nodes
        self._framework = framework
        self._nominator = nominator
        self._filters = framework.filters(pod, nodes)

    def reject(self, info: NodeInfo) -> Rejection | None:
        """Why the node does not take the pod, if so."""
        rejection = self._with_nominated(info) if self._nominator else None
        return rejection or first_rejection(self._filters, info)

    def reject_trial(self, trial: NodeInfo) -> Rejection | None:
        """The same for a node as it could be, in place of the one of that name."""
        filters = self._filters_with(trial)
        return self._with_nominated(trial) or first_rejection(filters, trial)

    def _with_nominated(self, info: NodeInfo) -> Rejection | None:
        """Asked once with the nominated pods and once without: neither is sure to come true."""
        expected = [
            other
            for other in self._nominator.pods_on(info.name)
            if other.priority >= self._pod.priority and other.key != self._pod.key
        ]
        if not expected:
            return None
        trial = info.clone()
        for other in expected:
            trial.add(other)
        return first_rejection(self._filters_with(trial), trial)

    def _filters_with(self, trial: NodeInfo) -> list[Filter]:
        nodes = [trial if info.name == trial.name else info for info in self._nodes]
        return self._framework.filters(self._pod, nodes)
