"""What lies behind the API: etcd's keys, what runs on a node, a Service's way, the audit trail.

Only a cluster that can be opened shows this; the others skip it with the reason.
"""

from __future__ import annotations

import copy
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from kubernetes import client

from kubelearn.errors import ClusterError, Compacted, NotAvailable


@pytest.fixture
def config_map(core, namespace):
    """A function that changes a ConfigMap, which gives the object as it is then."""
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "c"}, "data": {"n": "1"}})

    def change(number):
        return core.patch_namespaced_config_map("c", namespace, {"data": {"n": str(number)}})

    return change


@pytest.fixture
def key(namespace):
    return f"/registry/configmaps/{namespace}/c"


def revision_of(obj):
    return int(obj.metadata.resource_version)


# --- etcd ---


def test_an_object_is_a_key_and_its_resource_version_the_revision(internals, config_map, key):
    first, second = config_map(1), config_map(2)
    (found,) = internals.keys(key)
    assert (found.key, found.lease) == (key, 0)
    assert (found.create_revision, found.mod_revision) == (revision_of(first), revision_of(second))
    assert found.version == 2
    assert found.value
    assert found.object["kind"] == "ConfigMap"
    assert found.object["data"] == {"n": "2"}
    assert internals.etcd().revision >= found.mod_revision


def test_keys_come_in_order_and_as_many_as_asked_for(internals):
    found = [each.key for each in internals.keys("/registry/namespaces/")]
    assert "/registry/namespaces/default" in found
    assert found == sorted(found)
    assert [each.key for each in internals.keys("/registry/namespaces/", limit=2)] == found[:2]


def test_the_past_can_be_read_until_it_is_compacted(internals, config_map, key):
    first, second = config_map(1), config_map(2)
    (found,) = internals.keys(key, revision=revision_of(first))
    assert found.object["data"] == {"n": "1"}
    assert found.version == 1
    internals.compact(revision_of(second))
    assert internals.etcd().compacted >= revision_of(second)
    with pytest.raises(Compacted):
        internals.keys(key, revision=revision_of(first))
    with pytest.raises(Compacted):
        next(internals.watch_keys(key, start=revision_of(first), seconds=10))
    with pytest.raises(Compacted):
        internals.compact(revision_of(first))
    assert internals.keys(key)[0].object["data"] == {"n": "2"}


def test_the_future_cannot_be_read(internals):
    with pytest.raises(ClusterError, match="future revision"):
        internals.keys("/registry/namespaces/", revision=internals.etcd().revision + 10**6)


def test_a_watch_tells_what_changed_and_what_was_there_before(
    internals, config_map, core, namespace, key
):
    first = config_map(1)
    with closing(internals.watch_keys(key, start=revision_of(first), seconds=30)) as events:
        second = config_map(2)
        core.delete_namespaced_config_map("c", namespace)
        seen = [next(events) for _ in range(3)]
    assert [each.type for each in seen] == ["PUT", "PUT", "DELETE"]
    made, changed, deleted = seen
    assert made.prev is None
    assert (made.kv.mod_revision, made.kv.version) == (revision_of(first), 1)
    assert (changed.kv.mod_revision, changed.kv.version) == (revision_of(second), 2)
    assert changed.prev == made.kv
    assert deleted.kv.key == key
    assert deleted.kv.mod_revision > revision_of(second)
    assert (deleted.kv.value, deleted.kv.object, deleted.kv.version) == (b"", None, 0)
    assert deleted.prev == changed.kv


def test_a_watch_of_what_is_to_come_begins_with_the_call_and_ends_in_time(
    internals, config_map, key
):
    config_map(1)
    events = internals.watch_keys(key, seconds=3)
    config_map(2)
    assert [each.kv.version for each in events] == [2]


# --- nodes ---


@pytest.mark.needs_nodes
def test_a_node_shows_its_containers_and_their_processes(internals, pods):
    pods.run("sleep 4321", restartPolicy="Always")
    pod = pods.ready()
    status = pod.status.container_statuses[0]
    node = pod.spec.node_name
    container_id = status.container_id.partition("://")[2]
    (container,) = [one for one in internals.containers(node) if one.id == container_id]
    assert (container.name, container.pod) == ("a", "p")
    assert (container.namespace, container.state) == (pod.metadata.namespace, "Running")
    assert (container.image, container.attempt) == (status.image, 0)
    assert container.created.utcoffset() is not None
    processes = {one.pid: one for one in internals.processes(node)}
    first = processes[container.pid]
    assert first.container == container_id
    mine = [one for one in processes.values() if one.container == container_id]
    assert any("sleep 4321" in one.command for one in mine)
    assert any(not one.container for one in processes.values())


