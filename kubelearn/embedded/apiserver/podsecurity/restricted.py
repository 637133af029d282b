"""What `restricted` asks for: as few rights as a program can live with.

Stands for the checks of that level in k8s.io/pod-security-admission `policy`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.podsecurity.baseline import (
    has_bad_seccomp,
    proc_mount,
    seccomp_profile,
)
from kubelearn.embedded.apiserver.podsecurity.checks import (
    PodView,
    Violation,
    check,
    named,
    plural,
    quoted,
    setters,
)

_VOLUMES = frozenset({
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
    "projected", "secret",
})  # fmt: skip
_OTHER_VOLUMES = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "nfs", "iscsi",
    "glusterfs", "rbd", "flexVolume", "cinder", "cephfs", "flocker", "fc", "azureFile",
    "vsphereVolume", "quobyte", "azureDisk", "photonPersistentDisk", "portworxVolume", "scaleIO",
    "storageos",
)  # fmt: skip


@check("restricted", "allowPrivilegeEscalation", since=8)
def privilege_escalation(pod: PodView) -> Violation | None:
    """A program gets no more rights than the one that started it."""
    names = [
        name
        for name, context in pod.contexts()
        if context.get("allowPrivilegeEscalation") is not False
    ]
    detail = f"{named(names)} must set securityContext.allowPrivilegeEscalation=false"
    return Violation("allowPrivilegeEscalation != false", detail) if names else None


@check("restricted", "allowPrivilegeEscalation", since=25)
def privilege_escalation_on_linux(pod: PodView) -> Violation | None:
    """Windows has no such thing."""
    return None if pod.is_windows else privilege_escalation(pod)


@check("restricted", "capabilities_restricted", since=22, instead_of="capabilities_baseline")
def capabilities(pod: PodView) -> Violation | None:
    """No capabilities but that for low ports."""
    keeping, adding, added = [], [], set()
    for name, context in pod.contexts():
        stated = context.get("capabilities") or {}
        if "ALL" not in (stated.get("drop") or []):
            keeping.append(name)
        if extra := set(stated.get("add") or []) - {"NET_BIND_SERVICE"}:
            adding.append(name)
            added |= extra
    parts = []
    if keeping:
        parts.append(f'{named(keeping)} must set securityContext.capabilities.drop=["ALL"]')
    if adding:
        where = "securityContext.capabilities.add"
        parts.append(f"{named(adding)} must not include {quoted(sorted(added))} in {where}")
    return Violation("unrestricted capabilities", "; ".join(parts)) if parts else None


@check("restricted", "capabilities_restricted", since=25, instead_of="capabilities_baseline")
def capabilities_on_linux(pod: PodView) -> Violation | None:
    """Windows has no such thing."""
    return None if pod.is_windows else capabilities(pod)


@check("restricted", "procMount_restricted", since=35, instead_of="procMount")
def masked_proc(pod: PodView) -> Violation | None:
    """What `/proc` hides stays hidden, whoever the users are."""
    return proc_mount(pod)


@check("restricted", "restrictedVolumes", since=0, instead_of="hostPathVolumes")
def volumes(pod: PodView) -> Violation | None:
    """Volumes of Kubernetes itself, or behind a claim."""
    bad = {
        volume["name"]: next((kind for kind in _OTHER_VOLUMES if kind in volume), "unknown")
        for volume in pod.spec.get("volumes") or []
        if not _VOLUMES & volume.keys()
    }
    if not bad:
        return None
    kinds = sorted(set(bad.values()))
    use = "uses" if len(bad) == 1 else "use"
    words = plural("restricted volume type", kinds)
    detail = f"{named(list(bad), what='volume')} {use} {words} {quoted(kinds)}"
    return Violation("restricted volume types", detail)


@check("restricted", "runAsNonRoot", since=0)
def run_as_non_root(pod: PodView) -> Violation | None:
    """Somebody else than root, and the kubelet makes sure."""
    who = setters(pod, lambda context: context.get("runAsNonRoot") is False)
    if who:
        detail = f"{who} must not set securityContext.runAsNonRoot=false"
        return Violation("runAsNonRoot != true", detail)
    if pod.context.get("runAsNonRoot"):
        return None
    names = [name for name, context in pod.contexts() if context.get("runAsNonRoot") is None]
    detail = f"pod or {named(names)} must set securityContext.runAsNonRoot=true"
    return Violation("runAsNonRoot != true", detail) if names else None


@check("restricted", "runAsNonRoot", since=35)
def run_as_non_root_of_the_node(pod: PodView) -> Violation | None:
    """Where users are the pod's own, its root is nobody on the node."""
    return None if pod.has_own_users else run_as_non_root(pod)


@check("restricted", "runAsUser", since=23)
def run_as_user(pod: PodView) -> Violation | None:
    """Not root by number either."""
    who = setters(pod, lambda context: context.get("runAsUser") == 0)
    return Violation("runAsUser=0", f"{who} must not set runAsUser=0") if who else None


@check("restricted", "runAsUser", since=35)
def run_as_user_of_the_node(pod: PodView) -> Violation | None:
    """Where users are the pod's own, its root is nobody on the node."""
    return None if pod.has_own_users else run_as_user(pod)


@check("restricted", "seccompProfile_restricted", since=19, instead_of="seccompProfile_baseline")
def seccomp_is_set(pod: PodView) -> Violation | None:
    """System calls are filtered, and the pod says so."""
    if forbidden := seccomp_profile(pod):
        return forbidden
    if "seccompProfile" in pod.context and not has_bad_seccomp(pod.context):
        return None
    names = [name for name, context in pod.contexts() if "seccompProfile" not in context]
    detail = (
        f"pod or {named(names)} must set securityContext.seccompProfile.type to "
        '"RuntimeDefault" or "Localhost"'
    )
    return Violation("seccompProfile", detail) if names else None


@check("restricted", "seccompProfile_restricted", since=25, instead_of="seccompProfile_baseline")
def seccomp_is_set_on_linux(pod: PodView) -> Violation | None:
    """Windows has no such thing."""
    return None if pod.is_windows else seccomp_is_set(pod)
