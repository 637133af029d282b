"""The images of a cluster, wired: stock images, the user's image store, registries."""

from __future__ import annotations

from kubelearn.containers.clusterimages import ClusterImages, Loaded
from kubelearn.containers.imagestore import Store
from kubelearn.containers.machineimages import MachineImages
from kubelearn.containers.stock import StockImages
from kubelearn.embedded.state import StateFolder, images_home, registry_mirror


def cluster_images(folder: StateFolder, *, rooted: bool) -> ClusterImages:
    """What the nodes of the cluster in that folder share."""
    home = images_home()
    roots = MachineImages(home / "machine") if rooted else None
    return ClusterImages(
        StockImages(folder.images, roots=roots),
        store=Store(home),
        loaded=Loaded(folder.images / "loaded.json"),
        rooted=rooted,
        mirror=registry_mirror(),
    )
