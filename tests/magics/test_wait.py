"""`%wait`, on a cluster and on its own words."""

from __future__ import annotations

import threading

import pytest

from kubelearn.clusters.transport import send
from kubelearn.errors import KubelearnError
from kubelearn.magics import wait
from kubelearn.objects import CONFIG_MAPS


@pytest.fixture
def make(cluster, shell):
    """A function that makes a ConfigMap."""

    def make_(name):
        body = {"metadata": {"name": name}, "data": {"phase": "full"}}
        send(cluster.api_client, "POST", CONFIG_MAPS.path("magics"), body=body).checked()

    return make_


def test_it_ends_as_soon_as_it_is_so(run, make):
    timer = threading.Timer(0.3, make, ["later"])
    timer.start()
    assert run("%wait cm/later for=create") == "configmap/later condition met\n"
    timer.join()
    assert run("%wait configmap later for=jsonpath={.data.phase}=full") == (
        "configmap/later condition met\n"
    )
    assert run("%wait cm/nobody --for=delete") == "configmap/nobody condition met\n"


def test_time_that_is_up_is_told_with_what_was_seen_last(run, make):
    make("other")
    said = run("%wait cm/other for=jsonpath={.data.phase}=empty timeout=300ms")
    assert "timed out waiting for the condition on configmaps/other" in said
    assert "seen last: full" in said
    assert "Traceback" not in said


def test_an_object_that_is_not_there_is_not_waited_for(run):
    said = run("%wait pod/nobody for=condition=Ready")
    assert 'NotFound: pods "nobody" not found' in said


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "needs an object"),
        ("pod/a", "needs an object"),
        ("pod for=delete", "which pod"),
        ("pod/a b for=delete", "'b' is not KIND/NAME"),
        ("pod/a for=ready", 'unrecognized condition: "ready"'),
        ("pod/a for=jsonpath={.a}=b=c", "unrecognized condition"),
        ("pod/a for=jsonpath={.a[}", "unrecognized JSONPath"),
        ("pod/a for=delete timeout=soon", "'soon' is not a duration"),
        ("pod/a for=delete --what", "does not know the option --what"),
        ("thing/a for=delete", 'does not have a resource type "thing"'),
    ],
)
def test_a_line_that_makes_no_sense_is_a_message(run, line, words):
    said = run(f"%wait {line}")
    assert words in said
    assert "→" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("given", "seconds"), [("90s", 90), ("1m30s", 90), ("5", 5), ("2h", 7200), ("100ms", 0.1)]
)
def test_durations_are_written_as_in_go(given, seconds):
    assert wait.parse_order(["pod/a", "for=delete", f"timeout={given}"]).timeout == seconds


def test_it_can_be_written_as_kubectl_has_it():
    order = wait.parse_order(
        ["--for", "condition=Ready", "pod", "a", "b", "--timeout=5s", "-n", "other"]
    )
    assert order.targets == (("pod", "a"), ("pod", "b"))
    assert (order.namespace, order.timeout, order.condition.text) == (
        "other",
        5,
        "condition=Ready",
    )


def test_no_object_is_an_error_of_ours():
    with pytest.raises(KubelearnError):
        wait.parse_order(["for=delete"])
