"""The scheduler's plugins, one module each, named as upstream's pkg/scheduler/framework/plugins.

The order is upstream's and decides which reason a node is rejected for. Volumes would be one more
module and one more line here.
"""

from __future__ import annotations

from kubelearn.embedded.informer import Informer
from kubelearn.embedded.scheduler.framework import Plugin
from kubelearn.embedded.scheduler.plugins.interpodaffinity import InterPodAffinity
from kubelearn.embedded.scheduler.plugins.nodeaffinity import NodeAffinity
from kubelearn.embedded.scheduler.plugins.nodename import NodeName
from kubelearn.embedded.scheduler.plugins.nodeports import NodePorts
from kubelearn.embedded.scheduler.plugins.noderesources import (
    NodeResourcesBalancedAllocation,
    NodeResourcesFit,
)
from kubelearn.embedded.scheduler.plugins.nodeunschedulable import NodeUnschedulable
from kubelearn.embedded.scheduler.plugins.podtopologyspread import PodTopologySpread
from kubelearn.embedded.scheduler.plugins.tainttoleration import TaintToleration


def default_plugins(*, services: Informer, replica_sets: Informer) -> list[Plugin]:
    """The plugins of the default profile."""
    return [
        NodeUnschedulable(),
        NodeName(),
        TaintToleration(),
        NodeAffinity(),
        NodePorts(),
        NodeResourcesFit(),
        PodTopologySpread(services=services, replica_sets=replica_sets),
        InterPodAffinity(),
        NodeResourcesBalancedAllocation(),
    ]
