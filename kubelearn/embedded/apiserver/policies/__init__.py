"""ValidatingAdmissionPolicies: rules of your own about each write, in CEL, with no server.

Stands for k8s.io/apiserver `pkg/admission/plugin/policy/validating`. Left out: audit annotations
(there is no audit log), the check of expressions' types and their cost, the variable `authorizer`,
and policies that mutate.
"""

from kubelearn.embedded.apiserver.policies.policies import Policies

__all__ = ["Policies"]
