"""All controllers in one component: the kube-controller-manager.

Upstream: cmd/kube-controller-manager. Left out: leader election (there is one of everything) and
flags to choose controllers. A controller that crashes is restarted and takes no other with it;
stopping the manager and running it again loses nothing, for all it knows is in the API.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace

from kubelearn.embedded.client import Client
from kubelearn.embedded.clock import Clock
from kubelearn.embedded.controller import Controller, ControllerContext, supervise
from kubelearn.embedded.controllers.accounts import make_accounts
from kubelearn.embedded.controllers.certificates.authority import Authority
from kubelearn.embedded.controllers.certificates.signer import CertificateSigningController
from kubelearn.embedded.controllers.clusterroleaggregation import ClusterRoleAggregationController
from kubelearn.embedded.controllers.cronjob.controller import CronJobController
from kubelearn.embedded.controllers.daemonset.controller import DaemonSetController
from kubelearn.embedded.controllers.deployment.controller import DeploymentController
from kubelearn.embedded.controllers.disruption import DisruptionController
from kubelearn.embedded.controllers.endpoint.controller import EndpointController
from kubelearn.embedded.controllers.endpointslice.controller import EndpointSliceController
from kubelearn.embedded.controllers.endpointslicemirroring.controller import (
    EndpointSliceMirroringController,
)
from kubelearn.embedded.controllers.ephemeralvolume import EphemeralVolumeController
from kubelearn.embedded.controllers.garbagecollector.controller import GarbageCollector
from kubelearn.embedded.controllers.job.controller import JobController
from kubelearn.embedded.controllers.namespace.controller import NamespaceController
from kubelearn.embedded.controllers.nodelifecycle import NodeLifecycleController
from kubelearn.embedded.controllers.persistentvolume.controller import PersistentVolumeController
from kubelearn.embedded.controllers.podautoscaler.controller import HorizontalController
from kubelearn.embedded.controllers.podgc import PodGCController
from kubelearn.embedded.controllers.replicaset import ReplicaSetController, ReplicationController
from kubelearn.embedded.controllers.resourcequota import ResourceQuotaController
from kubelearn.embedded.controllers.serviceaccount import (
    RootCACertPublisher,
    ServiceAccountsController,
)
from kubelearn.embedded.controllers.statefulset.controller import StatefulSetController
from kubelearn.embedded.controllers.storageprotection import (
    PVCProtectionController,
    PVProtectionController,
)
from kubelearn.embedded.controllers.tainteviction import TaintEvictionController
from kubelearn.embedded.controllers.ttlafterfinished import TTLAfterFinishedController
from kubelearn.embedded.controllers.volumeexpand import VolumeExpandController
from kubelearn.embedded.informer import Informers

_CONTROLLERS: list[type[Controller]] = [
    DeploymentController,
    ReplicaSetController,
    ReplicationController,
    DaemonSetController,
    StatefulSetController,
    JobController,
    CronJobController,
    TTLAfterFinishedController,
    EndpointSliceController,
    EndpointController,
    EndpointSliceMirroringController,
    DisruptionController,
    NamespaceController,
    ServiceAccountsController,
    ResourceQuotaController,
    HorizontalController,
    NodeLifecycleController,
    TaintEvictionController,
    PodGCController,
    PersistentVolumeController,
    PVCProtectionController,
    PVProtectionController,
    EphemeralVolumeController,
    VolumeExpandController,
    ClusterRoleAggregationController,
    # Last, because it is content with less of an object than the others keep of it.
    GarbageCollector,
]


class ControllerManager:
    """Runs the control loops.

    `root_ca` is the certificate that pods shall trust, `authority` what signs others'. `client_of`
    gives a client for each account that controllers act as (`--use-service-account-credentials`);
    without it all of them act as the manager, as its informers do in any case.
    """

    def __init__(
        self,
        client: Client,
        *,
        clock: Clock,
        random: random.Random,
        root_ca: str | None = None,
        authority: Authority | None = None,
        client_of: Callable[[str], Client] | None = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._random = random
        self._root_ca = root_ca
        self._authority = authority
        self._client_of = client_of
        self.controllers: list[Controller] = []
        """Those that run."""

    async def run(self) -> None:
        """Run everything, from fresh copies of the API's objects, until cancelled."""
        informers = Informers(self._client, clock=self._clock)
        context = ControllerContext(self._client, informers, self._clock, self._random)
        async with asyncio.TaskGroup() as group:
            self.controllers = self._make(context)
            for controller in self.controllers:
                group.create_task(
                    supervise(controller.name, controller.run, clock=self._clock),
                    name=controller.name,
                )
            group.create_task(informers.run(), name="informers")
            if self._client_of:
                accounts = map(_account_of, self.controllers)
                make = make_accounts(self._client, accounts, clock=self._clock)
                group.create_task(make, name="controllers' accounts")

    def _make(self, context: ControllerContext) -> list[Controller]:
        certain: list[Controller] = []
        if self._root_ca:
            own = self._own(context, RootCACertPublisher)
            certain.append(RootCACertPublisher(own, root_ca=self._root_ca))
        if self._authority:
            own = self._own(context, CertificateSigningController)
            certain.append(CertificateSigningController(own, authority=self._authority))
        return [*certain, *(each(self._own(context, each)) for each in _CONTROLLERS)]

    def _own(self, context: ControllerContext, controller: type[Controller]) -> ControllerContext:
        """The context of one controller, by whose name the audit trail knows its requests."""
        make = self._client_of or context.client.part
        return replace(context, client=make(_account_of(controller)))


def _account_of(controller: Controller | type[Controller]) -> str:
    return controller.account or controller.name
