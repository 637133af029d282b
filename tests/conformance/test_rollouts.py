"""Rollouts: self-healing, scaling, rolling updates, going back, and what stops them."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.needs_nodes


@pytest.fixture
def deployments(apps, core, namespace, eventually):
    return Deployments(apps, core, namespace, eventually)


class Deployments:
    """A Deployment `web` of sleeping pods, which is changed by its environment variable V."""

    def __init__(self, apps, core, namespace, eventually):
        self._apps = apps
        self._core = core
        self._namespace = namespace
        self._eventually = eventually

    def create(self, replicas, *, container=None, **spec):
        shell = {"name": "a", "image": "busybox:1.37", "command": ["sleep", "3600"]}
        pod = {"terminationGracePeriodSeconds": 0, "containers": [{**shell, **(container or {})}]}
        template = {"metadata": {"labels": {"app": "web"}}, "spec": pod}
        selector = {"matchLabels": {"app": "web"}}
        body = {
            "metadata": {"name": "web"},
            "spec": {"replicas": replicas, "selector": selector, "template": template, **spec},
        }
        self._apps.create_namespaced_deployment(self._namespace, body)

    def patch(self, spec):
        return self._apps.patch_namespaced_deployment("web", self._namespace, {"spec": spec})

    def change(self, value, **container):
        """Change the pod template, which begins a rollout."""
        fields = {"name": "a", "env": [{"name": "V", "value": value}], **container}
        return self.patch({"template": {"spec": {"containers": [fields]}}})

    def get(self):
        return self._apps.read_namespaced_deployment("web", self._namespace)

    def until(self, holds):
        return self._eventually(lambda: holds(self.get()) and self.get())

    def complete(self):
        """Wait until the rollout is complete, by the rules of kubectl rollout status."""
        return self.until(is_complete)

    def reason(self, kind):
        found = self.get().status.conditions or []
        return next((one.reason for one in found if one.type == kind), None)

    def sets(self):
        """The ReplicaSets by their revision."""
        found = self._apps.list_namespaced_replica_set(self._namespace).items
        revision = "deployment.kubernetes.io/revision"
        return {one.metadata.annotations[revision]: one for one in found}

    def pods(self):
        return [
            one
            for one in self._core.list_namespaced_pod(self._namespace).items
            if not one.metadata.deletion_timestamp
        ]


def is_complete(deployment):
    status, wanted = deployment.status, deployment.spec.replicas
    return (
        status.observed_generation == deployment.metadata.generation
        and status.updated_replicas == status.replicas == status.available_replicas == wanted
    )


def test_a_deployment_makes_a_set_that_makes_pods(deployments):
    deployments.create(2)
    web = deployments.complete()
    assert web.status.ready_replicas == 2
    [replica_set] = deployments.sets().values()
    digest = replica_set.metadata.labels["pod-template-hash"]
    assert replica_set.metadata.name == f"web-{digest}"
    assert replica_set.spec.selector.match_labels == {"app": "web", "pod-template-hash": digest}
    [owner] = replica_set.metadata.owner_references
    assert (owner.kind, owner.name, owner.uid) == ("Deployment", "web", web.metadata.uid)
    for pod in deployments.pods():
        assert pod.metadata.generate_name == f"web-{digest}-"
        assert pod.metadata.labels == {"app": "web", "pod-template-hash": digest}


def test_a_complete_deployment_says_so_in_its_conditions(deployments, eventually):
    deployments.create(1)
    eventually(lambda: deployments.reason("Progressing") == "NewReplicaSetAvailable")
    found = {one.type: one for one in deployments.get().status.conditions}
    [name] = [one.metadata.name for one in deployments.sets().values()]
    assert found["Available"].message == "Deployment has minimum availability."
    assert found["Progressing"].message == f'ReplicaSet "{name}" has successfully progressed.'


def test_pods_that_are_going_are_counted_apart(deployments, send, namespace):
    deployments.create(1)
    deployments.complete()
    path = f"/apis/apps/v1/namespaces/{namespace}"
    status = send("GET", f"{path}/deployments/web").checked()["status"]
    assert status["terminatingReplicas"] == 0
    [replica_set] = send("GET", f"{path}/replicasets").checked()["items"]
    assert replica_set["status"]["terminatingReplicas"] == 0


def test_a_pod_that_is_deleted_comes_back_under_another_name(deployments, core, namespace):
    deployments.create(2)
    deployments.complete()
    before = {pod.metadata.name for pod in deployments.pods()}
    victim = min(before)
    core.delete_namespaced_pod(victim, namespace)
    deployments.until(lambda web: len(deployments.pods()) == 2 and is_complete(web))
    after = {pod.metadata.name for pod in deployments.pods()}
    assert victim not in after
    assert len(before & after) == 1


def test_a_deployment_is_scaled_up_and_down_without_a_new_set(deployments):
    deployments.create(1)
    deployments.complete()
    for replicas in (3, 0):
        deployments.patch({"replicas": replicas})
        deployments.until(
            lambda web, replicas=replicas: (web.status.available_replicas or 0) == replicas
        )
    assert list(deployments.sets()) == ["1"]


def test_a_rollout_surges_up_and_rounds_its_missing_pods_down(
    deployments, watch, namespace, eventually
):
    deployments.create(5)
    begin = deployments.complete().metadata.resource_version
    deployments.change("2")
    deployments.complete()
    events = watch(
        f"/apis/apps/v1/namespaces/{namespace}/deployments",
        until=lambda event: (
            event["object"]["status"].get("updatedReplicas") == 5
            and event["object"]["status"]["replicas"] == 5
        ),
        resourceVersion=begin,
    )
    seen = [event["object"]["status"] for event in events]
    # 25 % of five are 1.25: two more at the most, one fewer at the most.
    assert max(status["replicas"] for status in seen) <= 7
    assert min(status.get("availableReplicas", 0) for status in seen) >= 4


def test_a_rollout_keeps_the_old_set_empty(deployments):
    deployments.create(2)
    deployments.complete()
    deployments.change("2")
    deployments.complete()
    sets = deployments.sets()
    assert {revision: one.spec.replicas for revision, one in sets.items()} == {"1": 0, "2": 2}
    assert deployments.get().metadata.annotations["deployment.kubernetes.io/revision"] == "2"


def test_going_back_takes_the_old_set_again_with_a_new_number(deployments):
    deployments.create(1)
    deployments.complete()
    old = deployments.sets()["1"]
    deployments.change("2")
    deployments.complete()
    # What kubectl rollout undo does: the old set's template becomes the Deployment's.
    containers = [{"name": "a", "env": [{"name": "V", "$patch": "delete"}]}]
    deployments.patch({"template": {"spec": {"containers": containers}}})
    deployments.complete()
    sets = deployments.sets()
    assert sorted(sets) == ["2", "3"]
    assert sets["3"].metadata.uid == old.metadata.uid
    history = sets["3"].metadata.annotations["deployment.kubernetes.io/revision-history"]
    assert history == "1"


def test_old_sets_beyond_the_limit_are_deleted(deployments, eventually):
    deployments.create(1, revisionHistoryLimit=1)
    deployments.complete()
    for value in ("2", "3"):
        deployments.change(value)
        deployments.complete()
    eventually(lambda: sorted(deployments.sets()) == ["2", "3"])


def test_recreate_ends_all_old_pods_first(deployments, watch, namespace):
    deployments.create(2, strategy={"type": "Recreate"})
    begin = deployments.complete().metadata.resource_version
    deployments.change("2")
    deployments.complete()
    living = {pod.metadata.name for pod in deployments.pods()}
    events = watch(
        f"/api/v1/namespaces/{namespace}/pods",
        until=lambda event: (
            event["object"]["metadata"]["name"] in living
            and event["object"]["status"]["phase"] == "Running"
        ),
        resourceVersion=begin,
    )
    kinds = [
        ("new" if event["object"]["metadata"]["name"] in living else "old", event["type"])
        for event in events
    ]
    first_new = kinds.index(("new", "ADDED"))
    assert kinds[:first_new].count(("old", "DELETED")) == 2


def test_a_version_that_never_gets_ready_leaves_the_old_pods_in_service(deployments, eventually):
    deployments.create(2, progressDeadlineSeconds=2)
    deployments.complete()
    never = {"periodSeconds": 1, "exec": {"command": ["false"]}}
    deployments.change("broken", readinessProbe=never)
    eventually(lambda: deployments.reason("Progressing") == "ProgressDeadlineExceeded")
    web = deployments.get()
    assert web.status.available_replicas == 2
    assert (web.status.updated_replicas, web.status.unavailable_replicas) == (1, 1)
    [told] = [one for one in web.status.conditions if one.type == "Progressing"]
    name = deployments.sets()["2"].metadata.name
    assert (told.status, told.message) == (
        "False",
        f'ReplicaSet "{name}" has timed out progressing.',
    )


def test_a_paused_deployment_rolls_nothing_out(deployments, eventually):
    deployments.create(1)
    deployments.complete()
    deployments.patch({"paused": True})
    eventually(lambda: deployments.reason("Progressing") == "DeploymentPaused")
    generation = deployments.change("2").metadata.generation
    deployments.until(lambda web: web.status.observed_generation == generation)
    assert list(deployments.sets()) == ["1"]
    deployments.patch({"paused": False})
    deployments.complete()
    assert sorted(deployments.sets()) == ["1", "2"]


def test_pods_count_as_available_only_after_their_time(deployments):
    deployments.create(1, minReadySeconds=2)
    web = deployments.until(lambda web: web.status.ready_replicas == 1)
    assert not web.status.available_replicas
    deployments.complete()


def test_a_deployment_tells_how_it_scales(deployments, core, namespace, eventually):
    deployments.create(2)
    deployments.complete()
    selector = "involvedObject.name=web,reason=ScalingReplicaSet"
    [event] = eventually(
        lambda: core.list_namespaced_event(namespace, field_selector=selector).items
    )
    [replica_set] = deployments.sets().values()
    assert event.message == f"Scaled up replica set {replica_set.metadata.name} from 0 to 2"
    assert event.source.component == "deployment-controller"
