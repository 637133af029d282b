"""Asking everybody who may change an object, and asking some of them once more.

Stands for `reinvocationcontext.go` in k8s.io/apiserver `pkg/admission/plugin/webhook/mutating` and
`pkg/admission/plugin/policy/mutating`, where each keeps such a record.
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import dataclass

from kubelearn.embedded.apiserver.webhooks.attributes import Attributes
from kubelearn.objects import Object


@dataclass(frozen=True)
class Round:
    """What came of asking all webhooks, or all policies, once."""

    changed: bool
    asked: Collection[str]
    """The names of those that want to see the object once more if it changes."""
    left: Object | None
    """The object as it was afterwards, if somebody wants that."""

    @classmethod
    def of(cls, attributes: Attributes, *, asked: Collection[str], changed: bool) -> Round:
        """The round that ends now."""
        return cls(changed, asked, copy.deepcopy(attributes.new) if asked else None)

    def again(self, attributes: Attributes) -> Collection[str]:
        """Who has to be asked once more: nobody, if nothing has changed for them."""
        return self.asked if self.changed or attributes.new != self.left else ()
