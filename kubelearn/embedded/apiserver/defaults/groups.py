"""Defaults of the smaller groups, a few rules each (upstream `pkg/apis/GROUP/v1/defaults.go`)."""

from __future__ import annotations

import copy

from kubelearn.embedded.apiserver.defaults.rules import rule
from kubelearn.objects import Object

_RBAC = "rbac.authorization.k8s.io"


@rule("discovery.v1.EndpointPort")
def endpoint_port(port: Object) -> None:
    """The unnamed port, TCP."""
    port.setdefault("name", "")
    port.setdefault("protocol", "TCP")


@rule("apiregistration.v1.ServiceReference")
def api_service_reference(service: Object) -> None:
    """The port of HTTPS."""
    service.setdefault("port", 443)


@rule("networking.v1.NetworkPolicyPort")
def network_policy_port(port: Object) -> None:
    """TCP."""
    port.setdefault("protocol", "TCP")


@rule("networking.v1.NetworkPolicy")
def network_policy(obj: Object) -> None:
    """Ingress always, egress where there are rules for it."""
    spec = obj["spec"]
    spec.setdefault("policyTypes", ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])


@rule("networking.v1.IngressClass")
def ingress_class(obj: Object) -> None:
    """Parameters are an object of the whole cluster."""
    parameters = obj["spec"].get("parameters")
    if parameters and parameters.get("scope") is None:
        parameters["scope"] = "Cluster"


@rule("rbac.v1.ClusterRoleBinding", "rbac.v1.RoleBinding")
def role_binding(obj: Object) -> None:
    """There is one group of roles."""
    if not obj["roleRef"].get("apiGroup"):
        obj["roleRef"]["apiGroup"] = _RBAC


@rule("rbac.v1.Subject")
def subject(obj: Object) -> None:
    """Users and groups are RBAC's own words; a ServiceAccount is of the core group."""
    if obj.get("kind") in ("User", "Group"):
        obj.setdefault("apiGroup", _RBAC)


@rule("scheduling.v1.PriorityClass")
def priority_class(obj: Object) -> None:
    """The more important pod may drive out others."""
    obj.setdefault("preemptionPolicy", "PreemptLowerPriority")


@rule("storage.v1.StorageClass")
def storage_class(obj: Object) -> None:
    """Volumes are made at once, and go with their claim."""
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


@rule("storage.v1.CSIDriver")
def csi_driver(obj: Object) -> None:
    """What a driver that says nothing is taken for."""
    spec = obj["spec"]
    spec.setdefault("attachRequired", True)
    for name in ("podInfoOnMount", "requiresRepublish", "seLinuxMount", "storageCapacity"):
        spec.setdefault(name, False)
    spec.setdefault("fsGroupPolicy", "ReadWriteOnceWithFSType")
    spec.setdefault("volumeLifecycleModes", ["Persistent"])


@rule("authentication.v1.TokenRequestSpec")
def token_request(spec: Object) -> None:
    """An hour."""
    if spec.get("expirationSeconds") is None:
        spec["expirationSeconds"] = 3600


@rule("autoscaling.v1.HorizontalPodAutoscaler")
def horizontal_pod_autoscaler_v1(obj: Object) -> None:
    """Never fewer than one; and the average CPU use that conversion to v2 would fill in."""
    obj["spec"].setdefault("minReplicas", 1)


_PERCENT = {"type": "Percent", "value": 100, "periodSeconds": 15}
_SCALE_UP = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}, _PERCENT],
}
# How long to wait before scaling down is the controller's to say.
_SCALE_DOWN = {"selectPolicy": "Max", "policies": [_PERCENT]}
_CPU = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}


@rule("autoscaling.v2.HorizontalPodAutoscaler")
def horizontal_pod_autoscaler(obj: Object) -> None:
    """80 % of the CPU that was asked for; with a behavior, all of its fields."""
    spec = obj["spec"]
    spec.setdefault("minReplicas", 1)
    spec.setdefault("metrics", [copy.deepcopy(_CPU)])
    if (behavior := spec.get("behavior")) is not None:
        for name, rules in (("scaleUp", _SCALE_UP), ("scaleDown", _SCALE_DOWN)):
            behavior[name] = copy.deepcopy(rules) | (behavior.get(name) or {})


@rule("apiextensions.v1.CustomResourceDefinition")
def custom_resource_definition(obj: Object) -> None:
    """Names that follow from the kind; no conversion."""
    spec = obj["spec"]
    names = spec["names"]
    if kind := names.get("kind"):
        names.setdefault("singular", kind.lower())
        names.setdefault("listKind", f"{kind}List")
    spec.setdefault("conversion", {"strategy": "None"})
    stored = [each["name"] for each in spec.get("versions") or () if each.get("storage")]
    if stored and not obj["status"].get("storedVersions"):
        obj["status"]["storedVersions"] = stored[:1]


@rule("apiextensions.v1.ServiceReference")
def service_reference(obj: Object) -> None:
    """HTTPS."""
    obj.setdefault("port", 443)
