"""Whether a webhook, or a policy, is to be asked about a write.

Stands for k8s.io/apiserver `pkg/admission/plugin/webhook/{predicates,matchconditions}` and
`pkg/admission/plugin/webhook/generic/webhook.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubelearn.embedded.apiserver.apiextensions.cel import CelError, converted, expression
from kubelearn.embedded.apiserver.status import forbidden
from kubelearn.embedded.apiserver.webhooks.attributes import Attributes
from kubelearn.embedded.apiserver.webhooks.review import request_of
from kubelearn.labelselector import matches
from kubelearn.objects import Object

# Who may change what asks them could never be asked again.
_EXEMPT = frozenset(
    {
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
        "mutatingwebhookconfigurations",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
        "validatingwebhookconfigurations",
    }
)


def is_exempt(attributes: Attributes) -> bool:
    """Whether no webhook is asked at all."""
    kind = attributes.registry.kind
    return kind.group == "admissionregistration.k8s.io" and kind.plural in _EXEMPT


def concerns(hook: Object, attributes: Attributes) -> bool:
    """Whether a webhook's rules and selectors mean this write."""
    return rules_mean(hook.get("rules"), hook, attributes) and selectors_mean(hook, attributes)


def rules_mean(rules: Sequence[Object] | None, hook: Object, attributes: Attributes) -> bool:
    """Whether one of the rules means this write; `hook` says how exact they are."""
    return any(_rule_means(rule, hook, attributes) for rule in rules or [])


def selectors_mean(hook: Object, attributes: Attributes) -> bool:
    """Whether the labels of the namespace and of the object are among those selected."""
    labels = attributes.namespace_labels()
    if labels is not None and not matches(hook.get("namespaceSelector"), labels):
        return False
    return any(matches(hook.get("objectSelector"), each) for each in attributes.object_labels())


def conditions_hold(
    hook: Object, attributes: Attributes, variables: Mapping[str, Any] | None = None
) -> bool:
    """Whether all match conditions are true. Raises the error of one that cannot be told."""
    if not hook.get("matchConditions"):
        return True
    try:
        return hold(hook, variables or variables_of(attributes))
    except CelError as error:
        kind = attributes.registry.kind
        raise forbidden(kind.plural, kind.group, attributes.name, str(error)) from None


def hold(hook: Object, variables: Mapping[str, Any]) -> bool:
    """Whether all match conditions are true for these variables. Raises CelError."""
    problems = []
    for condition in hook.get("matchConditions") or []:
        try:
            if not expression(condition["expression"].strip()).evaluate(variables):
                return False
        except CelError as error:
            problems.append(f"failed to evaluate match condition {condition['name']!r}: {error}")
    if problems and hook.get("failurePolicy") != "Ignore":
        raise CelError(", ".join(problems))
    return not problems


def _rule_means(rule: Object, hook: Object, attributes: Attributes) -> bool:
    kind = attributes.registry.kind
    versions = rule.get("apiVersions") or []
    # "Equivalent" takes any version of the resource; which one was sent makes no difference then.
    same_version = _has(versions, kind.version) or hook.get("matchPolicy") != "Exact"
    scope = "Namespaced" if attributes.namespaced else "Cluster"
    return (
        _has(rule.get("operations"), attributes.operation)
        and attributes.name in (rule.get("resourceNames") or [attributes.name])
        and _has(rule.get("apiGroups"), kind.group)
        and same_version
        and rule.get("scope", "*") in ("*", scope)
        and _resource_is_meant(rule.get("resources") or [], attributes)
    )


def _resource_is_meant(resources: Sequence[str], attributes: Attributes) -> bool:
    plural, part = attributes.registry.kind.plural, attributes.write.subresource
    for each in resources:
        resource, _, wanted = each.partition("/")
        if resource in ("*", plural) and (wanted == part or wanted == "*"):
            return True
    return False


def _has(values: Sequence[str] | None, value: str) -> bool:
    return value in (values or []) or "*" in (values or [])


def variables_of(attributes: Attributes) -> dict[str, Any]:
    """What expressions can name: the objects and the request."""
    request = {
        name: value
        for name, value in request_of(attributes, uid="").items()
        if name not in ("object", "oldObject")
    }
    return {
        "object": converted(attributes.new, None),
        "oldObject": converted(attributes.old, None),
        "request": converted(request, None),
    }
