"""Policies: rules of your own about each write, in CEL, with no server.

Stands for k8s.io/apiserver `pkg/admission/plugin/policy`. A ValidatingAdmissionPolicy says what may
be written, a MutatingAdmissionPolicy changes what is. Left out: the check of expressions' types and
their cost, and the variable `authorizer`.
"""

from kubelearn.embedded.apiserver.policies.mutating import MutatingPolicies
from kubelearn.embedded.apiserver.policies.validating import ValidatingPolicies

__all__ = ["MutatingPolicies", "ValidatingPolicies"]
