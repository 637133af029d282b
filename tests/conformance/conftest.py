"""What the conformance tests share: clients, a namespace a test, waiting, and who can run what.

The tests know Kubernetes and nothing else. They take any `cluster`, so the same file says what the
embedded cluster must do and proves on a real one that Kubernetes does it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, NoReturn

import pytest
from kubernetes import client
from kubernetes.client import ApiException

from kubelearn.clusters import transport
from kubelearn.errors import NotAvailable
from tests.conformance.pods import Pods

Object = dict[str, Any]

PATCH_TYPES = {
    "apply": transport.APPLY_PATCH,
    "json": transport.JSON_PATCH,
    "merge": transport.MERGE_PATCH,
    "strategic": transport.STRATEGIC_PATCH,
}

# Fixtures after which something happens within a minute. They are set up first and their tests run
# last, so that the others use the time.
SLOW = {"minutely", "silent_node"}


# --- which tests a cluster can run -----------------------------------------------------------


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("needs_nodes"):
            item.fixturenames.insert(0, "_nodes")
    items.sort(key=lambda item: bool(SLOW & {*item.fixturenames}))


def kubelet_of(node):
    return node.status.node_info and node.status.node_info.kubelet_version


@pytest.fixture(scope="session")
def machines(core) -> list[str]:
    """The names of the nodes behind which there is a kubelet."""
    return [node.metadata.name for node in core.list_node().items if kubelet_of(node)]


@pytest.fixture(scope="session")
def has_nodes(machines):
    return bool(machines)


@pytest.fixture(scope="session")
def lacking(cluster) -> Callable[[str], NoReturn]:
    """Skip a test for what a cluster lacks; the embedded one lacks nothing that is tested."""
    return pytest.fail if cluster.backend == "embedded" else pytest.skip


@pytest.fixture(scope="session")
def _nodes(has_nodes, lacking):
    if not has_nodes:
        lacking("this API server has neither nodes nor controllers")


@pytest.fixture(scope="session")
def runtimes(core) -> set[str]:
    """What runs containers, by the names that the nodes tell."""
    versions = [node.status.node_info.container_runtime_version for node in core.list_node().items]
    return {version.partition(":")[0] for version in versions}


@pytest.fixture(autouse=True)
def _expect_known_gaps(request, cluster):
    gap = request.node.get_closest_marker("gap")
    if gap and cluster.backend == "embedded" and not _is_closed(gap, request):
        # Strict: a gap that was closed must leave gaps.toml, and so the learners' page. Where it
        # depends on who runs the tests whether it shows, it cannot be.
        strict = not gap.kwargs.get("depends")
        request.applymarker(pytest.mark.xfail(reason=f"known gap: {gap.args[0]}", strict=strict))


def _is_closed(gap, request):
    """Whether this cluster has more than the one for which the gap is known."""
    root = os.geteuid() == 0
    if root and gap.kwargs.get("closed_for_root"):
        return True
    runtime = gap.kwargs.get("runtime")
    isolated = runtime is not None and runtime not in request.getfixturevalue("runtimes")
    return isolated and (root or not gap.kwargs.get("takes_root"))


@pytest.fixture(scope="session", autouse=True)
def _begin_what_takes_long(request):
    wanted = SLOW & {name for item in request.session.items for name in item.fixturenames}
    if wanted and request.getfixturevalue("has_nodes"):
        for name in sorted(wanted):
            request.getfixturevalue(name)


@pytest.fixture(scope="session")
def minutely(api, shared_namespace) -> str:
    """The name of a CronJob in the shared namespace that makes a Job every minute."""
    container = {"name": "a", "image": "busybox:1.37", "command": ["true"]}
    pod = {"restartPolicy": "Never", "containers": [container]}
    spec = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}}
    body = {"metadata": {"name": "tick"}, "spec": spec}
    client.BatchV1Api(api).create_namespaced_cron_job(shared_namespace, body)
    return "tick"


@pytest.fixture(scope="session")
def silent_node(core, shared_namespace) -> Iterator[str]:
    """A node that said once that it is ready, and nothing since: there is no machine behind it.

    Two pods were put on it, of which one leaves a silent node at once and the other never.
    """
    taint = {"key": "example.com/paper", "effect": "NoSchedule"}
    body = {"metadata": {"generateName": "silent-"}, "spec": {"taints": [taint]}}
    name: str = core.create_node(body).metadata.name
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "by a test"}
    ready["lastHeartbeatTime"] = datetime.now(UTC).isoformat()
    core.patch_node_status(name, {"status": {"conditions": [ready]}})
    for pod, patience in (("impatient", {"tolerationSeconds": 0}), ("patient", {})):
        body = {
            "metadata": {"name": pod},
            "spec": {
                "nodeName": name,
                "tolerations": [{"operator": "Exists", "effect": "NoExecute", **patience}],
                "containers": [{"name": "a", "image": "busybox:1.37"}],
            },
        }
        core.create_namespaced_pod(shared_namespace, body)
    yield name
    for pod in ("impatient", "patient"):
        core.delete_namespaced_pod(pod, shared_namespace, grace_period_seconds=0)
    core.delete_node(name)


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


@pytest.fixture(scope="session")
def has_metrics(api, core, eventually):
    """Whether there is a metrics server, which may begin a moment after the cluster."""

    def groups():
        return {group.name for group in client.ApisApi(api).get_api_versions().groups}

    def installed():
        services = core.list_namespaced_service("kube-system").items
        return any(service.metadata.name == "metrics-server" for service in services)

    if "metrics.k8s.io" in groups():
        return True
    try:
        eventually(installed, within=15)
    except AssertionError:
        return False
    eventually(lambda: "metrics.k8s.io" in groups())
    return True


@pytest.fixture
def _metrics(has_metrics, lacking):
    if not has_metrics:
        lacking("this cluster has no metrics server")


# --- what lies behind the API ------------------------------------------------------------------


@pytest.fixture(scope="session")
def answering(cluster, lacking) -> Callable[..., Any]:
    """A cluster's internals; where they do not answer that, the test is skipped with the reason."""

    def call(ask: Callable[[Any], object]) -> Any:
        try:
            ask(cluster.internals)
        except NotAvailable as reason:
            lacking(str(reason))
        return cluster.internals

    return call


