"""Questions about a container's definition."""

import dataclasses

import pytest

from kubelearn.containers.images import Image
from kubelearn.embedded.kubelet.configdata import ConfigError
from kubelearn.embedded.kubelet.containerspec import HASH, check_user, has_changed, spec_hash


def test_only_another_image_makes_another_container(run_of):
    run = run_of()
    container = {"name": "app", "image": "a:1"}
    marks = {HASH: spec_hash(container)}
    run.config = dataclasses.replace(run.config, annotations=marks)
    assert not has_changed({**container, "resources": {"limits": {"cpu": "1"}}}, run)
    assert has_changed({**container, "image": "a:2"}, run)


@pytest.mark.parametrize(
    ("context", "user"),
    [
        ({}, ""),
        ({"runAsNonRoot": True}, "1000"),
        ({"runAsNonRoot": True}, "app:app"),
        ({"runAsNonRoot": True, "runAsUser": 1000}, "root"),
        ({"runAsNonRoot": False, "runAsUser": 0}, ""),
    ],
)
def test_a_user_may_be_named_by_the_pod_or_by_the_image(pod_of, context, user):
    pod = pod_of(securityContext=context)
    check_user(pod, pod["spec"]["containers"][0], Image("a:1", user=user))


@pytest.mark.parametrize(
    ("context", "user", "words"),
    [
        ({}, "", "container has runAsNonRoot and image will run as root"),
        ({}, "0", "container has runAsNonRoot and image will run as root"),
        ({"runAsUser": 0}, "1000", "container's runAsUser breaks non-root policy"),
    ],
)
def test_root_is_refused_where_the_pod_asks_for_that(pod_of, context, user, words):
    pod = pod_of(securityContext={"runAsNonRoot": True, **context})
    with pytest.raises(ConfigError, match=words):
        check_user(pod, pod["spec"]["containers"][0], Image("a:1", user=user))
