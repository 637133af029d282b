"""Rules for pods, and for the pod templates in other kinds.

Follows upstream's `pkg/apis/core/validation/validation.go`. Left out: Windows, AppArmor, dynamic
resource allocation and other things that no node here could do.
"""

from __future__ import annotations

import copy
import difflib
import json

from kubelearn.embedded.apiserver.names import dns_subdomain as name_rule
from kubelearn.embedded.apiserver.names import in_range, qualified_name, search_domain
from kubelearn.embedded.apiserver.validation.common import address, dns_label, dns_subdomain
from kubelearn.embedded.apiserver.validation.container import (
    containers,
    ephemeral_containers,
    image_spaces,
    init_containers,
)
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    duplicate,
    each_invalid,
    forbidden,
    immutable,
    invalid,
    one_of,
    required,
)
from kubelearn.embedded.apiserver.validation.metadata import (
    check_annotations,
    check_labels,
    metadata,
    metadata_update,
)
from kubelearn.embedded.apiserver.validation.rules import on_create, on_status_update, on_update
from kubelearn.embedded.apiserver.validation.scheduling import (
    affinity,
    tolerations,
    topology_spread,
)
from kubelearn.embedded.apiserver.validation.security import pod_security_context
from kubelearn.embedded.apiserver.validation.volume import volumes
from kubelearn.objects import Object

_MIRROR = "kubernetes.io/config.mirror"
_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_LARGEST = 2**31 - 1
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_UPDATABLE = (
    "`spec.containers[*].image`",
    "`spec.initContainers[*].image`",
    "`spec.activeDeadlineSeconds`",
    "`spec.tolerations` (only additions to existing tolerations)",
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
)


@on_create("core.v1.Pod")
def pod_create(pod: Object) -> Errors:
    """A new pod."""
    yield from _pod(pod)
    spec = pod["spec"]
    if spec.get("ephemeralContainers"):
        yield forbidden("spec.ephemeralContainers", "cannot be set on create")
    if spec.get("nodeName") and spec.get("schedulingGates"):
        detail = "cannot be set until all schedulingGates have been cleared"
        yield forbidden("spec.nodeName", detail)


@on_create("core.v1.PodTemplate")
def pod_template(obj: Object) -> Errors:
    """A template that stands alone."""
    yield from metadata(obj)
    yield from template("template", obj["template"])


def template(field: str, found: Object) -> Errors:
    """A pod template in another kind."""
    yield from check_labels(found["metadata"].get("labels"), f"{field}.labels")
    annotations = found["metadata"].get("annotations")
    yield from check_annotations(annotations, f"{field}.annotations")
    yield from _pod_annotations(f"{field}.annotations", found)
    yield from pod_spec(f"{field}.spec", found["spec"], in_pod=False)
    if found["spec"].get("ephemeralContainers"):
        detail = "ephemeral containers not allowed in pod template"
        yield forbidden(f"{field}.spec.ephemeralContainers", detail)


def _pod(pod: Object) -> Errors:
    spec = pod["spec"]
    yield from metadata(pod)
    yield from _pod_annotations("metadata.annotations", pod)
    yield from pod_spec("spec", spec, in_pod=True)
    if not spec.get("serviceAccountName"):
        yield from _no_token_volumes(spec)
    for name in ("containers", "initContainers"):
        for i, container in enumerate(spec.get(name) or []):
            yield from image_spaces(f"spec.{name}[{i}]", container)


def _no_token_volumes(spec: Object) -> Errors:
    for i, volume in enumerate(spec.get("volumes") or []):
        for j, source in enumerate((volume.get("projected") or {}).get("sources") or []):
            if "serviceAccountToken" in source:
                where = f"spec.volumes[{i}].projected.sources[{j}].serviceAccountToken"
                yield forbidden(where, "must not be specified when serviceAccountName is not set")


