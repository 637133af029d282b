"""What revisions keep of a workload's template."""

import json

from kubelearn.embedded.controllers.history import template_patch


def test_a_revision_is_a_patch_with_its_keys_in_order():
    owner = {"spec": {"template": {"spec": {"b": 1, "a": 2}, "metadata": {}}}}
    assert json.dumps(template_patch(owner)) == (
        '{"spec": {"template": {"$patch": "replace", "metadata": {}, "spec": {"a": 2, "b": 1}}}}'
    )
