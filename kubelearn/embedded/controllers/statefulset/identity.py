"""What each of a StatefulSet's pods keeps for ever: its number, its name, its claims.

Upstream: pkg/controller/statefulset/stateful_set_utils.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubelearn.embedded.controllers.history import template_of
from kubelearn.embedded.controllers.podcontrol import pod_from_template
from kubelearn.objects import Object, labels_of

REVISION = "controller-revision-hash"
_POD_NAME = "statefulset.kubernetes.io/pod-name"
_POD_INDEX = "apps.kubernetes.io/pod-index"


def start_of(stateful_set: Object) -> int:
    """The first number."""
    return int((stateful_set["spec"].get("ordinals") or {}).get("start", 0))


def ordinals(stateful_set: Object) -> range:
    """The numbers of the pods that shall exist."""
    start = start_of(stateful_set)
    return range(start, start + stateful_set["spec"].get("replicas", 1))


def ordinal_of(pod: Object, stateful_set: Object) -> int | None:
    """The number in a pod's name, if it has the StatefulSet's form of name."""
    parent, _, number = pod["metadata"]["name"].rpartition("-")
    return int(number) if parent == stateful_set["metadata"]["name"] and number.isdigit() else None


def revision_of(pod: Object) -> str | None:
    """The name of the revision that a pod was made from."""
    name: str | None = labels_of(pod).get(REVISION)
    return name


def new_pod(stateful_set: Object, ordinal: int, revision: Object) -> Object:
    """The pod of that number, from the template of that revision."""
    name = f"{stateful_set['metadata']['name']}-{ordinal}"
    pod = pod_from_template(stateful_set, template_of(revision))
    labels = {**name_labels(name, ordinal), REVISION: revision["metadata"]["name"]}
    pod["metadata"] |= {"name": name, "labels": {**pod["metadata"].get("labels", {}), **labels}}
    pod["spec"] |= {"hostname": name}
    if stateful_set["spec"].get("serviceName"):
        pod["spec"]["subdomain"] = stateful_set["spec"]["serviceName"]
    volumes = list(_claim_volumes(stateful_set, ordinal))
    if volumes:
        names = {volume["name"] for volume in volumes}
        others = [v for v in pod["spec"].get("volumes") or [] if v["name"] not in names]
        pod["spec"]["volumes"] = [*volumes, *others]
    return pod


def name_labels(name: str, ordinal: int) -> dict[str, str]:
    """The labels by which a pod can be told from its siblings."""
    return {_POD_NAME: name, _POD_INDEX: str(ordinal)}


def is_known(pod: Object) -> bool:
    """Whether a pod still bears its name as a label."""
    return bool(labels_of(pod).get(_POD_NAME) == pod["metadata"]["name"])


def claims(stateful_set: Object, ordinal: int) -> Iterator[Object]:
    """The PersistentVolumeClaims of the pod of that number; they outlive it."""
    for template in stateful_set["spec"].get("volumeClaimTemplates") or []:
        meta = template["metadata"]
        selected = stateful_set["spec"]["selector"].get("matchLabels") or {}
        yield {
            "metadata": {
                "name": _claim_name(stateful_set, template, ordinal),
                "namespace": stateful_set["metadata"]["namespace"],
                "labels": {**labels_of(template), **selected},
                **({"annotations": meta["annotations"]} if meta.get("annotations") else {}),
            },
            "spec": template["spec"],
        }


def _claim_volumes(stateful_set: Object, ordinal: int) -> Iterator[Object]:
    for template in stateful_set["spec"].get("volumeClaimTemplates") or []:
        claim = {"claimName": _claim_name(stateful_set, template, ordinal)}
        yield {"name": template["metadata"]["name"], "persistentVolumeClaim": claim}


def _claim_name(stateful_set: Object, template: Object, ordinal: int) -> str:
    return f"{template['metadata']['name']}-{stateful_set['metadata']['name']}-{ordinal}"
