"""Access reviews: may somebody do that, and what may I do at all.

Stands for k8s.io/kubernetes `pkg/registry/authorization` and `pkg/apis/authorization/validation`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.authorization import Attributes, Authorizer
from kubelearn.embedded.apiserver.rbac.policy import Policy
from kubelearn.embedded.apiserver.request import Request
from kubelearn.embedded.apiserver.status import Cause, bad_request, invalid, quote
from kubelearn.objects import Object

_RBAC = "rbac.authorization.k8s.io"
_RESOURCE_RULE = ("verbs", "apiGroups", "resources", "resourceNames")
_PATH_RULE = ("verbs", "nonResourceURLs")


class AccessReviews:
    """Answers what somebody may do."""

    def __init__(self, authorizer: Authorizer, policy: Policy) -> None:
        self._authorizer = authorizer
        self._policy = policy

    def own(self, request: Request, review: Object) -> Object:
        """SelfSubjectAccessReview."""
        spec = review["spec"]
        _check(spec, [])
        return {"spec": spec, "status": self._status(request.user, spec)}

    def other(self, request: Request, review: Object) -> Object:
        """SubjectAccessReview."""
        spec = review["spec"]
        _check(spec, _subject_problems(spec))
        return {"spec": spec, "status": self._status(_subject(spec), spec)}

    def local(self, request: Request, review: Object) -> Object:
        """LocalSubjectAccessReview: for those who may ask about one namespace only."""
        namespace, spec = request.info.namespace, review["spec"]
        _check(spec, [*_subject_problems(spec), *_namespace_problems(spec, namespace)])
        meta = {"namespace": namespace}
        return {"metadata": meta, "spec": spec, "status": self._status(_subject(spec), spec)}

    def rules(self, request: Request, review: Object) -> Object:
        """SelfSubjectRulesReview."""
        namespace = review["spec"].get("namespace")
        if not namespace:
            raise bad_request("no namespace on request")
        grants = list(self._policy.grants(request.user, namespace))
        rules = [rule for grant in grants for rule in grant.rules]
        status: Object = {
            "resourceRules": [_part(r, _RESOURCE_RULE) for r in rules if r.get("resources")],
            "nonResourceRules": [_part(r, _PATH_RULE) for r in rules if r.get("nonResourceURLs")],
            "incomplete": False,
        }
        absent = [grant.missing for grant in grants if grant.missing]
        if absent:
            texts = (f'{r["kind"].lower()}s.{_RBAC} "{r["name"]}" not found' for r in absent)
            status["evaluationError"] = ", ".join(texts)
        return {"spec": {}, "status": status}

    def _status(self, user: User, spec: Object) -> Object:
        decision = self._authorizer.authorize(_question(user, spec))
        status: Object = {"allowed": decision.allowed}
        if decision.reason:
            status["reason"] = decision.reason
        return status


def _question(user: User, spec: Object) -> Attributes:
    if (path := spec.get("nonResourceAttributes")) is not None:
        return Attributes(
            user, path.get("verb", ""), path=path.get("path", ""), is_resource_request=False
        )
    asked = spec["resourceAttributes"]
    names = ("group", "version", "resource", "subresource", "namespace", "name")
    return Attributes(user, asked.get("verb", ""), **{name: asked.get(name, "") for name in names})


def _subject(spec: Object) -> User:
    extra = {name: tuple(values) for name, values in (spec.get("extra") or {}).items()}
    groups = tuple(spec.get("groups") or ())
    return User(spec.get("user", ""), groups, spec.get("uid", ""), extra)


def _subject_problems(spec: Object) -> list[Cause]:
    if spec.get("user") or spec.get("groups"):
        return []
    text = 'Invalid value: "": at least one of user or group must be specified'
    return [Cause("FieldValueInvalid", text, "spec.user")]


def _namespace_problems(spec: Object, namespace: str) -> list[Cause]:
    asked = spec.get("resourceAttributes")
    if not asked or asked.get("namespace", "") == namespace:
        return []
    text = f"Invalid value: {quote(asked.get('namespace', ''))}: must match metadata.namespace"
    return [Cause("FieldValueInvalid", text, "spec.resourceAttributes.namespace")]


def _check(spec: Object, problems: list[Cause]) -> None:
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if resource is None and path is None:
        text = (
            "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes "
            "must be specified"
        )
        problems = [Cause("FieldValueInvalid", text, "spec.resourceAttributes"), *problems]
    elif resource is not None and path is not None:
        shown = f'{{"Path":{quote(path.get("path", ""))},"Verb":{quote(path.get("verb", ""))}}}'
        text = f"Invalid value: {shown}: cannot be specified in combination with resourceAttributes"
        problems = [Cause("FieldValueInvalid", text, "spec.nonResourceAttributes"), *problems]
    if problems:
        # Upstream names no kind here.
        raise invalid("", "authorization.k8s.io", "", problems)


def _part(rule: Object, names: tuple[str, ...]) -> Object:
    return {name: rule[name] for name in names if rule.get(name)}
