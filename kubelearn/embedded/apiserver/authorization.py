"""Whether a user may do what a request asks.

Stands for k8s.io/apiserver `pkg/authorization` and its union of authorizers: each one allows or has
no opinion, and a request that nobody allows is refused with upstream's text. Most opinions come
from roles: see `rbac`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.requestinfo import RequestInfo
from kubelearn.embedded.apiserver.status import StatusError, forbidden, quote
from kubelearn.embedded.selectors import NO_FIELDS, FieldSelector


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
    # Of lists and watches: the fields that they choose by.
    selector: FieldSelector = NO_FIELDS


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
    """The group that may do everything, whatever the roles say (upstream: `PrivilegedGroups`)."""

    GROUP = "system:masters"

    def authorize(self, attributes: Attributes) -> Decision:
        """Allow by group."""
        return Decision(self.GROUP in attributes.user.groups)


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
        # Who lists or watches by name is allowed as who reads that one object.
        name=info.name or info.selector.exact("metadata.name") or "",
        selector=info.selector,
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
