"""Lets policies change what is written.

Stands for k8s.io/apiserver `pkg/admission/plugin/policy/mutating/{dispatcher,plugin}.go`. Owners of
the fields that they set are not noted, as upstream does not.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kubelearn.embedded.apiserver.apiextensions.cel import CelError, converted
from kubelearn.embedded.apiserver.policies.bound import BoundPolicies, add_own_variables, names
from kubelearn.embedded.apiserver.policies.parameters import FindKind, NotConfigured
from kubelearn.embedded.apiserver.policies.patches import MutationFailed, mutate
from kubelearn.embedded.apiserver.status import StatusError, forbidden
from kubelearn.embedded.apiserver.webhooks import Attributes, Round
from kubelearn.embedded.apiserver.webhooks.matching import hold
from kubelearn.embedded.store import Store
from kubelearn.objects import Object


@dataclass(frozen=True)
class Problem:
    """Why a policy could not do its work, and the reason that the client gets."""

    message: str
    reason: str


class MutatingPolicies:
    """The MutatingAdmissionPolicies of one cluster."""

    def __init__(self, store: Store, *, find: FindKind) -> None:
        self._bound = BoundPolicies(store, sort="mutating", find=find)

    def mutate(self, attributes: Attributes, *, again: Collection[str] = ()) -> Round:
        """Let the policies change the new object, one after the other. Raises StatusError.

        `again` names those that want to see it once more; then no others are asked.
        """
        asked: list[str] = []
        problems: list[Problem] = []
        changed = False
        for policy, binding in self._bound.concerned(attributes):
            who = names(policy, binding)
            if attributes.new is None or (again and who not in again):
                continue
            before = copy.deepcopy(attributes.new)
            found = list(self._problems(policy, binding, attributes))
            if policy["spec"].get("failurePolicy") != "Ignore":
                problems += found
            changed = changed or attributes.new != before
            if policy["spec"].get("reinvocationPolicy") == "IfNeeded":
                asked.append(who)
        if problems:
            raise _denial(problems, attributes)
        return Round.of(attributes, asked=asked, changed=changed)

    def _problems(
        self, policy: Object, binding: Object, attributes: Attributes
    ) -> Iterator[Problem]:
        """Apply one policy; gives what went wrong."""
        spec, who = policy["spec"], names(policy, binding)
        try:
            for variables in self._bound.variables(policy, binding, attributes):
                if hold(spec, variables):
                    add_own_variables(spec, variables)
                    for text in _mutated(spec["mutations"], attributes, variables):
                        yield Problem(f"policy {who} denied request: {text}", "Invalid")
        except CelError as error:
            yield Problem(f"policy {who} denied request: {error}", "Invalid")
        except NotConfigured as error:
            text = f"policy {who} denied request: failed to configure binding: {error}"
            yield Problem(text, "Forbidden")


def _mutated(
    mutations: Sequence[Object], attributes: Attributes, variables: dict[str, Any]
) -> Iterator[str]:
    """Apply the mutations of a policy in their order; gives what went wrong."""
    for mutation in mutations:
        variables["object"] = converted(attributes.new, None)
        try:
            mutate(attributes, mutation, variables)
        except MutationFailed as error:
            yield str(error)


def _denial(problems: Sequence[Problem], attributes: Attributes) -> StatusError:
    kind = attributes.registry.kind
    causes = [{"message": problem.message} for problem in problems]
    denied = forbidden(kind.plural, kind.group, attributes.name, "", causes=causes)
    denied.message, denied.reason = problems[0].message, problems[0].reason
    return denied
