"""Images on disk: content by digest, names, layers, and merged root folders.

Stands for containerd's content store, image store and snapshotter. Left out: leases (a lock does),
encryption, layers that are fetched lazily.
"""

from kubelearn.containers.imagestore.errors import BrokenImage, NoSuchImage
from kubelearn.containers.imagestore.roots import Layer
from kubelearn.containers.imagestore.store import Store, StoredImage

__all__ = ["BrokenImage", "Layer", "NoSuchImage", "Store", "StoredImage"]
