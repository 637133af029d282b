"""What the conformance tests share: clients, a namespace a test, waiting, and who can run what.

The tests know Kubernetes and nothing else. They take any `cluster`, so the same file says what the
embedded cluster must do and proves on a real one that Kubernetes does it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client import ApiException

from kubelearn.clusters import transport

Object = dict[str, Any]

PATCH_TYPES = {
    "apply": transport.APPLY_PATCH,
    "json": transport.JSON_PATCH,
    "merge": transport.MERGE_PATCH,
    "strategic": transport.STRATEGIC_PATCH,
}


# --- which tests a cluster can run -----------------------------------------------------------


@pytest.fixture(scope="session")
def has_nodes(core):
    return bool(core.list_node().items)


@pytest.fixture(autouse=True)
def _skip_what_this_cluster_cannot_run(request):
    if request.node.get_closest_marker("needs_nodes") and not request.getfixturevalue("has_nodes"):
        pytest.skip("this API server has neither nodes nor controllers")


@pytest.fixture(autouse=True)
def _expect_known_gaps(request, cluster):
    gap = request.node.get_closest_marker("gap")
    if gap and cluster.backend == "embedded":
        # Strict: a gap that was closed must leave gaps.toml, and so the learners' page.
        request.applymarker(pytest.mark.xfail(reason=f"known gap: {gap.args[0]}", strict=True))


# --- clients ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def api(cluster):
    return cluster.api_client


@pytest.fixture(scope="session")
def core(api):
    return client.CoreV1Api(api)


@pytest.fixture(scope="session")
def apps(api):
    return client.AppsV1Api(api)


@pytest.fixture(scope="session")
def coordination(api):
    return client.CoordinationV1Api(api)


@pytest.fixture(scope="session")
def discovery(api):
    return client.DiscoveryV1Api(api)


@pytest.fixture(scope="session")
def send(api) -> Callable[..., transport.Answer]:
    """Send one request as plain JSON, where its line, its headers or its bytes are the point."""

    def call(method: str, path: str, *, patch: str = "", **options: Any) -> transport.Answer:
        if patch:
            options["content_type"] = PATCH_TYPES[patch]
        return transport.send(api, method, path, **options)

    return call


@pytest.fixture(scope="session")
def watch(api) -> Callable[..., list[Object]]:
    """The events of a watch, up to the first for which `until` holds, or to the watch's end."""

    def call(path: str, *, until: Callable[[Object], bool], **query: Any) -> list[Object]:
        events = []
        query = {"watch": "true", "timeoutSeconds": 10, **query}
        with closing(transport.lines(api, path, query=query)) as stream:
            for line in stream:
                events.append(json.loads(line))
                if until(events[-1]):
                    break
        return events

    return call


@pytest.fixture(scope="session")
def refused() -> Callable[..., Object]:
    """Call what the API server has to refuse; gives its `Status`."""

    def call(request: Callable[..., Any], *args: Any, **options: Any) -> Object:
        with pytest.raises(ApiException) as caught:
            request(*args, **options)
        status: Object = json.loads(caught.value.body)
        return status

    return call


# --- waiting ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """Ask again until the answer is true, and return it; a 404 on the way counts as "not yet"."""

    def call(question: Callable[[], Any], *, within: float = 60) -> Any:
        deadline = time.monotonic() + within
        while True:
            answer: Any = None
            try:
                answer = question()
            except ApiException as error:
                if error.status != 404:
                    raise
            if answer:
                return answer
            assert time.monotonic() < deadline, f"still {answer!r} after {within} s"
            time.sleep(0.05)

    return call


@pytest.fixture(scope="session")
def gone() -> Callable[..., bool]:
    """Whether reading an object answers 404: `eventually(lambda: gone(core.read_node, "n"))`."""

    def call(read: Callable[..., Any], *args: Any) -> bool:
        try:
            read(*args)
        except ApiException as error:
            return error.status == 404
        return False

    return call


# --- namespaces ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def new_namespace(core, has_nodes, eventually) -> Callable[[], str]:
    def make() -> str:
        name: str = core.create_namespace(
            {"metadata": {"generateName": "conformance-"}}
        ).metadata.name
        if has_nodes:
            # A pod is refused until the controller made its namespace's account.
            eventually(lambda: core.read_namespaced_service_account("default", name))
        return name

    return make


@pytest.fixture
def namespace(core, new_namespace) -> Iterator[str]:
    """A namespace of the test's own."""
    name = new_namespace()
    yield name
    core.delete_namespace(name)


@pytest.fixture(scope="session")
def shared_namespace(core, new_namespace) -> Iterator[str]:
    """One namespace for the tests that leave nothing behind, or nothing that others could meet."""
    name = new_namespace()
    yield name
    core.delete_namespace(name)


# --- objects ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def idle_deployment() -> Callable[..., Object]:
    """A paused Deployment of no pods: its spec can change with no controller changing it too."""

    def make(name: str, **spec: Any) -> Object:
        containers = [{"name": "app", "image": "x:1"}, {"name": "side", "image": "y:1"}]
        template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers}}
        selector = {"matchLabels": {"app": name}}
        base = {"replicas": 0, "paused": True, "selector": selector, "template": template}
        return {"metadata": {"name": name}, "spec": {**base, **spec}}

    return make


# --- the cluster -----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def cluster():
    import os
    from types import SimpleNamespace

    from kubernetes import config

    path = os.environ.get("KUBELEARN_TEST_KUBECONFIG")
    if not path:
        pytest.skip("KUBELEARN_TEST_KUBECONFIG names no cluster")
    return SimpleNamespace(
        api_client=config.new_client_from_config(path), backend="kubeconfig", name="test"
    )
