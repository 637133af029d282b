"""What `baseline` forbids: the known ways out of a container.

Stands for the checks of that level in k8s.io/pod-security-admission `policy`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubelearn.embedded.apiserver.podsecurity.checks import (
    PodView,
    Violation,
    check,
    named,
    plural,
    quoted,
    setters,
)
from kubelearn.embedded.apiserver.status import quote
from kubelearn.objects import Object

_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
_PROFILES = ("RuntimeDefault", "Localhost")
_CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
_SELINUX = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
_SYSCTLS = {
    0: {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
    },
    27: {"net.ipv4.ip_local_reserved_ports"},
    29: {
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
    },
    32: {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"},
}


@check("baseline", "appArmorProfile", since=0)
def app_armor_profile(pod: PodView) -> Violation | None:
    """AppArmor stays as the runtime has it, or has a profile of the node."""

    def is_bad(context: Object) -> bool:
        return "appArmorProfile" in context and _profile(context) not in _PROFILES

    contexts = [pod.context, *(context for _, context in pod.contexts())]
    values = sorted({_profile(context) or "" for context in contexts if is_bad(context)})
    annotations = _bad_app_armor_annotations(pod)
    who = [each for each in (setters(pod, is_bad),) if each]
    if annotations:
        who.append(plural("annotation", annotations))
    values += annotations
    if not who:
        return None
    detail = f"{' and '.join(who)} must not set AppArmor profile type to {quoted(values)}"
    return Violation(plural("forbidden AppArmor profile", values), detail)


def _profile(context: Object) -> str | None:
    found: str | None = (context.get("appArmorProfile") or {}).get("type")
    return found


def _bad_app_armor_annotations(pod: PodView) -> list[str]:
    return sorted(
        _assigned(name, value)
        for name, value in pod.annotations.items()
        if name.startswith(_APP_ARMOR)
        and value not in ("", "runtime/default")
        and not value.startswith("localhost/")
    )


def _assigned(name: str, value: str) -> str:
    return f"{name}={quote(value)}"


@check("baseline", "capabilities_baseline", since=0)
def capabilities(pod: PodView) -> Violation | None:
    """No capabilities beyond the usual ones."""
    added = {
        name: set((context.get("capabilities") or {}).get("add") or []) - _CAPABILITIES
        for name, context in pod.contexts()
    }
    names = [name for name, extra in added.items() if extra]
    if not names:
        return None
    extra = sorted(set().union(*added.values()))
    detail = f"{named(names)} must not include {quoted(extra)} in securityContext.capabilities.add"
    return Violation("non-default capabilities", detail)


@check("baseline", "hostNamespaces", since=0)
def host_namespaces(pod: PodView) -> Violation | None:
    """Network, processes and memory of its own."""
    shared = [each for each in ("hostNetwork", "hostPID", "hostIPC") if pod.spec.get(each)]
    detail = ", ".join(f"{each}=true" for each in shared)
    return Violation("host namespaces", detail) if shared else None


@check("baseline", "hostPathVolumes", since=0)
def host_path_volumes(pod: PodView) -> Violation | None:
    """No folders of the node."""
    names = [each["name"] for each in pod.spec.get("volumes") or [] if "hostPath" in each]
    return Violation("hostPath volumes", named(names, what="volume")) if names else None


@check("baseline", "hostPorts", since=0)
def host_ports(pod: PodView) -> Violation | None:
    """No ports of the node."""
    taken = {
        container["name"]: {
            str(port["hostPort"]) for port in container.get("ports") or [] if port.get("hostPort")
        }
        for container in pod.containers()
    }
    names = [name for name, ports in taken.items() if ports]
    if not names:
        return None
    ports = sorted(set().union(*taken.values()))
    detail = f"{named(names)} {_use(names)} {plural('hostPort', ports)} {', '.join(ports)}"
    return Violation("hostPort", detail)


def _use(items: list[str]) -> str:
    return "uses" if len(items) == 1 else "use"


@check("baseline", "hostProbesAndHostLifecycle", since=34)
def host_probes(pod: PodView) -> Violation | None:
    """Probes and hooks ask the pod itself and nobody else."""
    asked = {container["name"]: set(_hosts(container)) for container in pod.containers()}
    names = sorted(name for name, hosts in asked.items() if hosts)
    if not names:
        return None
    hosts = sorted(set().union(*asked.values()))
    words = plural("probe or lifecycle host", hosts)
    detail = f"{named(names)} {_use(names)} {words} {quoted(hosts)}"
    return Violation("probe or lifecycle host", detail)


def _hosts(container: Object) -> Iterator[str]:
    lifecycle = container.get("lifecycle") or {}
    handlers = [container.get(f"{kind}Probe") for kind in ("liveness", "readiness", "startup")]
    for handler in (*handlers, lifecycle.get("postStart"), lifecycle.get("preStop")):
        for kind in ("httpGet", "tcpSocket"):
            if host := ((handler or {}).get(kind) or {}).get("host"):
                yield host


@check("baseline", "privileged", since=0)
def privileged(pod: PodView) -> Violation | None:
    """No container with all rights of the node."""
    names = [name for name, context in pod.contexts() if context.get("privileged")]
    detail = f"{named(names)} must not set securityContext.privileged=true"
    return Violation("privileged", detail) if names else None


@check("baseline", "procMount", since=0)
def proc_mount(pod: PodView) -> Violation | None:
    """What `/proc` hides stays hidden."""
    mounts = {name: context.get("procMount") for name, context in pod.contexts()}
    bad = {name: mount for name, mount in mounts.items() if mount not in (None, "Default")}
    if not bad:
        return None
    kinds = quoted(sorted({str(mount) for mount in bad.values()}))
    detail = f"{named(list(bad))} must not set securityContext.procMount to {kinds}"
    return Violation("procMount", detail)


@check("baseline", "procMount", since=35)
def proc_mount_of_own_users(pod: PodView) -> Violation | None:
    """Where users are the pod's own, it may show itself everything."""
    return None if pod.has_own_users else proc_mount(pod)


