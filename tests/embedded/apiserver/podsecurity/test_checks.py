from __future__ import annotations

import pytest

from kubelearn.embedded.apiserver.podsecurity import baseline, restricted
from kubelearn.embedded.apiserver.podsecurity.checks import PodView, details, violations
from kubelearn.embedded.apiserver.podsecurity.policy import LevelVersion, Version

assert baseline, restricted  # they register their checks

GOOD = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def found(level, spec, *, minor=None, annotations=None):
    return details(
        violations(PodView(annotations or {}, spec), LevelVersion(level, Version(minor)))
    )


def pod(*contexts, **spec):
    containers = [
        {"name": chr(ord("a") + number), "securityContext": context}
        for number, context in enumerate(contexts or [{}])
    ]
    return {"containers": containers, **spec}


def test_a_pod_that_asks_for_nothing_is_fit_for_baseline_only() -> None:
    assert found("privileged", pod({"privileged": True})) == ""
    assert found("baseline", pod()) == ""
    assert found("restricted", pod(GOOD)) == ""
    assert found("restricted", pod()) == (
        'allowPrivilegeEscalation != false (container "a" must set '
        "securityContext.allowPrivilegeEscalation=false), "
        'unrestricted capabilities (container "a" must set '
        'securityContext.capabilities.drop=["ALL"]), '
        'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), '
        'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to '
        '"RuntimeDefault" or "Localhost")'
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            pod({"privileged": True}, {}, {"privileged": True}),
            'privileged (containers "a", "c" must not set securityContext.privileged=true)',
        ),
        (
            pod({"capabilities": {"add": ["NET_ADMIN", "CHOWN"]}}),
            'non-default capabilities (container "a" must not include "NET_ADMIN" in '
            "securityContext.capabilities.add)",
        ),
        (
            pod(hostNetwork=True, hostIPC=True),
            "host namespaces (hostNetwork=true, hostIPC=true)",
        ),
        (
            pod(volumes=[{"name": "v", "hostPath": {"path": "/"}}]),
            'hostPath volumes (volume "v")',
        ),
        (
            pod({"procMount": "Unmasked"}),
            'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
        ),
        (
            pod({"seLinuxOptions": {"type": "spc_t", "user": "u"}}),
            'seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: '
            'type "spc_t"; user may not be set)',
        ),
        (
            pod({"seccompProfile": {"type": "Unconfined"}}, securityContext={"sysctls": []}),
            'seccompProfile (container "a" must not set securityContext.seccompProfile.type to '
            '"Unconfined")',
        ),
        (
            pod(securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}),
            "forbidden sysctls (kernel.msgmax)",
        ),
        (
            pod({"appArmorProfile": {"type": "Unconfined"}}),
            'forbidden AppArmor profile (container "a" must not set AppArmor profile type to '
            '"Unconfined")',
        ),
        (
            pod(securityContext={"windowsOptions": {"hostProcess": True}}),
            "hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)",
        ),
    ],
)
def test_what_baseline_forbids(spec, message) -> None:
    assert found("baseline", spec) == message


def test_ports_and_hosts_of_others_are_named() -> None:
    spec = pod()
    spec["containers"][0] |= {
        "ports": [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 1, "hostPort": 81}],
        "livenessProbe": {"httpGet": {"host": "example.com"}},
    }
    assert found("baseline", spec) == (
        'hostPort (container "a" uses hostPorts 8080, 81), '
        'probe or lifecycle host (container "a" uses probe or lifecycle host "example.com")'
    )
    assert "probe" not in found("baseline", spec, minor=33)


def test_old_annotations_count_where_they_did() -> None:
    name = "seccomp.security.alpha.kubernetes.io/pod"
    names = {name: "unconfined"}
    assert found("baseline", pod(), minor=18, annotations=names) == (
        f'seccompProfile (forbidden annotation {name}="unconfined")'
    )
    assert found("baseline", pod(), minor=19, annotations=names) == ""


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            pod({**GOOD, "capabilities": {"drop": ["ALL"], "add": ["CHOWN", "NET_BIND_SERVICE"]}}),
            'unrestricted capabilities (container "a" must not include "CHOWN" in '
            "securityContext.capabilities.add)",
        ),
        (
            pod(GOOD, volumes=[{"name": "v", "nfs": {}}, {"name": "w", "hostPath": {}}]),
            'restricted volume types (volumes "v", "w" use restricted volume types '
            '"hostPath", "nfs")',
        ),
        (
            pod({**GOOD, "runAsNonRoot": False}, securityContext={"runAsNonRoot": False}),
            'runAsNonRoot != true (pod and container "a" must not set '
            "securityContext.runAsNonRoot=false)",
        ),
        (
            pod({**GOOD, "runAsUser": 0}),
            'runAsUser=0 (container "a" must not set runAsUser=0)',
        ),
    ],
)
def test_what_restricted_forbids_besides(spec, message) -> None:
    assert found("restricted", spec) == message


def test_what_holds_for_the_pod_holds_for_its_containers() -> None:
    own = {name: value for name, value in GOOD.items() if name not in ("runAsNonRoot", "seccomp")}
    own.pop("seccompProfile")
    context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert found("restricted", pod(own, securityContext=context)) == ""


def test_all_containers_are_looked_at() -> None:
    spec = pod(GOOD, initContainers=[{"name": "i", "securityContext": {"privileged": True}}])
    spec["ephemeralContainers"] = [{"name": "e", "securityContext": {"privileged": True}}]
    assert 'privileged (containers "i", "e" must not' in found("restricted", spec)


def test_a_version_has_the_checks_of_its_time() -> None:
    assert "allowPrivilegeEscalation" not in found("restricted", pod(), minor=7)
    assert "capabilities" not in found("restricted", pod(), minor=21)
    assert found("restricted", pod(), minor=99) == found("restricted", pod())
    sysctl = pod(securityContext={"sysctls": [{"name": "net.ipv4.tcp_rmem", "value": "1"}]})
    assert found("baseline", sysctl, minor=31) != ""
    assert found("baseline", sysctl, minor=32) == ""


def test_windows_and_own_users_are_spared_what_means_nothing_there() -> None:
    spec = pod({}, os={"name": "windows"})
    assert found("restricted", spec).startswith("runAsNonRoot")
    assert found("restricted", pod({**GOOD, "runAsUser": 0}, hostUsers=False)) == ""
    assert found("restricted", pod({**GOOD, "runAsUser": 0}, hostUsers=False), minor=34) != ""
