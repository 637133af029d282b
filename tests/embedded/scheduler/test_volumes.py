"""Pods with claims: where they may be, and what is bound before them."""

from __future__ import annotations

import pytest

from kubelearn.objects import (
    EVENTS,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    STORAGE_CLASSES,
)

SELECTED = "volume.kubernetes.io/selected-node"
DONE = {"pv.kubernetes.io/bind-completed": "yes"}
LATE = {"volumeBindingMode": "WaitForFirstConsumer"}
NOBODY = "kubernetes.io/no-provisioner"
ZONE = "topology.kubernetes.io/zone"


def on(name):
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In"}]}
    term["matchExpressions"][0]["values"] = [name]
    return {"required": {"nodeSelectorTerms": [term]}}


@pytest.fixture
async def nodes(api, make_node):
    for name in ("n1", "n2"):
        await api.create(NODES, make_node(name, labels={ZONE: f"zone-of-{name}"}))


@pytest.fixture
def user(make_pod):
    """A pod that uses the claim `data`, or has a volume of its own."""

    def make(name="user", **spec):
        source = {"persistentVolumeClaim": {"claimName": "data"}}
        return make_pod(name, **{"volumes": [{"name": "v", **source}], **spec})

    return make


@pytest.fixture
def node_of(api):
    return lambda name="user": next(
        pod["spec"].get("nodeName") for pod in api.objects(PODS) if pod["metadata"]["name"] == name
    )


@pytest.fixture
def told(api):
    return lambda: [event["message"] for event in api.objects(EVENTS)]


async def finish(api, clock, volume="disk"):
    """Do the volume binder's part."""
    claim = api.one(PERSISTENT_VOLUME_CLAIMS)
    claim["spec"]["volumeName"] = volume
    claim["metadata"]["annotations"] = {**claim["metadata"]["annotations"], **DONE}
    await api.update(PERSISTENT_VOLUME_CLAIMS, claim)
    await clock.advance(2)


@pytest.mark.usefixtures("nodes")
@pytest.mark.parametrize(
    ("claim", "problem"),
    [
        (None, 'persistentvolumeclaim "data" not found'),
        ({}, "pod has unbound immediate PersistentVolumeClaims"),
        (
            {"phase": "Lost", "volumeName": "disk"},
            'persistentvolumeclaim "data" bound to non-existent persistentvolume "disk"',
        ),
        (
            {"meta": {"deletionTimestamp": "2026-01-01T12:00:00Z", "finalizers": ["x"]}},
            'persistentvolumeclaim "data" is being deleted',
        ),
    ],
    ids=("missing", "unbound", "lost", "going"),
)
async def test_a_claim_can_keep_a_pod_from_every_node(
    api, clock, running, make_claim, make_class, user, node_of, told, claim, problem
):
    await api.create(STORAGE_CLASSES, make_class())
    if claim is not None:
        await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(**claim))
    await api.create(PODS, user())
    async with running():
        await clock.advance(0)
    assert node_of() is None
    assert told() == [f"0/2 nodes are available: {problem}. not found"]


@pytest.mark.usefixtures("nodes")
async def test_a_pod_waits_for_the_claim_of_its_ephemeral_volume(
    api, clock, running, make_claim, make_class, make_volume, user, node_of, told
):
    await api.create(PODS, user(volumes=[{"name": "v", "ephemeral": {}}]))
    async with running():
        await clock.advance(0)
        waiting = "waiting for ephemeral volume controller to create the persistentvolumeclaim"
        assert f'{waiting} "user-v"' in told()[0]
        await api.create(PERSISTENT_VOLUMES, make_volume())
        ref = {"uid": "uid-of-user", "kind": "Pod", "name": "user", "controller": True}
        claim = make_claim(
            "user-v", annotations=DONE, volumeName="disk", meta={"ownerReferences": [ref]}
        )
        await api.create(PERSISTENT_VOLUME_CLAIMS, claim)
        await clock.advance(2)
        assert node_of()


@pytest.mark.usefixtures("nodes")
async def test_a_pod_goes_where_its_volume_is(
    api, clock, running, make_claim, make_volume, user, node_of
):
    await api.create(PERSISTENT_VOLUMES, make_volume(nodeAffinity=on("n2")))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(annotations=DONE, volumeName="disk"))
    await api.create(PODS, user())
    async with running():
        await clock.advance(0)
    assert node_of() == "n2"


@pytest.mark.usefixtures("nodes")
async def test_a_volume_elsewhere_is_told(api, clock, running, make_claim, make_volume, user, told):
    await api.create(PERSISTENT_VOLUMES, make_volume(nodeAffinity=on("n3")))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(annotations=DONE, volumeName="disk"))
    await api.create(PODS, user())
    async with running():
        await clock.advance(0)
    assert "2 node(s) didn't match PersistentVolume's node affinity" in told()[0]


@pytest.mark.usefixtures("nodes")
async def test_a_volume_that_is_missing_is_told(api, clock, running, make_claim, user, told):
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(annotations=DONE, volumeName="disk"))
    await api.create(PODS, user())
    async with running():
        await clock.advance(0)
    words = "2 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
    assert words in told()[0]


