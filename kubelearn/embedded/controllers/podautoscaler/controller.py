"""Scales what a HorizontalPodAutoscaler points at, each quarter of a minute.

Upstream: pkg/controller/podautoscaler/horizontal.go. It knows its target by the subresource `scale`
only, so that any kind that has one will do, custom resources as well. Left out: scaling to zero,
which is off by default.
"""

from __future__ import annotations

import logging
from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.embedded.controllers.discovery import served_resources
from kubelearn.embedded.controllers.podautoscaler.behavior import History
from kubelearn.embedded.controllers.podautoscaler.reconciliation import Failed, Reconciliation
from kubelearn.embedded.selectors import LabelSelector, SelectorError, parse_labels
from kubelearn.errors import ApiError
from kubelearn.objects import (
    HORIZONTAL_POD_AUTOSCALERS,
    PODS,
    Object,
    Resource,
    key,
    labels_of,
    split_key,
)

_log = logging.getLogger(__name__)

_SYNC_PERIOD = 15.0
_NAMESPACE = "namespace"


class HorizontalController(Controller):
    """Works on keys of HorizontalPodAutoscalers."""

    name: ClassVar[str] = "horizontal-pod-autoscaler"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._autoscalers = self.informer(HORIZONTAL_POD_AUTOSCALERS)
        self._pods = self.informer(PODS)
        self._pods.add_index(_NAMESPACE, lambda pod: [pod["metadata"]["namespace"]])
        self._autoscalers.follow(self._later, gone=self._gone)
        self._histories: dict[str, History] = {}
        self._selectors: dict[str, LabelSelector] = {}
        self._scalable: dict[tuple[str, str], list[Resource]] = {}

    def _later(self, autoscaler: Object) -> None:
        self.queue.add_after(key(autoscaler), _SYNC_PERIOD)

    def _gone(self, autoscaler: Object) -> None:
        self._histories.pop(key(autoscaler), None)
        self._selectors.pop(key(autoscaler), None)

    async def sync(self, object_key: str) -> None:
        """Look at one autoscaler's metrics, and scale its target."""
        autoscaler = self._autoscalers.get(object_key)
        if autoscaler is None:
            return
        try:
            await self._reconcile(autoscaler, object_key)
        except (Failed, ApiError) as problem:
            _log.info("%s: %s: %s", self.name, object_key, problem)
        finally:
            # Failed or not, it is looked at again when everything is: not earlier.
            self._later(autoscaler)

    async def _reconcile(self, autoscaler: Object, object_key: str) -> None:
        history, now = self._histories.setdefault(object_key, History()), self.clock.now()
        reconciliation = Reconciliation(
            autoscaler, client=self.client, events=self.events, history=history, now=now
        )
        resource, scale = await reconciliation.scale(await self._targets(autoscaler))
        current = scale["spec"].get("replicas", 0)
        history.begin(current, now)
        decided = reconciliation.bounded(current)
        if decided is None:
            selector = (scale.get("status") or {}).get("selector", "")
            pods = await self._selected(reconciliation, object_key, selector, current=current)
            decided = await reconciliation.measured(pods, selector=selector, current=current)
        desired, reason = decided
        if desired != current:
            await reconciliation.rescale(resource, scale, desired, reason=reason)
        await reconciliation.report(current, desired)

    async def _targets(self, autoscaler: Object) -> list[Resource]:
        """The resources of the kind that an autoscaler points at."""
        reference = autoscaler["spec"]["scaleTargetRef"]
        group, slash, _ = reference.get("apiVersion", "").rpartition("/")
        wanted = (group if slash else "", reference["kind"])
        if wanted not in self._scalable:
            self._scalable.clear()
            for served in await served_resources(self.client):
                kind = (served.resource.group, served.resource.kind)
                self._scalable.setdefault(kind, []).append(served.resource)
        return self._scalable.get(wanted, [])

    async def _selected(
        self, reconciliation: Reconciliation, object_key: str, selector: str, *, current: int
    ) -> list[Object]:
        """The pods of a target, which must be those of no other autoscaler's. Raises Failed."""
        parsed = await _parsed(reconciliation, selector, current=current)
        self._selectors[object_key] = parsed
        namespace, _ = split_key(object_key)
        pods = [
            pod
            for pod in self._pods.by_index(_NAMESPACE, namespace or "")
            if parsed.matches(labels_of(pod))
        ]
        if len(owners := self._owners(f"{namespace}/", pods)) > 1:
            names = f"[{' '.join(owners)}]"
            problem = f"pods by selector {selector} are controlled by multiple HPAs: {names}"
            reason = "AmbiguousSelector"
            await reconciliation.refuse(current, reason, why=(reason, problem), problem=problem)
        return pods

    def _owners(self, prefix: str, pods: list[Object]) -> list[str]:
        """The keys of the autoscalers in a namespace that mean one of these pods."""
        return sorted(
            each
            for each, selector in self._selectors.items()
            if each.startswith(prefix) and any(selector.matches(labels_of(pod)) for pod in pods)
        )


async def _parsed(reconciliation: Reconciliation, selector: str, *, current: int) -> LabelSelector:
    """The selector of the target's scale. Raises Failed."""
    if not selector:
        why = ("InvalidSelector", "the HPA target's scale is missing a selector")
        problem = "selector is required"
        await reconciliation.refuse(current, "SelectorRequired", why=why, problem=problem)
    try:
        return parse_labels(selector)
    except SelectorError as error:
        problem = (
            f"couldn't convert selector into a corresponding internal selector object: {error}"
        )
        reason = "InvalidSelector"
        await reconciliation.refuse(current, reason, why=(reason, problem), problem=problem)
