"""ServiceAccount: every pod runs as one, `default` unless it says otherwise, and has its token.

Stands for k8s.io/kubernetes `plugin/pkg/admission/serviceaccount/admission.go`. Left out: the
annotation that limits which Secrets a pod may mount, which upstream has deprecated.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.admission.namespacelifecycle import refused
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.names import generate_name
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object, annotations_of

MIRROR = "kubernetes.io/config.mirror"
MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_SECRETS = ("secret", "secretRef", "secretKeyRef")
_VOLUME = "kube-api-access-"
# An hour, and a bit by which the API server tells this token from those that pods ask for.
_TOKEN_SECONDS = 3607
_MODE = 0o644
# A new namespace gets its account from a controller a moment later: wait that long for it.
_ATTEMPTS = 20
_DELAY = 0.05


async def service_account(
    registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    """Give a new pod its account, which must exist, and what comes with it."""
    if old is not None or write.subresource or registry.kind.plural != "pods":
        return
    spec = new.setdefault("spec", {})
    if MIRROR in annotations_of(new):
        if problem := _needs_api(spec):
            raise refused(registry, new, problem)
        return
    name = spec.get("serviceAccountName") or "default"
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    account = await _account(registry, write, new, name)
    if _wants_token(account, spec):
        _mount_token(spec, generate_name(_VOLUME, registry.random))
    if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
        spec["imagePullSecrets"] = account["imagePullSecrets"]


def _needs_api(spec: Object) -> str:
    """What a mirror pod may not have: the pod that it shows runs without the API."""
    if spec.get("serviceAccountName"):
        return "a mirror pod may not reference service accounts"
    containers = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    sources = [source for each in containers for source in each.get("envFrom") or []]
    sources += [var.get("valueFrom") or {} for each in containers for var in each.get("env") or []]
    projected = [
        source
        for volume in spec.get("volumes") or []
        for source in (volume.get("projected") or {}).get("sources") or []
    ]
    sources += [*(spec.get("volumes") or []), *projected]
    secrets = any(name in each for each in sources for name in _SECRETS)
    if secrets or spec.get("imagePullSecrets"):
        return "a mirror pod may not reference secrets"
    if any("serviceAccountToken" in source for source in projected):
        return "a mirror pod may not use ServiceAccountToken volume projections"
    return ""


async def _account(registry: Registry, write: Write, pod: Object, name: str) -> Object:
    key = f"/registry/serviceaccounts/{write.namespace}/{name}"
    for _ in range(_ATTEMPTS):
        if found := registry.store.get(key):
            return decode(found.value)
        await registry.clock.sleep(_DELAY)
    raise refused(
        registry,
        pod,
        f"error looking up service account {write.namespace}/{name}: "
        f'serviceaccount "{name}" not found',
    )


def _wants_token(account: Object, spec: Object) -> bool:
    """The pod's own word counts more than its account's."""
    for owner in (spec, account):
        wanted = owner.get("automountServiceAccountToken")
        if wanted is not None:
            return bool(wanted)
    return True


def _mount_token(spec: Object, volume: str) -> None:
    """Mount the token in each container that has nothing in that place."""
    mount = {"name": volume, "readOnly": True, "mountPath": MOUNT_PATH}
    needed = False
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        mounts = container.get("volumeMounts") or []
        if all(each.get("mountPath") != MOUNT_PATH for each in mounts):
            container["volumeMounts"] = [*mounts, dict(mount)]
            needed = True
    if needed:
        spec["volumes"] = [*(spec.get("volumes") or []), _volume(volume)]


def _volume(name: str) -> Object:
    """What a program needs to talk to the API server: a token, whom to trust, its namespace."""
    namespace = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    sources: list[Object] = [
        {"serviceAccountToken": {"expirationSeconds": _TOKEN_SECONDS, "path": "token"}},
        {
            "configMap": {
                "name": "kube-root-ca.crt",
                "items": [{"key": "ca.crt", "path": "ca.crt"}],
            }
        },
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": namespace}]}},
    ]
    return {"name": name, "projected": {"sources": sources, "defaultMode": _MODE}}
