"""How pods, containers and times are called in messages, as upstream calls them."""

from __future__ import annotations

from kubelearn.objects import Object

CONTAINER_KINDS = ("initContainers", "containers", "ephemeralContainers")
"""The lists of containers in a pod's spec."""


def kind_of(pod: Object, name: str) -> str:
    """Which list of the pod's spec has the container of that name."""
    return next(
        kind
        for kind in CONTAINER_KINDS
        for each in pod["spec"].get(kind) or []
        if each["name"] == name
    )


_LONGEST_HOSTNAME = 63


def pod_text(pod: Object) -> str:
    """A pod in messages: `name_namespace(uid)`."""
    meta = pod["metadata"]
    return f"{meta['name']}_{meta['namespace']}({meta['uid']})"


def container_path(pod: Object, container: Object) -> str:
    """The part of a pod that Events about a container name."""
    return f"spec.{kind_of(pod, container['name'])}{{{container['name']}}}"


def duration(seconds: float) -> str:
    """A time as Go prints it: `40s`, `1m20s`, `5m0s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def hostname_of(pod: Object) -> str:
    """The pod's name for its host, cut where the system's limit is."""
    name: str = pod["spec"].get("hostname") or pod["metadata"]["name"]
    return name[:_LONGEST_HOSTNAME].rstrip("-.") if len(name) > _LONGEST_HOSTNAME else name