@pytest.mark.usefixtures("nodes")
async def test_a_claim_is_provisioned_on_the_node_before_the_pod_is_bound(
    api, clock, running, make_claim, make_class, user, node_of
):
    await api.create(STORAGE_CLASSES, make_class(**LATE))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim())
    await api.create(PODS, user(nodeSelector={"kubernetes.io/hostname": "n2"}))
    async with running():
        await clock.advance(1)
        assert api.one(PERSISTENT_VOLUME_CLAIMS)["metadata"]["annotations"] == {SELECTED: "n2"}
        assert node_of() is None
        await finish(api, clock)
        assert node_of() == "n2"


@pytest.mark.usefixtures("nodes")
async def test_a_volume_of_the_node_is_reserved_before_the_pod_is_bound(
    api, clock, running, make_claim, make_class, make_volume, user, node_of
):
    await api.create(STORAGE_CLASSES, make_class(provisioner=NOBODY, **LATE))
    await api.create(PERSISTENT_VOLUMES, make_volume(nodeAffinity=on("n1")))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim())
    await api.create(PODS, user())
    async with running():
        await clock.advance(1)
        assert api.one(PERSISTENT_VOLUMES)["spec"]["claimRef"]["uid"] == "uid-of-data"
        assert node_of() is None
        await finish(api, clock)
        assert node_of() == "n1"


@pytest.mark.usefixtures("nodes")
async def test_two_pods_do_not_count_on_the_same_volume(
    api, clock, running, make_claim, make_class, make_volume, user, node_of, told
):
    await api.create(STORAGE_CLASSES, make_class(provisioner=NOBODY, **LATE))
    await api.create(PERSISTENT_VOLUMES, make_volume())
    for name in ("a", "b"):
        await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(name))
        source = {"persistentVolumeClaim": {"claimName": name}}
        await api.create(PODS, user(name, volumes=[{"name": "v", **source}]))
    async with running():
        await clock.advance(0)
        conflict = "2 node(s) didn't find available persistent volumes to bind"
        assert [conflict in message for message in told()] == [True]


@pytest.mark.usefixtures("nodes")
async def test_a_class_may_be_for_some_nodes_only(
    api, clock, running, make_claim, make_class, user
):
    expressions = [{"key": ZONE, "values": ["zone-of-n2"]}]
    topologies = [{"matchLabelExpressions": expressions}]
    await api.create(STORAGE_CLASSES, make_class(allowedTopologies=topologies, **LATE))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim())
    await api.create(PODS, user())
    async with running():
        await clock.advance(1)
    assert api.one(PERSISTENT_VOLUME_CLAIMS)["metadata"]["annotations"] == {SELECTED: "n2"}


@pytest.mark.usefixtures("nodes")
async def test_a_provisioner_can_send_the_pod_back(
    api, clock, running, make_claim, make_class, user, node_of, told
):
    await api.create(STORAGE_CLASSES, make_class(**LATE))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim())
    await api.create(PODS, user())
    async with running():
        await clock.advance(0)
        claim = api.one(PERSISTENT_VOLUME_CLAIMS)
        claim["metadata"]["annotations"] = {}
        await api.update(PERSISTENT_VOLUME_CLAIMS, claim)
        await clock.advance(0.5)
        assert told() == [
            'running PreBind plugin "VolumeBinding": binding volumes: provisioning failed for PVC '
            '"data"'
        ]
        await clock.advance(3)
        assert SELECTED in api.one(PERSISTENT_VOLUME_CLAIMS)["metadata"]["annotations"]


@pytest.mark.usefixtures("nodes")
async def test_nobody_waits_for_a_volume_for_ever(
    api, clock, running, make_claim, make_class, user, told
):
    await api.create(STORAGE_CLASSES, make_class(**LATE))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim())
    await api.create(PODS, user())
    async with running():
        await clock.advance(602)
    assert told()[0] == (
        'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded'
    )


@pytest.mark.usefixtures("nodes")
async def test_a_volume_for_one_pod_takes_no_second_one(
    api, clock, running, make_claim, make_volume, user, node_of, told
):
    once = {"accessModes": ["ReadWriteOncePod"]}
    await api.create(PERSISTENT_VOLUMES, make_volume(**once))
    claim = make_claim(annotations=DONE, volumeName="disk", **once)
    await api.create(PERSISTENT_VOLUME_CLAIMS, claim)
    await api.create(PODS, user("first", nodeName="n1"))
    await api.create(PODS, user("second"))
    async with running():
        await clock.advance(0)
        assert "ReadWriteOncePod access mode already in-use by another pod" in told()[0]
        await api.delete(PODS, "first", "default")
        await clock.advance(2)
        assert node_of("second")


@pytest.mark.usefixtures("nodes")
async def test_a_volume_keeps_its_pod_in_its_zone(
    api, clock, running, make_claim, make_volume, user, node_of
):
    await api.create(PERSISTENT_VOLUMES, make_volume(labels={ZONE: "zone-of-n2__zone-of-n3"}))
    await api.create(PERSISTENT_VOLUME_CLAIMS, make_claim(annotations=DONE, volumeName="disk"))
    await api.create(PODS, user())
    async with running():
        await clock.advance(0)
    assert node_of() == "n2"
