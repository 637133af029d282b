"""Questions about a container's definition."""

from __future__ import annotations

import hashlib
import json
import math

from kubelearn.containers.images import Image
from kubelearn.containers.runtime import ContainerStatus, Resources
from kubelearn.embedded.kubelet.configdata import ConfigError
from kubelearn.embedded.kubelet.names import pod_text
from kubelearn.objects import Object
from kubelearn.quantity import quantity

# Where a runtime keeps the hash of the definition that it runs.
HASH = "io.kubernetes.container.hash"


def is_sidecar(container: Object) -> bool:
    """Whether an init container goes on beside the others."""
    return container.get("restartPolicy") == "Always"


def spec_hash(container: Object) -> str:
    """What tells whether a container's definition has changed: only its image can."""
    parts = {key: container.get(key) for key in ("name", "image")}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:8]


def resources_of(container: Object) -> Resources:
    """What a container may take."""
    given = container.get("resources") or {}
    limits, requests = given.get("limits") or {}, given.get("requests") or {}
    return Resources(
        memory_limit=int(quantity(limits.get("memory", "0"))),
        cpu_limit=_thousandths(limits),
        cpu_request=_thousandths(requests),
    )


def _thousandths(amounts: Object) -> int:
    return math.ceil(quantity(amounts.get("cpu", "0")) * 1000)


def has_changed(container: Object, status: ContainerStatus) -> bool:
    """Whether the run is not of the container's present definition."""
    return status.config.annotations.get(HASH) != spec_hash(container)


def check_user(pod: Object, container: Object, image: Image) -> None:
    """Refuse root where the pod asks for that. Raises ConfigError."""
    context = (pod["spec"].get("securityContext") or {}) | (container.get("securityContext") or {})
    if not context.get("runAsNonRoot"):
        return
    uid = context.get("runAsUser")
    where = f'(pod: "{pod_text(pod)}", container: {container["name"]})'
    if uid == 0:
        raise ConfigError(f"container's runAsUser breaks non-root policy {where}")
    if uid is None and image.user.partition(":")[0] in ("", "0", "root"):
        raise ConfigError(f"container has runAsNonRoot and image will run as root {where}")
