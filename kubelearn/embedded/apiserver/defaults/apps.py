"""Defaults of the apps group (upstream `pkg/apis/apps/v1/defaults.go`)."""

from __future__ import annotations

from typing import Any

from kubelearn.embedded.apiserver.defaults.rules import rule
from kubelearn.objects import Object


@rule("apps.v1.Deployment")
def deployment(obj: Object) -> None:
    """One replica, a rolling update by quarters, ten revisions, ten minutes to progress."""
    spec = obj["spec"]
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    _rolling_update(spec["strategy"], maxUnavailable="25%", maxSurge="25%")


@rule("apps.v1.ReplicaSet")
def replica_set(obj: Object) -> None:
    """One replica."""
    obj["spec"].setdefault("replicas", 1)


@rule("apps.v1.DaemonSet")
def daemon_set(obj: Object) -> None:
    """A rolling update node by node."""
    obj["spec"].setdefault("revisionHistoryLimit", 10)
    _rolling_update(obj["spec"]["updateStrategy"], maxUnavailable=1, maxSurge=0)


def _rolling_update(strategy: Object, **bounds: Any) -> None:
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        for name, bound in bounds.items():
            rolling.setdefault(name, bound)


@rule("apps.v1.StatefulSet")
def stateful_set(obj: Object) -> None:
    """One replica, one after the other; claims outlive their pods."""
    spec = obj["spec"]
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    for claim in spec.get("volumeClaimTemplates") or ():
        claim.update(apiVersion="v1", kind="PersistentVolumeClaim")
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    retention.setdefault("whenDeleted", "Retain")
    retention.setdefault("whenScaled", "Retain")
    strategy = spec["updateStrategy"]
    if "type" not in strategy:
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    # Whoever names the type alone gets no rollingUpdate, as upstream.
    if strategy["type"] == "RollingUpdate" and "rollingUpdate" in strategy:
        strategy["rollingUpdate"].setdefault("partition", 0)
