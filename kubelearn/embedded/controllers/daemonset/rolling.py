"""Which of a DaemonSet's pods may go next when its template has changed.

Upstream: pkg/controller/daemon/update.go. Left out: `maxSurge`; as many pods as may be there twice
upstream may be missing here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubelearn.objects import Object, scaled_value


def allowance(daemon_set: Object, desired: int) -> int:
    """How many nodes may be without an available pod during an update."""
    rolling = daemon_set["spec"].get("updateStrategy", {}).get("rollingUpdate") or {}
    parts = (
        scaled_value(rolling.get(p), desired, round_up=True) for p in ("maxUnavailable", "maxSurge")
    )
    return max(*parts, 1)


def to_replace(
    pods: Mapping[str, Sequence[Object]], *, digest: str, available: set[str], allowed: int
) -> list[Object]:
    """The old pods to delete now; `pods` are by node, `available` has the names of good pods.

    An old pod that serves nobody goes at once. Each other one needs room in the allowance, of
    which nodes that are without a good pod take a part.
    """
    useless: list[Object] = []
    serving: list[Object] = []
    missing = 0
    for on_node in pods.values():
        old = [pod for pod in on_node if not is_current(pod, digest)]
        good = [pod for pod in on_node if pod["metadata"]["name"] in available]
        missing += not good
        if any(pod["metadata"].get("deletionTimestamp") for pod in on_node):
            continue
        (serving if good else useless).extend(old)
    return [*useless, *serving[: max(allowed - missing, 0)]]


def is_current(pod: Object, digest: str) -> bool:
    """Whether a pod was made from the template with that hash."""
    labels = pod["metadata"].get("labels") or {}
    return labels.get("controller-revision-hash") == digest
