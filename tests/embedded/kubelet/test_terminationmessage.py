"""Containers' last words."""

import dataclasses

import pytest

from kubelearn.containers.runtime import Mount
from kubelearn.embedded.kubelet.terminationmessage import termination_message


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
