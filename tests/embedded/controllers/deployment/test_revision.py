from __future__ import annotations

from kubelearn.embedded.controllers.deployment import revision


def test_templates_are_compared_without_the_hash_label(make_deployment):
    deployment = make_deployment()
    made = revision.make_replica_set(deployment, 1)
    assert "pod-template-hash" in made["spec"]["template"]["metadata"]["labels"]
    assert revision.same_template(made["spec"]["template"], deployment["spec"]["template"])
    other = make_deployment(image="app:2")["spec"]["template"]
    assert not revision.same_template(made["spec"]["template"], other)


def test_empty_annotations_of_a_template_make_no_difference(make_deployment):
    template = make_deployment()["spec"]["template"]
    annotated = {**template, "metadata": {**template["metadata"], "annotations": {}}}
    assert revision.same_template(template, annotated)


def test_a_new_replica_set_carries_hash_selector_owner_and_revision(make_deployment):
    deployment = make_deployment(4)
    deployment["metadata"]["annotations"] = {
        "kubernetes.io/change-cause": "first",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }
    made = revision.make_replica_set(deployment, 7)
    value = made["metadata"]["labels"]["pod-template-hash"]
    assert made["metadata"]["name"] == f"web-{value}"
    assert made["spec"]["selector"] == {"matchLabels": {"app": "web", "pod-template-hash": value}}
    assert made["metadata"]["annotations"] == {
        "kubernetes.io/change-cause": "first",
        "deployment.kubernetes.io/revision": "7",
        "deployment.kubernetes.io/desired-replicas": "4",
        "deployment.kubernetes.io/max-replicas": "5",
    }
    [owner] = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("Deployment", "uid-of-web", True)
    assert deployment["spec"]["template"]["metadata"]["labels"] == {"app": "web"}


def test_a_long_name_is_cut_to_make_room_for_the_hash(make_deployment):
    deployment = make_deployment()
    deployment["metadata"]["name"] = "d" * 253
    assert len(revision.make_replica_set(deployment, 1)["metadata"]["name"]) == 253


def test_the_oldest_of_several_equal_replica_sets_is_the_new_one(make_deployment, make_replica_set):
    older = make_replica_set("b", created="2026-01-01T11:00:00Z")
    newer = make_replica_set("a", created="2026-01-01T12:00:00Z")
    other = make_replica_set("c", image="app:2")
    assert revision.find_new(make_deployment(), [newer, other, older]) is older


def test_rolling_back_gives_a_new_number_and_keeps_the_old_ones(make_deployment, make_replica_set):
    marks = {
        "deployment.kubernetes.io/revision": "4",
        "deployment.kubernetes.io/revision-history": "1",
    }
    changed = revision.new_annotations(
        make_deployment(), make_replica_set(annotations=marks), number=6
    )
    assert changed["deployment.kubernetes.io/revision"] == "6"
    assert changed["deployment.kubernetes.io/revision-history"] == "1,4"


def test_a_revision_never_falls(make_deployment, make_replica_set):
    marks = {"deployment.kubernetes.io/revision": "4"}
    changed = revision.new_annotations(
        make_deployment(), make_replica_set(annotations=marks), number=2
    )
    assert changed == marks


def test_a_long_history_loses_its_beginning(make_deployment, make_replica_set):
    marks = {
        "deployment.kubernetes.io/revision": "1000",
        "deployment.kubernetes.io/revision-history": ",".join(map(str, range(100, 600))),
    }
    changed = revision.new_annotations(
        make_deployment(), make_replica_set(annotations=marks), number=1001
    )
    history = changed["deployment.kubernetes.io/revision-history"]
    assert len(history) <= 2000
    assert history.endswith(",599,1000")
