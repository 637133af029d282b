"""Strategies: what is special about each kind, and nothing that is the same for all."""

from __future__ import annotations

import ipaddress
import random as randomness

from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.strategy import plain, workload
from kubelearn.embedded.apiserver.strategy.base import Strategy
from kubelearn.embedded.apiserver.strategy.certificates import CertificateSigningRequestStrategy
from kubelearn.embedded.apiserver.strategy.customresource import CustomResourceStrategy
from kubelearn.embedded.apiserver.strategy.customresourcedefinition import (
    CustomResourceDefinitionStrategy,
)
from kubelearn.embedded.apiserver.strategy.namespace import NamespaceStrategy
from kubelearn.embedded.apiserver.strategy.persistentvolume import PersistentVolumeStrategy
from kubelearn.embedded.apiserver.strategy.persistentvolumeclaim import ClaimStrategy
from kubelearn.embedded.apiserver.strategy.pod import PodStrategy
from kubelearn.embedded.apiserver.strategy.service import ServiceStrategy
from kubelearn.embedded.clock import Clock

__all__ = ["Strategy", "strategy_for"]

# By group and plural, as upstream's registry folders are.
_STRATEGIES: dict[tuple[str, str], type[Strategy]] = {
    ("", "endpoints"): plain.CreateOnUpdateStrategy,
    ("", "events"): plain.EventStrategy,
    ("", "limitranges"): plain.LimitRangeStrategy,
    ("", "namespaces"): NamespaceStrategy,
    ("", "nodes"): plain.NodeStrategy,
    ("", "persistentvolumeclaims"): ClaimStrategy,
    ("", "pods"): PodStrategy,
    ("", "podtemplates"): plain.GenerationStrategy,
    ("", "replicationcontrollers"): workload.ReplicationControllerStrategy,
    ("", "resourcequotas"): plain.QuotaStrategy,
    ("", "secrets"): plain.SecretStrategy,
    ("", "serviceaccounts"): plain.ServiceAccountStrategy,
    ("admissionregistration.k8s.io", "mutatingadmissionpolicies"): plain.GenerationStrategy,
    ("admissionregistration.k8s.io", "mutatingadmissionpolicybindings"): plain.GenerationStrategy,
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"): plain.GenerationStrategy,
    ("admissionregistration.k8s.io", "validatingadmissionpolicies"): plain.GenerationStrategy,
    ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"): plain.GenerationStrategy,
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"): plain.GenerationStrategy,
    ("apiextensions.k8s.io", "customresourcedefinitions"): CustomResourceDefinitionStrategy,
    ("apiregistration.k8s.io", "apiservices"): plain.ApiServiceStrategy,
    ("apps", "daemonsets"): workload.DaemonSetStrategy,
    ("apps", "deployments"): workload.DeploymentStrategy,
    ("apps", "replicasets"): workload.ReplicaSetStrategy,
    ("apps", "statefulsets"): workload.StatefulSetStrategy,
    ("autoscaling", "horizontalpodautoscalers"): plain.AutoscalerStrategy,
    ("batch", "cronjobs"): workload.CronJobStrategy,
    ("batch", "jobs"): workload.JobStrategy,
    ("certificates.k8s.io", "certificatesigningrequests"): CertificateSigningRequestStrategy,
    ("coordination.k8s.io", "leases"): plain.LeaseStrategy,
    ("discovery.k8s.io", "endpointslices"): plain.EndpointSliceStrategy,
    ("flowcontrol.apiserver.k8s.io", "flowschemas"): plain.GenerationStrategy,
    ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"): plain.GenerationStrategy,
    ("networking.k8s.io", "ingressclasses"): plain.GenerationStrategy,
    ("networking.k8s.io", "ingresses"): plain.IngressStrategy,
    ("networking.k8s.io", "networkpolicies"): plain.GenerationStrategy,
    ("node.k8s.io", "runtimeclasses"): plain.RuntimeClassStrategy,
    ("policy", "poddisruptionbudgets"): plain.DisruptionBudgetStrategy,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): plain.CreateOnUpdateStrategy,
    ("rbac.authorization.k8s.io", "clusterroles"): plain.CreateOnUpdateStrategy,
    ("rbac.authorization.k8s.io", "rolebindings"): plain.CreateOnUpdateStrategy,
    ("rbac.authorization.k8s.io", "roles"): plain.CreateOnUpdateStrategy,
    ("resource.k8s.io", "deviceclasses"): plain.GenerationStrategy,
    ("resource.k8s.io", "resourceclaims"): plain.ResourceClaimStrategy,
    ("resource.k8s.io", "resourceslices"): plain.ResourceSliceStrategy,
    ("scheduling.k8s.io", "priorityclasses"): plain.GenerationStrategy,
    ("storage.k8s.io", "storageclasses"): plain.ReturnsDeletedStrategy,
}


def strategy_for(
    kind: Kind, *, service_cidr: ipaddress.IPv4Network, random: randomness.Random, clock: Clock
) -> Strategy:
    """The strategy of a kind."""
    if kind.custom:
        return CustomResourceStrategy(kind, kind.custom)
    if (kind.group, kind.plural) == ("", "services"):
        return ServiceStrategy(kind, cidr=service_cidr, random=random)
    if (kind.group, kind.plural) == ("", "persistentvolumes"):
        return PersistentVolumeStrategy(kind, clock=clock)
    return _STRATEGIES.get((kind.group, kind.plural), Strategy)(kind)
