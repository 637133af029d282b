from __future__ import annotations

import pytest

from kubelearn.embedded.apiserver import builtin
from kubelearn.embedded.apiserver.managedfields import FieldManager, same_but_for_times
from kubelearn.embedded.apiserver.managedfields.fieldset import FieldSet
from kubelearn.embedded.apiserver.status import StatusError

KIND = builtin.built_in().for_object("v1", "ConfigMap")


@pytest.fixture
def manager() -> FieldManager:
    return FieldManager(KIND, ignored=FieldSet())


def config_map(**data: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data}


def apply(manager, old, wish, who, *, force=False, now="t1"):
    return manager.apply(old, wish, manager=who, force=force, now=now)


def owners(obj) -> dict[str, list[str]]:
    return {
        entry["manager"]: sorted(each for each in entry["fieldsV1"].get("f:data", {}))
        for entry in obj["metadata"].get("managedFields", [])
    }


def test_whoever_writes_owns_what_changed(manager) -> None:
    first = config_map(a="1", b="2")
    manager.update(None, first, manager="ada", now="t1")
    assert owners(first) == {"ada": [".", "f:a", "f:b"]}
    second = config_map(a="1", b="3")
    manager.update(first, second, manager="bob", now="t2")
    assert owners(second) == {"ada": [".", "f:a"], "bob": ["f:b"]}
    third = config_map(a="1")
    manager.update(second, third, manager="ada", now="t3")
    assert owners(third) == {"ada": [".", "f:a"]}


def test_names_and_other_identities_have_no_owner(manager) -> None:
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "uid": "u"}}
    manager.update(None, obj, manager="ada", now="t1")
    assert "managedFields" not in obj["metadata"]


def test_clients_may_hand_in_managed_fields_or_clear_them(manager) -> None:
    first = config_map(a="1")
    manager.update(None, first, manager="ada", now="t1")
    kept = config_map(a="1")
    manager.update(first, kept, manager="bob", now="t2")
    assert owners(kept) == owners(first)
    cleared = config_map(a="1")
    cleared["metadata"]["managedFields"] = []
    manager.update(first, cleared, manager="bob", now="t2")
    assert owners(cleared) == {}


def test_what_a_client_hands_in_is_written_in_order(manager) -> None:
    first = config_map(a="1", b="2")
    manager.update(None, first, manager="ada", now="t1")
    sent = config_map(a="1", b="2")
    [entry] = first["metadata"]["managedFields"]
    fields = {"f:data": {"f:b": {}, "f:a": {}, ".": {}}}
    sent["metadata"]["managedFields"] = [{**entry, "fieldsV1": fields}]
    manager.update(first, sent, manager="ada", now="t2")
    [written] = sent["metadata"]["managedFields"]
    assert list(written["fieldsV1"]["f:data"]) == [".", "f:a", "f:b"]


def test_an_applier_lets_go_of_what_it_no_longer_names(manager) -> None:
    first = apply(manager, None, config_map(a="1", b="2"), "ada")
    second = apply(manager, first, config_map(a="1"), "ada")
    assert second["data"] == {"a": "1"}
    assert owners(second) == {"ada": ["f:a"]}


def test_what_somebody_else_owns_too_stays(manager) -> None:
    first = apply(manager, None, config_map(a="1", b="2"), "ada")
    shared = apply(manager, first, config_map(b="2"), "bob")
    left = apply(manager, shared, config_map(a="1"), "ada")
    assert left["data"] == {"a": "1", "b": "2"}
    assert owners(left) == {"ada": ["f:a"], "bob": ["f:b"]}


def test_changing_what_another_owns_is_a_conflict(manager) -> None:
    first = apply(manager, None, config_map(a="1", b="2"), "ada")
    with pytest.raises(StatusError) as caught:
        apply(manager, first, config_map(a="9"), "bob")
    assert caught.value.code == 409
    assert caught.value.message == ('Apply failed with 1 conflict: conflict with "ada": .data.a')
    with pytest.raises(StatusError) as caught:
        apply(manager, first, config_map(a="9", b="9"), "bob")
    assert caught.value.message == (
        'Apply failed with 2 conflicts: conflicts with "ada":\n- .data.a\n- .data.b'
    )


def test_force_takes_the_field_over(manager) -> None:
    first = apply(manager, None, config_map(a="1", b="2"), "ada")
    forced = apply(manager, first, config_map(a="9"), "bob", force=True)
    assert forced["data"] == {"a": "9", "b": "2"}
    assert owners(forced) == {"ada": ["f:b"], "bob": ["f:a"]}


def test_applying_what_is_there_changes_no_time(manager) -> None:
    first = apply(manager, None, config_map(a="1"), "ada", now="t1")
    again = apply(manager, first, config_map(a="1"), "ada", now="t2")
    assert again["metadata"]["managedFields"] == first["metadata"]["managedFields"]


def test_kubectl_may_go_from_client_side_to_server_side_apply(manager) -> None:
    last = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"}}'
    first = config_map(a="1")
    first["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": last}
    manager.update(None, first, manager="kubectl-client-side-apply", now="t1")
    changed = apply(manager, first, config_map(a="2"), "kubectl")
    assert changed["data"] == {"a": "2"}
    annotation = changed["metadata"]["annotations"][
        "kubectl.kubernetes.io/last-applied-configuration"
    ]
    assert '"a":"2"' in annotation
    with pytest.raises(StatusError):
        apply(manager, first, config_map(a="2"), "flux")


def test_a_wish_must_be_of_the_kind_and_without_managed_fields(manager) -> None:
    for wish, message in (
        ({"metadata": {"name": "c"}}, "invalid object type: /, Kind="),
        (config_map() | {"kind": "Pod"}, "invalid object type: /v1, Kind=Pod"),
        (
            config_map() | {"metadata": {"name": "c", "managedFields": []}},
            "metadata.managedFields must be nil",
        ),
    ):
        with pytest.raises(StatusError) as caught:
            apply(manager, None, wish, "ada")
        assert (caught.value.code, caught.value.message) == (400, message)


def test_of_many_updaters_the_oldest_share_an_entry(manager) -> None:
    obj = config_map()
    for n in range(12):
        new = config_map(**{f"k{each}": "x" for each in range(n + 1)})
        new["metadata"]["managedFields"] = obj["metadata"].get("managedFields")
        manager.update(obj, new, manager=f"m{n:02}", now=f"t{n:02}")
        obj = new
    found = owners(obj)
    assert len(found) == 10
    assert found["ancient-changes"] == ["f:k0", "f:k1", "f:k2"]


def test_times_alone_make_no_difference() -> None:
    entry = {"manager": "a", "time": "t1"}
    one = config_map() | {"metadata": {"managedFields": [entry]}}
    other = config_map() | {"metadata": {"managedFields": [entry | {"time": "t2"}]}}
    assert same_but_for_times(one, other)
    assert not same_but_for_times(one, config_map(a="1") | {"metadata": one["metadata"]})
