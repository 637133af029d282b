"""Claims and volumes: storage that outlives pods."""

from __future__ import annotations

import uuid
from contextlib import suppress

import pytest
from kubernetes import client
from kubernetes.client import ApiException

pytestmark = pytest.mark.needs_nodes

WRITE = "echo kept >> /data/file; cat /data/file"


@pytest.fixture(scope="module")
def storage(api):
    return client.StorageV1Api(api)


@pytest.fixture(scope="module")
def default_class(storage, lacking):
    """The class of claims that name none; skips where there is none that waits for pods."""
    mark = "storageclass.kubernetes.io/is-default-class"
    for each in storage.list_storage_class().items:
        is_default = (each.metadata.annotations or {}).get(mark) == "true"
        if is_default and each.volume_binding_mode == "WaitForFirstConsumer":
            return each
    return lacking("no default class that waits for the first pod")


@pytest.fixture
def manual():
    """A class that nobody provisions for, and no other test knows."""
    return f"manual-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def claim(core, namespace):
    """Create a claim; keywords go into its spec."""

    def create(name="data", size="1Mi", **spec):
        requests = {"requests": {"storage": size}}
        spec = {"accessModes": ["ReadWriteOnce"], "resources": requests, **spec}
        body = {"metadata": {"name": name}, "spec": spec}
        return core.create_namespaced_persistent_volume_claim(namespace, body)

    return create


@pytest.fixture
def volume(core, manual):
    """Create a volume of the class `manual`; keywords go into its spec."""
    made = []

    def create(size="1Mi", labels=None, **spec):
        path = {"path": f"/tmp/{uuid.uuid4().hex}", "type": "DirectoryOrCreate"}
        spec = {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": manual,
            "hostPath": path,
            **spec,
        }
        meta = {"generateName": "conformance-", "labels": labels or {}}
        body = core.create_persistent_volume({"metadata": meta, "spec": spec})
        made.append(body.metadata.name)
        return body.metadata.name

    yield create
    for name in made:
        with suppress(ApiException):
            core.delete_persistent_volume(name)


@pytest.fixture
def pod(core, namespace):
    """Create a pod that has a volume at /data and runs a shell script."""

    def create(name, script, *, source=None, **spec):
        source = source or {"persistentVolumeClaim": {"claimName": "data"}}
        container = {
            "name": "a",
            "image": "busybox:1.37",
            "command": ["sh", "-c", script],
            "volumeMounts": [{"name": "d", "mountPath": "/data"}],
        }
        body = {
            "metadata": {"name": name},
            "spec": {
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": 0,
                "containers": [container],
                "volumes": [{"name": "d", **source}],
                **spec,
            },
        }
        core.create_namespaced_pod(namespace, body)

    return create


@pytest.fixture
def ended(core, namespace, eventually):
    """Wait until a pod has ended, and give its log."""

    def call(name):
        phase = eventually(
            lambda: (
                (found := core.read_namespaced_pod(name, namespace).status.phase)
                in ("Succeeded", "Failed")
                and found
            )
        )
        assert phase == "Succeeded"
        return core.read_namespaced_pod_log(name, namespace)

    return call


@pytest.fixture
def bound(core, namespace, eventually):
    def call(name="data"):
        def found():
            claim = core.read_namespaced_persistent_volume_claim(name, namespace)
            return claim if claim.status.phase == "Bound" else None

        return eventually(found)

    return call


@pytest.fixture
def in_phase(core, eventually):
    return lambda name, phase: eventually(
        lambda: core.read_persistent_volume(name).status.phase == phase
    )


@pytest.fixture
def told(core, namespace, eventually):
    """Wait for an event about an object of the namespace."""

    def call(name, reason):
        def found():
            selector = f"involvedObject.name={name},reason={reason}"
            events = core.list_namespaced_event(namespace, field_selector=selector).items
            return events[0].message if events else None

        return eventually(found)

    return call


# --- claims of the default class -------------------------------------------------------------


@pytest.mark.usefixtures("default_class")
def test_a_claim_waits_for_its_first_pod(claim, told, core, namespace, default_class):
    assert claim().spec.storage_class_name == default_class.metadata.name
    waiting = told("data", "WaitForFirstConsumer")
    assert waiting == "waiting for first consumer to be created before binding"
    found = core.read_namespaced_persistent_volume_claim("data", namespace)
    assert found.status.phase == "Pending"