@check("baseline", "seLinuxOptions", since=0)
def selinux_options(pod: PodView) -> Violation | None:
    """SELinux as for containers."""
    return _selinux(pod, _SELINUX)


@check("baseline", "seLinuxOptions", since=31)
def selinux_options_with_engine(pod: PodView) -> Violation | None:
    """And as for container engines."""
    return _selinux(pod, _SELINUX | {"container_engine_t"})


def _selinux(pod: PodView, allowed: frozenset[str]) -> Violation | None:
    def options(context: Object) -> Object:
        found: Object = context.get("seLinuxOptions") or {}
        return found

    def is_bad(context: Object) -> bool:
        stated = options(context)
        forbidden = stated.get("type", "") not in allowed
        return forbidden or bool(stated.get("user") or stated.get("role"))

    who = setters(pod, is_bad)
    if not who:
        return None
    stated = [options(each) for each in (pod.context, *(context for _, context in pod.contexts()))]
    types = sorted({each.get("type", "") for each in stated} - allowed)
    data = [f"{plural('type', types)} {quoted(types)}"] if types else []
    data += [
        f"{part} may not be set"
        for part in ("user", "role")
        if any(each.get(part) for each in stated)
    ]
    detail = f"{who} set forbidden securityContext.seLinuxOptions: {'; '.join(data)}"
    return Violation("seLinuxOptions", detail)


@check("baseline", "seccompProfile_baseline", since=0)
def seccomp_annotations(pod: PodView) -> Violation | None:
    """System calls are filtered; of old an annotation said how."""
    names = [_SECCOMP_POD, *(_SECCOMP_CONTAINER + each["name"] for each in pod.containers())]
    allowed = ("runtime/default", "docker/default")
    bad = sorted(
        {
            _assigned(name, value)
            for name in names
            if (value := pod.annotations.get(name)) is not None
            and value not in allowed
            and not value.startswith("localhost/")
        }
    )
    detail = f"forbidden {plural('annotation', bad)} {', '.join(bad)}"
    return Violation("seccompProfile", detail) if bad else None


@check("baseline", "seccompProfile_baseline", since=19)
def seccomp_profile(pod: PodView) -> Violation | None:
    """System calls are filtered."""
    who = setters(pod, has_bad_seccomp)
    if not who:
        return None
    contexts = [pod.context, *(context for _, context in pod.contexts())]
    kinds = sorted({each["seccompProfile"]["type"] for each in filter(has_bad_seccomp, contexts)})
    detail = f"{who} must not set securityContext.seccompProfile.type to {quoted(kinds)}"
    return Violation("seccompProfile", detail)


def has_bad_seccomp(context: Object) -> bool:
    """Whether a security context switches the filter off."""
    profile = context.get("seccompProfile")
    return profile is not None and profile.get("type") not in _PROFILES


def _sysctls(since: int) -> None:
    allowed = set().union(*(names for minor, names in _SYSCTLS.items() if minor <= since))

    @check("baseline", "sysctls", since=since)
    def sysctls(pod: PodView) -> Violation | None:
        names = [each["name"] for each in pod.context.get("sysctls") or []]
        bad = [name for name in names if name not in allowed]
        return Violation("forbidden sysctls", ", ".join(bad)) if bad else None


for _since in _SYSCTLS:
    _sysctls(_since)


@check("baseline", "windowsHostProcess", since=0)
def windows_host_process(pod: PodView) -> Violation | None:
    """No processes of the host, which Windows calls so."""
    who = setters(
        pod, lambda context: bool((context.get("windowsOptions") or {}).get("hostProcess"))
    )
    detail = f"{who} must not set securityContext.windowsOptions.hostProcess=true"
    return Violation("hostProcess", detail) if who else None
