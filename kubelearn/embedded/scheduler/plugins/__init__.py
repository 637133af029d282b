"""The scheduler's plugins, one module each, named as upstream's pkg/scheduler/framework/plugins.

The order is upstream's and decides which reason a node is rejected for. Left out:
NodeVolumeLimits, as only CSI drivers say how many volumes a node takes.
"""

from __future__ import annotations

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.informer import Informers
from kubelearn.embedded.scheduler.framework import Plugin
from kubelearn.embedded.scheduler.plugins.imagelocality import ImageLocality
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
from kubelearn.embedded.scheduler.plugins.volumebinding import VolumeBinding
from kubelearn.embedded.scheduler.plugins.volumerestrictions import VolumeRestrictions
from kubelearn.embedded.scheduler.plugins.volumezone import VolumeZone
from kubelearn.embedded.scheduler.volumebinder import VolumeBinder
from kubelearn.objects import (
    NAMESPACES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    SERVICES,
    STATEFUL_SETS,
    STORAGE_CLASSES,
)

STORAGE = (PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES)
# What plugins read besides nodes and pods.
READ = (
    NAMESPACES,
    SERVICES,
    REPLICA_SETS,
    STATEFUL_SETS,
    REPLICATION_CONTROLLERS,
    *STORAGE,
)


def default_plugins(informers: Informers, client: Client, *, clock: Clock) -> list[Plugin]:
    """The plugins of the default profile."""
    claims, volumes, classes = map(informers.get, STORAGE)
    binder = VolumeBinder(client, claims=claims, volumes=volumes, classes=classes, clock=clock)
    return [
        NodeUnschedulable(),
        NodeName(),
        TaintToleration(),
        NodeAffinity(),
        NodePorts(),
        NodeResourcesFit(),
        VolumeRestrictions(claims),
        VolumeBinding(binder),
        VolumeZone(claims=claims, volumes=volumes),
        PodTopologySpread(
            services=informers.get(SERVICES),
            replica_sets=informers.get(REPLICA_SETS),
            stateful_sets=informers.get(STATEFUL_SETS),
            replication_controllers=informers.get(REPLICATION_CONTROLLERS),
        ),
        InterPodAffinity(namespaces=informers.get(NAMESPACES)),
        NodeResourcesBalancedAllocation(),
        ImageLocality(),
    ]
