"""Requests that change where pods go."""

from __future__ import annotations

import pytest

from kubelearn.errors import ManifestError
from kubelearn.widgets.placing import Sample, label, label_of, taint, taint_of

OLD = {"key": "old", "effect": "NoExecute"}
NODE = {"metadata": {"name": "n"}, "spec": {"taints": [OLD]}}
NEW = {"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}


def test_a_taint_is_added_to_the_others():
    action = taint(NODE, "dedicated=gpu:NoSchedule", on=True)
    assert action.command == "kubectl taint node n dedicated=gpu:NoSchedule"
    assert action.body == {"spec": {"taints": [OLD, NEW]}}


def test_a_taint_is_taken_off_by_its_key_and_effect():
    tainted = {**NODE, "spec": {"taints": [OLD, NEW]}}
    action = taint(tainted, "dedicated=gpu:NoSchedule", on=False)
    assert action.command == "kubectl taint node n dedicated:NoSchedule-"
    assert action.body == {"spec": {"taints": [OLD]}}
    last = taint({**NODE, "spec": {"taints": [NEW]}}, "dedicated=gpu:NoSchedule", on=False)
    assert last.body == {"spec": {"taints": None}}


def test_a_label_is_put_on_and_taken_off():
    assert label("n", "disk=ssd", on=True).body == {"metadata": {"labels": {"disk": "ssd"}}}
    off = label("n", "disk=ssd", on=False)
    assert off.command == "kubectl label node n disk-"
    assert off.body == {"metadata": {"labels": {"disk": None}}}


def test_a_sample_asks_for_what_was_typed():
    action = Sample(
        "p", "demo", cpu="1", memory="1Gi", selector="disk=ssd", toleration="a=b:NoSchedule"
    ).create()
    assert action.path == "/api/v1/namespaces/demo/pods"
    spec = action.body["spec"]
    assert spec["containers"][0]["resources"] == {"requests": {"cpu": "1", "memory": "1Gi"}}
    assert spec["nodeSelector"] == {"disk": "ssd"}
    assert spec["tolerations"] == [
        {"key": "a", "value": "b", "effect": "NoSchedule", "operator": "Equal"}
    ]


def test_a_sample_that_asks_for_nothing_says_nothing():
    spec = Sample("p", "demo").body()["spec"]
    assert spec["containers"][0]["resources"] == {}
    assert not {"nodeSelector", "tolerations"} & set(spec)


@pytest.mark.parametrize("text", ["dedicated", "a=b:Never", "", ":NoSchedule"])
def test_what_is_no_taint_is_refused(text):
    with pytest.raises(ManifestError, match="is no taint"):
        taint_of(text)


@pytest.mark.parametrize("text", ["disk", "=ssd", ""])
def test_what_is_no_label_is_refused(text):
    with pytest.raises(ManifestError, match="is no label"):
        label_of(text)


def test_what_is_no_quantity_is_refused():
    with pytest.raises(ManifestError, match="cpu 'much' is no quantity"):
        Sample("p", "demo", cpu="much").body()
