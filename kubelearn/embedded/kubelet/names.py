"""How pods, containers and times are called in messages, as upstream calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubelearn.objects import Object


def pod_text(pod: Object) -> str:
    """A pod in messages: `name_namespace(uid)`."""
    meta = pod["metadata"]
    return f"{meta['name']}_{meta['namespace']}({meta['uid']})"


def container_path(pod: Object, container: Object) -> str:
    """The part of a pod that Events about a container name."""
    inits: Sequence[Mapping[str, object]] = pod["spec"].get("initContainers") or []
    init = any(each["name"] == container["name"] for each in inits)
    return f"spec.{'initContainers' if init else 'containers'}{{{container['name']}}}"


def duration(seconds: float) -> str:
    """A time as Go prints it: `40s`, `1m20s`, `5m0s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
