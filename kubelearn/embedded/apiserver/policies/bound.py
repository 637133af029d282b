"""Policies with their bindings, and what they are about.

Stands for k8s.io/apiserver `pkg/admission/plugin/policy/{generic,matching}`. A new
policy or binding counts at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kubelearn.embedded.apiserver.apiextensions.cel import CelError, converted, expression
from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.lister import Lister
from kubelearn.embedded.apiserver.policies.parameters import FindKind, parameters
from kubelearn.embedded.apiserver.webhooks import Attributes
from kubelearn.embedded.apiserver.webhooks.matching import (
    is_exempt,
    rules_mean,
    selectors_mean,
    variables_of,
)
from kubelearn.embedded.store import Store
from kubelearn.objects import Object


class BoundPolicies:
    """The policies of one sort, `mutating` or `validating`; `find` knows kinds by their names."""

    def __init__(self, store: Store, *, sort: str, find: FindKind) -> None:
        self._store = store
        self._find = find
        self._policies = Lister(store, f"/registry/{sort}admissionpolicies/")
        self._bindings = Lister(store, f"/registry/{sort}admissionpolicybindings/")

    def configured(self) -> bool:
        """Whether there are any that are bound."""
        return bool(self._bindings.objects())

    def concerned(self, attributes: Attributes) -> Iterator[tuple[Object, Object]]:
        """Each policy that is about this write, with its binding."""
        if is_exempt(attributes):
            return
        for binding in self._bindings.objects().values():
            policy = self._policies.objects().get(binding["spec"]["policyName"])
            if policy and _is_about(policy, binding, attributes):
                yield policy, binding

    def variables(
        self, policy: Object, binding: Object, attributes: Attributes
    ) -> Iterator[dict[str, Any]]:
        """What expressions can name, once for each object that has settings for the policy.

        Raises NotConfigured.
        """
        found = parameters(policy, binding, attributes, find=self._find, store=self._store)
        for params in found:
            variables = variables_of(attributes)
            variables["params"] = converted(params, None)
            variables["namespaceObject"] = converted(self._namespace(attributes), None)
            yield variables

    def _namespace(self, attributes: Attributes) -> Object | None:
        found = self._store.get(f"/registry/namespaces/{attributes.namespace}")
        return decode(found.value) if found else None


def add_own_variables(spec: Object, variables: dict[str, Any]) -> None:
    """Add the variables that a policy defines for itself."""
    from celpy import celtypes

    own: dict[Any, Any] = {}
    for variable in spec.get("variables") or []:
        variables["variables"] = celtypes.MapType(own)
        try:
            value = expression(variable["expression"].strip()).evaluate(variables)
        except CelError:
            continue  # whoever names it finds it missing
        own[celtypes.StringType(variable["name"])] = value
    variables["variables"] = celtypes.MapType(own)


def names(policy: Object, binding: Object) -> str:
    """Policy and binding, as messages name them."""
    return f"'{policy['metadata']['name']}' with binding '{binding['metadata']['name']}'"


def _is_about(policy: Object, binding: Object, attributes: Attributes) -> bool:
    constraints = policy["spec"].get("matchConstraints") or {}
    # A binding can only narrow down what its policy is about.
    narrower = binding["spec"].get("matchResources")
    return _matches(constraints, attributes) and (
        narrower is None or _matches(narrower, attributes, all_without_rules=True)
    )


def _matches(match: Object, attributes: Attributes, *, all_without_rules: bool = False) -> bool:
    rules = match.get("resourceRules")
    meant = rules_mean(rules, match, attributes) or (all_without_rules and not rules)
    excluded = rules_mean(match.get("excludeResourceRules"), match, attributes)
    return meant and not excluded and selectors_mean(match, attributes)
