"""PersistentVolumeClaims: what a client should know about sizes and old annotations.

Stands for k8s.io/kubernetes `pkg/registry/core/persistentvolumeclaim/strategy.go` and
`pkg/api/persistentvolumeclaim/util.go`.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubelearn.embedded.apiserver.strategy.base import Strategy
from kubelearn.objects import Object, annotations_of
from kubelearn.quantity import quantity

_OLD_CLASS = "volume.beta.kubernetes.io/storage-class"


class ClaimStrategy(Strategy):
    """PersistentVolumeClaims."""

    returns_deleted = True
    first_status = {"phase": "Pending"}

    def warnings(self, new: Object, old: Object | None) -> Iterable[str]:
        """A half byte is most often a mistake for half a gigabyte."""
        if _OLD_CLASS in annotations_of(new):
            yield (
                f"metadata.annotations[{_OLD_CLASS}]: deprecated since v1.8; use "
                '"storageClassName" attribute instead'
            )
        for name in ("requests", "limits"):
            size = (new["spec"]["resources"].get(name) or {}).get("storage")
            if size is not None and quantity(size) % 1:
                yield (
                    f"spec.resources.{name}[storage]: fractional byte value "
                    f'"{size}" is invalid, must be an integer'
                )
