"""A Deployment and its ReplicaSets as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from kubelearn.diagrams.clustermap import pod_row
from kubelearn.diagrams.replicasets import (
    deployment_row,
    draw,
    replica_set_row,
    rollout_line,
    summary,
)


def deployment(status, *, replicas=3, generation=1):
    containers = [{"name": "hello", "image": "kubelearn/hello:1.0"}]
    spec = {"replicas": replicas, "template": {"spec": {"containers": containers}}}
    meta = {"name": "web", "generation": generation}
    return {"metadata": meta, "spec": spec, "status": {"observedGeneration": 1, **status}}


def replica_set(name, revision, *, desired, ready, created="2026-01-01T12:00:00Z"):
    annotations = {"deployment.kubernetes.io/revision": str(revision)}
    containers = [{"name": "hello", "image": f"kubelearn/hello:{revision}.0"}]
    return {
        "metadata": {"name": name, "annotations": annotations, "creationTimestamp": created},
        "spec": {"replicas": desired, "template": {"spec": {"containers": containers}}},
        "status": {"readyReplicas": ready},
    }


DONE = {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3, "readyReplicas": 3}
LATE = {"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (DONE, "successfully rolled out"),
        ({**DONE, "observedGeneration": 0}, "spec update to be observed..."),
        ({**DONE, "updatedReplicas": 1}, "1 out of 3 new replicas have been updated..."),
        ({**DONE, "replicas": 5}, "2 old replicas are pending termination..."),
        ({**DONE, "availableReplicas": 2}, "2 of 3 updated replicas are available..."),
        (LATE, "exceeded its progress deadline"),
    ],
)
def test_the_rollout_is_told_in_kubectls_words(status, says):
    assert rollout_line(deployment(status)).endswith(says)


def test_a_summary_for_people():
    assert summary(deployment_row(deployment(DONE))) == "3 of 3 ready"
    assert summary(None) == "no such Deployment"


def test_the_newest_revision_comes_first_and_every_pod_has_a_mark(make_pod):
    old = replica_set("web-5d9c7b8f6", 1, desired=1, ready=1)
    new = replica_set("web-new", 2, desired=3, ready=0, created="2026-01-01T12:05:00Z")
    rows = [replica_set_row(each) for each in (old, new)]
    picture = draw("web", deployment_row(deployment(DONE)), rows, [pod_row(make_pod())])
    root = ElementTree.fromstring(picture)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.index("2.0") < texts.index("1.0")
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 1
    assert draw("web", deployment_row(deployment(DONE)), rows[::-1], [pod_row(make_pod())]) == (
        picture
    )