def _pod_annotations(field: str, pod: Object) -> Errors:
    annotations = pod["metadata"].get("annotations") or {}
    if _MIRROR in annotations and not pod["spec"].get("nodeName"):
        detail = "must set spec.nodeName if mirror pod annotation is set"
        yield invalid(f"{field}[{_MIRROR}]", annotations[_MIRROR], detail)
    cost = annotations.get(_DELETION_COST, "0")
    if not (cost.lstrip("-").isdecimal() and -_LARGEST - 1 <= int(cost) <= _LARGEST):
        yield invalid(f"{field}[{_DELETION_COST}]", cost, "must be a 32bit integer")


def pod_spec(field: str, spec: Object, *, in_pod: bool) -> Errors:
    """The spec of a pod or a template, in upstream's order."""
    if spec.get("terminationGracePeriodSeconds") is None:
        yield required(f"{field}.terminationGracePeriodSeconds")
    usable: set[str] = set()
    yield from volumes(f"{field}.volumes", spec.get("volumes") or [], usable)
    for check in (containers, init_containers, ephemeral_containers):
        yield from check(field, spec, usable)
    if spec.get("hostNetwork"):
        yield from _host_ports(f"{field}.containers", spec, always=in_pod)
    policy = spec.get("restartPolicy")
    yield from one_of(f"{field}.restartPolicy", policy, ("Always", "OnFailure", "Never"))
    yield from one_of(f"{field}.dnsPolicy", spec.get("dnsPolicy"), _DNS_POLICIES)
    yield from check_labels(spec.get("nodeSelector"), f"{field}.nodeSelector")
    context = spec.get("securityContext") or {}
    yield from pod_security_context(f"{field}.securityContext", context, spec)
    if found := spec.get("affinity"):
        yield from affinity(f"{field}.affinity", found)
    yield from _dns_config(f"{field}.dnsConfig", spec)
    yield from _gates(field, spec)
    constraints = spec.get("topologySpreadConstraints") or []
    yield from topology_spread(f"{field}.topologySpreadConstraints", constraints)
    yield from _references(field, spec)
    yield from _deadline(f"{field}.activeDeadlineSeconds", spec, lowest=1)
    for name in ("hostname", "subdomain"):
        if spec.get(name):
            yield from dns_label(f"{field}.{name}", spec[name])
    yield from tolerations(f"{field}.tolerations", spec.get("tolerations") or [])
    yield from _host_aliases(f"{field}.hostAliases", spec)
    for name in ("priorityClassName", "runtimeClassName"):
        if spec.get(name):
            yield from dns_subdomain(f"{field}.{name}", spec[name])
    if "preemptionPolicy" in spec:
        values = ("PreemptLowerPriority", "Never")
        yield from one_of(f"{field}.preemptionPolicy", spec["preemptionPolicy"], values)


def _references(field: str, spec: Object) -> Errors:
    for name in ("serviceAccountName", "nodeName"):
        if spec.get(name):
            yield from dns_subdomain(f"{field}.{name}", spec[name])


def _host_ports(field: str, spec: Object, *, always: bool) -> Errors:
    for i, container in enumerate(spec.get("containers") or []):
        for j, port in enumerate(container.get("ports") or []):
            host = port.get("hostPort", 0)
            if (always or host) and host != port["containerPort"]:
                detail = "must match `containerPort` when `hostNetwork` is true"
                yield invalid(f"{field}[{i}].ports[{j}].hostPort", host, detail)


