"""Admission: the last word on a write, after authorization.

Stands for the plugins of k8s.io/kubernetes `plugin/pkg/admission` that are on by default, in
upstream's order (`pkg/kubeapiserver/options/plugins.go`). First those that may change the new
object, or refuse it with 403; then validation; then those that only look at what would be stored.
Left out: plugins that guard kinds which are not served.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from kubelearn.embedded.apiserver.admission.namespacelifecycle import keep_immortal
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.policies import MutatingPolicies, ValidatingPolicies
from kubelearn.embedded.apiserver.registry import Admit, Registry
from kubelearn.embedded.apiserver.webhooks import Attributes, Webhooks
from kubelearn.embedded.apiserver.write import Write
from kubelearn.objects import Object

AdmitDeletion = Callable[[Registry, Write], Awaitable[None]]
"""A plugin that has a say in deletions: (registry, circumstances)."""


class Admission:
    """The plugins in their order; policies and webhooks have the last word but for `final`."""

    def __init__(
        self,
        webhooks: Webhooks,
        *,
        mutating_policies: MutatingPolicies,
        validating_policies: ValidatingPolicies,
        mutating: Sequence[Admit],
        validating: Sequence[Admit],
        final: Sequence[Admit],
        deleting: Sequence[AdmitDeletion],
    ) -> None:
        self._webhooks = webhooks
        self._mutating_policies = mutating_policies
        self._validating_policies = validating_policies
        self._mutating = list(mutating)
        self._validating = list(validating)
        self._final = list(final)
        self._deleting = list(deleting)

    async def admit(
        self, registry: Registry, write: Write, new: Object, old: Object | None
    ) -> None:
        """Let each plugin change the object; raises what the first one that objects raises."""
        await _ask(self._mutating, registry, write, new, old)
        if write.created_part:
            return
        attributes = _attributes(registry, write, new, old)
        policies = self._mutating_policies.mutate(attributes)
        webhooks = await self._webhooks.mutate(attributes)
        if not (policies.changed or webhooks.changed):
            return
        _take_part(attributes, new)
        # What they changed may need what plugins fill in.
        await _ask(self._mutating, registry, write, new, old)
        if again := policies.again(attributes):
            self._mutating_policies.mutate(attributes, again=again)
        if again := webhooks.again(attributes):
            await self._webhooks.mutate(attributes, again=again)
        _take_part(attributes, new)

    async def validate(
        self, registry: Registry, write: Write, new: Object, old: Object | None
    ) -> None:
        """Let each plugin look at the object as it would be stored."""
        await _ask(self._validating, registry, write, new, old)
        if not write.created_part:
            await self._judge(_attributes(registry, write, new, old))
        await _ask(self._final, registry, write, new, old)

    async def delete(self, registry: Registry, write: Write) -> None:
        """Let whoever has something against it keep an object."""
        keep_immortal(registry, write.name)
        for plugin in self._deleting:
            await plugin(registry, write)
        configured = self._webhooks.configured() or self._validating_policies.configured()
        if configured and not write.created_part:
            value = registry.get(write.namespace, write.name).value
            await registry.strategy.convert_ahead([value])
            old = registry.strategy.load(value)
            await self._call(Attributes(registry, write, "DELETE", None, old))

    async def create_part(self, registry: Registry, write: Write, kind: Kind, obj: Object) -> None:
        """Let policies and webhooks change or forbid what is asked of an object."""
        write.created_part = True
        attributes = Attributes(registry, write, "CREATE", obj, None, part=kind)
        self._mutating_policies.mutate(attributes)
        await self._call(attributes)

    async def connect(self, registry: Registry, write: Write, *, options: Object) -> None:
        """Let webhooks forbid exec, attach, port-forward and proxying."""
        await self._call(Attributes(registry, write, "CONNECT", options, None))

    async def _call(self, attributes: Attributes) -> None:
        await self._webhooks.mutate(attributes)
        await self._judge(attributes)

    async def _judge(self, attributes: Attributes) -> None:
        self._validating_policies.validate(attributes)
        await self._webhooks.validate(attributes)


async def _ask(
    plugins: Sequence[Admit], registry: Registry, write: Write, new: Object, old: Object | None
) -> None:
    for plugin in plugins:
        await plugin(registry, write, new, old)


def _attributes(registry: Registry, write: Write, new: Object, old: Object | None) -> Attributes:
    operation = "CREATE" if old is None else "UPDATE"
    if part := write.part:
        before = None if old is None else part.read(old)
        return Attributes(registry, write, operation, part.read(new), before, part=part.kind)
    return Attributes(registry, write, operation, new, old)


def _take_part(attributes: Attributes, new: Object) -> None:
    """Give the object the part that was changed on its own."""
    part = attributes.write.part
    if part is not None and attributes.new is not None:
        changed = part.put(new, attributes.new)
        new.clear()
        new.update(changed)