@pytest.mark.needs_nodes
def test_a_container_that_has_ended_is_still_there_and_has_no_process(internals, pods):
    pods.run("exit 3")
    pod = pods.finished()
    shown = {(one.namespace, one.pod): one for one in internals.containers(pod.spec.node_name)}
    container = shown[pod.metadata.namespace, "p"]
    assert (container.state, container.pid) == ("Exited", 0)


@pytest.mark.needs_nodes
def test_a_node_that_is_switched_off_shows_nothing(internals, machines):
    internals.stop_node(machines[-1])
    try:
        with pytest.raises(ClusterError):
            internals.containers(machines[-1])
        with pytest.raises(ClusterError):
            internals.processes(machines[-1])
    finally:
        internals.start_node(machines[-1])


def test_what_is_not_there_is_said_so(internals):
    with pytest.raises(NotAvailable, match="nowhere"):
        internals.containers("nowhere")
    with pytest.raises(NotAvailable, match="nowhere"):
        internals.processes("nowhere")
    with pytest.raises(NotAvailable, match="nowhere"):
        internals.service_path("kubernetes", node="nowhere")
    with pytest.raises(NotAvailable, match="no-such-service"):
        internals.service_path("no-such-service")


# --- Services ---


@pytest.fixture
def entries(internals, namespace):
    """The entries of a Service's path that are of one kind."""

    def read(service, kind="ClusterIP"):
        path = internals.service_path(service, namespace)
        assert path.service == f"{namespace}/{service}"
        return [entry for entry in path.entries if entry.kind == kind]

    return read


@pytest.mark.needs_nodes
def test_a_service_leads_to_each_of_its_pods_with_the_same_chance(
    internals, entries, pods, namespace, create_service, eventually
):
    for name in ("one", "two"):
        pods.run(name=name, labels={"app": "web"})
    ports = [{"port": 80, "targetPort": 8080, "name": "http"}]
    service = create_service("web", selector={"app": "web"}, ports=ports)
    ips = {pods.ready(name).status.pod_ip for name in ("one", "two")}
    eventually(lambda: [entry for entry in entries("web") if len(entry.targets) == 2])
    (entry,) = entries("web")
    assert entry.address == f"{service.spec.cluster_ip}:80"
    assert (entry.protocol, entry.port, entry.affinity_seconds) == ("TCP", "http", 0)
    assert {target.address for target in entry.targets} == {f"{ip}:8080" for ip in ips}
    assert [target.chance for target in entry.targets] == pytest.approx([0.5, 0.5], abs=0.001)
    text = internals.service_path("web", namespace).rules
    assert all(target.rule in text for target in entry.targets)
    assert all(ip in text for ip in ips)


@pytest.mark.needs_nodes
def test_a_service_without_pods_leads_nowhere(entries, create_service, eventually):
    service = create_service("empty", selector={"app": "nobody"})
    (entry,) = eventually(lambda: entries("empty"))
    assert (entry.address, entry.targets) == (f"{service.spec.cluster_ip}:80", ())


@pytest.mark.needs_nodes
def test_a_node_port_is_another_way_in_and_affinity_holds_for_both(
    entries, pods, create_service, eventually
):
    pods.run(labels={"app": "web"})
    pods.ready()
    config = {"clientIP": {"timeoutSeconds": 60}}
    service = create_service(
        "web",
        type="NodePort",
        selector={"app": "web"},
        sessionAffinity="ClientIP",
        sessionAffinityConfig=config,
    )
    eventually(lambda: [entry for entry in entries("web", "NodePort") if entry.targets])
    (inside,), (outside,) = entries("web"), entries("web", "NodePort")
    assert outside.address.endswith(f":{service.spec.ports[0].node_port}")
    assert outside.targets[0].address == inside.targets[0].address
    assert {inside.affinity_seconds, outside.affinity_seconds} == {60}


def test_a_service_without_an_address_has_no_way(internals, create_service, namespace):
    create_service("headless", clusterIP="None", selector={"app": "web"})
    assert internals.service_path("headless", namespace).entries == ()


# --- audit ---


