"""What pods, Services and claims use of a quota, apart from being counted.

Stands for the functions `...Usage` of k8s.io/kubernetes `pkg/quota/v1/evaluator/core`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import datetime, timedelta

from kubelearn.embedded.podresources import (
    has_pod_level_resources,
    limits_of,
    pod_limits,
    pod_requests,
    requests_of,
)
from kubelearn.embedded.resourcelists import Amounts, text
from kubelearn.objects import Object, is_terminal, parse_time
from kubelearn.quantity import quantity

_COMPUTE = ("cpu", "memory", "ephemeral-storage")
# Whoever limits these makes every container say how much it wants: a mistake of old, and a rule.
_REQUIRED = frozenset(
    prefix + name for prefix in ("", "requests.", "limits.") for name in ("cpu", "memory")
)


def pod_usage(pod: Object, *, now: datetime) -> dict[str, str]:
    """What a pod that has not ended uses."""
    if not is_charged(pod, now=now):
        return {}
    return {"pods": "1", **_compute(pod_requests(pod), pod_limits(pod))}


def is_charged(pod: Object, *, now: datetime) -> bool:
    """Whether the pod still counts: not when it has ended, nor when it should be gone by now."""
    if is_terminal(pod):
        return False
    meta = pod["metadata"]
    grace = meta.get("deletionGracePeriodSeconds")
    if "deletionTimestamp" in meta and grace is not None:
        return now <= parse_time(meta["deletionTimestamp"]) + timedelta(seconds=grace)
    return True


def missing_resources(required: set[str], spec: Object) -> str:
    """`must specify limits.cpu for: a`, or nothing when all containers say what they have to."""
    if has_pod_level_resources(spec):
        return ""
    missing: defaultdict[str, set[str]] = defaultdict(set)
    for container in [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]:
        stated = _compute(requests_of(container), limits_of(container))
        for name in (required & _REQUIRED) - stated.keys():
            missing[name].add(container["name"])
    parts = [f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing)]
    return f"must specify {'; '.join(parts)}" if parts else ""


def _compute(requests: Amounts, limits: Amounts) -> dict[str, str]:
    """Requests under all the names that quotas know them by, and limits."""
    used = {f"limits.{name}": limits[name] for name in _COMPUTE if name in limits}
    for name, value in requests.items():
        if name in _COMPUTE or name.startswith("hugepages-"):
            used[name] = used[f"requests.{name}"] = value
        elif "/" in name and "kubernetes.io/" not in name:
            used[f"requests.{name}"] = value
    return used


def service_usage(service: Object) -> dict[str, str]:
    """A Service's node ports are those that it will get, for they are not chosen yet."""
    spec = service["spec"]
    ports, kind = spec.get("ports") or [], spec.get("type")
    if kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False:
        ports = [port for port in ports if port.get("nodePort")]
    node_ports = len(ports) if kind in ("NodePort", "LoadBalancer") else 0
    return {
        "services": "1",
        "services.nodeports": str(node_ports),
        "services.loadbalancers": "1" if kind == "LoadBalancer" else "0",
    }


def claim_usage(claim: Object) -> dict[str, str]:
    """A claim and its storage in whole bytes: what it asks for, or was given if that is more."""
    used = {"persistentvolumeclaims": "1"}
    asked = requests_of(claim["spec"]).get("storage")
    if asked is not None:
        allocated = ((claim.get("status") or {}).get("allocatedResources") or {}).get(
            "storage", "0"
        )
        storage: str = max(asked, allocated, key=quantity)
        used["requests.storage"] = _whole(storage)
    return used


def _whole(amount: str) -> str:
    value = quantity(amount)
    whole = type(value)(math.ceil(value))
    return amount if whole == value else text(whole, like=amount)
