"""Helpers for Kubernetes objects as plain dicts: kinds, names, times, conditions, owners.

Pure functions, no input or output. Everything above this module uses them, the embedded
components as well as widgets and labs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """A kind as the API serves it: where its objects live and what they are called."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """`v1` for the core group, `apps/v1` elsewhere."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None, name: str | None = None, sub: str = "") -> str:
        """The URL path of a collection, an object, or a subresource of it."""
        parts = ["/apis" if self.group else "/api", self.api_version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        parts += [part for part in (name, sub) if part]
        return "/".join(parts)


NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
NODES = Resource("", "v1", "nodes", "Node", namespaced=False)
PODS = Resource("", "v1", "pods", "Pod")
REPLICATION_CONTROLLERS = Resource("", "v1", "replicationcontrollers", "ReplicationController")
SERVICES = Resource("", "v1", "services", "Service")
ENDPOINTS = Resource("", "v1", "endpoints", "Endpoints")
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SECRETS = Resource("", "v1", "secrets", "Secret")
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount")
EVENTS = Resource("", "v1", "events", "Event")
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
REPLICA_SETS = Resource("apps", "v1", "replicasets", "ReplicaSet")
DAEMON_SETS = Resource("apps", "v1", "daemonsets", "DaemonSet")
STATEFUL_SETS = Resource("apps", "v1", "statefulsets", "StatefulSet")
CONTROLLER_REVISIONS = Resource("apps", "v1", "controllerrevisions", "ControllerRevision")
JOBS = Resource("batch", "v1", "jobs", "Job")
CRON_JOBS = Resource("batch", "v1", "cronjobs", "CronJob")
POD_DISRUPTION_BUDGETS = Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
PERSISTENT_VOLUMES = Resource("", "v1", "persistentvolumes", "PersistentVolume", namespaced=False)
PERSISTENT_VOLUME_CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
HORIZONTAL_POD_AUTOSCALERS = Resource(
    "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"
)
RESOURCE_QUOTAS = Resource("", "v1", "resourcequotas", "ResourceQuota")
CERTIFICATE_SIGNING_REQUESTS = Resource(
    "certificates.k8s.io",
    "v1",
    "certificatesigningrequests",
    "CertificateSigningRequest",
    namespaced=False,
)
STORAGE_CLASSES = Resource(
    "storage.k8s.io", "v1", "storageclasses", "StorageClass", namespaced=False
)
CSI_NODES = Resource("storage.k8s.io", "v1", "csinodes", "CSINode", namespaced=False)
ROLES = Resource("rbac.authorization.k8s.io", "v1", "roles", "Role")
CLUSTER_ROLES = Resource(
    "rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False
)
ROLE_BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
ENDPOINT_SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
INGRESSES = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
CLUSTER_ROLE_BINDINGS = Resource(
    "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False
)

SERVICE_NAME = "kubernetes.io/service-name"
"""The label of an EndpointSlice that names its Service (`discovery.LabelServiceName`)."""
TERMINAL_PHASES = ("Succeeded", "Failed")
"""The phases of pods that have ended."""


def key(obj: Mapping[str, Any]) -> str:
    """`namespace/name`, or `name` for objects without a namespace: what work queues hold."""
    meta = obj["metadata"]
    return f"{meta['namespace']}/{meta['name']}" if meta.get("namespace") else str(meta["name"])


def annotations_of(obj: Mapping[str, Any]) -> dict[str, str]:
    """An object's annotations, perhaps none."""
    return obj["metadata"].get("annotations") or {}


def labels_of(obj: Mapping[str, Any]) -> dict[str, str]:
    """An object's labels, perhaps none."""
    return obj["metadata"].get("labels") or {}


def split_key(object_key: str) -> tuple[str | None, str]:
    """The namespace (or None) and the name in a key."""
    namespace, _, name = object_key.rpartition("/")
    return namespace or None, name


def timestamp(moment: datetime) -> str:
    """A time as the API writes it: UTC, whole seconds, `Z`."""
    # Not strftime, which does not write the year 1 with four digits.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def micro_timestamp(moment: datetime) -> str:
    """A `MicroTime`, as in Leases and new Events."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_time(text: str) -> datetime:
    """A time as the API writes it, with or without fractions."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def condition(obj: Mapping[str, Any], kind: str) -> Object | None:
    """The condition of that type in `status.conditions`."""
    for item in (obj.get("status") or {}).get("conditions") or []:
        if item["type"] == kind:
            return dict(item)
    return None


def is_true(obj: Mapping[str, Any], kind: str) -> bool:
    """Whether the condition of that type has status "True"."""
    for item in (obj.get("status") or {}).get("conditions") or []:
        if item["type"] == kind:
            return bool(item["status"] == "True")
    return False


def set_condition(conditions: list[Object], new: Object) -> list[Object]:
    """Conditions with `new` in place of its type's old one.

    `lastTransitionTime` is kept while the status stays the same, as upstream's
    `meta.SetStatusCondition` does.
    """
    for i, old in enumerate(conditions):
        if old["type"] == new["type"]:
            kept = old.get("lastTransitionTime")
            if old["status"] == new["status"] and kept is not None:
                new = {**new, "lastTransitionTime": kept}
            return [*conditions[:i], new, *conditions[i + 1 :]]
    return [*conditions, new]


def controller_of(obj: Mapping[str, Any]) -> Object | None:
    """The owner reference with `controller: true`."""
    for ref in obj["metadata"].get("ownerReferences") or []:
        if ref.get("controller"):
            return dict(ref)
    return None


def owner_reference(owner: Mapping[str, Any]) -> Object:
    """A controller's reference to put on an object that it makes (`metav1.NewControllerRef`)."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def object_reference(resource: Resource, obj: Mapping[str, Any]) -> Object:
    """How a spec or a status names an object with a namespace (client-go's `GetReference`)."""
    meta = obj["metadata"]
    return {
        "kind": resource.kind,
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": meta["uid"],
        "apiVersion": resource.api_version,
        "resourceVersion": meta["resourceVersion"],
    }


def is_terminal(pod: Mapping[str, Any]) -> bool:
    """Whether none of the pod's containers will ever run again (`podutil.IsPodTerminal`)."""
    return (pod.get("status") or {}).get("phase") in TERMINAL_PHASES


def is_active(pod: Mapping[str, Any]) -> bool:
    """Not finished and not being deleted: what a ReplicaSet counts."""
    return not is_terminal(pod) and not pod["metadata"].get("deletionTimestamp")


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether a pod's Ready condition is true."""
    return is_true(pod, "Ready")


def tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    """Whether one toleration of a pod is for one taint of a node."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator") == "Exists":
        return True
    same = (toleration.get("value") or "") == (taint.get("value") or "")
    return bool(toleration.get("key")) and same


def scaled_value(value: int | str | None, total: int, *, round_up: bool) -> int:
    """A number, or that percentage of `total`."""
    if isinstance(value, str):
        share = int(value.removesuffix("%")) * total / 100
        return math.ceil(share) if round_up else math.floor(share)
    return value or 0