def _dns_config(field: str, spec: Object) -> Errors:
    config = spec.get("dnsConfig")
    if spec.get("dnsPolicy") == "None":
        if config is None:
            yield required(field, "must provide `dnsConfig` when `dnsPolicy` is None")
        elif not config.get("nameservers"):
            detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            yield required(f"{field}.nameservers", detail)
    servers = (config or {}).get("nameservers") or []
    if len(servers) > 3:
        yield invalid(f"{field}.nameservers", servers, "must not have more than 3 nameservers")
    for i, server in enumerate(servers):
        yield from address(f"{field}.nameservers[{i}]", server)
    searches = (config or {}).get("searches") or []
    if len(searches) > 32:
        yield invalid(f"{field}.searches", searches, "must not have more than 32 search paths")
    for i, search in enumerate(searches):
        if search != ".":
            name = search.removesuffix(".")
            yield from each_invalid(f"{field}.searches[{i}]", name, search_domain(name))
    for i, option in enumerate((config or {}).get("options") or []):
        if not option.get("name"):
            yield required(f"{field}.options[{i}]", "must not be empty")


def _gates(field: str, spec: Object) -> Errors:
    for i, gate in enumerate(spec.get("readinessGates") or []):
        kind = gate["conditionType"]
        where = f"{field}.readinessGates[{i}].conditionType"
        yield from each_invalid(where, kind, qualified_name(kind))
    seen = set()
    for i, gate in enumerate(spec.get("schedulingGates") or []):
        where = f"{field}.schedulingGates[{i}]"
        yield from each_invalid(where, gate["name"], qualified_name(gate["name"]))
        if gate["name"] in seen:
            yield duplicate(where, gate["name"])
        seen.add(gate["name"])


def _deadline(field: str, spec: Object, *, lowest: int) -> Errors:
    if (seconds := spec.get("activeDeadlineSeconds")) is not None:
        yield from each_invalid(field, seconds, in_range(seconds, lowest, _LARGEST))


def _host_aliases(field: str, spec: Object) -> Errors:
    for i, alias in enumerate(spec.get("hostAliases") or []):
        yield from address(f"{field}[{i}].ip", alias["ip"])
        for j, name in enumerate(alias.get("hostnames") or []):
            yield from dns_subdomain(f"{field}[{i}].hostnames[{j}]", name)


# --- changes --------------------------------------------------------------------------------------


@on_update("core.v1.Pod")
def pod_update(new: Object, old: Object) -> Errors:
    """A change of a pod: images, and little else."""
    yield from metadata_update(new, old)
    yield from _pod(new)
    yield from _pod_annotations("metadata.annotations", new)
    for name in ("containers", "initContainers"):
        if len(new["spec"].get(name) or []) != len(old["spec"].get(name) or []):
            yield forbidden(f"spec.{name}", "pod updates may not add or remove containers")
            return
        for i, container in enumerate(new["spec"].get(name) or []):
            if not container.get("image"):
                yield required(f"spec.{name}[{i}].image")
            yield from image_spaces(f"spec.{name}[{i}]", container)
    deadline = [*_new_deadline(new["spec"], old["spec"])]
    yield from deadline
    if deadline:
        return
    yield from _only_added_tolerations(new["spec"], old["spec"])
    yield from _only_deleted_gates(new["spec"], old["spec"])
    yield from _nothing_else(new["spec"], old["spec"])


def _new_deadline(new: Object, old: Object) -> Errors:
    field = "spec.activeDeadlineSeconds"
    deadline, before = new.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds")
    yield from _deadline(field, new, lowest=0)
    if before is None:
        return
    if deadline is None:
        yield invalid(field, None, "must not update from a positive integer to nil value")
    elif deadline > before:
        yield invalid(field, deadline, "must be less than or equal to previous value")


def _only_added_tolerations(new: Object, old: Object) -> Errors:
    def without_seconds(toleration: Object) -> Object:
        return {k: v for k, v in toleration.items() if k != "tolerationSeconds"}

    now = [without_seconds(each) for each in new.get("tolerations") or []]
    for toleration in old.get("tolerations") or []:
        if without_seconds(toleration) not in now:
            detail = "existing toleration can not be modified except its tolerationSeconds"
            yield forbidden("spec.tolerations", detail)
            return
    yield from tolerations("spec.tolerations", new.get("tolerations") or [])