@pytest.mark.usefixtures("default_class")
def test_data_survive_the_pod(claim, pod, ended, bound, core, namespace):
    claim()
    pod("first", WRITE)
    assert ended("first") == "kept\n"
    core.delete_namespaced_pod("first", namespace)
    pod("second", WRITE)
    assert ended("second") == "kept\nkept\n"
    volume = core.read_persistent_volume(bound().spec.volume_name)
    assert volume.spec.claim_ref.name == "data"
    assert volume.spec.node_affinity.required.node_selector_terms
    node = core.read_namespaced_pod("second", namespace).spec.node_name
    assert bound().metadata.annotations["volume.kubernetes.io/selected-node"] == node


@pytest.mark.usefixtures("default_class")
def test_a_provisioned_volume_goes_with_its_claim(
    claim, pod, ended, bound, core, namespace, eventually, gone, told
):
    claim()
    pod("user", WRITE)
    ended("user")
    name = bound().spec.volume_name
    assert name == f"pvc-{bound().metadata.uid}"
    assert told("data", "ProvisioningSucceeded") == f"Successfully provisioned volume {name}"
    core.delete_namespaced_pod("user", namespace)
    core.delete_namespaced_persistent_volume_claim("data", namespace)
    eventually(lambda: gone(core.read_persistent_volume, name))


@pytest.mark.usefixtures("default_class")
def test_a_claim_in_use_is_kept_until_its_pod_is_gone(
    claim, pod, ended, core, namespace, eventually, gone
):
    claim()
    pod("user", WRITE)
    ended("user")
    core.delete_namespaced_persistent_volume_claim("data", namespace)
    found = core.read_namespaced_persistent_volume_claim("data", namespace)
    assert found.metadata.deletion_timestamp
    assert found.metadata.finalizers == ["kubernetes.io/pvc-protection"]
    core.delete_namespaced_pod("user", namespace)
    read = core.read_namespaced_persistent_volume_claim
    eventually(lambda: gone(read, "data", namespace))


@pytest.mark.usefixtures("default_class")
def test_an_ephemeral_volume_lives_as_long_as_its_pod(
    pod, ended, core, namespace, eventually, gone
):
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    pod("user", WRITE, source={"ephemeral": {"volumeClaimTemplate": {"spec": spec}}})
    assert ended("user") == "kept\n"
    made = core.read_namespaced_persistent_volume_claim("user-d", namespace)
    assert made.metadata.owner_references[0].name == "user"
    core.delete_namespaced_pod("user", namespace)
    read = core.read_namespaced_persistent_volume_claim
    eventually(lambda: gone(read, "user-d", namespace))


# --- volumes made by hand --------------------------------------------------------------------


def test_a_claim_gets_the_smallest_volume_that_fits(claim, volume, bound, manual, in_phase):
    small, large = volume("2Mi"), volume("8Mi")
    for name in (small, large):
        in_phase(name, "Available")
    claim(storageClassName=manual)
    found = bound()
    assert found.spec.volume_name == small
    assert found.status.capacity == {"storage": "2Mi"}
    assert {**found.metadata.annotations} == {
        "pv.kubernetes.io/bind-completed": "yes",
        "pv.kubernetes.io/bound-by-controller": "yes",
    }
    in_phase(small, "Bound")


def test_a_claim_can_choose_by_labels_or_by_name(claim, volume, bound, manual, in_phase):
    first, second, third = volume(), volume(labels={"tier": "gold"}), volume()
    for name in (first, second, third):
        in_phase(name, "Available")
    gold = {"matchLabels": {"tier": "gold"}}
    claim("by-label", storageClassName=manual, selector=gold)
    claim("by-name", storageClassName=manual, volumeName=third)
    assert bound("by-label").spec.volume_name == second
    assert bound("by-name").spec.volume_name == third


def test_a_kept_volume_is_released_and_takes_nobody_else(
    claim, volume, bound, manual, in_phase, core, namespace, eventually, gone
):
    name = volume(persistentVolumeReclaimPolicy="Retain")
    claim(storageClassName=manual)
    bound()
    core.delete_namespaced_persistent_volume_claim("data", namespace)
    in_phase(name, "Released")
    read = core.read_namespaced_persistent_volume_claim
    eventually(lambda: gone(read, "data", namespace))
    claim(storageClassName=manual)
    assert core.read_persistent_volume(name).status.phase == "Released"
    core.patch_persistent_volume(name, {"spec": {"claimRef": None}})
    assert bound().spec.volume_name == name


