"""Kinds that differ from the plain one in a line or two.

Stands for their `strategy.go` in k8s.io/kubernetes `pkg/registry`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.strategy.base import Strategy
from kubelearn.objects import Object, labels_of


class NodeStrategy(Strategy):
    """Nodes: a kubelet registers itself with its status."""

    fields = ("spec.unschedulable",)

    def prepare_for_create(self, new: Object) -> None:
        """Keep the status."""

    def selectable_fields(self, obj: Object) -> dict[str, str]:
        """A node that says nothing about it is schedulable."""
        found = super().selectable_fields(obj)
        found["spec.unschedulable"] = found["spec.unschedulable"] or "false"
        return found


class SecretStrategy(Strategy):
    """Secrets, which are found by their type too."""

    fields = ("type",)


class ServiceAccountStrategy(Strategy):
    """ServiceAccounts: references to secrets are names only."""

    returns_deleted = True

    def prepare_for_create(self, new: Object) -> None:
        """Cut the references down."""
        _only_names(new)

    def prepare_for_update(self, new: Object, old: Object) -> None:
        """Cut the references down."""
        _only_names(new)


def _only_names(account: Object) -> None:
    if secrets := account.get("secrets"):
        account["secrets"] = [_named(each) for each in secrets]


def _named(reference: Object) -> Object:
    return {"name": reference["name"]} if reference.get("name") else {}


class EventStrategy(Strategy):
    """Events of the core group: found by whom they are about, and nothing depends on them."""

    create_on_update = True
    collects_dependents = False
    fields = (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    )
    # As events.k8s.io calls them.
    aliases = {
        "regarding.kind": "involvedObject.kind",
        "regarding.namespace": "involvedObject.namespace",
        "regarding.name": "involvedObject.name",
        "regarding.uid": "involvedObject.uid",
        "regarding.apiVersion": "involvedObject.apiVersion",
        "regarding.resourceVersion": "involvedObject.resourceVersion",
        "regarding.fieldPath": "involvedObject.fieldPath",
        "reportingController": "reportingComponent",
    }

    def selectable_fields(self, obj: Object) -> dict[str, str]:
        """`source` is the component, by its old or its new name."""
        found = super().selectable_fields(obj)
        component = (obj.get("source") or {}).get("component") or obj.get("reportingComponent")
        found["source"] = component or ""
        return found


class LeaseStrategy(Strategy):
    """Leases: holders must compare and swap."""

    create_on_update = True
    unconditional_update = False


class EndpointSliceStrategy(Strategy):
    """EndpointSlices: everything counts as spec."""

    generation = True

    def changes_generation(self, new: Object, old: Object) -> bool:
        """Anything but metadata; of that the labels."""
        before, after = ({k: v for k, v in each.items() if k != "metadata"} for each in (old, new))
        labels = [labels_of(each) for each in (old, new)]
        return before != after or labels[0] != labels[1]


class GenerationStrategy(Strategy):
    """Kinds with a spec whose changes are counted, and a status or none."""

    generation = True


class CreateOnUpdateStrategy(Strategy):
    """Kinds that PUT may make: Endpoints, roles and bindings."""

    create_on_update = True


class LimitRangeStrategy(CreateOnUpdateStrategy):
    """LimitRanges, which need no name."""

    def prepare_for_create(self, new: Object) -> None:
        """One without a name is named by its uid."""
        super().prepare_for_create(new)
        meta = new["metadata"]
        meta["name"] = meta.get("name") or meta["uid"]


class RuntimeClassStrategy(Strategy):
    """RuntimeClasses: PUT may make one, but not change one that it has not seen."""

    create_on_update = True
    unconditional_update = False


class ResourceSliceStrategy(Strategy):
    """ResourceSlices, which are found by their node and driver."""

    generation = True
    fields = ("spec.nodeName", "spec.driver")


class ReturnsDeletedStrategy(Strategy):
    """Kinds whose DELETE answers with the object."""

    returns_deleted = True


class ApiServiceStrategy(Strategy):
    """APIServices: what this server answers itself is there from the beginning."""

    unconditional_update = False
    first_status = {}

    def prepare_for_create(self, new: Object) -> None:
        """Say so of a local one."""
        super().prepare_for_create(new)
        if not new["spec"].get("service"):
            available = {
                "type": "Available",
                "status": "True",
                "lastTransitionTime": new["metadata"]["creationTimestamp"],
                "reason": "Local",
                "message": "Local APIServices are always available",
            }
            new["status"] = {"conditions": [available]}


class DisruptionBudgetStrategy(Strategy):
    """PodDisruptionBudgets: a new one allows no disruption until it is counted."""

    generation = True
    unconditional_update = False
    first_status = {
        "disruptionsAllowed": 0,
        "currentHealthy": 0,
        "desiredHealthy": 0,
        "expectedPods": 0,
    }


class IngressStrategy(Strategy):
    """Ingresses, with no load balancer yet."""

    generation = True
    first_status = {"loadBalancer": {}}


class ResourceClaimStrategy(Strategy):
    """ResourceClaims, which nothing has been allocated for."""

    first_status = {}


class QuotaStrategy(Strategy):
    """ResourceQuotas."""

    returns_deleted = True
    first_status = {}


class AutoscalerStrategy(Strategy):
    """HorizontalPodAutoscalers, whose status says from the start that nothing is known."""

    first_status = {"currentMetrics": None, "desiredReplicas": 0}
