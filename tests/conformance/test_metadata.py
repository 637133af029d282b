"""What every object carries: names, uids, versions, generations, labels, and who last wrote it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta


def test_the_server_fills_in_uid_creation_time_and_version(core, namespace):
    made = core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "c", "uid": "mine", "creationTimestamp": None}}
    ).metadata
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made.uid)
    assert abs(datetime.now(UTC) - made.creation_timestamp) < timedelta(minutes=1)
    assert int(made.resource_version) > 0


def test_a_recreated_object_keeps_its_name_and_gets_another_uid(core, namespace):
    first = core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}})
    core.delete_namespaced_config_map("c", namespace)
    second = core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}})
    assert second.metadata.uid != first.metadata.uid


def test_every_write_raises_the_resource_version(core, namespace):
    made = core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}})
    patched = core.patch_namespaced_config_map("c", namespace, {"data": {"a": "1"}})
    other = core.create_namespaced_config_map(namespace, {"metadata": {"name": "d"}})
    versions = [int(one.metadata.resource_version) for one in (made, patched, other)]
    assert versions == sorted(set(versions))


def test_a_write_that_changes_nothing_keeps_the_resource_version(core, namespace):
    made = core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "c"}, "data": {"a": "1"}}
    )
    same = core.patch_namespaced_config_map("c", namespace, {"data": {"a": "1"}})
    assert same.metadata.resource_version == made.metadata.resource_version


def test_a_generated_name_ends_in_five_letters_that_spell_nothing(core, namespace):
    made = core.create_namespaced_config_map(namespace, {"metadata": {"generateName": "job-"}})
    assert re.fullmatch(r"job-[bcdfghjklmnpqrstvwxz2456789]{5}", made.metadata.name)
    assert made.metadata.generate_name == "job-"


def test_a_generated_name_is_cut_to_63_characters(core, namespace):
    made = core.create_namespaced_config_map(namespace, {"metadata": {"generateName": "a" * 70}})
    assert len(made.metadata.name) == 63
    assert made.metadata.name.startswith("a" * 58)


def test_an_object_without_a_name_is_invalid(core, shared_namespace, refused):
    status = refused(
        core.create_namespaced_config_map, shared_namespace, {"metadata": {}}, dry_run="All"
    )
    assert status["message"] == (
        'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'
    )


def test_generation_counts_changes_of_the_spec_only(apps, namespace, idle_deployment):
    made = apps.create_namespaced_deployment(namespace, idle_deployment("d"))
    assert made.metadata.generation == 1
    steps = [{"metadata": {"labels": {"x": "1"}}}, {"spec": {"paused": True}}]
    for patch in steps:
        assert apps.patch_namespaced_deployment("d", namespace, patch).metadata.generation == 1
    changed = apps.patch_namespaced_deployment("d", namespace, {"spec": {"minReadySeconds": 4}})
    assert changed.metadata.generation == 2
    status = {"status": {"observedGeneration": 1}}
    told = apps.patch_namespaced_deployment_status("d", namespace, status)
    assert told.metadata.generation == 2


def test_a_config_map_has_no_generation(core, namespace):
    made = core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}})
    assert made.metadata.generation is None


def test_labels_and_annotations_are_checked(core, shared_namespace, refused):
    def told(metadata):
        body = {"metadata": {"name": "c", **metadata}}
        return refused(core.create_namespaced_config_map, shared_namespace, body, dry_run="All")[
            "message"
        ]

    assert told({"labels": {"team": "a b"}}).startswith(
        'ConfigMap "c" is invalid: metadata.labels: Invalid value: "a b": a valid label must be an '
        "empty string or consist of alphanumeric characters, '-', '_' or '.'"
    )
    assert told({"labels": {"-team": "a"}}).startswith(
        'ConfigMap "c" is invalid: metadata.labels: Invalid value: "-team": name part must consist'
    )
    assert told({"annotations": {"a/b/c": "x"}}).startswith(
        'ConfigMap "c" is invalid: metadata.annotations: Invalid value: "a/b/c"'
    )
    assert "must be no more than 63 bytes" in told({"labels": {"team": "x" * 64}})


def test_an_objects_identity_cannot_be_changed(core, namespace, refused):
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}})
    renamed = {"metadata": {"name": "d"}}
    status = refused(core.patch_namespaced_config_map, "c", namespace, renamed)
    assert status["code"] == 400
    assert status["message"] == (
        "the name of the object (d) does not match the name on the URL (c)"
    )
    moved = {"metadata": {"namespace": "elsewhere"}}
    status = refused(core.patch_namespaced_config_map, "c", namespace, moved)
    assert status["message"] == (
        "the namespace of the provided object does not match the namespace sent on the request"
    )
    reborn = {"metadata": {"uid": "11111111-2222-3333-4444-555555555555"}}
    status = refused(core.patch_namespaced_config_map, "c", namespace, reborn)
    assert status["message"] == (
        'ConfigMap "c" is invalid: metadata.uid: Invalid value: '
        '"11111111-2222-3333-4444-555555555555": field is immutable'
    )


def test_managed_fields_name_the_writer_of_each_field(core, namespace):
    core.create_namespaced_config_map(
        namespace, {"metadata": {"name": "c"}, "data": {"a": "1"}}, field_manager="alice"
    )
    changed = core.patch_namespaced_config_map(
        "c", namespace, {"data": {"b": "2"}}, field_manager="bob"
    )
    owned = {entry.manager: entry.fields_v1 for entry in changed.metadata.managed_fields}
    assert owned["alice"] == {"f:data": {".": {}, "f:a": {}}}
    assert owned["bob"] == {"f:data": {"f:b": {}}}


def test_a_writer_without_a_field_manager_is_named_after_its_user_agent(api, core, namespace):
    body = {"metadata": {"name": "c"}, "data": {"a": "1"}}
    made = core.create_namespaced_config_map(namespace, body)
    managers = [entry.manager for entry in made.metadata.managed_fields]
    assert managers == [api.user_agent.split("/")[0]]
