"""Which word the Tab key is asked for."""

from __future__ import annotations

import pytest

from kubelearn.magics.sentence import wanted


@pytest.mark.parametrize(
    ("line", "fragment", "kind"),
    [
        ("%kubectl get po", "po", ""),
        ("%kubectl get pods w", "w", "pods"),
        ("%kubectl get pods,svc w", "w", "svc"),
        ("%kubectl -n other get pods ", "", "pods"),
        ("%kubectl describe deploy/w", "deploy/w", "deploy"),
        ("%kubectl logs w", "w", "pods"),
        ("%kubectl drain w", "w", "nodes"),
        ("%kubectl rollout status deployment/", "deployment/", "deployment"),
        ("%kubectl get pods -n kube", "kube", "namespaces"),
        ("%%kubectl delete pod w", "w", "pod"),
        ("%wait pod/w", "pod/w", "pod"),
    ],
)
def test_kinds_and_names_are_asked_for_by_where_they_stand(line, fragment, kind):
    asked = wanted(line)
    assert (asked.fragment, asked.kind, asked.words) == (fragment, kind, ())


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("%kubectl ", "describe"),
        ("%kubectl -n other ", "get"),
        ("%kubectl rollout ", "undo"),
        ("%wait pod/web ", "for=delete"),
    ],
)
def test_some_words_need_no_cluster(line, word):
    assert word in wanted(line).words


@pytest.mark.parametrize(
    "line", ["print(1)", "kubectl get po", "%kubectl exec web -- l", "%kubectl get pods --out"]
)
def test_other_lines_are_left_to_others(line):
    assert wanted(line) is None


def test_the_namespace_of_the_line_is_meant():
    for flag in ("-n other", "--namespace other", "--namespace=other"):
        assert wanted(f"%kubectl {flag} get pods w").namespace == "other"