@contextmanager
def _meanwhile(begin, end, name):
    begin(name)
    try:
        yield
    finally:
        end(name)


@pytest.fixture
def internals(answering):
    """What lies behind the API, of a cluster that can be opened."""
    return answering(lambda found: found.components())


@pytest.fixture
def loops(answering):
    """The same, of a cluster whose control loops can be watched too."""
    return answering(lambda found: found.controllers())


@pytest.fixture
def without(internals):
    """Stop a component for the time of a block."""
    return partial(_meanwhile, internals.stop, internals.start)


@pytest.fixture
def paused(loops):
    """Pause a controller, or the scheduler, for the time of a block."""
    return partial(_meanwhile, loops.pause, loops.resume)


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
            time.sleep(0.03)

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
def new_namespace(core, has_nodes, eventually) -> Iterator[Callable[[], str]]:
    def create() -> str:
        made = core.create_namespace({"metadata": {"generateName": "conformance-"}})
        return str(made.metadata.name)

    # A pod is refused until a controller made its namespace's account, so one is made ahead.
    spare = [create()]

    def take() -> str:
        spare.append(create())
        name = spare.pop(0)
        if has_nodes:
            eventually(lambda: core.read_namespaced_service_account("default", name))
        return name

    yield take
    core.delete_namespace(spare[0])


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


# --- pods ------------------------------------------------------------------------------------


@pytest.fixture
def pods(core, namespace, eventually) -> Pods:
    """The pods of the test's own namespace."""
    return Pods(core, namespace, eventually)


@pytest.fixture
def await_replicas(eventually) -> Callable[..., None]:
    """Wait until exactly so many replicas are there and available, by the object that is read."""

    def call(read: Callable[[], Any], count: int) -> None:
        def settled() -> bool:
            found = read()
            status = found.status
            seen = status.observed_generation == found.metadata.generation
            return seen and (status.replicas, status.available_replicas or 0) == (count, count)

        eventually(settled)

    return call


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


@pytest.fixture
def create_service(core, namespace) -> Callable[..., Any]:
    """Create a Service; gives it as stored."""

    def call(name: str, **spec: Any) -> Any:
        body = {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}], **spec}}
        return core.create_namespaced_service(namespace, body)

    return call
