"""Logs: what containers print, whole and in part, now and of the container before."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def counted(pods):
    """A pod that printed three lines and ended."""
    pods.run("echo one; echo two; echo three")
    pods.finished()


def test_a_log_is_what_a_container_printed(pods, counted):
    assert pods.log() == "one\ntwo\nthree\n"


def test_output_and_errors_are_one_log(pods):
    assert sorted(pods.output("echo out; echo err >&2").splitlines()) == ["err", "out"]


def test_a_log_can_be_cut_to_its_last_lines(pods, counted):
    assert pods.log(tail_lines=1) == "three\n"
    assert pods.log(tail_lines=0) == ""


def test_a_log_can_be_cut_to_its_first_bytes(pods, counted):
    assert pods.log(limit_bytes=5) == "one\nt"


def test_lines_can_carry_their_time(pods, counted):
    [line] = pods.log(timestamps=True, tail_lines=1).splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z three", line)


def test_a_log_can_begin_at_a_time(pods):
    pods.run("echo old; sleep 5.1; echo new")
    pods.finished()
    # The kubelet of a busy machine may tell a while later that a container has ended.
    assert pods.log(since_seconds=5) == "new\n"


def test_a_line_without_an_end_is_not_lost(pods):
    assert pods.output("printf 'no newline'") == "no newline"


def test_following_a_log_ends_with_the_container(pods):
    pods.run("for i in 1 2 3; do echo $i; sleep 0.2; done")
    pods.container(lambda one: one.state.running or one.state.terminated)
    assert pods.log(follow=True) == "1\n2\n3\n"


def test_the_log_of_the_container_before_can_be_read(pods):
    script = "if [ -e /v/x ]; then echo second; sleep 3600; else echo first; touch /v/x; exit 1; fi"
    spec = {"restartPolicy": "Always", "volumes": [{"name": "v", "emptyDir": {}}]}
    pods.run(script, spec=spec, volumeMounts=[{"name": "v", "mountPath": "/v"}])
    pods.container(lambda one: one.restart_count == 1 and one.state.running)
    assert pods.log(previous=True) == "first\n"
    assert pods.log() == "second\n"


def test_there_is_no_log_before_the_first(pods, counted, core, namespace, refused):
    status = refused(core.read_namespaced_pod_log, "p", namespace, previous=True)
    assert (status["code"], status["message"]) == (
        400,
        'previous terminated container "a" in pod "p" not found',
    )


def test_the_log_of_a_container_that_waits_says_why(pods, core, namespace, refused):
    pods.run(image="conformance-absent:1", imagePullPolicy="Never")
    pods.waiting("ErrImageNeverPull")
    status = refused(core.read_namespaced_pod_log, "p", namespace)
    assert (status["code"], status["reason"]) == (400, "BadRequest")
    assert status["message"] == ('container "a" in pod "p" is waiting to start: ErrImageNeverPull')


def test_each_container_has_a_log_of_its_own(pods):
    containers = [
        {"name": name, "image": "busybox:1.37", "command": ["echo", f"I am {name}"]}
        for name in ("a", "b")
    ]
    pods.run(spec={"containers": containers})
    pods.finished()
    assert pods.log(container="a") == "I am a\n"
    assert pods.log(container="b") == "I am b\n"
