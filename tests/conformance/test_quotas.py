"""ResourceQuotas: how much there may be in a namespace."""

from __future__ import annotations

import threading

import pytest
from kubernetes.client import ApiException

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def quota(core, namespace, eventually):
    """Make a quota and wait until what is there has been counted."""

    def make(hard, **spec):
        body = {"metadata": {"name": "q"}, "spec": {"hard": hard, **spec}}
        core.create_namespaced_resource_quota(namespace, body)
        eventually(lambda: used().keys() == hard.keys())

    def used():
        return core.read_namespaced_resource_quota("q", namespace).status.used or {}

    make.used = used
    return make


def config_map(name):
    return {"metadata": {"name": name}}


def test_what_would_be_too_much_is_refused(core, namespace, quota, refused):
    quota({"count/configmaps": "3"})
    before = int(quota.used()["count/configmaps"])
    for n in range(3 - before):
        core.create_namespaced_config_map(namespace, config_map(f"c{n}"))
    status = refused(core.create_namespaced_config_map, namespace, config_map("late"))
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert status["message"] == (
        'configmaps "late" is forbidden: exceeded quota: q, requested: count/configmaps=1, '
        "used: count/configmaps=3, limited: count/configmaps=3"
    )


def test_what_goes_is_given_back(core, namespace, quota, eventually):
    core.create_namespaced_secret(namespace, {"metadata": {"name": "s"}})
    quota({"count/secrets": "5", "secrets": "5"})
    assert quota.used() == {"count/secrets": "1", "secrets": "1"}
    core.delete_namespaced_secret("s", namespace)
    eventually(lambda: quota.used() == {"count/secrets": "0", "secrets": "0"})


def test_of_many_that_come_at_once_no_more_are_let_in_than_fit(core, namespace, quota):
    quota({"count/secrets": "4"})
    made, refused = [], []

    def create(n):
        try:
            core.create_namespaced_secret(namespace, {"metadata": {"name": f"s{n}"}})
            made.append(n)
        except ApiException as error:
            refused.append(error.status)

    threads = [threading.Thread(target=create, args=[n]) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) <= 4
    # A quota that is changed by many at once may also give up.
    assert set(refused) <= {403, 409}
    assert len(core.list_namespaced_secret(namespace).items) == len(made)


def test_a_container_must_say_what_is_limited(core, namespace, quota, refused):
    quota({"limits.cpu": "1", "requests.memory": "1Gi"})
    body = {
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "a", "image": "busybox:1.37"}]},
    }
    status = refused(core.create_namespaced_pod, namespace, body)
    assert status["message"] == (
        'pods "p" is forbidden: failed quota: q: must specify limits.cpu for: a; '
        "requests.memory for: a"
    )


def test_a_pod_that_has_ended_gives_back_its_place(pods, quota, eventually):
    quota({"pods": "1", "count/pods": "5", "requests.cpu": "1"})
    resources = {"requests": {"cpu": "100m"}}
    pods.run("true", resources=resources)
    pods.finished()
    eventually(lambda: quota.used() == {"pods": "0", "count/pods": "1", "requests.cpu": "0"})


def test_a_scope_is_a_part_of_the_pods(pods, quota, eventually):
    quota({"pods": "5"}, scopes=["BestEffort"])
    pods.run(name="careful", resources={"requests": {"cpu": "10m"}})
    pods.run(name="careless")
    eventually(lambda: quota.used() == {"pods": "1"})


def test_a_service_that_changes_its_type_uses_more(core, namespace, quota, refused):
    quota({"services.nodeports": "1", "services": "5"})
    body = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}
    core.create_namespaced_service(namespace, body)
    assert quota.used() == {"services.nodeports": "0", "services": "1"}
    two = [{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]
    patch = {"spec": {"type": "NodePort", "ports": two}}
    status = refused(core.patch_namespaced_service, "s", namespace, patch)
    assert "exceeded quota: q, requested: services.nodeports=2" in status["message"]
    core.patch_namespaced_service("s", namespace, {"spec": {"type": "NodePort"}})
    assert quota.used()["services.nodeports"] == "1"


def test_a_replica_set_says_that_its_quota_is_full(apps, core, namespace, quota, eventually):
    quota({"pods": "1"})
    spec = {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "a"}},
        "template": {
            "metadata": {"labels": {"app": "a"}},
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [
                    {"name": "a", "image": "busybox:1.37", "command": ["sleep", "3600"]}
                ],
            },
        },
    }
    apps.create_namespaced_replica_set(namespace, {"metadata": {"name": "web"}, "spec": spec})

    def failure():
        status = apps.read_namespaced_replica_set("web", namespace).status
        return next(iter(status.conditions or []), None)

    found = eventually(failure)
    assert (found.type, found.reason) == ("ReplicaFailure", "FailedCreate")
    assert "exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1" in found.message
    eventually(
        lambda: any(
            event.reason == "FailedCreate" and "exceeded quota" in event.message
            for event in core.list_namespaced_event(namespace).items
        )
    )
