"""The columns and cells of `kubectl get`, kind by kind.

Stands for upstream's `pkg/printers/internalversion/printers.go`. The server prints, not kubectl: so
that every client shows the same. Kinds without a printer get their name and their time.
"""

from kubelearn.embedded.apiserver.printers import (
    cluster,
    devices,
    flowcontrol,
    network,
    pod,
    storage,
    workloads,
)
from kubelearn.embedded.apiserver.printers.columns import PRINTERS, Column, Printer

__all__ = [
    "PRINTERS",
    "Column",
    "Printer",
    "cluster",
    "devices",
    "flowcontrol",
    "network",
    "pod",
    "storage",
    "workloads",
]
