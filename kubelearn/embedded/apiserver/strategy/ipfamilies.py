"""The IP families of a Service, on a cluster that has IPv4 alone.

Stands for `initIPFamilyFields` of `pkg/registry/core/service/storage/alloc.go`. Values that are no
families or addresses at all are left for validation to refuse.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from kubelearn.embedded.apiserver.status import invalid as refused
from kubelearn.embedded.apiserver.validation.field import FieldError, invalid
from kubelearn.objects import Object

_IPV4, _IPV6 = "IPv4", "IPv6"
_SINGLE, _DUAL = "SingleStack", "RequireDualStack"
_POLICY = "spec.ipFamilyPolicy"


def fill_families(service: Object, before: Object) -> None:
    """Fill in policy and families; `before` is the old spec. Raises StatusError."""
    spec = service["spec"]
    # Upstream assumes nothing about endpoints that somebody else writes.
    unknown = spec.get("clusterIP") == "None" and not spec.get("selector")
    if not spec.get("ipFamilyPolicy"):
        spec["ipFamilyPolicy"] = before.get("ipFamilyPolicy") or (_DUAL if unknown else _SINGLE)
    _refuse(service, _contradictions(spec))
    if not unknown:
        _refuse(service, _missing(spec))
    if not spec.get("ipFamilies"):
        spec["ipFamilies"] = [_family(ip) or _IPV4 for ip in _addresses(spec)] or [_IPV4]
    if unknown and spec["ipFamilyPolicy"] != _SINGLE and len(spec["ipFamilies"]) == 1:
        spec["ipFamilies"] += [_IPV6 if spec["ipFamilies"] == [_IPV4] else _IPV4]


def _contradictions(spec: Object) -> Iterator[FieldError]:
    """What policy, families and addresses say against each other."""
    policy, families = spec["ipFamilyPolicy"], spec.get("ipFamilies") or []
    needed = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"
    if policy == _SINGLE:
        if len(spec.get("clusterIPs") or []) == 2:
            yield invalid(_POLICY, policy, f"{needed} cluster IPs are specified")
        if len(families) == 2:
            yield invalid(_POLICY, policy, f"{needed} IP families are specified")
    addresses = _addresses(spec)
    for i, ip in enumerate(addresses[len(families) :], start=len(families)):
        if _family(ip) == _IPV6:
            yield invalid(
                f"spec.clusterIPs[{i}]", addresses, "IPv6 is not configured on this cluster"
            )


def _missing(spec: Object) -> Iterator[FieldError]:
    """What this cluster does not have."""
    policy = spec["ipFamilyPolicy"]
    if policy == _DUAL:
        yield invalid(_POLICY, policy, "this cluster is not configured for dual-stack services")
    for i, family in enumerate(spec.get("ipFamilies") or []):
        if family == _IPV6:
            yield invalid(f"spec.ipFamilies[{i}]", family, "not configured on this cluster")


def _refuse(service: Object, problems: Iterator[FieldError]) -> None:
    if found := list(problems):
        raise refused("Service", "", service["metadata"]["name"], found)


def _addresses(spec: Object) -> list[str]:
    return [ip for ip in spec.get("clusterIPs") or [] if ip != "None"]


def _family(ip: str) -> str:
    try:
        return f"IPv{ipaddress.ip_address(ip).version}"
    except ValueError:
        return ""