def _only_deleted_gates(new: Object, old: Object) -> Errors:
    before = {gate["name"] for gate in old.get("schedulingGates") or []}
    for i, gate in enumerate(new.get("schedulingGates") or []):
        if gate["name"] not in before:
            problem = f"found new scheduling gate '{gate['name']}'"
            yield forbidden(
                f"spec.schedulingGates[{i}].name", f"only deletion is allowed, but {problem}"
            )


def _nothing_else(new: Object, old: Object) -> Errors:
    allowed = copy.deepcopy(new)
    for name in ("containers", "initContainers"):
        for container, before in zip(allowed.get(name) or [], old.get(name) or [], strict=True):
            container["image"] = before["image"]
    for name in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        allowed.pop(name, None)
        if name in old:
            allowed[name] = old[name]
    if old.get("schedulingGates"):
        # Where a pod goes may still be narrowed down while it is held back.
        for name in ("nodeSelector", "affinity"):
            allowed.pop(name, None)
            if name in old:
                allowed[name] = old[name]
    grace = old.get("terminationGracePeriodSeconds", 0)
    if grace < 0 and allowed.get("terminationGracePeriodSeconds") == 1:
        allowed["terminationGracePeriodSeconds"] = grace
    if allowed != old:
        fields = ",".join(_UPDATABLE)
        detail = (
            f"pod updates may not change fields other than {fields}\n{_difference(old, allowed)}"
        )
        yield forbidden("spec", detail)


def _difference(old: Object, new: Object) -> str:
    before, after = (json.dumps(each, indent=1, sort_keys=True).splitlines() for each in (old, new))
    # The first two lines name files, of which there are none.
    return "\n".join([*difflib.unified_diff(before, after, lineterm="")][2:])


@on_status_update("core.v1.Pod")
def pod_status_update(new: Object, old: Object) -> Errors:
    """What a kubelet may say about a pod."""
    yield from metadata_update(new, old)
    if new["spec"].get("nodeName") != old["spec"].get("nodeName"):
        yield forbidden("status.nodeName", "may not be changed directly")
    status, before = new["status"], old["status"]
    yield from immutable("status.qosClass", status.get("qosClass", ""), before.get("qosClass", ""))
    if nominated := status.get("nominatedNodeName"):
        problems = name_rule(nominated)
        yield from each_invalid("status.nominatedNodeName", nominated, problems)
    for i, pod_ip in enumerate(status.get("podIPs") or []):
        yield from address(f"status.podIPs[{i}]", pod_ip["ip"])
    yield from _ended_containers("status.containerStatuses", new, old)


def _ended_containers(field: str, new: Object, old: Object) -> Errors:
    policy = old["spec"].get("restartPolicy")
    if policy == "Always":
        return
    now = {each["name"]: each for each in new["status"].get("containerStatuses") or []}
    for i, status in enumerate(old["status"].get("containerStatuses") or []):
        ended = status["state"].get("terminated")
        if ended is None or (policy == "OnFailure" and ended["exitCode"] != 0):
            continue
        later = now.get(status["name"])
        if later and "terminated" not in later["state"]:
            detail = "may not be transitioned to non-terminated state"
            yield forbidden(f"{field}[{i}].state", detail)


def ephemeral_containers_update(new: Object, old: Object) -> Errors:
    """A change through the subresource `ephemeralcontainers`: containers may only be added."""
    yield from metadata_update(new, old)
    yield from _pod(new)
    field = "spec.ephemeralContainers"
    now = {each["name"]: each for each in new["spec"].get("ephemeralContainers") or []}
    for before in old["spec"].get("ephemeralContainers") or []:
        name = before["name"]
        if name not in now:
            detail = f'existing ephemeral containers "{name}" may not be removed\n'
            yield forbidden(field, detail)
        elif now[name] != before:
            changed = _difference(before, now[name])
            yield forbidden(
                field, f'existing ephemeral containers "{name}" may not be changed\n{changed}'
            )
