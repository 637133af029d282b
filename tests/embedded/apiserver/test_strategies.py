"""What a kind keeps, sets and drops of what a client sends."""

SETS = "/apis/apps/v1/namespaces/default/statefulsets"


async def test_a_stateful_set_drops_what_is_behind_a_closed_gate(api) -> None:
    template = {
        "metadata": {"labels": {"app": "db"}},
        "spec": {"containers": [{"name": "a", "image": "busybox"}]},
    }
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2, "partition": 1}}
    spec = {
        "selector": {"matchLabels": {"app": "db"}},
        "template": template,
        "updateStrategy": rolling,
    }
    made = await api.post(SETS, {"metadata": {"name": "db"}, "spec": spec})
    assert made.body["spec"]["updateStrategy"]["rollingUpdate"] == {"partition": 1}
    changed = await api.patch(f"{SETS}/db", {"spec": {"updateStrategy": rolling}})
    assert changed.body["spec"]["updateStrategy"]["rollingUpdate"] == {"partition": 1}
    assert changed.body["metadata"]["generation"] == 1


async def test_half_a_byte_of_storage_is_warned_of(api) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "500m"}}}
    path = "/api/v1/namespaces/default/persistentvolumeclaims"
    made = await api.post(path, {"metadata": {"name": "data"}, "spec": spec})
    assert made.status == 201
    assert made.headers["Warning"] == (
        '299 - "spec.resources.requests[storage]: fractional byte value \\"500m\\" is invalid, '
        'must be an integer"'
    )


async def test_what_is_deprecated_of_a_volume_is_warned_of(api) -> None:
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Recycle",
        "hostPath": {"path": "/tmp/d"},
    }
    made = await api.post("/api/v1/persistentvolumes", {"metadata": {"name": "d"}, "spec": spec})
    assert "The Recycle reclaim policy is deprecated." in made.headers["Warning"]
