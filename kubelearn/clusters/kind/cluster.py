"""A kind cluster: real Kubernetes, whose machines are containers of Docker Engine.

What it is made of, kind and Docker know; kept here are only a kubeconfig, the audit policy and what
kind said last:

    STATE/kind/NAME/   kubeconfig  audit-policy.yaml  kind.log
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubelearn.clusters.base import Cluster
from kubelearn.clusters.kind import images, readiness, requirements, skew, stock
from kubelearn.clusters.kind.command import Kind
from kubelearn.clusters.kind.config import KindConfig
from kubelearn.clusters.kind.internals import KindInternals
from kubelearn.clusters.kind.machines import Machines, api_port, execute, published_ports
from kubelearn.clusters.transport import send
from kubelearn.embedded import audittrail
from kubelearn.embedded.state import DEFAULT_NAME, home
from kubelearn.errors import ApiError, ClusterError
from kubelearn.progress import Progress, Say, telling

if TYPE_CHECKING:
    from docker.models.containers import Container

_NODES = 3
# What kind calls the last step before it waits for the other machines.
_STORAGE = "Installing StorageClass"
_JOINING, _READY = "Joining worker nodes", "Nodes are Ready"
# What kind tells of, and then we.
_STEPS = (
    "Ensuring node image",
    "Preparing nodes",
    "Writing configuration",
    "Starting control-plane",
    "Installing CNI",
    _STORAGE,
    _JOINING,
    _READY,
)
_ADMIN = "/etc/kubernetes/admin.conf"
_JOINED = "/etc/kubernetes/kubelet.conf"


class KindCluster(Cluster):
    """One kind cluster of this machine, by name, whether it runs or not.

    `nodes` (3), `image`, `ports` and `port` are for the first `up`: how many machines, their image
    (KUBELEARN_KIND_IMAGE, else kind's own choice), ports of this machine that lead to ports of the
    control plane's, and the API server's. A cluster that somebody made with kind is taken as it is.
    """

    backend = "kind"

    def __init__(
        self,
        name: str = DEFAULT_NAME,
        *,
        nodes: int | None = None,
        image: str | None = None,
        ports: Mapping[int, int] | None = None,
        port: int | None = None,
        why: str = "you asked for it",
    ) -> None:
        super().__init__(why=why)
        self.name = name
        self.folder = home() / "kind" / name
        self._nodes = nodes
        self._image = image
        self._ports = dict(ports or {})
        self._port = port
        self._kind = Kind(name, log=self.folder / "kind.log")

    @cached_property
    def machines(self) -> Machines:
        """Its nodes, as the containers that they are. Raises ClusterError without Docker."""
        return Machines(requirements.docker_client(), self.name)

    @property
    def internals(self) -> KindInternals:
        """What lies behind the API, through the machines."""
        return KindInternals(self)

    @property
    def kubeconfig(self) -> Path:
        """A file with everything inside; there after the first `up`."""
        return self.folder / "kubeconfig"

    def exists(self) -> bool:
        """Whether Docker has machines of this cluster. Raises ClusterError without Docker."""
        return bool(self.machines.all())

    def ready(self) -> bool:
        """Whether its API server answers and says that it is ready."""
        if not self.kubeconfig.exists():
            return False
        try:
            return send(self.api_client, "GET", "/readyz", timeout=5).code == 200
        except ApiError:
            return False

    def status(self) -> dict[str, Any] | None:
        """What Docker and kind say of it, or None when it does not run."""
        running = self.machines.switched_on()
        if not running:
            return None
        return {
            "ready": self.ready(),
            "server": self.api_client.configuration.host if self.kubeconfig.exists() else "",
            "nodes": [str(each.name) for each in running],
            "image": running[0].attrs["Config"]["Image"],
        }

    # --- up ---

    def up(self, *, say: Say | None = None) -> None:
        """Create it, or take it as it is, and wait until its nodes are ready.

        Raises ClusterError: what is missing on this machine, or what of the cluster is not right.
        """
        with telling(say, f"start cluster {self.name}") as work:
            machines = self.machines.all()
            if not machines:
                self._create(work)
            elif self._adopt(machines, work):
                self._wait(work)
            else:
                work(f"cluster {self.name} runs already")
                return
            if warning := skew.warning(self.info().version):
                work(f"  ! {warning}")

    def _create(self, work: Progress) -> None:
        nodes, ports = self._nodes or _NODES, [*self._ports, *filter(None, [self._port])]
        host = requirements.check(self.machines.docker, nodes=nodes, ports=ports)
        if host.cgroup_v1:
            work("  ! this kernel has control groups of version 1, which Kubernetes gives up")
        config = KindConfig(
            nodes=nodes,
            ports=self._ports,
            api_port=self._port or 0,
            policy_file=str(self._write_policy()) if host.local else "",
            cgroup_v1=host.cgroup_v1,
        )
        work.plan(*(step for step in _STEPS if step != _JOINING or nodes > 1))
        self._create_with_images(config, work)

    def _create_with_images(self, config: KindConfig, work: Progress) -> None:
        """Have kind create it; our own images are made and brought to the machines beside that."""
        image = self._image or os.environ.get("KUBELEARN_KIND_IMAGE", "")
        with ThreadPoolExecutor(1) as beside:
            beside.submit(stock.provide, self.machines.docker, stock.HELLO)
            loading: list[Future[None]] = []

            def done(step: str, result: str) -> None:
                work.finish(step, result)
                # From here on kind mostly waits; all machines can take images meanwhile.
                if step == _STORAGE:
                    loading.append(beside.submit(self.load_image, *stock.HELLO, say=_nothing))

            self._kind.create(config.render(), image=image, kubeconfig=self.kubeconfig, done=done)
            self.reconnect()
            self._wait(work)
            for each in loading:
                each.result()

    def _write_policy(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / "audit-policy.yaml"
        shutil.copy(audittrail.POLICY, path)
        return path

    def _adopt(self, machines: list[Container], work: Progress) -> bool:
        """Take a cluster that is there; tells whether there was something to do."""
        self._refuse_changes(machines)
        stopped = [each for each in machines if each.status != "running"]
        for machine in stopped:
            machine.start()
        if stopped:
            work.finish(f"switched on: {', '.join(str(each.name) for each in stopped)}")
        self._refuse_half(machines)
        known = self.kubeconfig.read_text() if self.kubeconfig.exists() else ""
        if (current := self._kind.kubeconfig()) != known:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.kubeconfig.touch(mode=0o600)
            self.kubeconfig.write_text(current)
            self.reconnect()
        return bool(stopped) or not self.ready()

    def _refuse_changes(self, machines: list[Container]) -> None:
        if self._nodes not in (None, len(machines)):
            raise ClusterError(
                f"cluster {self.name} has {len(machines)} nodes; kind can't change that",
                hint=f"{self._delete_line()}   # and up again; or: --name OTHER",
            )

    def _refuse_half(self, machines: list[Container]) -> None:
        for machine in machines:
            control_plane = machine.name == self.machines.control_plane().name
            if execute(machine, ["test", "-s", _ADMIN if control_plane else _JOINED]).code:
                raise ClusterError(
                    f"cluster {self.name} is half-created: {machine.name} was never set up",
                    hint=f"{self._delete_line()}   # and up again",
                )

    def _delete_line(self) -> str:
        return f"kubelearn down --backend kind --name {self.name} --delete"

    def _wait(self, work: Progress) -> None:
        work.begin(_READY)
        started = time.monotonic()
        readiness.wait(self, set(self.machines.names()))
        work.finish(_READY, f"{time.monotonic() - started:5.1f} s")

    # --- down ---

    def down(self, *, say: Say = print) -> None:
        """Switch its machines off; what is in the cluster stays."""
        running = self.machines.switched_on()
        # The control plane last, as it was first.
        for machine in reversed(running):
            machine.stop(timeout=2)
        if running:
            say(f"cluster {self.name} is stopped; its objects are kept")
        else:
            say(f"cluster {self.name} does not run")

    def delete(self, *, say: Say = print) -> None:
        """Delete it with its machines, and all that was kept here."""
        if self.exists():
            self._kind.delete()
            say(f"cluster {self.name} is deleted")
        else:
            say(f"there is no kind cluster {self.name}")
        shutil.rmtree(self.folder, ignore_errors=True)

    def reset(self, *, say: Say | None = None) -> None:
        """Delete it, and create it anew: as many nodes, the same image, the same ports."""
        if machines := self.machines.all():
            first = machines[0]
            self._nodes = self._nodes or len(machines)
            self._image = self._image or first.attrs["Config"]["Image"]
            self._ports = self._ports or published_ports(first)
            self._port = self._port or api_port(first)
        self.delete(say=say or print)
        self.up(say=say)

    # --- images and logs ---

    def load_image(self, *names: str, say: Say = print) -> None:
        """Bring images from Docker Engine to all nodes that run.

        Raises ClusterError for one that Docker lacks, a node that does not take them, and where
        none runs.
        """
        running = self.machines.switched_on()
        if not running:
            raise ClusterError(
                f"cluster {self.name} does not run",
                hint=f"kubelearn up --backend kind --name {self.name}",
            )
        images.bring(
            running, {name: images.digest_of(self.machines.docker, name) for name in names}
        )
        for name in names:
            say(f"  ✔ {name} is on all nodes")

    def stand_in(self, *names: str, say: Say = print) -> None:
        """Have Docker make stand-ins for those of these stock images that it lacks.

        They run this machine's own programs, for lessons where no registry answers. Raises
        ClusterError for what is no stock image.
        """
        for name in stock.provide(self.machines.docker, names):
            say(f"  ✔ {name} is made of this machine's own programs")

    def remove_image(self, *names: str, say: Say = print) -> None:
        """Take images off all nodes that run; Docker Engine keeps them."""
        for name in names:
            for machine in self.machines.switched_on():
                execute(machine, ["crictl", "rmi", name])
            say(f"  ✔ {name} is on no node")

    def logs(self, component: str = "") -> str:
        """What a component such as `kubelet@NODE` wrote last; without one, what kind said."""
        if component:
            return self.internals.logs(component)
        log = self.folder / "kind.log"
        return log.read_text(errors="replace") if log.exists() else ""


def _nothing(_: str) -> None:
    """Say nothing."""
