"""Rules for pods, and for the pod templates in other kinds.

Follows upstream's `pkg/apis/core/validation/validation.go`. Left out: Windows, AppArmor, dynamic
resource allocation and other things that no node here could do.
"""

from __future__ import annotations

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
from kubelearn.embedded.apiserver.validation.rules import on_create, on_update
from kubelearn.embedded.apiserver.validation.scheduling import (
    affinity,
    tolerations,
    topology_spread,
)
from kubelearn.embedded.apiserver.validation.security import pod_security_context
from kubelearn.embedded.apiserver.validation.volume import volumes
from kubelearn.objects import Object, annotations_of

MIRROR = "kubernetes.io/config.mirror"
_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_LARGEST = 2**31 - 1
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")


@on_create("core.v1.Pod")
def pod_create(pod: Object) -> Errors:
    """A new pod."""
    yield from whole_pod(pod)
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


@on_update("core.v1.PodTemplate")
def pod_template_update(new: Object, old: Object) -> Errors:
    """A template that stands alone, again."""
    yield from metadata_update(new, old)
    yield from template("template", new["template"])


def template(field: str, found: Object) -> Errors:
    """A pod template in another kind."""
    yield from check_labels(found["metadata"].get("labels"), f"{field}.labels")
    annotations = found["metadata"].get("annotations")
    yield from check_annotations(annotations, f"{field}.annotations")
    yield from pod_annotations(f"{field}.annotations", found)
    yield from pod_spec(f"{field}.spec", found["spec"], in_pod=False)
    if found["spec"].get("ephemeralContainers"):
        detail = "ephemeral containers not allowed in pod template"
        yield forbidden(f"{field}.spec.ephemeralContainers", detail)


def whole_pod(pod: Object) -> Errors:
    """What holds for a pod whenever it is written."""
    spec = pod["spec"]
    yield from metadata(pod)
    yield from pod_annotations("metadata.annotations", pod)
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


def pod_annotations(field: str, pod: Object) -> Errors:
    """Annotations that mean something to upstream."""
    annotations = annotations_of(pod)
    if MIRROR in annotations and not pod["spec"].get("nodeName"):
        detail = "must set spec.nodeName if mirror pod annotation is set"
        yield invalid(f"{field}[{MIRROR}]", annotations[MIRROR], detail)
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
    yield from deadline(f"{field}.activeDeadlineSeconds", spec, lowest=1)
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


def deadline(field: str, spec: Object, *, lowest: int) -> Errors:
    """Seconds after which a pod is ended."""
    if (seconds := spec.get("activeDeadlineSeconds")) is not None:
        yield from each_invalid(field, seconds, in_range(seconds, lowest, _LARGEST))


def _host_aliases(field: str, spec: Object) -> Errors:
    for i, alias in enumerate(spec.get("hostAliases") or []):
        yield from address(f"{field}[{i}].ip", alias["ip"])
        for j, name in enumerate(alias.get("hostnames") or []):
            yield from dns_subdomain(f"{field}[{i}].hostnames[{j}]", name)
