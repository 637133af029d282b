"""Rules for volumes, claims and their classes."""

CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
VOLUME = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}


def test_a_claim_asks_for_storage(create):
    assert create("v1", "PersistentVolumeClaim", spec={"accessModes": ["Often"]}) == [
        'spec.accessModes: Unsupported value: "Often": supported values: '
        '"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
        "spec.resources[storage]: Required value",
    ]


def test_a_bound_claim_may_grow(update):
    bound = {"phase": "Bound", "capacity": {"storage": "1Gi"}}
    bigger = CLAIM | {"resources": {"requests": {"storage": "2Gi"}}}
    old = {"spec": CLAIM, "status": bound}
    assert update("v1", "PersistentVolumeClaim", old, {"spec": bigger, "status": bound}) == []


def test_other_claims_stay_as_they_are(update):
    other = CLAIM | {"accessModes": ["ReadOnlyMany"]}
    (problem,) = update("v1", "PersistentVolumeClaim", {"spec": CLAIM}, {"spec": other})
    words, _, changed = problem.partition("\n")
    assert words == (
        "spec: Forbidden: spec is immutable after creation except resources.requests and "
        "volumeAttributesClassName for bound claims"
    )
    assert '+  "ReadOnlyMany"\n' in changed


def test_a_volume_is_of_one_type(create):
    assert create("v1", "PersistentVolume", spec=VOLUME) == [
        "spec: Required value: must specify a volume type"
    ]
    both = VOLUME | {"hostPath": {"path": "/a"}, "nfs": {"server": "s", "path": "/b"}}
    assert create("v1", "PersistentVolume", spec=both) == [
        "spec.nfs: Forbidden: may not specify more than 1 volume type"
    ]


def test_a_local_volume_is_on_a_node(create):
    assert create("v1", "PersistentVolume", spec=VOLUME | {"local": {"path": "/a"}}) == [
        "spec.nodeAffinity: Required value: Local volume requires node affinity"
    ]


def test_a_storage_class_keeps_its_provisioner(update):
    old, new = {"provisioner": "example.com/a"}, {"provisioner": "example.com/b"}
    assert update("storage.k8s.io/v1", "StorageClass", old, new) == [
        'provisioner: Invalid value: "example.com/b": field is immutable'
    ]


ATTACHMENT = {
    "attacher": "example.com",
    "nodeName": "n1",
    "source": {"persistentVolumeName": "disk"},
}


def test_an_attachment_is_of_one_volume(create, update):
    assert create("storage.k8s.io/v1", "VolumeAttachment", spec=ATTACHMENT) == []
    choice = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
    assert create("storage.k8s.io/v1", "VolumeAttachment", spec=ATTACHMENT | {"source": {}}) == [
        f"spec.source: Required value: {choice}"
    ]
    moved = {"spec": ATTACHMENT | {"nodeName": "n2"}}
    (problem,) = update("storage.k8s.io/v1", "VolumeAttachment", {"spec": ATTACHMENT}, moved)
    assert problem.startswith("spec: Invalid value: ")
    assert problem.endswith(": field is immutable")


def test_each_driver_of_a_node_is_there_once(create):
    driver = {"name": "example.com", "nodeID": ""}
    assert create("storage.k8s.io/v1", "CSINode", spec={"drivers": [driver, driver]}) == [
        "spec.drivers[0].nodeID: Required value",
        "spec.drivers[1].nodeID: Required value",
        'spec.drivers[1].name: Duplicate value: "example.com"',
    ]


def test_a_driver_may_change_how_many_volumes_a_node_takes(update):
    def node(**changes):
        return {"spec": {"drivers": [{"name": "example.com", "nodeID": "1", **changes}]}}

    kind = ("storage.k8s.io/v1", "CSINode")
    assert update(*kind, node(), node(allocatable={"count": 3})) == []
    (problem,) = update(*kind, node(), node(nodeID="2"))
    assert problem.startswith("spec.drivers: Invalid value: ")


def test_a_driver_says_what_it_can_do(create):
    spec = {
        "fsGroupPolicy": "Often",
        "tokenRequests": [{"audience": "a", "expirationSeconds": 1}, {"audience": "a"}],
        "volumeLifecycleModes": ["Short"],
        "nodeAllocatableUpdatePeriodSeconds": 1,
    }
    assert create("storage.k8s.io/v1", "CSIDriver", spec=spec) == [
        'spec.fsGroupPolicy: Unsupported value: "Often": supported values: "File", "None", '
        '"ReadWriteOnceWithFSType"',
        "spec.tokenRequests[0].expirationSeconds: Invalid value: 1: may not specify a duration "
        "less than 10 minutes",
        'spec.tokenRequests[1].audience: Duplicate value: "a"',
        'spec.volumeLifecycleModes: Unsupported value: "Short": supported values: "Persistent", '
        '"Ephemeral"',
        "spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 1: must be greater than or equal "
        "to 10 seconds",
    ]


def test_a_class_of_attributes_stays_what_it_is(create, update):
    kind = ("storage.k8s.io/v1", "VolumeAttributesClass")
    assert create(*kind, driverName="example.com") == [
        "parameters: Required value: must contain at least one key/value pair"
    ]
    old, new = ({"driverName": "example.com", "parameters": {"iops": each}} for each in "12")
    assert update(*kind, old, new) == [
        "parameters: Forbidden: updates to parameters are forbidden."
    ]
