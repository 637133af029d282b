"""Words and last words of containers."""

import dataclasses

import pytest

from kubelearn.containers.runtime import Mount
from kubelearn.embedded.kubelet.kuberuntime import (
    container_path,
    duration,
    has_changed,
    pod_text,
    spec_hash,
    termination_message,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(10, "10s"), (40, "40s"), (60, "1m0s"), (80, "1m20s"), (160, "2m40s"), (300, "5m0s")],
)
def test_times_are_told_as_go_tells_them(seconds, text):
    assert duration(seconds) == text


def test_pods_and_containers_have_names_in_messages(pod_of):
    pod = pod_of()
    pod["spec"]["initContainers"] = [{"name": "first", "image": "i"}]
    assert pod_text(pod) == "p_default(uid-of-p)"
    assert container_path(pod, {"name": "app"}) == "spec.containers{app}"
    assert container_path(pod, {"name": "first"}) == "spec.initContainers{first}"


def test_only_another_image_makes_another_container(run_of):
    run = run_of()
    container = {"name": "app", "image": "a:1"}
    marks = {"io.kubernetes.container.hash": spec_hash(container)}
    run.config = dataclasses.replace(run.config, annotations=marks)
    assert not has_changed({**container, "resources": {"limits": {"cpu": "1"}}}, run)
    assert has_changed({**container, "image": "a:2"}, run)


@pytest.fixture
def ended(run_of, tmp_path):
    """A run that has ended; what it wrote and printed."""

    def make(words="", printed="", code=1):
        (tmp_path / "words").write_text(words)
        (tmp_path / "0.log").write_text(f"2026-01-01T12:00:00Z stdout F {printed}\n")
        run = run_of(code=code)
        run.config = dataclasses.replace(
            run.config,
            mounts=[Mount("/dev/termination-log", tmp_path / "words")],
            log_path=tmp_path / "0.log",
        )
        return run

    return make


def test_last_words_are_what_the_container_wrote(ended):
    assert termination_message({"name": "app"}, ended("bye\n", "printed")) == "bye\n"
    assert termination_message({"name": "app"}, ended("", "printed")) == ""


def test_the_log_stands_in_for_missing_words_after_a_failure(ended):
    container = {"name": "app", "terminationMessagePolicy": "FallbackToLogsOnError"}
    assert termination_message(container, ended("", "printed")) == "printed\n"
    assert termination_message(container, ended("bye", "printed")) == "bye"
    assert termination_message(container, ended("", "printed", code=0)) == ""


def test_what_the_runtime_says_comes_first(ended):
    run = ended("bye")
    run.message = "killed"
    assert termination_message({"name": "app"}, run) == "killed: bye"
    assert len(termination_message({"name": "app"}, ended("x" * 5000))) == 4096