@pytest.fixture
def trail(internals, namespace, eventually):
    """Wait for an event about the namespace that something holds for, and return it."""
    begin = datetime.now(UTC) - timedelta(seconds=60)

    def find(holds):
        def found():
            return [
                event
                for event in internals.audit(since=begin)
                if event.get("objectRef", {}).get("namespace") == namespace and holds(event)
            ]

        return eventually(found)[0]

    return find


def about(resource, verb, *, sub=None):
    def holds(event):
        target = event["objectRef"]
        found = (target["resource"], event["verb"], target.get("subresource"))
        return found == (resource, verb, sub)

    return holds


def test_the_audit_trail_says_who_changed_what_and_when(trail, config_map):
    config_map(1)
    event = trail(about("configmaps", "patch"))
    assert (event["apiVersion"], event["kind"]) == ("audit.k8s.io/v1", "Event")
    assert (event["level"], event["stage"]) == ("Metadata", "ResponseComplete")
    assert event["objectRef"]["name"] == "c"
    assert event["responseStatus"]["code"] == 200
    assert event["user"]["username"]
    assert event["annotations"]["authorization.k8s.io/decision"] == "allow"
    assert event["requestReceivedTimestamp"] <= event["stageTimestamp"]


@pytest.mark.needs_nodes
def test_the_audit_trail_follows_a_deployment_to_its_running_pod(
    trail, apps, namespace, idle_deployment
):
    apps.create_namespaced_deployment(namespace, idle_deployment("d", replicas=1, paused=False))
    deployment = trail(about("deployments", "create"))["responseObject"]
    replica_set = trail(about("replicasets", "create"))["responseObject"]
    pod = trail(about("pods", "create"))["responseObject"]
    bound = trail(about("pods", "create", sub="binding"))
    for resource, controller in (("replicasets", "deployment"), ("pods", "replicaset")):
        creator = trail(about(resource, "create"))["user"]["username"]
        assert creator == f"system:serviceaccount:kube-system:{controller}-controller"
    assert replica_set["metadata"]["ownerReferences"][0]["uid"] == deployment["metadata"]["uid"]
    assert pod["metadata"]["ownerReferences"][0]["uid"] == replica_set["metadata"]["uid"]
    assert bound["user"]["username"] == "system:kube-scheduler"
    assert bound["objectRef"]["name"] == pod["metadata"]["name"]
    node = bound["requestObject"]["target"]["name"]
    status = trail(about("pods", "patch", sub="status"))
    assert status["user"]["username"] == f"system:node:{node}"
    versions = [int(each["metadata"]["resourceVersion"]) for each in (deployment, replica_set, pod)]
    assert versions == sorted(versions)


def test_one_reads_on_in_the_audit_trail_where_one_was(internals, trail, config_map):
    config_map(1)
    first = trail(about("configmaps", "patch"))
    config_map(2)

    def second(event):
        found = about("configmaps", "patch")(event)
        return found and event["auditID"] != first["auditID"]

    known = trail(second)
    behind = [event["auditID"] for event in internals.audit(after=first["auditID"])]
    assert first["auditID"] not in behind
    assert known["auditID"] in behind
    with pytest.raises(ClusterError, match="no event"):
        list(internals.audit(after="no-such-id"))


def test_the_audit_trail_names_whom_one_acts_as_and_what_was_refused(trail, core, namespace):
    joe = copy.copy(core.api_client)
    joe.default_headers = {**joe.default_headers, "Impersonate-User": "joe"}
    with pytest.raises(client.ApiException, match="403"):
        client.CoreV1Api(joe).list_namespaced_config_map(namespace)
    event = trail(lambda event: event["responseStatus"]["code"] == 403)
    assert event["impersonatedUser"]["username"] == "joe"
    assert event["annotations"]["authorization.k8s.io/decision"] == "forbid"


@pytest.mark.needs_nodes
def test_the_audit_trail_notes_what_would_violate_a_pod_security_level(
    trail, core, pods, namespace
):
    labels = {"pod-security.kubernetes.io/audit": "restricted"}
    core.patch_namespace(namespace, {"metadata": {"labels": labels}})
    pods.run("true")
    annotations = trail(about("pods", "create"))["annotations"]
    assert annotations["pod-security.kubernetes.io/enforce-policy"] == "privileged:latest"
    told = annotations["pod-security.kubernetes.io/audit-violations"]
    assert told.startswith('would violate PodSecurity "restricted:latest"')
