"""The way from a Service's address to a pod, as rows and as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

from kubelearn.clusters.internals import Entry, Target
from kubelearn.diagrams.servicepath import draw, entry_row, summary

PODS = {"10.244.1.7": "web-a", "fd00::7": "web-b"}


def entry(*addresses, kind="ClusterIP"):
    share = 1 / max(len(addresses), 1)
    targets = tuple(Target(each, share, f"-j {each}") for each in addresses)
    return entry_row(Entry("10.96.0.7:80", kind, "TCP", "http", 0, targets), PODS)


def test_endpoints_are_known_by_the_names_of_their_pods():
    row = entry("10.244.1.7:8080", "[fd00::7]:8080", "10.244.1.9:8080")
    assert [each["pod"] for each in row["targets"]] == ["web-a", "web-b", ""]
    assert row["targets"][0]["chance"] == 0.3333


def test_the_summary_counts_endpoints():
    assert summary([entry("10.244.1.7:8080")]) == "10.96.0.7:80 leads to 1 endpoint"
    assert summary([entry()]) == "10.96.0.7:80 leads to no endpoints"
    assert summary([]) == "no address leads anywhere"


def test_the_picture_has_a_curve_for_each_endpoint_and_says_where_there_is_none():
    drawn = draw([entry("10.244.1.7:80", "10.244.1.9:80"), entry(kind="NodePort")], title="web")
    ElementTree.fromstring(drawn)
    assert drawn.count("<path") == 2
    assert "50%" in drawn
    assert "refused: no endpoint" in drawn
    assert drawn.index(">ClusterIP TCP http<") < drawn.index(">NodePort TCP http<")
