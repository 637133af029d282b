"""What a watch tells of one change."""

from __future__ import annotations

import pytest

from kubelearn.objects import PODS
from kubelearn.widgets.listener import Listener
from kubelearn.widgets.watchset import watches_of


@pytest.fixture
def listener(cluster):
    found = Listener(watches_of(cluster.api_client), (PODS, "demo"))
    assert found.ready(10)
    yield found
    found.close()


def test_a_change_is_heard_with_its_revision(listener, cluster):
    pod = cluster.all(PODS)[0]
    pod["metadata"]["labels"]["seen"] = "yes"
    cluster.put(pod)
    version = pod["metadata"]["resourceVersion"]
    told = listener.hear(pod["metadata"]["uid"], version=version, seconds=10)
    assert told == f"its state as of revision {version}"


def test_a_deletion_is_heard_when_it_is_marked_and_when_it_is_done(listener, cluster):
    pod = cluster.all(PODS)[0]
    uid = pod["metadata"]["uid"]
    cluster.delete(pod)
    assert "is being deleted" in listener.hear(uid, version="", seconds=10)
    cluster.remove(pod)
    with listener._told:
        listener._told.wait_for(lambda: uid in listener._gone, timeout=10)
    assert listener.hear(uid, version="", seconds=10) == "that it is gone"


def test_nothing_is_heard_of_what_did_not_happen(listener, cluster):
    uid = cluster.all(PODS)[0]["metadata"]["uid"]
    assert listener.hear(uid, version=str(cluster.version + 1), seconds=0) == ""
