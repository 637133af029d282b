"""The kinds that the dashboard shows, and what it can do to their objects."""

from __future__ import annotations

from kubelearn.objects import (
    CONFIG_MAPS,
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    EVENTS,
    INGRESSES,
    JOBS,
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    REPLICA_SETS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    STATEFUL_SETS,
    STORAGE_CLASSES,
    Object,
    Resource,
)

GROUPS: dict[str, tuple[Resource, ...]] = {
    "Workloads": (
        PODS,
        DEPLOYMENTS,
        REPLICA_SETS,
        STATEFUL_SETS,
        DAEMON_SETS,
        JOBS,
        CRON_JOBS,
    ),
    "Network": (SERVICES, ENDPOINT_SLICES, INGRESSES),
    "Config": (CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS),
    "Storage": (PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES),
    "Cluster": (NODES, NAMESPACES),
    "What happened": (EVENTS,),
}
KINDS: dict[str, Resource] = {each.plural: each for group in GROUPS.values() for each in group}
BY_KIND: dict[str, Resource] = {each.kind: each for each in KINDS.values()}

# Each costs a watch, so that the overview leaves out what hardly anybody looks at first.
OVERVIEW = tuple(
    each
    for each in KINDS.values()
    if each not in (ENDPOINT_SLICES, INGRESSES, SERVICE_ACCOUNTS, STORAGE_CLASSES, NAMESPACES)
)

_SCALED = (DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS)
RESTARTED = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS)


def deeds(resource: Resource, obj: Object) -> Object:
    """What can be done to an object: for scaling, to how many; for a node, whether it is open."""
    spec = obj.get("spec") or {}
    return {
        "scale": int(spec.get("replicas", 1)) if resource in _SCALED else None,
        "restart": resource in RESTARTED,
        "cordon": not spec.get("unschedulable") if resource is NODES else None,
        "delete": resource is not EVENTS,
    }


def pod_selector(resource: Resource, obj: Object) -> Object | None:
    """Which pods belong to an object, as a `LabelSelector`; None for kinds that have none."""
    selector = (obj.get("spec") or {}).get("selector")
    if resource is SERVICES:
        return {"matchLabels": selector} if selector else None
    return selector if resource in (*_SCALED, DAEMON_SETS, JOBS) else None
