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
