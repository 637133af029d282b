"""The Tab key: what it offers, and that it never waits."""

from __future__ import annotations

import threading
import time

import pytest
from IPython.core.completer import provisionalcompleter

from kubelearn.magics import completion
from kubelearn.magics.completion import Memory


@pytest.fixture
def press(shell):
    """A function that presses Tab at the end of a line until a word is offered."""

    def press_(line, word):
        for _ in range(200):
            with provisionalcompleter():
                found = [each.text for each in shell.Completer.completions(line, len(line))]
            if word in found:
                return found
            time.sleep(0.05)
        return pytest.fail(f"{word} is not offered after {line!r}: {found}")

    return press_


def test_kinds_names_and_namespaces_are_offered(press):
    assert press("%kubectl get serviceacc", "serviceaccounts") == ["serviceaccounts"]
    assert press("%kubectl get sa def", "default") == ["default"]
    assert press("%wait serviceaccount/d", "serviceaccount/default") == ["serviceaccount/default"]
    assert "kube-system" in press("%kubectl get pods -n kube-", "kube-public")
    assert press("%kubectl get ns kube-p", "kube-public") == ["kube-public"]


def test_nothing_is_offered_for_a_kind_that_there_is_not(shell):
    with provisionalcompleter():
        line = "%kubectl get nothings "
        assert "default" not in [each.text for each in shell.Completer.completions(line, len(line))]


def test_a_cluster_that_does_not_answer_is_not_waited_for():
    silent = threading.Event()
    memory = Memory(patience=0.01)
    assert memory.recall("kinds", silent.wait) is None
    assert memory.recall("kinds", lambda: pytest.fail("asked twice")) is None
    silent.set()


def test_what_was_known_is_offered_while_the_cluster_is_gone():
    def gone():
        raise OSError("no route to host")

    memory = Memory(patience=5, fresh=0)
    assert memory.recall("kinds", lambda: ["pods"]) == ["pods"]
    assert memory.recall("kinds", gone) == ["pods"]


def test_what_is_fresh_is_not_asked_for_again():
    memory = Memory(patience=5, fresh=1000)
    assert memory.recall("kinds", lambda: ["pods"]) == ["pods"]
    assert memory.recall("kinds", lambda: pytest.fail("asked again")) == ["pods"]


def test_an_answer_takes_less_than_a_tenth_of_a_second():
    assert 2 * completion.PATIENCE < 0.1
