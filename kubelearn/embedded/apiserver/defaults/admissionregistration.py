"""Defaults of webhooks and policies (upstream `pkg/apis/admissionregistration/v1/defaults.go`)."""

from __future__ import annotations

from kubelearn.embedded.apiserver.defaults.rules import rule
from kubelearn.objects import Object


@rule("admissionregistration.v1.ValidatingWebhook")
def validating_webhook(hook: Object) -> None:
    """Asked about every version of what it names, anywhere; who does not answer objects."""
    hook.setdefault("failurePolicy", "Fail")
    hook.setdefault("matchPolicy", "Equivalent")
    hook.setdefault("namespaceSelector", {})
    hook.setdefault("objectSelector", {})
    hook.setdefault("timeoutSeconds", 10)


@rule("admissionregistration.v1.MutatingWebhook")
def mutating_webhook(hook: Object) -> None:
    """Asked once, whatever others change afterwards."""
    validating_webhook(hook)
    hook.setdefault("reinvocationPolicy", "Never")


@rule(
    "admissionregistration.v1.MutatingAdmissionPolicySpec",
    "admissionregistration.v1.ValidatingAdmissionPolicySpec",
)
def admission_policy_spec(spec: Object) -> None:
    """What cannot be told counts as a violation."""
    spec.setdefault("failurePolicy", "Fail")


@rule("admissionregistration.v1.MatchResources")
def match_resources(match: Object) -> None:
    """Every version, anywhere."""
    match.setdefault("matchPolicy", "Equivalent")
    match.setdefault("namespaceSelector", {})
    match.setdefault("objectSelector", {})


@rule(
    "admissionregistration.v1.RuleWithOperations",
    "admissionregistration.v1.NamedRuleWithOperations",
)
def operations_rule(each: Object) -> None:
    """Objects of namespaces and of the cluster."""
    each.setdefault("scope", "*")


@rule("admissionregistration.v1.ServiceReference")
def service_reference(service: Object) -> None:
    """The port of HTTPS."""
    service.setdefault("port", 443)