def test_a_bound_volume_is_kept_until_its_claim_is_gone(
    claim, volume, bound, manual, core, namespace, eventually, gone
):
    name = volume()
    claim(storageClassName=manual)
    bound()
    core.delete_persistent_volume(name)
    assert core.read_persistent_volume(name).metadata.deletion_timestamp
    core.delete_namespaced_persistent_volume_claim("data", namespace)
    eventually(lambda: gone(core.read_persistent_volume, name))


def test_a_claim_without_a_class_says_what_it_lacks(claim, told):
    claim(storageClassName="")
    assert told("data", "FailedBinding") == (
        "no persistent volumes available for this claim and no storage class is set"
    )


def test_a_claim_of_a_missing_class_says_so(claim, told, manual):
    claim(storageClassName=manual)
    assert told("data", "ProvisioningFailed") == (
        f'storageclass.storage.k8s.io "{manual}" not found'
    )


# --- pods and their claims -------------------------------------------------------------------


@pytest.fixture
def why_unscheduled(core, namespace, eventually):
    def call(name):
        def found():
            status = core.read_namespaced_pod(name, namespace).status
            for each in status.conditions or []:
                if each.type == "PodScheduled" and each.status == "False":
                    return each.message
            return None

        return eventually(found)

    return call


def test_a_pod_waits_for_a_claim_that_is_missing(pod, why_unscheduled):
    pod("user", "true")
    assert 'persistentvolumeclaim "data" not found' in why_unscheduled("user")


def test_a_pod_waits_for_a_claim_that_is_not_bound(claim, pod, why_unscheduled, manual):
    claim(storageClassName=manual)
    pod("user", "true")
    assert "pod has unbound immediate PersistentVolumeClaims" in why_unscheduled("user")


def test_a_volume_for_one_pod_takes_no_second_one(
    claim, volume, pod, manual, bound, why_unscheduled, core, namespace, eventually
):
    volume(accessModes=["ReadWriteOncePod"])
    claim(storageClassName=manual, accessModes=["ReadWriteOncePod"])
    bound()
    pod("first", "sleep 3600")
    eventually(lambda: core.read_namespaced_pod("first", namespace).status.phase == "Running")
    pod("second", "true")
    assert "ReadWriteOncePod access mode already in-use by another pod" in why_unscheduled("second")
    core.delete_namespaced_pod("first", namespace)
    eventually(lambda: core.read_namespaced_pod("second", namespace).status.phase == "Succeeded")


def test_a_claim_that_is_not_bound_cannot_grow(claim, manual, core, namespace, refused):
    claim(storageClassName=manual)
    larger = {"spec": {"resources": {"requests": {"storage": "2Mi"}}}}
    patch = core.patch_namespaced_persistent_volume_claim
    status = refused(patch, "data", namespace, larger)
    assert status["code"] == 422
    assert status["message"].startswith(
        'PersistentVolumeClaim "data" is invalid: spec: Forbidden: spec is immutable after '
        "creation except resources.requests and volumeAttributesClassName for bound claims"
    )


def test_a_host_path_has_to_be_what_it_says(pod, told):
    place = {"hostPath": {"path": f"/tmp/{uuid.uuid4().hex}", "type": "Directory"}}
    pod("user", "true", source=place)
    message = told("user", "FailedMount")
    assert message.startswith(
        'MountVolume.SetUp failed for volume "d" : hostPath type check failed'
    )
    assert message.endswith("is not a directory")


def test_a_pod_that_fills_its_scratch_space_is_evicted(pod, core, namespace, eventually):
    script = "dd if=/dev/zero of=/data/file bs=1024 count=4096; sleep 3600"
    pod("greedy", script, source={"emptyDir": {"sizeLimit": "1Mi"}})

    def failed():
        status = core.read_namespaced_pod("greedy", namespace).status
        return status if status.phase == "Failed" else None

    status = eventually(failed, within=120)
    assert (status.reason, status.message.strip()) == (
        "Evicted",
        'Usage of EmptyDir volume "d" exceeds the limit "1Mi".',
    )
