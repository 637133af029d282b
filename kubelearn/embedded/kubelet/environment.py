"""A container's environment variables, put together as `pkg/kubelet/kubelet_pods.go` does it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from kubelearn.embedded.client import Client
from kubelearn.embedded.kubelet.configdata import ConfigError, read_data
from kubelearn.embedded.kubelet.expansion import expand
from kubelearn.embedded.kubelet.fieldpath import field_value, resource_value
from kubelearn.embedded.kubelet.servicevars import service_variables
from kubelearn.objects import Object

_NAME = re.compile(r"[ -<>-~]+")


class Environment:
    """Makes containers' variables; `services` gives the services of a namespace."""

    def __init__(
        self,
        client: Client,
        *,
        services: Callable[[str], Iterable[Object]],
        allocatable: Mapping[str, str],
    ) -> None:
        self._client = client
        self._services = services
        self._allocatable = allocatable

    async def make(self, pod: Object, container: Object) -> dict[str, str]:
        """The variables, in the order that their precedence asks for. Raises ConfigError."""
        services = self._service_variables(pod)
        own: dict[str, str] = {}
        for source in container.get("envFrom") or []:
            own |= await self._from_object(pod, source)
        for variable in container.get("env") or []:
            value = await self._value(pod, container, variable, services | own)
            if value is not None:
                own[variable["name"]] = value
        return services | own

    def _service_variables(self, pod: Object) -> dict[str, str]:
        namespace = pod["metadata"]["namespace"]
        found = list(self._services("default"))
        chosen = [service for service in found if service["metadata"]["name"] == "kubernetes"]
        if pod["spec"].get("enableServiceLinks", True):
            chosen += self._services(namespace)
        return service_variables(chosen)

    async def _from_object(self, pod: Object, source: Object) -> dict[str, str]:
        kind = "configmap" if "configMapRef" in source else "secret"
        data = await self._data(kind, pod, source.get("configMapRef") or source["secretRef"])
        named = {(source.get("prefix") or "") + key: value for key, value in (data or {}).items()}
        return {name: value for name, value in named.items() if _NAME.fullmatch(name)}

    async def _value(
        self, pod: Object, container: Object, variable: Object, known: Mapping[str, str]
    ) -> str | None:
        match variable.get("valueFrom") or {}:
            case {"fieldRef": source}:
                return field_value(pod, source["fieldPath"])
            case {"resourceFieldRef": source}:
                return resource_value(container, source, self._allocatable)
            case {"configMapKeyRef": source}:
                return await self._key("configmap", pod, source)
            case {"secretKeyRef": source}:
                return await self._key("secret", pod, source)
        return expand(variable.get("value") or "", known)

    async def _key(self, kind: str, pod: Object, source: Object) -> str | None:
        data = await self._data(kind, pod, source)
        if data is not None and source["key"] in data:
            return data[source["key"]]
        if source.get("optional"):
            return None
        word = "Secret" if kind == "secret" else "ConfigMap"
        where = f"{pod['metadata']['namespace']}/{source['name']}"
        raise ConfigError(f"couldn't find key {source['key']} in {word} {where}")

    async def _data(self, kind: str, pod: Object, reference: Object) -> dict[str, str] | None:
        data = await read_data(
            self._client,
            kind,
            reference["name"],
            pod["metadata"]["namespace"],
            optional=bool(reference.get("optional")),
        )
        if data is None:
            return None
        # A variable may hold any bytes; this is how Python writes them in a text.
        return {key: value.decode(errors="surrogateescape") for key, value in data.items()}
