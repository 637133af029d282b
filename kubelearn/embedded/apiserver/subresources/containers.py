"""Which container of a pod a request means."""

from __future__ import annotations

from kubelearn.embedded.apiserver.status import bad_request
from kubelearn.objects import Object

_LISTS = ("initContainers", "containers", "ephemeralContainers")


def chosen_container(pod: Object, name: str) -> str:
    """The container of that name, or the only one; raises 400 when neither exists."""
    spec, pod_name = pod["spec"], pod["metadata"]["name"]
    names = [each["name"] for part in _LISTS for each in spec.get(part) or []]
    if name:
        if name not in names:
            raise bad_request(f"container {name} is not valid for pod {pod_name}")
        return name
    containers = spec.get("containers") or []
    if len(containers) != 1:
        raise bad_request(
            f"a container name must be specified for pod {pod_name}, "
            f"choose one of: [{' '.join(names)}]"
        )
    return str(containers[0]["name"])
