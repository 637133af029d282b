"""What a pod refers to: its kubelet has to read it.

Stands for `VisitPodSecretNames` and `VisitPodConfigmapNames` of k8s.io/kubernetes
`pkg/api/v1/pod/util.go`. Left out: Secrets of kinds of volumes that no node here can mount.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubelearn.objects import Object, annotations_of

MIRROR = "kubernetes.io/config.mirror"

Reference = tuple[str, str]
"""A resource and the name of an object in the pod's namespace."""


def references(pod: Object) -> Iterator[Reference]:
    """Everything that a pod refers to, perhaps more than once. A mirror pod shows nothing."""
    if MIRROR in annotations_of(pod):
        return
    spec = pod["spec"]
    if account := spec.get("serviceAccountName"):
        yield "serviceaccounts", account
    for secret in spec.get("imagePullSecrets") or []:
        yield "secrets", secret.get("name", "")
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(kind) or []:
            yield from _of_environment(container)
    for volume in spec.get("volumes") or []:
        yield from _of_volume(pod, volume)


def _of_environment(container: Object) -> Iterator[Reference]:
    for source in container.get("envFrom") or []:
        for kind, resource in (("secretRef", "secrets"), ("configMapRef", "configmaps")):
            if kind in source:
                yield resource, source[kind].get("name", "")
    for variable in container.get("env") or []:
        source = variable.get("valueFrom") or {}
        for kind, resource in (("secretKeyRef", "secrets"), ("configMapKeyRef", "configmaps")):
            if kind in source:
                yield resource, source[kind].get("name", "")


def _of_volume(pod: Object, volume: Object) -> Iterator[Reference]:
    if "secret" in volume:
        yield "secrets", volume["secret"].get("secretName", "")
    if "configMap" in volume:
        yield "configmaps", volume["configMap"].get("name", "")
    if "persistentVolumeClaim" in volume:
        yield "persistentvolumeclaims", volume["persistentVolumeClaim"]["claimName"]
    if "ephemeral" in volume:
        yield "persistentvolumeclaims", f"{pod['metadata']['name']}-{volume['name']}"
    if "csi" in volume:
        yield "secrets", (volume["csi"].get("nodePublishSecretRef") or {}).get("name", "")
    for source in (volume.get("projected") or {}).get("sources") or []:
        for kind, resource in (("secret", "secrets"), ("configMap", "configmaps")):
            if kind in source:
                yield resource, source[kind].get("name", "")
