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
