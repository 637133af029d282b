"""LogView, kernel side, with the logs of the simulated cluster."""

from __future__ import annotations

import pytest

from kubelearn.errors import KubelearnError
from kubelearn.objects import PODS
from kubelearn.widgets.logview import LogView


@pytest.fixture
def open_log(watches, cluster):
    opened = []

    def make(*arguments, **options):
        opened.append(LogView(cluster, *arguments, **options))
        return opened[-1]

    yield make
    for view in opened:
        view.close()


def names(cluster):
    return sorted(pod["metadata"]["name"] for pod in cluster.all(PODS))


def followed(view):
    return sorted(row["name"] for row in view.document.section("streams").values())


def test_one_pod_is_followed(open_log, cluster):
    name = names(cluster)[0]
    view = open_log(f"pod/{name}", "demo")
    assert followed(view) == [name]
    view.wait()
    rows = list(view.document.section("lines").values())
    assert rows[0]["text"] == f"hello 1.0: {name} listens on port 8080"
    assert view.document.get("feed", "command") == (
        f"kubectl logs pod/{name} -n demo --follow --tail=200"
    )


@pytest.mark.parametrize("of", [{"of": "deployment/web"}, {"selector": "app=web"}])
def test_all_pods_of_a_workload_or_a_selector_are_followed_as_they_come_and_go(
    open_log, cluster, watches, of
):
    view = open_log(namespace="demo", **of)
    assert followed(view) == names(cluster)
    gone = cluster.all(PODS)[0]
    cluster.remove(gone)
    watches.tell()
    assert followed(view) == names(cluster)
    assert gone["metadata"]["name"] not in followed(view)


def test_the_commands_print_the_same(open_log):
    view = open_log("deployment/web", "demo")
    options = "--prefix --max-log-requests=20"
    assert view.document.get("feed", "command") == (
        f"kubectl logs deployment/web -n demo --all-pods {options} --follow --tail=200"
    )
    view.comm.click("choose", container="*", previous=True, last=500)
    assert view.document.get("feed", "command") == (
        f"kubectl logs deployment/web -n demo --all-pods {options} "
        "--all-containers --previous --tail=500"
    )
    by_labels = open_log(namespace="demo", selector="app=web", container="hello")
    assert by_labels.document.get("feed", "command") == (
        f"kubectl logs -l app=web -n demo {options} -c hello --follow --tail=200"
    )


def test_nothing_runs_while_nobody_looks(open_log, cluster):
    view = open_log("deployment/web", "demo")
    streams = [channel.stream for channel in view._feed._channels.values()]
    view.detach()
    assert all(stream._stopped.is_set() for stream in streams)
    view.attach()
    assert not any(stream._stopped.is_set() for stream in streams)


def test_the_memory_of_lines_is_bounded(open_log, cluster):
    view = open_log("deployment/web", "demo", last=10)
    for _ in range(30):
        cluster.step()
    view.wait()
    view.look()
    assert len(view.document.section("lines")) <= 10
    view.comm.click("choose", last=10**9)
    assert view.document.get("feed", "last") == 1_000


def test_a_pod_that_is_not_there_yet_is_waited_for(open_log):
    view = open_log("later", "demo")
    assert view.line() == "later: 0 logs followed"
    assert view.picture().startswith("<svg")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ({"of": "service/web"}, "pod/NAME, or one of deployment"),
        ({"selector": "a in (b)"}, "app=web"),
    ],
)
def test_what_has_no_logs_is_refused_with_an_example(open_log, arguments, hint):
    with pytest.raises(KubelearnError, match=hint):
        open_log(**arguments)


def test_the_text_and_the_picture_are_of_now(open_log):
    data, _ = open_log("deployment/web", "demo")._repr_mimebundle_()
    assert data["text/plain"] == "deployment/web: 3 logs followed"
    assert "Log of deployment/web" in data["image/svg+xml"]
    assert "listens on port 8080" in data["image/svg+xml"]
