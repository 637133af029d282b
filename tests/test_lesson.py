"""What a lesson's cells call, on a cluster, with what the learner reads."""

import pytest

from kubelearn.clusters.transport import send
from kubelearn.errors import ApiError, CheckFailed, ClusterError, ManifestError, NotFound
from kubelearn.lesson import Lesson

POD = """
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {app: a}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: "kubelearn/hello:1.0"}]
"""


@pytest.fixture(scope="module")
def lesson(cluster):
    lesson = Lesson("helper-test", cluster=cluster)
    yield lesson
    lesson.finish()


def test_a_lesson_begins_in_an_empty_namespace_whatever_was_left_in_it(cluster, capsys):
    Lesson("again", cluster=cluster).apply(POD)
    again = Lesson("again", cluster=cluster)
    assert again.pods() == []
    said = capsys.readouterr().out
    assert "lesson-again was there from an earlier run" in said
    assert "$ kubectl create namespace lesson-again\n  POST /api/v1/namespaces → 201" in said
    again.finish()
    assert send(cluster.api_client, "GET", "/api/v1/namespaces/lesson-again").code == 404
    assert "✔ lesson-again is gone" in capsys.readouterr().out


def test_a_manifest_is_created_first_and_configured_the_second_time(lesson, capsys):
    lesson.apply(POD)
    lesson.apply(POD.replace("app: a", "app: b"))
    said = capsys.readouterr().out
    assert "POST /api/v1/namespaces/lesson-helper-test/pods" in said
    assert "pod/a created" in said
    assert "PATCH /api/v1/namespaces/lesson-helper-test/pods/a" in said
    assert "pod/a configured" in said
    lesson.check("it runs", lambda: lesson.ready("app=b"), 1)
    assert "✔ it runs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("manifest", "error", "words"),
    [
        ("kind: Pod\n  x: 1", ManifestError, "line 2"),
        (POD.replace("containers", "container"), ApiError, 'unknown field "spec.container"'),
        (POD.replace("kind: Pod", "kind: Pood"), NotFound, "serves no Pood in v1"),
        (POD.replace("v1", "no/v1"), NotFound, "serves no Pod in no/v1"),
    ],
)
def test_a_wrong_manifest_is_refused_in_words(lesson, manifest, error, words):
    with pytest.raises(error, match=words):
        lesson.apply(manifest)


def test_a_claim_that_does_not_come_true_says_what_was_seen(lesson):
    with pytest.raises(CheckFailed, match="seen: 1, expected: 2") as caught:
        lesson.check("one is two", lambda: 1, 2, within=0.1, idea="count again")
    assert caught.value.hint == "count again"


def test_a_refusal_while_a_claim_is_checked_is_what_was_seen(lesson):
    with pytest.raises(CheckFailed, match="not found"):
        lesson.check("it answers", lambda: lesson.ask("nobody:80", quiet=True), within=0.1)


def test_an_unknown_kind_is_named_with_a_hint(lesson):
    with pytest.raises(ClusterError, match="serves no kind called 'pod'") as caught:
        lesson.get("pod")
    assert "plural" in caught.value.hint


def test_a_command_in_an_absent_pod_is_refused_before_a_connection_is_opened(lesson):
    with pytest.raises(NotFound, match='pods "nobody" not found'):
        lesson.exec("nobody", "true")


def test_errors_reach_a_notebook_without_a_traceback(lesson):
    with pytest.raises(ManifestError) as caught:
        lesson.apply("")
    [shown] = caught.value._render_traceback_()
    assert shown.startswith("ManifestError: the manifest is empty\n  → ")


def test_what_a_lesson_builds_and_loads_is_gone_when_it_has_finished(cluster, tmp_path, capsys):
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    lesson = Lesson("97", cluster=cluster)
    if cluster.backend != "embedded":
        pytest.skip("its builder needs no Docker")
    report = lesson.build(tmp_path, "kubelearn/scratch:1")
    assert report.name.endswith("kubelearn/scratch:1")
    assert lesson.load_line("a:1") == "kubelearn images load a:1"
    lesson.finish()
    said = capsys.readouterr().out
    assert f"$ docker build -t kubelearn/scratch:1 {tmp_path.name}" in said
    assert "$ docker rmi kubelearn/scratch:1" in said
    assert lesson.builder.images() == []
