"""Puts ClusterRoles together from others: `edit` has the rules of `view`, and more.

Upstream: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go. There the
rules are applied server-side; here they are written with the revision that they were made from.
"""

from __future__ import annotations

from typing import ClassVar

from kubelearn.embedded.controller import Controller, ControllerContext
from kubelearn.labelselector import matches
from kubelearn.objects import CLUSTER_ROLES, Object, labels_of


class ClusterRoleAggregationController(Controller):
    """Keeps the rules of aggregated roles."""

    name: ClassVar[str] = "clusterrole-aggregation-controller"
    workers: ClassVar[int] = 1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._roles = self.informer(CLUSTER_ROLES)
        self._roles.follow(self._changed, gone=self._changed)

    def _changed(self, _: Object) -> None:
        # Any role may be part of any aggregated one, and those are few.
        for role in self._roles.items():
            if role.get("aggregationRule"):
                self.enqueue(role)

    async def sync(self, object_key: str) -> None:
        """Give a role the rules of all that its selectors match, each rule once."""
        role = self._roles.get(object_key)
        if role is None or not role.get("aggregationRule"):
            return
        rules: list[Object] = []
        for part in sorted(self._roles.items(), key=lambda each: str(each["metadata"]["name"])):
            if part["metadata"]["name"] != object_key and _is_part(part, role["aggregationRule"]):
                rules += [rule for rule in part.get("rules") or [] if rule not in rules]
        if rules != (role.get("rules") or []):
            await self.client.update(CLUSTER_ROLES, {**role, "rules": rules})


def _is_part(role: Object, aggregation: Object) -> bool:
    labels = labels_of(role)
    selectors = aggregation.get("clusterRoleSelectors") or []
    return any(matches(selector, labels) for selector in selectors)
