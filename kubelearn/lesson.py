"""What a lesson's cells call: a namespace to play in, manifests, tables, checks, a way out.

Nothing here does what kubectl or the official client could not: each helper prints the kubectl
line that it stands for and the request that it sent. Cells use the official client themselves
wherever that reads as well.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubelearn import clusters, manifests
from kubelearn.clusters import current, kinds, transport
from kubelearn.clusters.apply import apply
from kubelearn.diagrams.table import format_table
from kubelearn.errors import ApiError, CheckFailed, ClusterError, ContainerError
from kubelearn.objects import Object, Resource, is_ready
from kubelearn.progress import Progress

if TYPE_CHECKING:
    from kubernetes.client import AppsV1Api, CoreV1Api

    from kubelearn.containers.build.report import BuildReport, Step
    from kubelearn.containers.imagebuilder import ImageBuilder

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
_POLL_SECONDS = 0.1


class Lesson:
    """A namespace `lesson-NN` of its own on the cluster, and the verbs that a lesson needs.

    What an earlier run left in that namespace is removed first, so a lesson always starts clean.
    Raises ClusterError when no cluster answers.
    """

    def __init__(self, number: str, *, cluster: clusters.Cluster | None = None) -> None:
        self.cluster = cluster or clusters.connect()
        self.namespace = f"lesson-{number}"
        self._nodes_found = self._schedulable_nodes()
        self._built: set[str] = set()
        self._loaded: set[str] = set()
        if self._exists():
            print(f"{self.namespace} was there from an earlier run; it is emptied first")
            self._remove_namespace()
        self._say("create namespace " + self.namespace, namespaced=False)
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}
        self._send("POST", "/api/v1/namespaces", body=body)
        self._await_service_account()
        current.use(self.cluster, self.namespace)

    @cached_property
    def core(self) -> CoreV1Api:
        """The official client for pods, services and the other kinds of the core group."""
        from kubernetes import client

        return client.CoreV1Api(self.cluster.api_client)

    @cached_property
    def apps(self) -> AppsV1Api:
        """The official client for Deployments and ReplicaSets."""
        from kubernetes import client

        return client.AppsV1Api(self.cluster.api_client)

    # --- change -----------------------------------------------------------------------------

    def apply(self, manifest: str) -> None:
        """Create the objects in the manifest, or change those that exist (`kubectl apply -f -`).

        Unknown fields are refused, as kubectl refuses them. Raises ManifestError for text that is
        no manifest, ApiError for what the API server refuses.
        """
        objects = manifests.load(manifest)
        self._say("apply -f -")
        for obj in objects:
            applied = apply(self.cluster.api_client, obj, namespace=self.namespace)
            print(f"  {applied.answer}")
            applied.answer.checked()
            print(applied)

    def delete(self, plural: str, name: str) -> None:
        """Delete one object of this lesson (`kubectl delete pods web-0`)."""
        self._say(f"delete {plural} {name}")
        self._send("DELETE", self._kind(plural).path(self.namespace, name))

    def scale(self, deployment: str, replicas: int) -> None:
        """Ask for that many replicas (`kubectl scale`)."""
        self._say(f"scale deployment {deployment} --replicas {replicas}")
        path = self._kind("deployments").path(self.namespace, deployment, "scale")
        body = {"spec": {"replicas": replicas}}
        self._send("PATCH", path, body=body, content_type=transport.MERGE_PATCH)

    # --- look -------------------------------------------------------------------------------

    def get(self, plural: str, *, selector: str = "") -> None:
        """Print the API server's own table of these objects (`kubectl get`)."""
        self._say(f"get {plural}" + (f" -l {selector}" if selector else ""))
        path = self._kind(plural).path(self.namespace)
        query = {"labelSelector": selector or None}
        table = self._fetch(path, query=query, accept=TABLE).checked()
        print(format_table(table))

    def pods(self, selector: str = "") -> list[Object]:
        """The pods of this lesson as plain dicts, oldest first."""
        path = self._kind("pods").path(self.namespace)
        found = self._fetch(path, query={"labelSelector": selector or None}).checked()["items"]
        return sorted(found, key=lambda pod: pod["metadata"]["creationTimestamp"])

    def pod_names(self, selector: str = "") -> list[str]:
        """The names of the pods that are not on their way out, oldest first."""
        pods = (pod["metadata"] for pod in self.pods(selector))
        return [str(meta["name"]) for meta in pods if "deletionTimestamp" not in meta]

    def ready(self, selector: str = "") -> int:
        """How many pods are ready and not on their way out."""
        pods = self.pods(selector)
        return sum(is_ready(p) and "deletionTimestamp" not in p["metadata"] for p in pods)

    def events(self, about: str = "") -> None:
        """Print what components reported, each line once (`kubectl events`)."""
        self._say("events" + (f" --for {about}" if about else ""))
        path = self._kind("events").path(self.namespace)
        name = about.rpartition("/")[2]
        query = {"fieldSelector": f"involvedObject.name={name}" if name else None}
        seen = set()
        for event in self._fetch(path, query=query).checked()["items"]:
            line = f"{event['type']:<8} {event['reason']:<18} {event['message']}"
            if line not in seen:
                seen.add(line)
                print(line)

    def logs(self, pod: str, *, container: str = "", previous: bool = False) -> None:
        """Print what a container wrote (`kubectl logs`)."""
        flags = (f" -c {container}" if container else "") + (" --previous" if previous else "")
        self._say(f"logs {pod}{flags}")
        path = self._kind("pods").path(self.namespace, pod, "log")
        query = {"container": container or None, "previous": "true" if previous else None}
        print(str(self._fetch(path, query=query).checked()).rstrip())

    def exec(self, pod: str, *command: str, container: str = "") -> str:
        """Run a command in a pod's container and give back what it printed (`kubectl exec`)."""
        from kubernetes import stream

        inside = f" -c {container}" if container else ""
        self._say(f"exec {pod}{inside} -- {shlex.join(command)}")
        # As kubectl does: a pod that is not there is told before a connection is opened.
        self._fetch(self._kind("pods").path(self.namespace, pod)).checked()
        answer: str = stream.stream(
            self.core.connect_get_namespaced_pod_exec,
            pod,
            self.namespace,
            command=list(command),
            stdout=True,
            stderr=True,
            **({"container": container} if container else {}),
        )
        return answer

    def ask(self, service: str, path: str = "/", *, quiet: bool = False) -> str:
        """Send a request to a Service through the API server, and give back the answer's text.

        `service` is `name:port`. This way works on every cluster, wherever its network is.
        """
        where = self._kind("services").path(self.namespace, service, "proxy") + path
        answer = self._fetch(where)
        if not quiet:
            print(f"$ kubectl get --raw {where}\n  {answer}")
        return str(answer.checked()).strip()

    # --- images -----------------------------------------------------------------------------

    @cached_property
    def builder(self) -> ImageBuilder:
        """What builds images where this cluster's nodes can get them from: our own builder for the
        embedded cluster, Docker Engine for all others. Raises ContainerError if that is missing."""
        from kubelearn.clusters import images

        return images.builder("own" if self.cluster.backend == "embedded" else "docker")

    def docker(self) -> ImageBuilder | None:
        """Docker Engine, where there is one; else None, and the reason is printed."""
        from kubelearn.clusters import images

        try:
            return images.builder("docker")
        except ContainerError as error:
            print(f"not on this machine: {error.message}")
            return None

    def build(self, folder: str | Path, image: str) -> BuildReport:
        """Build the folder's Dockerfile (`docker build -t IMAGE FOLDER`)."""
        print(f"$ docker build -t {image} {Path(folder).name}")
        with Progress(f"build {image}", quiet=True) as work:
            report = self.builder.build(folder, image, tell=partial(_tell_step, work))
        self._built.add(image)
        print(report)
        return report

    def load_image(self, image: str) -> None:
        """Bring an image from where it was built to all nodes (`kind load docker-image`)."""
        print(f"$ {self.load_line(image)}")
        with Progress(f"bring {image} to the nodes") as work:
            work.begin("copying")
            self.cluster.load_image(image, say=work)
        self._loaded.add(image)

    def load_line(self, image: str) -> str:
        """The line that brings an image to the nodes of this cluster."""
        if self.cluster.backend == "embedded":
            return f"kubelearn images load {image}"
        return f"kind load docker-image {image} --name {self.cluster.name}"

    # --- claims -----------------------------------------------------------------------------

    def check(
        self,
        claim: str,
        seen: Callable[[], Any],
        expected: Any = True,
        *,
        within: float = 60,
        idea: str = "",
    ) -> None:
        """Wait until what is seen is what is expected, then print the claim with a tick.

        A cluster needs a moment to get from what you wished to what is; `within` is how many
        seconds it may take. Raises CheckFailed with what was seen last; `idea` names what to
        read again.
        """
        deadline = time.monotonic() + within
        while (last := _attempt(seen)) != expected:
            if time.monotonic() > deadline:
                found = last.message if isinstance(last, ApiError) else repr(last)
                raise CheckFailed(
                    f"not so after {within:g} s: {claim}\n  seen: {found}, expected: {expected!r}",
                    hint=idea or "run the cells from the top of this lesson again",
                )
            time.sleep(_POLL_SECONDS)
        print(f"✔ {claim}")

    def finish(self) -> None:
        """Remove this lesson's namespace with all that is in it, and give nodes back to work."""
        self._say(f"delete namespace {self.namespace}", namespaced=False)
        self._remove_namespace(show=True)
        for name in self._nodes_found - self._schedulable_nodes():
            self._say(f"uncordon {name}", namespaced=False)
            body = {"spec": {"unschedulable": None}}
            path = f"/api/v1/nodes/{name}"
            self._send("PATCH", path, body=body, content_type=transport.MERGE_PATCH)
        self._remove_images()
        current.use(self.cluster)
        print(f"✔ {self.namespace} is gone; the cluster is as you found it")

    def _remove_images(self) -> None:
        """Those that this lesson has built, and those that it has brought to the nodes."""
        if self._loaded:
            self.cluster.remove_image(*sorted(self._loaded))
        for image in sorted(self._built):
            print(f"$ docker rmi {image}")
            self.builder.remove(image)
        self._loaded, self._built = set(), set()

    # --- underneath -------------------------------------------------------------------------

    def _say(self, words: str, *, namespaced: bool = True) -> None:
        print(f"$ kubectl {f'-n {self.namespace} ' if namespaced else ''}{words}")

    def _send(self, method: str, path: str, **options: Any) -> Object:
        answer = transport.send(self.cluster.api_client, method, path, **options)
        print(f"  {answer}")
        body: Object = answer.checked()
        return body

    def _fetch(
        self, path: str, *, query: Mapping[str, Any] | None = None, accept: str = "application/json"
    ) -> transport.Answer:
        return transport.send(self.cluster.api_client, "GET", path, query=query, accept=accept)

    def _kind(self, plural: str) -> Resource:
        return kinds.of_name(self.cluster.api_client, plural)

    def _exists(self) -> bool:
        return self._fetch(f"/api/v1/namespaces/{self.namespace}").code == 200

    def _remove_namespace(self, *, show: bool = False) -> None:
        path = f"/api/v1/namespaces/{self.namespace}"
        answer = transport.send(self.cluster.api_client, "DELETE", path)
        if show:
            print(f"  {answer}")
        deadline = time.monotonic() + 120
        while self._exists():
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"namespace {self.namespace} is still there after two minutes",
                    hint=f"kubectl get namespace {self.namespace} -o yaml   # conditions say why",
                )
            time.sleep(_POLL_SECONDS)

    def _await_service_account(self) -> None:
        # A controller makes it a moment after the namespace; pods are refused until then.
        path = f"/api/v1/namespaces/{self.namespace}/serviceaccounts/default"
        deadline = time.monotonic() + 20
        while self._fetch(path).code == 404 and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS / 4)

    def _schedulable_nodes(self) -> set[str]:
        nodes = self._fetch("/api/v1/nodes").checked()["items"]
        return {
            str(node["metadata"]["name"])
            for node in nodes
            if not node.get("spec", {}).get("unschedulable")
        }


def _tell_step(work: Progress, step: Step) -> None:
    """A step of a build has begun, has printed something, or is done."""
    if work.total != step.total:
        work.plan(total=step.total)
    if step.state == "running":
        work.begin(step.text)
    elif step.state == "output":
        work.tell(step.output.strip()[:80])
    else:
        work.finish(step.text, "from the cache" if step.cached else f"{step.seconds:.2f} s")


def _attempt(seen: Callable[[], Any]) -> Any:
    """What is seen, or the API's refusal: a pod on its way up refuses at first."""
    from kubernetes.client import ApiException

    try:
        return seen()
    except (ApiError, ApiException) as error:
        return error
