"""Whether a user may do what a request asks.

Stands for k8s.io/apiserver `pkg/authorization` and its union of authorizers: each one allows or has
no opinion, and a request that nobody allows is refused with upstream's text. RBAC is one more
`Authorizer` in the list; it takes the same `Attributes` and gives the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.requestinfo import RequestInfo
from kubelearn.embedded.apiserver.status import StatusError, forbidden, quote


@dataclass(frozen=True, slots=True)
class Attributes:
    """One question: may `user` do `verb` to that?"""

    user: User
    verb: str
    path: str = ""
    is_resource_request: bool = True
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason` says why, for the 403 text and for access reviews."""

    allowed: bool
    reason: str = ""


class Authorizer(Protocol):
    """Something with an opinion on requests."""

    def authorize(self, attributes: Attributes) -> Decision:
        """Allow, or abstain."""
        ...


class SystemAuthorizer:
    """The cluster's own: administrators, components and nodes may do everything.

    Upstream's components hold narrow RBAC roles instead, all but `system:masters`, whom it lets
    past every authorizer too (`PrivilegedGroups`).
    """

    GROUPS = frozenset({"system:masters", "system:nodes"})
    USERS = frozenset(
        {
            "system:apiserver",
            "system:kube-controller-manager",
            "system:kube-proxy",
            "system:kube-scheduler",
        }
    )

    def authorize(self, attributes: Attributes) -> Decision:
        """Allow by group or by name."""
        user = attributes.user
        return Decision(user.name in self.USERS or not self.GROUPS.isdisjoint(user.groups))


class DiscoveryAuthorizer:
    """What the roles `system:public-info-viewer` and `system:discovery` allow, to GET."""

    PUBLIC = frozenset({"/healthz", "/livez", "/readyz", "/version"})
    DISCOVERY = ("/api", "/apis", "/openapi")

    def authorize(self, attributes: Attributes) -> Decision:
        """Allow to read what the server is and which APIs it has."""
        if attributes.is_resource_request or attributes.verb not in ("get", "head"):
            return Decision(allowed=False)
        path = attributes.path.rstrip("/")
        if path in self.PUBLIC or path.startswith(("/livez/", "/readyz/")):
            return Decision(allowed=True)
        known = "system:authenticated" in attributes.user.groups
        return Decision(
            known and any(path == p or path.startswith(p + "/") for p in self.DISCOVERY)
        )


class Union:
    """The first authorizer that allows decides."""

    def __init__(self, authorizers: Sequence[Authorizer]) -> None:
        self.authorizers = list(authorizers)

    def authorize(self, attributes: Attributes) -> Decision:
        """Ask each in turn; if none allows, keep the reasons they gave."""
        reasons = []
        for authorizer in self.authorizers:
            decision = authorizer.authorize(attributes)
            if decision.allowed:
                return decision
            reasons.append(decision.reason)
        return Decision(allowed=False, reason="; ".join(filter(None, reasons)))


def attributes_of(user: User, info: RequestInfo) -> Attributes:
    """The question that a request poses."""
    return Attributes(
        user=user,
        verb=info.verb,
        path=info.path,
        is_resource_request=info.is_resource_request,
        group=info.group,
        version=info.version,
        resource=info.resource,
        subresource=info.subresource,
        namespace=info.namespace,
        name=info.name,
    )


def refusal(attributes: Attributes, decision: Decision) -> StatusError:
    """403 in upstream's words (`responsewriters.ForbiddenStatusError`)."""
    text = _sanitized(_cannot(attributes))
    if decision.reason:
        text += f": {decision.reason}"
    return forbidden(attributes.resource, attributes.group, attributes.name, text)


def _cannot(attributes: Attributes) -> str:
    subject = f"User {quote(attributes.user.name)} cannot {attributes.verb}"
    if not attributes.is_resource_request:
        return f"{subject} path {quote(attributes.path)}"
    resource = attributes.resource
    if attributes.subresource:
        resource += f"/{attributes.subresource}"
    scope = "at the cluster scope"
    if attributes.namespace:
        scope = f"in the namespace {quote(attributes.namespace)}"
    group = quote(attributes.group)
    return f"{subject} resource {quote(resource)} in API group {group} {scope}"


def _sanitized(text: str) -> str:
    # An error must not look like HTML to a browser.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
