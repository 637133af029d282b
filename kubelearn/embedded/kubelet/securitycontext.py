"""What a pod's containers may do, from `securityContext` of the pod and of the container.

Follows pkg/securitycontext, and `security_context.go` of pkg/kubelet/kuberuntime. Left out:
SELinux, and profiles for AppArmor and seccomp.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubelearn.containers.runtime import SecurityContext
from kubelearn.objects import Object


def security_of(pod: Object, container: Object) -> SecurityContext:
    """For one container; what it says itself counts more than what its pod says."""
    pods, own = _of_pod(pod), container.get("securityContext") or {}
    both = pods | {key: value for key, value in own.items() if value is not None}
    capabilities = own.get("capabilities") or {}
    return SecurityContext(
        run_as_user=both.get("runAsUser"),
        run_as_group=both.get("runAsGroup"),
        groups=_groups(pods),
        merge_groups=pods.get("supplementalGroupsPolicy") != "Strict",
        add=capabilities.get("add") or (),
        drop=capabilities.get("drop") or (),
        privileged=bool(own.get("privileged")),
        no_new_privileges=own.get("allowPrivilegeEscalation") is False,
        read_only_root=bool(own.get("readOnlyRootFilesystem")),
    )


def fs_group(pod: Object) -> int | None:
    """The group that the pod's volumes belong to."""
    group: int | None = _of_pod(pod).get("fsGroup")
    return group


def fs_user(pod: Object) -> int | None:
    """The user of all the pod's containers, if they have one and say so (`FsUserFrom`)."""
    spec = pod["spec"]
    containers = [*(spec.get("initContainers") or []), *spec["containers"]]
    users = {security_of(pod, container).run_as_user for container in containers}
    return users.pop() if len(users) == 1 else None


def sysctls(pod: Object) -> dict[str, str]:
    """Settings of the kernel for the pod alone."""
    return {
        each["name"].replace("/", "."): each["value"] for each in _of_pod(pod).get("sysctls") or []
    }


def _groups(context: Object) -> Sequence[int]:
    group = context.get("fsGroup")
    return [*([] if group is None else [group]), *(context.get("supplementalGroups") or [])]


def _of_pod(pod: Object) -> Object:
    return pod["spec"].get("securityContext") or {}
