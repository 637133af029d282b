"""Defaults of priority and fairness (upstream `pkg/apis/flowcontrol/v1/defaults.go`)."""

from __future__ import annotations

from kubelearn.embedded.apiserver.defaults.rules import rule
from kubelearn.objects import Object


@rule("flowcontrol.v1.FlowSchemaSpec")
def flow_schema_spec(spec: Object) -> None:
    """Somewhere in the middle."""
    spec["matchingPrecedence"] = spec.get("matchingPrecedence") or 1000


@rule("flowcontrol.v1.ExemptPriorityLevelConfiguration")
def exempt(level: Object) -> None:
    """Without seats of its own."""
    level.setdefault("nominalConcurrencyShares", 0)
    level.setdefault("lendablePercent", 0)


@rule("flowcontrol.v1.LimitedPriorityLevelConfiguration")
def limited(level: Object) -> None:
    """Some seats, of which none is lent."""
    if level.get("nominalConcurrencyShares") is None:
        level["nominalConcurrencyShares"] = 30
    level.setdefault("lendablePercent", 0)


@rule("flowcontrol.v1.QueuingConfiguration")
def queuing(configuration: Object) -> None:
    """Enough queues that flows seldom share all of theirs."""
    for name, value in (("handSize", 8), ("queues", 64), ("queueLengthLimit", 50)):
        configuration[name] = configuration.get(name) or value
