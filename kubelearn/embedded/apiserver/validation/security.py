"""Rules for the security contexts of pods and containers."""

from __future__ import annotations

import re
from typing import Any

from kubelearn.embedded.apiserver.names import in_range
from kubelearn.embedded.apiserver.validation.common import descending_path, supported
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    duplicate,
    each_invalid,
    invalid,
    one_of,
    required,
)
from kubelearn.embedded.apiserver.validation.internals import internal
from kubelearn.objects import Object

_SYSCTL = r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_LARGEST_ID = 2**31 - 1
_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")


def pod_security_context(field: str, context: Object, spec: Object) -> Errors:
    """What holds for all containers of a pod."""
    for name in ("fsGroup", "runAsUser", "runAsGroup"):
        yield from _identity(f"{field}.{name}", context.get(name))
    for i, group in enumerate(context.get("supplementalGroups") or []):
        yield from _identity(f"{field}.supplementalGroups[{i}]", group)
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        detail = "ShareProcessNamespace and HostPID cannot both be enabled"
        yield invalid(f"{field}.shareProcessNamespace", True, detail)
    yield from _sysctls(f"{field}.sysctls", context.get("sysctls") or [])
    policy = context.get("fsGroupChangePolicy")
    yield from supported(f"{field}.fsGroupChangePolicy", policy, ("Always", "OnRootMismatch"))
    yield from _seccomp(f"{field}.seccompProfile", context.get("seccompProfile"))
    groups = context.get("supplementalGroupsPolicy")
    yield from supported(f"{field}.supplementalGroupsPolicy", groups, ("Merge", "Strict"))


def container_security_context(field: str, context: Object) -> Errors:
    """What holds for one container."""
    for name in ("runAsUser", "runAsGroup"):
        yield from _identity(f"{field}.{name}", context.get(name))
    yield from supported(f"{field}.procMount", context.get("procMount"), ("Default", "Unmasked"))
    yield from _seccomp(f"{field}.seccompProfile", context.get("seccompProfile"))
    if context.get("allowPrivilegeEscalation") is not False:
        return
    refused = "cannot set `allowPrivilegeEscalation` to false and"
    if context.get("privileged"):
        shown = internal("core.v1.SecurityContext", context)
        yield invalid(field, shown, f"{refused} `privileged` to true")
    if "CAP_SYS_ADMIN" in ((context.get("capabilities") or {}).get("add") or []):
        shown = internal("core.v1.SecurityContext", context)
        yield invalid(field, shown, f"{refused} `capabilities.Add` CAP_SYS_ADMIN")


def _identity(field: str, value: int | None) -> Errors:
    if value is not None:
        yield from each_invalid(field, value, in_range(value, 0, _LARGEST_ID))


def _sysctls(field: str, sysctls: list[Any]) -> Errors:
    seen = set()
    for i, sysctl in enumerate(sysctls):
        name = sysctl["name"]
        if not name:
            yield required(f"{field}[{i}].name")
        elif len(name) > 253 or not re.fullmatch(_SYSCTL, name):
            detail = f"must have at most 253 characters and match regex ^{_SYSCTL}$"
            yield invalid(f"{field}[{i}].name", name, detail)
        elif name in seen:
            yield duplicate(f"{field}[{i}].name", name)
        seen.add(name)


def _seccomp(field: str, profile: Object | None) -> Errors:
    if profile is None:
        return
    if not profile["type"]:
        yield required(f"{field}.type", "type is required when seccompProfile is set")
    else:
        yield from one_of(f"{field}.type", profile["type"], _PROFILES)
    local = profile.get("localhostProfile")
    if profile["type"] == "Localhost":
        if local is None:
            detail = "must be set when seccomp type is Localhost"
            yield required(f"{field}.localhostProfile", detail)
        else:
            yield from descending_path(f"{field}.localhostProfile", local)
    elif local is not None:
        detail = "can only be set when seccomp type is Localhost"
        yield invalid(f"{field}.localhostProfile", profile, detail)
