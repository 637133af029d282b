"""Hashes beside those that kube-controller-manager 1.36 made of the same templates."""

import json
import re
from pathlib import Path

import pytest

from kubelearn.embedded.controllers.history import hash_of_data, template_patch
from kubelearn.embedded.controllers.podtemplatehash import template_hash

KNOWN = json.loads(Path(__file__).with_name("podtemplatehashes.json").read_text())


def known(kind):
    return [
        pytest.param(
            each["template"], each["hash"], id=each["template"]["metadata"]["labels"]["app"]
        )
        for each in KNOWN
        if each["kind"] == kind
    ]


@pytest.mark.parametrize(("template", "value"), known("deployment"))
def test_a_template_has_the_hash_that_it_has_in_every_cluster(template, value):
    assert template_hash(template) == value


@pytest.mark.parametrize(("template", "value"), known("statefulset"))
def test_so_has_the_revision_of_a_stateful_set(template, value):
    owner = {"spec": {"template": template}}
    assert hash_of_data(owner, template_patch(owner)) == value


def test_a_collision_makes_another_hash():
    template = KNOWN[0]["template"]
    values = {template_hash(template, count) for count in (None, 0, 1)}
    assert len(values) == 3
    assert all(re.fullmatch(r"[bcdf456789]{1,10}", value) for value in values)


def test_the_order_of_fields_and_what_is_empty_make_no_difference():
    template = KNOWN[0]["template"]
    spec = dict(reversed(template["spec"].items())) | {"volumes": [], "nodeSelector": {}}
    assert template_hash({"spec": spec, "metadata": template["metadata"]}) == KNOWN[0]["hash"]
