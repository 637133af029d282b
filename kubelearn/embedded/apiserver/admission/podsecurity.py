"""PodSecurity: pods keep to the level that their namespace's labels ask for.

Stands for k8s.io/kubernetes `plugin/pkg/admission/security/podsecurity` and
k8s.io/pod-security-admission `admission`. Pods are refused; of workloads whose pods would be, the
client is warned, and the audit trail told. Left out: exemptions and other defaults (a configuration
file).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from kubelearn.embedded.apiserver.admission.namespacelifecycle import refused
from kubelearn.embedded.apiserver.encoding import decode, shared
from kubelearn.embedded.apiserver.podsecurity import baseline, restricted
from kubelearn.embedded.apiserver.podsecurity.checks import PodView, details, violations
from kubelearn.embedded.apiserver.podsecurity.policy import (
    LevelVersion,
    Policy,
    is_stricter,
    policy_of,
)
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.status import invalid
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object, controller_of, labels_of

__all__ = ["baseline", "pod_security", "restricted"]

# Where a workload keeps what it makes pods of.
_TEMPLATES = {
    ("", "podtemplates"): ("template",),
    ("", "replicationcontrollers"): ("spec", "template"),
    ("apps", "replicasets"): ("spec", "template"),
    ("apps", "deployments"): ("spec", "template"),
    ("apps", "statefulsets"): ("spec", "template"),
    ("apps", "daemonsets"): ("spec", "template"),
    ("batch", "jobs"): ("spec", "template"),
    ("batch", "cronjobs"): ("spec", "jobTemplate", "spec", "template"),
}
_ANNOTATION = "pod-security.kubernetes.io/"
_CHANGES_CONTAINERS = ("", "ephemeralcontainers", "resize")
_MOST_PODS = 3000


async def pod_security(registry: Registry, write: Write, new: Object, old: Object | None) -> None:
    """Refuse a pod that violates what is enforced; warn of what would be refused."""
    kind = (registry.kind.group, registry.kind.plural)
    if kind == ("", "namespaces"):
        if not write.subresource:
            _check_namespace(registry, write, new, old)
    elif kind == ("", "pods"):
        if write.subresource in _CHANGES_CONTAINERS:
            _check_pod(registry, write, new, old)
    elif kind in _TEMPLATES and not write.subresource:
        template = new
        for part in _TEMPLATES[kind]:
            template = template.get(part) or {}
        if template:
            _tell(write, _view(template), _policy(registry, write.namespace))


def _view(pod: Object) -> PodView:
    meta = pod.get("metadata") or {}
    return PodView(meta.get("annotations") or {}, pod.get("spec") or {})


def _check_pod(registry: Registry, write: Write, new: Object, old: Object | None) -> None:
    policy, pod = _policy(registry, write.namespace), _view(new)
    enforced = f"{_ANNOTATION}enforce-policy"
    if policy.is_privileged:
        write.annotations[enforced] = str(LevelVersion())
    elif old is None or _differs(new, old):
        write.annotations[enforced] = str(policy.enforce)
        problem = _violation(pod, policy.enforce)
        # What is refused is not warned of besides.
        _tell(write, pod, policy, warns=not problem)
        if problem:
            raise refused(registry, new, f"violates {problem}")


def _tell(write: Write, pod: PodView, policy: Policy, *, warns: bool = True) -> None:
    """Tell the audit trail and the client what a pod would violate."""
    if problem := _violation(pod, policy.audit):
        write.annotations[f"{_ANNOTATION}audit-violations"] = f"would violate {problem}"
    if warns and (problem := _violation(pod, policy.warn)):
        _warn(write, f"would violate {problem}")


def _violation(pod: PodView, level: LevelVersion) -> str:
    found = violations(pod, level)
    return f'PodSecurity "{level}": {details(found)}' if found else ""


def _policy(registry: Registry, namespace: str) -> Policy:
    found = registry.store.get(f"/registry/namespaces/{namespace}")
    labels = shared(found.value)["metadata"].get("labels") if found else None
    return policy_of(labels or {})[0]


def _warn(write: Write, text: str) -> None:
    # A write that lost a race is made again, and would warn again.
    if text not in write.warnings:
        write.warnings.append(text)


def _differs(new: Object, old: Object) -> bool:
    """Whether a pod's containers changed in a way that counts: their number, or their images."""
    for kind in ("containers", "initContainers"):
        images = [[each["image"] for each in pod["spec"].get(kind) or []] for pod in (new, old)]
        if images[0] != images[1]:
            return True
    before = {each["name"]: each["image"] for each in old["spec"].get("ephemeralContainers") or []}
    return any(
        before.get(each["name"]) != each["image"]
        for each in new["spec"].get("ephemeralContainers") or []
    )


# --- namespaces ----------------------------------------------------------------------------------


def _check_namespace(registry: Registry, write: Write, new: Object, old: Object | None) -> None:
    """Refuse labels that make no sense, and warn of pods that a new level would refuse."""
    policy, problems = policy_of(labels_of(new))
    before, known = policy_of(labels_of(old) if old else {})
    if problems and (old is None or problems != known):
        raise invalid(registry.kind.kind, registry.kind.group, new["metadata"]["name"], problems)
    level, was = policy.enforce, before.enforce
    if old is None or level == was or level.level == "privileged":
        return
    if level.version == was.version and not is_stricter(level.level, was.level):
        return
    for warning in _existing(registry, new["metadata"]["name"], level):
        _warn(write, warning)


def _existing(registry: Registry, namespace: str, level: LevelVersion) -> Iterator[str]:
    """What pods that are there already violate, each kind of violation once."""
    pods = _one_of_each_first(
        [decode(kv.value) for kv in registry.store.range(f"/registry/pods/{namespace}/")]
    )
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for pod in pods[:_MOST_PODS]:
        if found := violations(_view(pod), level):
            reasons = ", ".join(each.reason for each in found)
            counts[reasons] += 1
            name = pod["metadata"]["name"]
            first[reasons] = min(name, first.get(reasons, name))
    if len(pods) > _MOST_PODS:
        yield (
            "new PodSecurity enforce level only checked against the first "
            f"{_MOST_PODS} of {len(pods)} existing pods"
        )
    if counts:
        yield (
            f'existing pods in namespace "{namespace}" violate the new PodSecurity enforce level '
            f'"{level}"'
        )
    yield from sorted(
        f"{first[reasons]}{_and_others(count - 1)}: {reasons}" for reasons, count in counts.items()
    )


def _and_others(count: int) -> str:
    if not count:
        return ""
    return f" (and {count} other pod{'s' if count > 1 else ''})"


def _one_of_each_first(pods: Sequence[Object]) -> list[Object]:
    """First one pod of each controller, then the others, which are most likely alike."""
    seen: set[str] = set()
    chosen: list[Object] = []
    others: list[Object] = []
    for pod in pods:
        owner = (controller_of(pod) or {}).get("uid")
        (others if owner in seen else chosen).append(pod)
        if owner:
            seen.add(owner)
    return [*chosen, *others]
