"""The manifests folder of a node, from which its static pods come: `pkg/kubelet/config/file.go`.

It lies on the node's own disk, where kubeadm has it. Upstream is told of changes by the kernel; the
folder is read every second here. Left out: manifests from a URL, and lists of pods.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from kubelearn.objects import Object, annotations_of, key, micro_timestamp

_log = logging.getLogger(__name__)

FOLDER = "etc/kubernetes/manifests"
CONFIG_HASH = "kubernetes.io/config.hash"
CONFIG_MIRROR = "kubernetes.io/config.mirror"
_CONFIG_SEEN, CONFIG_SOURCE = "kubernetes.io/config.seen", "kubernetes.io/config.source"
_EVERY_TAINT = {"operator": "Exists", "effect": "NoExecute"}
# What a manifest may leave out and a kubelet needs; of all else the API server tells its mirror.
_DEFAULTS = {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30}
# Volumes that need nothing from the API.
_LOCAL_VOLUMES = ("downwardAPI", "emptyDir", "hostPath", "image", "nfs")


class InvalidManifest(Exception):
    """A file in the folder is no pod that could run by itself."""


class Manifests:
    """The pods that the folder asks for."""

    def __init__(self, disk: Path, *, node: str) -> None:
        self.folder = disk / FOLDER
        self.folder.mkdir(parents=True, exist_ok=True)
        self._node = node
        self._files: dict[Path, tuple[tuple[int, int], Object | None]] = {}

    def read(self, now: datetime) -> dict[str, Object]:
        """The pods by `namespace/name`. A file that cannot be used is told once, in the log."""
        paths = [path for path in sorted(self.folder.glob("[!.]*")) if path.is_file()]
        self._files = {path: self._file(path, now) for path in paths}
        return {key(pod): pod for _, pod in self._files.values() if pod}

    def _file(self, path: Path, now: datetime) -> tuple[tuple[int, int], Object | None]:
        stat = path.stat()
        version = (stat.st_mtime_ns, stat.st_size)
        if path in self._files and self._files[path][0] == version:
            return self._files[path]
        try:
            return version, static_pod(path.read_bytes(), source=path, node=self._node, now=now)
        except (InvalidManifest, OSError, yaml.YAMLError) as error:
            _log.warning("%s: could not process manifest file %s: %s", self._node, path, error)
            return version, None


def static_pod(text: bytes, *, source: Path, node: str, now: datetime) -> Object:
    """The pod of a manifest. Raises InvalidManifest, yaml.YAMLError."""
    found = _checked(yaml.safe_load(text))
    meta, spec = found["metadata"], found["spec"]
    content = json.dumps([found, node, str(source)], sort_keys=True, default=str)
    uid = hashlib.sha256(content.encode()).hexdigest()[:32]
    marks = {CONFIG_HASH: uid, _CONFIG_SEEN: micro_timestamp(now), CONFIG_SOURCE: "file"}
    named = {
        "name": f"{meta['name']}-{node.lower()}",
        "namespace": meta.get("namespace") or "default",
        "uid": uid,
        "annotations": {**(meta.get("annotations") or {}), **marks},
    }
    placed = {"nodeName": node, "tolerations": [*(spec.get("tolerations") or []), _EVERY_TAINT]}
    return {
        **found,
        "metadata": {**meta, **named},
        "spec": {**_DEFAULTS, **spec, **placed},
        "status": {"phase": "Pending"},
    }


def _checked(found: Any) -> Object:
    """What a file holds, if it is a pod that can be one. Raises InvalidManifest."""
    if not isinstance(found, dict) or (found.get("apiVersion"), found.get("kind")) != ("v1", "Pod"):
        raise InvalidManifest("this is no Pod of v1")
    meta, spec = found.get("metadata"), found.get("spec")
    if not isinstance(meta, dict) or not meta.get("name"):
        raise InvalidManifest("invalid pod: name is needed for the pod")
    if not isinstance(spec, dict) or not all(
        each.get("name") and each.get("image") for each in spec.get("containers") or [{}]
    ):
        raise InvalidManifest("invalid pod: each container needs a name and an image")
    if reference := next(_references(spec), ""):
        raise InvalidManifest(f"static pods may not reference {reference}")
    return found


def is_static(pod: Object) -> bool:
    """Whether the pod comes from a manifest, and not from the API."""
    annotations = annotations_of(pod)
    return CONFIG_SOURCE in annotations and CONFIG_MIRROR not in annotations


def _references(spec: Object) -> Iterator[str]:
    """What of the API a pod's spec refers to (`HasAPIObjectReference`)."""
    if spec.get("serviceAccountName"):
        yield "serviceaccounts"
    containers = [*(spec.get("initContainers") or []), *spec["containers"]]
    used = [source for each in containers for source in each.get("envFrom") or []]
    used += [var.get("valueFrom") or {} for each in containers for var in each.get("env") or []]
    if spec.get("imagePullSecrets") or any(name.startswith("secret") for s in used for name in s):
        yield "secrets"
    if any(name.startswith("configMap") for source in used for name in source):
        yield "configmaps"
    for volume in spec.get("volumes") or []:
        sources = (volume.get("projected") or {}).get("sources") or []
        kinds = [kind for source in sources for kind in source] or [
            k for k in volume if k != "name"
        ]
        yield from (f"{kind} volumes" for kind in kinds if kind not in _LOCAL_VOLUMES)
