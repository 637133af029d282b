"""ShipChecklist: how far an app has come on its way from a folder to a public URL.

It ticks what it sees: files in the folder, images where they are built, objects of the cluster, and
an answer at the public address. It changes nothing.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from kubelearn.containers.images import Reference
from kubelearn.diagrams.shipping import LOOKS, Order, Seen, draw, node_port, steps, summary
from kubelearn.errors import KubelearnError
from kubelearn.objects import (
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    NODES,
    PODS,
    SERVICE_NAME,
    SERVICES,
    Object,
    Resource,
    labels_of,
)
from kubelearn.widgets.base import Cluster, LiveWidget, script, style
from kubelearn.widgets.courier import courier

_PATIENCE = 1.0
_NODES_ASKED = 3

Visit = Callable[[str], tuple[int, str]]


class Named(Protocol):
    """An image, as a builder lists it."""

    @property
    def name(self) -> str:
        """Its name."""
        ...


class Images(Protocol):
    """Where images are when they are built."""

    def images(self) -> Sequence[Named]:
        """All of them."""
        ...


def visit(url: str) -> tuple[int, str]:
    """Ask an address as anybody would: the code, 0 for no answer, and the answer's first line."""
    # A company's proxy knows no way to a port of this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_PATIENCE) as answer:
            code, text = int(answer.status), answer.read(2000).decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.reason
    except OSError as error:
        return 0, str(getattr(error, "reason", error))
    return code, (text.strip().splitlines() or [""])[0][:80]


class ShipChecklist(LiveWidget):
    """The steps from the folder `folder` to a public URL of the Deployment and Service `name`.

    `images` tells whether `image` is built; `build` and `load` are the lines that do it. `files`
    are those that the folder has to have, the manifest last.
    """

    _esm = script("shipchecklist")
    _css = style("shipchecklist")
    watched = ("steps",)
    look_every = 2.0

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        namespace: str = "default",
        *,
        folder: Path | str,
        image: str,
        images: Images,
        files: Sequence[str] = ("app.py", "Dockerfile", "k8s.yaml"),
        build: str = "",
        load: str = "",
        visit: Visit = visit,
    ) -> None:
        self._folder = Path(folder)
        self._images = images
        self._visit = visit
        self._seen = Seen()
        self.order = Order(
            name=name,
            namespace=namespace,
            image=image,
            full_image=str(Reference.parse(image)),
            folder=self._folder.name,
            files=files,
            build=build or f"docker build -t {image} {self._folder.name}",
            load=load or f"kind load docker-image {image}",
        )
        kinds = (DEPLOYMENTS, PODS, SERVICES, ENDPOINT_SLICES)
        collections = [(NODES, None), *((kind, namespace) for kind in kinds)]
        facts = {"name": name, "namespace": namespace, "looks": LOOKS}
        super().__init__(cluster, collections, facts=facts)

    # --- what the cluster tells -------------------------------------------------------------

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """Something of the cluster has changed."""
        seen, mine = self._seen, name.rpartition("/")[2] == self.order.name
        if resource is NODES:
            seen.nodes = _put(seen.nodes, name, obj)
        elif resource is DEPLOYMENTS and mine:
            seen.deployment = obj
        elif resource is SERVICES and mine:
            seen.service = obj
        elif resource is PODS:
            seen.pods = _put(seen.pods, name, obj if obj and self._is_mine(obj) else None)
        elif resource is ENDPOINT_SLICES:
            labels = labels_of(obj) if obj else {}
            belongs = labels.get(SERVICE_NAME) == self.order.name
            seen.slices = _put(seen.slices, name, obj if belongs else None)
        self._judge()

    def forget(self) -> None:
        """Before a watch starts anew."""
        super().forget()
        self._seen = replace(Seen(), files=self._seen.files, built=self._seen.built)

    def _is_mine(self, pod: Object) -> bool:
        owners = pod["metadata"].get("ownerReferences") or []
        return any(str(owner["name"]).startswith(f"{self.order.name}-") for owner in owners)

    # --- what tells nothing by itself -------------------------------------------------------

    def look(self) -> None:
        """Look into the folder and at the images, and ask the public address."""
        seen = self._seen
        seen.files = {name: (self._folder / name).is_file() for name in self.order.files}
        seen.built = self._is_built()
        seen.answer = self._ask()
        self._judge()
        courier.wake()

    def _is_built(self) -> bool:
        try:
            names = [image.name for image in self._images.images()]
            return self.order.full_image in (str(Reference.parse(name)) for name in names)
        except KubelearnError:
            return False

    def _ask(self) -> tuple[str, int, str]:
        """The first node that answers, else what the last one asked said."""
        answer = ("", 0, "")
        for url in self.urls()[:_NODES_ASKED]:
            answer = (url, *self._visit(url))
            if answer[1]:
                break
        return answer

    def urls(self) -> list[str]:
        """The public addresses: the Service's port at every node."""
        port = node_port(self._seen.service)
        addresses = [
            each["address"]
            for node in self._seen.nodes.values()
            for each in (node.get("status") or {}).get("addresses") or []
            if each["type"] in ("InternalIP", "ExternalIP")
        ]
        return [f"http://{address}:{port}/" for address in addresses] if port else []

    def _judge(self) -> None:
        for row in steps(self.order, self._seen):
            self.document.put("steps", row["key"], row)

    # --- without a browser ------------------------------------------------------------------

    def picture(self) -> str:
        """The checklist as it is now."""
        return draw(self.order.name, self._rows(), notice=self.disconnected)

    def line(self) -> str:
        """How far it has come."""
        words = summary(self._rows())
        return f"{self.order.name}: {self.disconnected or words}"

    def _rows(self) -> list[Object]:
        self.wait()
        self.look()
        return list(self.document.section("steps").values())


def _put(known: Any, name: str, obj: Object | None) -> dict[str, Object]:
    others = {key: value for key, value in known.items() if key != name}
    return {**others, name: obj} if obj else others


def _demo(cluster: Any) -> ShipChecklist:
    class Built:
        name = "kubelearn/hello:1.0"

        def images(self) -> Sequence[Named]:
            return [self]

    folder = Path(__file__).parent.parent / "containers/apps/hello"
    return ShipChecklist(
        cluster,
        "web",
        "demo",
        folder=folder,
        image=Built.name,
        images=Built(),
        files=("app.py", "Dockerfile"),
        visit=lambda _url: (200, "Hello from web"),
    )


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(_demo, title="ShipChecklist")
