"""The pods of a test: what it runs in them, and what it waits for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubernetes import client

from kubelearn.objects import Object

PYTHON = "python:3.12-slim"


class Pods:
    """The pods of one namespace: run a script in one, wait for it, read what it left behind.

    Most tests need one pod of one container, so both have names by default: `p` and `a`.
    """

    def __init__(self, core: client.CoreV1Api, namespace: str, eventually: Callable[..., Any]):
        self._core = core
        self._namespace = namespace
        self._eventually = eventually

    def run(
        self,
        script: str = "sleep 3600",
        *,
        name: str = "p",
        labels: Object | None = None,
        spec: Object | None = None,
        **container: Any,
    ) -> None:
        """Create a pod that runs a shell script once; `spec` and container fields may say more."""
        shell = {"name": "a", "image": "busybox:1.37", "command": ["sh", "-c", script]}
        body = {
            "metadata": {"name": name, "labels": labels or {}},
            "spec": {
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": 1,
                "containers": [{**shell, **container}],
                **(spec or {}),
            },
        }
        self._core.create_namespaced_pod(self._namespace, body)

    def python(self, program: str, *arguments: str, **options: Any) -> None:
        """The same with a Python program."""
        self.run(image=PYTHON, command=["python", "-c", program, *arguments], **options)

    def get(self, name: str = "p") -> client.V1Pod:
        return self._core.read_namespaced_pod(name, self._namespace)

    def until(self, holds: Callable[[client.V1Pod], Any], name: str = "p") -> client.V1Pod:
        """Wait until something holds for a pod, and return it."""

        def found() -> client.V1Pod | None:
            pod = self.get(name)
            return pod if holds(pod) else None

        pod: client.V1Pod = self._eventually(found)
        return pod

    def ready(self, name: str = "p") -> client.V1Pod:
        return self.until(lambda pod: condition(pod, "Ready") == "True", name)

    def finished(self, name: str = "p") -> client.V1Pod:
        return self.until(lambda pod: pod.status.phase in ("Succeeded", "Failed"), name)

    def container(self, holds: Callable[[client.V1ContainerStatus], Any], name: str = "p") -> Any:
        """Wait until something holds for the first container's status, and return that."""
        pod = self.until(
            lambda pod: pod.status.container_statuses and holds(pod.status.container_statuses[0]),
            name,
        )
        return pod.status.container_statuses[0]

    def waiting(self, reason: str, name: str = "p") -> Any:
        """Wait until the first container waits for that reason, and return that state."""
        found = self.container(
            lambda one: one.state.waiting and one.state.waiting.reason == reason, name
        )
        return found.state.waiting

    def log(self, name: str = "p", **options: Any) -> str:
        # Without this, version 30.1 of the client decodes what looks like JSON.
        raw = self._core.read_namespaced_pod_log(
            name, self._namespace, _preload_content=False, **options
        )
        return str(raw.data.decode())

    def output(self, script: str, **options: Any) -> str:
        """What a script prints in a pod of its own, which has to succeed."""
        self.run(script, **options)
        name = options.get("name", "p")
        pod = self.finished(name)
        text = self.log(name)
        assert pod.status.phase == "Succeeded", text
        return text

    def printed(self, program: str, *arguments: str, **options: Any) -> list[str]:
        """The lines that a Python program prints in a pod of its own, which is gone afterwards."""
        name = "program"
        self.python(program, *arguments, name=name, **options)
        self.finished(name)
        text = self.log(name)
        self.delete(name, grace_period_seconds=0)
        return text.splitlines()

    def watch_go(self, watch: Callable[..., list[Any]], name: str = "p") -> dict[str, Any]:
        """Delete a pod and watch it go; gives its status as it was seen last, as plain JSON."""
        version = self.get(name).metadata.resource_version
        self.delete(name)
        events = watch(
            f"/api/v1/namespaces/{self._namespace}/pods",
            until=lambda event: event["type"] == "DELETED",
            resourceVersion=version,
            timeoutSeconds=60,
        )
        found: dict[str, Any] = events[-1]["object"]["status"]
        return found

    def nudge(self, name: str = "p") -> None:
        """Change a pod a little: a kubelet that would look again in a while does so at once."""
        patch = {"metadata": {"annotations": {"nudged": "yes"}}}
        self._core.patch_namespaced_pod(name, self._namespace, patch)

    def delete(self, name: str = "p", **options: Any) -> None:
        self._core.delete_namespaced_pod(name, self._namespace, **options)

    def event(self, reason: str, name: str = "p") -> Any:
        """Wait for an Event about a pod, and return it."""
        selector = f"involvedObject.name={name},reason={reason}"
        return self._eventually(
            lambda: self._core.list_namespaced_event(self._namespace, field_selector=selector).items
        )[0]


def condition(obj: Any, kind: str) -> str | None:
    """The status of an object's condition of that type."""
    found = (one.status for one in obj.status.conditions or [] if one.type == kind)
    return next(found, None)
