"""What ConfigMaps and Secrets hold, for variables and volumes.

The real kubelet keeps a watch on each object that its pods name (`pkg/kubelet/util/manager`). This
one reads it when a container starts and when volumes are refreshed.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from kubelearn.embedded.client import Client
from kubelearn.errors import KubelearnError, NotFound
from kubelearn.objects import CONFIG_MAPS, SECRETS, Object

_RESOURCES = {"configmap": CONFIG_MAPS, "secret": SECRETS}


class ConfigError(KubelearnError):
    """Something that a container needs is missing: waiting reason CreateContainerConfigError."""


async def read_data(
    client: Client, kind: str, name: str, namespace: str, *, optional: bool = False
) -> dict[str, bytes] | None:
    """The data of a `configmap` or `secret`; None if it is missing and optional.

    Raises ConfigError if it is missing.
    """
    try:
        obj = await client.get(_RESOURCES[kind], name, namespace)
    except NotFound as error:
        if optional:
            return None
        raise ConfigError(f'{kind} "{name}" not found') from error
    if kind == "secret":
        return _decoded(obj.get("data") or {})
    text = {key: value.encode() for key, value in (obj.get("data") or {}).items()}
    return text | _decoded(obj.get("binaryData") or {})


def _decoded(data: Mapping[str, str]) -> dict[str, bytes]:
    return {key: base64.b64decode(value) for key, value in data.items()}


def chosen(data: Mapping[str, bytes], source: Object) -> dict[str, bytes]:
    """The files that a volume source makes of the data: all keys, or `items` under their paths.

    Raises ConfigError for a key that is not there, unless the source is optional.
    """
    if not source.get("items"):
        return dict(data)
    missing = [item["key"] for item in source["items"] if item["key"] not in data]
    if missing and not source.get("optional"):
        raise ConfigError(f"references non-existent config key: {missing[0]}")
    return {item["path"]: data[item["key"]] for item in source["items"] if item["key"] in data}
