"""The files that volumes of the API's own data hold: configMap, secret, downwardAPI, projected."""

from __future__ import annotations

from collections.abc import Mapping

from kubelearn.embedded.client import Client
from kubelearn.embedded.kubelet.atomicwriter import File
from kubelearn.embedded.kubelet.configdata import ConfigError, chosen, read_data
from kubelearn.embedded.kubelet.fieldpath import field_value, resource_value
from kubelearn.embedded.kubelet.securitycontext import fs_group, fs_user
from kubelearn.embedded.kubelet.tokens import TokenManager
from kubelearn.objects import Object

_MODE = 0o644


class VolumeSources:
    """Reads what such volumes are made of."""

    def __init__(
        self, client: Client, *, tokens: TokenManager, allocatable: Mapping[str, str]
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._allocatable = allocatable

    def forget(self, pod_uid: str) -> None:
        """The pod is gone: keep nothing for it."""
        self._tokens.forget(pod_uid)

    async def files(self, pod: Object, volume: Object) -> dict[str, File]:
        """The files of one volume. Raises ConfigError, ApiError."""
        match volume:
            case {"configMap": source}:
                return await self._of_object(pod, "configmap", source, name=source.get("name"))
            case {"secret": source}:
                return await self._of_object(pod, "secret", source, name=source.get("secretName"))
            case {"downwardAPI": source}:
                return self._of_fields(pod, source)
            case {"projected": source}:
                mode = source.get("defaultMode", _MODE)
                files: dict[str, File] = {}
                for part in source.get("sources") or []:
                    files |= await self._projected(pod, part, mode)
                return files
        kind = next(key for key in volume if key != "name")
        raise ConfigError(f"volumes of kind {kind} are not available on this cluster")

    async def _projected(self, pod: Object, part: Object, mode: int) -> dict[str, File]:
        match part:
            case {"configMap": source}:
                source = {"defaultMode": mode, **source}
                return await self._of_object(pod, "configmap", source, name=source.get("name"))
            case {"secret": source}:
                source = {"defaultMode": mode, **source}
                return await self._of_object(pod, "secret", source, name=source.get("name"))
            case {"downwardAPI": source}:
                return self._of_fields(pod, {"defaultMode": mode, **source})
            case {"serviceAccountToken": source}:
                token = (await self._tokens.get(pod, source)).encode()
                user, group = fs_user(pod), fs_group(pod)
                if user is None and group is None:
                    return {source["path"]: File(token, mode)}
                # For those alone whose it is.
                return {source["path"]: File(token, 0o600, -1 if user is None else user)}
        raise ConfigError(f"projected sources of kind {next(iter(part))} are not available")

    async def _of_object(
        self, pod: Object, kind: str, source: Object, *, name: str | None
    ) -> dict[str, File]:
        data = await read_data(
            self._client,
            kind,
            name or "",
            pod["metadata"]["namespace"],
            optional=bool(source.get("optional")),
        )
        modes = {item["path"]: item.get("mode") for item in source.get("items") or []}
        default = source.get("defaultMode", _MODE)
        return {
            path: File(content, default if modes.get(path) is None else modes[path])
            for path, content in chosen(data or {}, source).items()
        }

    def _of_fields(self, pod: Object, source: Object) -> dict[str, File]:
        spec = pod["spec"]
        every = [*(spec.get("initContainers") or []), *spec["containers"]]
        containers = {container["name"]: container for container in every}
        files = {}
        for item in source.get("items") or []:
            if "fieldRef" in item:
                text = field_value(pod, item["fieldRef"]["fieldPath"])
            else:
                reference = item["resourceFieldRef"]
                container = containers[reference["containerName"]]
                text = resource_value(container, reference, self._allocatable)
            mode = item.get("mode") or source.get("defaultMode", _MODE)
            files[item["path"]] = File(text.encode(), mode)
        return files
