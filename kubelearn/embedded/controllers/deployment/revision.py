"""Revisions: which ReplicaSet belongs to a Deployment's template, and what it is called.

Upstream: pkg/controller/deployment/util/deployment_util.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kubelearn.embedded.controllers.deployment.rolling import (
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    replica_annotations,
)
from kubelearn.embedded.controllers.podtemplatehash import template_hash
from kubelearn.objects import Object, annotations_of, owner_reference

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
HASH_LABEL = "pod-template-hash"

_NOT_COPIED = {
    "kubectl.kubernetes.io/last-applied-configuration",
    "deprecated.deployment.rollback.to",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
}
_LONGEST_NAME = 253
_LONGEST_HISTORY = 2000


def same_template(one: Object, other: Object) -> bool:
    """Whether two pod templates are equal but for the hash label."""
    return _without_hash(one) == _without_hash(other)


def _without_hash(template: Object) -> Object:
    meta = {k: v for k, v in (template.get("metadata") or {}).items() if v}
    labels = {k: v for k, v in meta.pop("labels", {}).items() if k != HASH_LABEL}
    return {"metadata": meta, "labels": labels, "spec": template.get("spec")}


def age(replica_set: Object) -> tuple[str, str]:
    """A sort key: oldest first, then by name."""
    return replica_set["metadata"]["creationTimestamp"], replica_set["metadata"]["name"]


def find_new(deployment: Object, replica_sets: Sequence[Object]) -> Object | None:
    """The ReplicaSet that has the Deployment's template; the oldest, should there be several."""
    template = deployment["spec"]["template"]
    for replica_set in sorted(replica_sets, key=age):
        if same_template(replica_set["spec"]["template"], template):
            return replica_set
    return None


def without(replica_sets: Sequence[Object], new: Object | None) -> list[Object]:
    """The ReplicaSets but for the new one."""
    gone = new["metadata"]["uid"] if new else None
    return [item for item in replica_sets if item["metadata"]["uid"] != gone]


def revision(obj: Object) -> int:
    """The revision in an object's annotation, 0 if there is none that can be read."""
    text = annotations_of(obj).get(REVISION, "")
    return int(text) if text.isdecimal() else 0


def new_annotations(deployment: Object, replica_set: Object, number: int) -> dict[str, str]:
    """What the newest ReplicaSet's annotations have to be, if its revision is to be `number`.

    A ReplicaSet that gets a new number is one that was rolled back to: it remembers the old one.
    """
    result = dict(annotations_of(replica_set))
    for name, value in annotations_of(deployment).items():
        if name not in _NOT_COPIED:
            result[name] = value
    old = result.get(REVISION)
    if revision(replica_set) < number:
        result[REVISION] = str(number)
        if old is not None:
            history = [part for part in result.get(REVISION_HISTORY, "").split(",") if part]
            result[REVISION_HISTORY] = _shortened([*history, old])
    return result


def _shortened(history: list[str]) -> str:
    while len(text := ",".join(history)) > _LONGEST_HISTORY:
        history = history[1:]
    return text


def make_replica_set(deployment: Object, number: int) -> Object:
    """A ReplicaSet for the Deployment's template, without replicas yet.

    Its name follows from the template, so that making it twice is harmless.
    """
    spec, meta = deployment["spec"], deployment["metadata"]
    collisions = (deployment.get("status") or {}).get("collisionCount")
    value = template_hash(spec["template"], collisions)
    template_meta: dict[str, Any] = spec["template"].get("metadata") or {}
    labels = {**(template_meta.get("labels") or {}), HASH_LABEL: value}
    selector = spec["selector"]
    made: Object = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{meta['name'][: _LONGEST_NAME - 1 - len(value)]}-{value}",
            "namespace": meta["namespace"],
            "labels": labels,
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {
            "replicas": 0,
            "minReadySeconds": spec.get("minReadySeconds", 0),
            "selector": {
                **selector,
                "matchLabels": {**(selector.get("matchLabels") or {}), HASH_LABEL: value},
            },
            "template": {**spec["template"], "metadata": {**template_meta, "labels": labels}},
        },
    }
    made["metadata"]["annotations"] = {
        **new_annotations(deployment, made, number),
        **replica_annotations(deployment),
    }
    return made
