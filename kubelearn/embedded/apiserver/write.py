"""The circumstances of a write, which go with the object on its way through admission to the store.

Stands for what k8s.io/apiserver keeps in a request's context and in `pkg/admission/attributes.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kubelearn.embedded.apiserver.authentication import User
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.objects import Object


@dataclass(slots=True)
class Write:
    """The circumstances of one write: who, how, and what to tell them besides the answer."""

    user: User
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    dry_run: bool = False
    manager: str = ""
    warnings: list[str] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)
    """What the audit trail should say of it."""
    part: Part | None = None
    """How webhooks and policies see what is written, where that is only a part of an object."""
    created_part: bool = False
    """Whether they have seen what was asked, such as a `Binding`, and need not see its effect."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an object with a kind of its own, such as `Scale`."""

    kind: Kind
    read: Callable[[Object], Object]
    """The part of an object."""
    put: Callable[[Object, Object], Object]
    """The object with another part; it may be changed in place."""
