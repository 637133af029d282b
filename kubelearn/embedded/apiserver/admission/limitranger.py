"""LimitRanger: what containers get that say nothing, and what they may not go beyond.

Stands for k8s.io/kubernetes `plugin/pkg/admission/limitranger/admission.go`. A pod gets its
requests and limits when it is created, and is checked then and when it is resized; a claim is
checked with every write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from kubelearn.embedded.apiserver.admission.namespacelifecycle import refused
from kubelearn.embedded.apiserver.encoding import shared
from kubelearn.embedded.apiserver.registry import Registry
from kubelearn.embedded.apiserver.write import Write
from kubelearn.embedded.podresources import limits_of, requests_of, stated_limits, stated_requests
from kubelearn.embedded.resourcelists import Amounts
from kubelearn.objects import Object, annotations_of
from kubelearn.quantity import quantity

_ANNOTATION = "kubernetes.io/limit-ranger"

_Constraint = Callable[..., str]


async def set_defaults(registry: Registry, write: Write, new: Object, old: Object | None) -> None:
    """Give each container of a new pod what the namespace's LimitRanges say it gets."""
    if not _concerns(registry, write, old) or registry.kind.plural != "pods":
        return
    for limits in _limit_ranges(registry, write):
        default, request = _defaults(limits)
        told = list(_fill(new["spec"], default=default, request=request))
        if told:
            annotations = annotations_of(new)
            annotations[_ANNOTATION] = f"LimitRanger plugin set: {'; '.join(told)}"
            new["metadata"]["annotations"] = annotations


async def check_limits(registry: Registry, write: Write, new: Object, old: Object | None) -> None:
    """Refuse what is beyond the namespace's LimitRanges."""
    if not _concerns(registry, write, old):
        return
    check = _pod_problems if registry.kind.plural == "pods" else _claim_problems
    for limits in _limit_ranges(registry, write):
        problems = list(dict.fromkeys(check(limits, new)))
        if problems:
            text = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
            raise refused(registry, new, text)


def _concerns(registry: Registry, write: Write, old: Object | None) -> bool:
    """Whether limit ranges have a say: the resources of a pod change by being resized only."""
    if old is not None and "deletionTimestamp" in old["metadata"]:
        return False
    match registry.kind.group, registry.kind.plural, write.subresource:
        case "", "pods", "resize":
            return True
        case "", "pods", "":
            return old is None
        case "", "persistentvolumeclaims", "":
            return True
    return False


def _limit_ranges(registry: Registry, write: Write) -> Iterator[list[Object]]:
    for kv in registry.store.range(f"/registry/limitranges/{write.namespace}/"):
        yield shared(kv.value)["spec"].get("limits") or []


# --- defaults ------------------------------------------------------------------------------------


def _defaults(limits: Iterable[Object]) -> tuple[dict[str, str], dict[str, str]]:
    default: dict[str, str] = {}
    request: dict[str, str] = {}
    for limit in limits:
        if limit["type"] == "Container":
            default.update(limit.get("default") or {})
            request.update(limit.get("defaultRequest") or {})
    return default, request


def _fill(spec: Object, *, default: Amounts, request: Amounts) -> Iterator[str]:
    """Fill in what is missing, and tell what that was."""
    for words, containers in (("container", "containers"), ("init container", "initContainers")):
        for container in spec.get(containers) or []:
            for kind, amounts in (("requests", request), ("limits", default)):
                if names := _fill_one(container, kind, amounts):
                    yield f"{', '.join(names)} {kind[:-1]} for {words} {container['name']}"


def _fill_one(container: Object, kind: str, amounts: Amounts) -> list[str]:
    resources = container.get("resources") or {}
    stated: dict[str, Any] = resources.get(kind) or {}
    missing = sorted(amounts.keys() - stated.keys())
    if missing:
        resources[kind] = {**stated, **{name: amounts[name] for name in missing}}
        container["resources"] = resources
    return missing


# --- limits --------------------------------------------------------------------------------------


def _pod_problems(limits: Iterable[Object], pod: Object) -> Iterator[str]:
    spec = pod["spec"]
    for limit in limits:
        match limit["type"]:
            case "Container":
                every = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
                for container in every:
                    yield from _problems(limit, requests_of(container), limits_of(container))
            case "Pod":
                yield from _problems(limit, stated_requests(spec), stated_limits(spec))


def _problems(limit: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    rules: tuple[tuple[str, _Constraint], ...] = (
        ("min", _too_little),
        ("max", _too_much),
        ("maxLimitRequestRatio", _too_far_apart),
    )
    for kind, broken in rules:
        for name, value in sorted((limit.get(kind) or {}).items()):
            asked, most = requests.get(name), limits.get(name)
            if problem := broken(value, asked, most):
                yield problem.format(name=name, type=limit["type"], value=value)


def _claim_problems(limits: Iterable[Object], claim: Object) -> Iterator[str]:
    requests: Mapping[str, str] = requests_of(claim["spec"])
    for limit in limits:
        if limit["type"] == "PersistentVolumeClaim":
            yield from _problems({**limit, "max": {}, "maxLimitRequestRatio": {}}, requests, {})
            for name, value in sorted((limit.get("max") or {}).items()):
                if problem := _beyond(value, requests.get(name), "request", word="maximum"):
                    yield problem.format(name=name, type=limit["type"], value=value)


def _too_little(value: str, asked: str | None, most: str | None) -> str:
    if problem := _beyond(value, asked, "request", word="minimum"):
        return problem
    return _beyond(value, most, "limit", word="minimum") if most is not None else ""


def _too_much(value: str, asked: str | None, most: str | None) -> str:
    if problem := _beyond(value, most, "limit", word="maximum"):
        return problem
    return _beyond(value, asked, "request", word="maximum") if asked is not None else ""


def _beyond(value: str, observed: str | None, what: str, *, word: str) -> str:
    usage = word + " {name} usage per {type} is {value}"
    if observed is None:
        return f"{usage}.  No {what} is specified"
    low, high = (observed, value) if word == "minimum" else (value, observed)
    return f"{usage}, but {what} is {observed}" if quantity(low) < quantity(high) else ""


def _too_far_apart(value: str, asked: str | None, most: str | None) -> str:
    ratio = "{name} max limit to request ratio per {type} is {value}, but "
    for what, observed in (("request", asked), ("limit", most)):
        if observed is None or not quantity(observed):
            return f"{ratio}no {what} is specified or {what} is 0"
    provided = float(quantity(most or "0")) / float(quantity(asked or "0"))
    return f"{ratio}provided ratio is {provided:f}" if provided > float(quantity(value)) else ""
