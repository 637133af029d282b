"""StatefulSets: pods that keep their names and come and go in order."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def stateful_set(apps, namespace):
    """Create a StatefulSet `db`."""

    def create(replicas, **spec):
        container = {"name": "a", "image": "busybox:1.37", "command": ["sleep", "3600"]}
        template = {
            "metadata": {"labels": {"app": "db"}},
            "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
        }
        selector = {"matchLabels": {"app": "db"}}
        spec = {"replicas": replicas, "selector": selector, "template": template, **spec}
        body = {"metadata": {"name": "db"}, "spec": {"serviceName": "db", **spec}}
        apps.create_namespaced_stateful_set(namespace, body)

    return create


@pytest.fixture
def available(apps, namespace, eventually):
    """Wait until exactly so many replicas are there, available and of the newest revision."""

    def call(count):
        def settled():
            found = apps.read_namespaced_stateful_set("db", namespace)
            status = found.status
            numbers = (status.replicas, status.available_replicas, status.updated_replicas or 0)
            seen = status.observed_generation == found.metadata.generation
            return found if seen and numbers == (count, count, count) else None

        return eventually(settled)

    return call


@pytest.fixture
def pods(core, namespace):
    return lambda: {pod.metadata.name: pod for pod in core.list_namespaced_pod(namespace).items}


def test_pods_are_numbered_and_made_one_after_the_other(stateful_set, available, pods):
    stateful_set(2)
    available(2)
    first, second = pods()["db-0"], pods()["db-1"]
    ready = next(c for c in first.status.conditions if c.type == "Ready")
    assert second.metadata.creation_timestamp >= ready.last_transition_time
    assert (second.spec.hostname, second.spec.subdomain) == ("db-1", "db")
    labels = second.metadata.labels
    assert labels["statefulset.kubernetes.io/pod-name"] == "db-1"
    assert labels["apps.kubernetes.io/pod-index"] == "1"


def test_a_deleted_pod_comes_back_under_its_name(
    core, namespace, stateful_set, available, pods, eventually
):
    stateful_set(1)
    available(1)
    uid = pods()["db-0"].metadata.uid
    core.delete_namespaced_pod("db-0", namespace)
    eventually(lambda: "db-0" in pods() and pods()["db-0"].metadata.uid != uid)


def test_the_last_pod_goes_first(apps, namespace, stateful_set, available, pods):
    stateful_set(2, podManagementPolicy="Parallel")
    available(2)
    apps.patch_namespaced_stateful_set_scale("db", namespace, {"spec": {"replicas": 1}})
    available(1)
    assert set(pods()) == {"db-0"}


def test_an_update_goes_down_to_the_partition(
    apps, namespace, stateful_set, available, pods, eventually
):
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    stateful_set(2, updateStrategy=strategy)
    available(2)
    container = {"name": "a", "env": [{"name": "VERSION", "value": "2"}]}
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    apps.patch_namespaced_stateful_set("db", namespace, change)

    def updated():
        status = apps.read_namespaced_stateful_set("db", namespace).status
        return status.updated_replicas == 1 and status.available_replicas == 2

    eventually(updated)
    assert pods()["db-0"].spec.containers[0].env is None
    assert pods()["db-1"].spec.containers[0].env[0].value == "2"
    all_of_them = {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}}
    apps.patch_namespaced_stateful_set("db", namespace, all_of_them)
    status = available(2).status
    assert pods()["db-0"].spec.containers[0].env[0].value == "2"
    assert status.current_revision == status.update_revision


@pytest.fixture
def claim_template():
    resources = {"requests": {"storage": "1Mi"}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": resources}
    return {"metadata": {"name": "data"}, "spec": spec}


@pytest.fixture
def claims(core, namespace):
    """The names of the claims that stay, and by whom they are owned."""

    def call():
        found = core.list_namespaced_persistent_volume_claim(namespace).items
        return {
            claim.metadata.name: [ref.kind for ref in claim.metadata.owner_references or []]
            for claim in found
            if not claim.metadata.deletion_timestamp
        }

    return call


def test_each_pod_gets_claims_of_its_own(core, namespace, stateful_set, claim_template, eventually):
    stateful_set(1, volumeClaimTemplates=[claim_template])
    read = core.read_namespaced_persistent_volume_claim
    assert eventually(lambda: read("data-db-0", namespace)).metadata.labels["app"] == "db"


def test_claims_stay_when_their_pods_go(
    apps, namespace, stateful_set, claim_template, available, claims
):
    stateful_set(2, podManagementPolicy="Parallel", volumeClaimTemplates=[claim_template])
    available(2)
    apps.patch_namespaced_stateful_set_scale("db", namespace, {"spec": {"replicas": 1}})
    available(1)
    assert claims() == {"data-db-0": [], "data-db-1": []}


def test_claims_go_with_pods_that_are_scaled_away(
    apps, namespace, stateful_set, claim_template, available, claims, eventually
):
    stateful_set(
        2,
        podManagementPolicy="Parallel",
        volumeClaimTemplates=[claim_template],
        persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete"},
    )
    available(2)
    apps.patch_namespaced_stateful_set_scale("db", namespace, {"spec": {"replicas": 1}})
    eventually(lambda: claims() == {"data-db-0": []})


def test_claims_go_with_the_stateful_set(
    apps, namespace, stateful_set, claim_template, available, claims, eventually
):
    stateful_set(
        1,
        volumeClaimTemplates=[claim_template],
        persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"},
    )
    available(1)
    eventually(lambda: claims() == {"data-db-0": ["StatefulSet"]})
    apps.delete_namespaced_stateful_set("db", namespace)
    eventually(lambda: claims() == {})


def test_numbers_can_begin_elsewhere(stateful_set, available, pods):
    stateful_set(2, podManagementPolicy="Parallel", ordinals={"start": 5})
    available(2)
    assert {*pods()} == {"db-5", "db-6"}


def test_a_broken_update_has_to_be_helped_by_hand(
    apps, core, namespace, stateful_set, available, pods, eventually
):
    stateful_set(1)
    available(1)

    def use(image):
        change = {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": image}]}}}}
        apps.patch_namespaced_stateful_set("db", namespace, change)

    def image_of_pod():
        found = pods().get("db-0")
        leaving = found is None or found.metadata.deletion_timestamp
        return None if leaving else found.spec.containers[0].image

    use("registry.invalid/absent:1")
    eventually(lambda: image_of_pod() == "registry.invalid/absent:1")
    use("busybox:1.37")
    status = apps.read_namespaced_stateful_set_status
    eventually(lambda: (found := status("db", namespace)).status.observed_generation == 3 and found)
    # Nothing is replaced as long as a pod is not well, not even by what would be well.
    assert image_of_pod() == "registry.invalid/absent:1"
    core.delete_namespaced_pod("db-0", namespace)
    eventually(lambda: image_of_pod() == "busybox:1.37")
    available(1)
