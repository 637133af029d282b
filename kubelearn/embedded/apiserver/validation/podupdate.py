"""Rules for changes of pods: images, and little else.

Follows `ValidatePodUpdate` and what stands around it in upstream's
`pkg/apis/core/validation/validation.go`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.encoding import copied
from kubelearn.embedded.apiserver.names import dns_subdomain as name_rule
from kubelearn.embedded.apiserver.validation.common import address
from kubelearn.embedded.apiserver.validation.container import image_spaces
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    each_invalid,
    forbidden,
    immutable,
    invalid,
    required,
)
from kubelearn.embedded.apiserver.validation.internals import difference, internal
from kubelearn.embedded.apiserver.validation.metadata import metadata_update
from kubelearn.embedded.apiserver.validation.pod import MIRROR, deadline, pod_annotations, whole_pod
from kubelearn.embedded.apiserver.validation.rules import on_status_update, on_update
from kubelearn.embedded.apiserver.validation.scheduling import tolerations
from kubelearn.embedded.restartpolicy import restarts_after
from kubelearn.objects import Object, annotations_of

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_UPDATABLE = (
    "`spec.containers[*].image`",
    "`spec.initContainers[*].image`",
    "`spec.activeDeadlineSeconds`",
    "`spec.tolerations` (only additions to existing tolerations)",
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
)


@on_update("core.v1.Pod")
def pod_update(new: Object, old: Object) -> Errors:
    """A change of a pod: images, and little else."""
    yield from metadata_update(new, old)
    yield from whole_pod(new)
    yield from _same_mirror(new, old)
    yield from pod_annotations("metadata.annotations", new)
    for name in ("containers", "initContainers"):
        if len(new["spec"].get(name) or []) != len(old["spec"].get(name) or []):
            yield forbidden(f"spec.{name}", "pod updates may not add or remove containers")
            return
        for i, container in enumerate(new["spec"].get(name) or []):
            if not container.get("image"):
                yield required(f"spec.{name}[{i}].image")
            yield from image_spaces(f"spec.{name}[{i}]", container)
    if problems := [*_new_deadline(new["spec"], old["spec"])]:
        yield from problems
        return
    yield from _only_added_tolerations(new["spec"], old["spec"])
    yield from _only_deleted_gates(new["spec"], old["spec"])
    yield from _nothing_else(new["spec"], old["spec"])


def _same_mirror(new: Object, old: Object) -> Errors:
    now, before = (annotations_of(pod).get(MIRROR) for pod in (new, old))
    if now != before:
        verb = "add" if before is None else "remove or update"
        detail = f"may not {verb} mirror pod annotation"
        yield forbidden(f"metadata.annotations[{MIRROR}]", detail)


def _new_deadline(new: Object, old: Object) -> Errors:
    field = "spec.activeDeadlineSeconds"
    after, before = new.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds")
    yield from deadline(field, new, lowest=0)
    if before is None:
        return
    if after is None:
        yield invalid(field, None, "must not update from a positive integer to nil value")
    elif after > before:
        yield invalid(field, after, "must be less than or equal to previous value")


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
    allowed = copied(new)
    for name in ("containers", "initContainers"):
        for container, before in zip(allowed.get(name) or [], old.get(name) or [], strict=True):
            container["image"] = before["image"]
    for name in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        _restore(allowed, old, name)
    if old.get("schedulingGates"):
        yield from _narrowed(new, old)
        _restore(allowed, old, "nodeSelector")
        _restore_node_affinity(allowed, old)
    grace = old.get("terminationGracePeriodSeconds", 0)
    if grace < 0 and allowed.get("terminationGracePeriodSeconds") == 1:
        allowed["terminationGracePeriodSeconds"] = grace
    if allowed != old:
        fields = ",".join(_UPDATABLE)
        changed = difference("core.v1.PodSpec", old, allowed)
        detail = f"pod updates may not change fields other than {fields}\n{changed}"
        yield forbidden("spec", detail)


def _restore(obj: Object, old: Object, name: str) -> None:
    obj.pop(name, None)
    if name in old:
        obj[name] = old[name]


def _restore_node_affinity(allowed: Object, old: Object) -> None:
    affinity = dict(allowed.get("affinity") or {})
    _restore(affinity, old.get("affinity") or {}, "nodeAffinity")
    if affinity or old.get("affinity") is not None:
        allowed["affinity"] = affinity
    else:
        allowed.pop("affinity", None)


def _narrowed(new: Object, old: Object) -> Errors:
    """While it is held back, where a pod may go can only be narrowed down."""
    selector, before = new.get("nodeSelector") or {}, old.get("nodeSelector") or {}
    if any(selector.get(name) != value for name, value in before.items()):
        detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
        yield invalid("spec.nodeSelector", new.get("nodeSelector"), detail)
    terms, old_terms = _required_terms(new), _required_terms(old)
    field = f"spec.affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms"
    if old_terms and len(terms) != len(old_terms):
        detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        yield invalid(field, [_shown(term) for term in terms] or None, detail)
        return
    for i, term in enumerate(old_terms):
        if not _only_added(terms[i], term):
            detail = "only additions are allowed (no mutations or deletions)"
            yield invalid(f"{field}[{i}]", _shown(terms[i]), detail)


def _required_terms(spec: Object) -> list[Object]:
    node = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    return (node.get(_REQUIRED) or {}).get("nodeSelectorTerms") or []


def _only_added(term: Object, old: Object) -> bool:
    return all(
        each in (term.get(name) or [])
        for name in ("matchExpressions", "matchFields")
        for each in old.get(name) or []
    )


def _shown(term: Object) -> Object | None:
    return internal("core.v1.NodeSelectorTerm", term)


@on_status_update("core.v1.Pod")
def pod_status_update(new: Object, old: Object) -> Errors:
    """What a kubelet may say about a pod."""
    yield from metadata_update(new, old)
    if new["spec"].get("nodeName") != old["spec"].get("nodeName"):
        yield forbidden("status.nodeName", "may not be changed directly")
    status, before = new["status"], old["status"]
    yield from immutable("status.qosClass", status.get("qosClass", ""), before.get("qosClass", ""))
    yield from _nomination(new, old)
    for i, pod_ip in enumerate(status.get("podIPs") or []):
        yield from address(f"status.podIPs[{i}]", pod_ip["ip"])
    yield from _ended_containers("status.containerStatuses", new, old)


def _nomination(new: Object, old: Object) -> Errors:
    field, nominated = "status.nominatedNodeName", new["status"].get("nominatedNodeName")
    if not nominated or nominated == old["status"].get("nominatedNodeName"):
        return
    yield from each_invalid(field, nominated, name_rule(nominated))
    if old["spec"].get("nodeName"):
        yield forbidden(field, "may not be set on pods that are already bound to a node")


def _ended_containers(field: str, new: Object, old: Object) -> Errors:
    containers = {each["name"]: each for each in old["spec"]["containers"]}
    now = {each["name"]: each for each in new["status"].get("containerStatuses") or []}
    for i, status in enumerate(old["status"].get("containerStatuses") or []):
        ended = status["state"].get("terminated")
        container = containers.get(status["name"])
        if ended is None or (container and restarts_after(old, container, ended["exitCode"])):
            continue
        later = now.get(status["name"])
        if later and "terminated" not in later["state"]:
            detail = "may not be transitioned to non-terminated state"
            yield forbidden(f"{field}[{i}].state", detail)


@on_update("core.v1.Pod", subresource="ephemeralcontainers")
def ephemeral_containers_update(new: Object, old: Object) -> Errors:
    """A change through the subresource `ephemeralcontainers`: containers may only be added."""
    if MIRROR in annotations_of(old):
        yield forbidden("", "static pods do not support ephemeral containers")
        return
    yield from metadata_update(new, old)
    yield from whole_pod(new)
    field = "spec.ephemeralContainers"
    now = {each["name"]: each for each in new["spec"].get("ephemeralContainers") or []}
    for before in old["spec"].get("ephemeralContainers") or []:
        name = before["name"]
        if name not in now:
            detail = f'existing ephemeral containers "{name}" may not be removed\n'
            yield forbidden(field, detail)
        elif now[name] != before:
            changed = difference("core.v1.EphemeralContainer", before, now[name])
            yield forbidden(
                field, f'existing ephemeral containers "{name}" may not be changed\n{changed}'
            )
