"""Learn Kubernetes and Kubeflow on a live cluster.

What lessons use is imported from here, and only when it is used: a component of the embedded
cluster never loads ipywidgets, and `kubelearn up` never loads the official client.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from kubelearn import progress

if TYPE_CHECKING:
    from kubelearn.clusters import Cluster, Info, Internals, connect
    from kubelearn.clusters.doctor import doctor
    from kubelearn.clusters.images import builder
    from kubelearn.containers.handmade import Handmade
    from kubelearn.diagrams.export import export
    from kubelearn.diagrams.picture import Picture
    from kubelearn.errors import (
        ApiError,
        CheckFailed,
        ClusterError,
        ContainerError,
        KubelearnError,
        ManifestError,
        NotAvailable,
        StateError,
    )
    from kubelearn.lesson import Lesson
    from kubelearn.source import Source, show
    from kubelearn.widgets.applyxray import ApplyXray
    from kubelearn.widgets.clustermap import ClusterMap
    from kubelearn.widgets.controlplaneswitches import ControlPlaneSwitches
    from kubelearn.widgets.dashboard import Dashboard
    from kubelearn.widgets.deploymentpanel import DeploymentPanel
    from kubelearn.widgets.doctor import Doctor
    from kubelearn.widgets.etcdbrowser import EtcdBrowser
    from kubelearn.widgets.eventstream import EventStream
    from kubelearn.widgets.insideout import InsideOut
    from kubelearn.widgets.layerstack import LayerStack
    from kubelearn.widgets.logview import LogView
    from kubelearn.widgets.manifesteditor import ManifestEditor
    from kubelearn.widgets.nodeinspector import NodeInspector
    from kubelearn.widgets.objectgraph import ObjectGraph
    from kubelearn.widgets.packettrace import PacketTrace
    from kubelearn.widgets.podtimeline import PodTimeline
    from kubelearn.widgets.predict import Predict
    from kubelearn.widgets.quiz import Quiz
    from kubelearn.widgets.reconcileloop import ReconcileLoop
    from kubelearn.widgets.requestxray import RequestXray
    from kubelearn.widgets.schedulermatrix import SchedulerMatrix
    from kubelearn.widgets.servicemap import ServiceMap
    from kubelearn.widgets.shell import Shell
    from kubelearn.widgets.shipchecklist import ShipChecklist
    from kubelearn.widgets.timemachine import TimeMachine

__all__ = [
    "ApiError",
    "ApplyXray",
    "CheckFailed",
    "Cluster",
    "ClusterError",
    "ClusterMap",
    "ContainerError",
    "ControlPlaneSwitches",
    "Dashboard",
    "DeploymentPanel",
    "Doctor",
    "EtcdBrowser",
    "EventStream",
    "Handmade",
    "Info",
    "InsideOut",
    "Internals",
    "KubelearnError",
    "LayerStack",
    "Lesson",
    "LogView",
    "ManifestEditor",
    "ManifestError",
    "NodeInspector",
    "NotAvailable",
    "ObjectGraph",
    "PacketTrace",
    "Picture",
    "PodTimeline",
    "Predict",
    "Quiz",
    "ReconcileLoop",
    "RequestXray",
    "SchedulerMatrix",
    "ServiceMap",
    "Shell",
    "ShipChecklist",
    "Source",
    "StateError",
    "TimeMachine",
    "builder",
    "connect",
    "doctor",
    "export",
    "show",
]

_HOMES = {
    "clusters": ("Cluster", "Info", "Internals", "connect"),
    "clusters.doctor": ("doctor",),
    "clusters.images": ("builder",),
    "containers.handmade": ("Handmade",),
    "diagrams.export": ("export",),
    "diagrams.picture": ("Picture",),
    "errors": (
        "ApiError",
        "CheckFailed",
        "ClusterError",
        "ContainerError",
        "KubelearnError",
        "ManifestError",
        "NotAvailable",
        "StateError",
    ),
    "lesson": ("Lesson",),
    "source": ("Source", "show"),
    "widgets.applyxray": ("ApplyXray",),
    "widgets.clustermap": ("ClusterMap",),
    "widgets.controlplaneswitches": ("ControlPlaneSwitches",),
    "widgets.dashboard": ("Dashboard",),
    "widgets.deploymentpanel": ("DeploymentPanel",),
    "widgets.doctor": ("Doctor",),
    "widgets.etcdbrowser": ("EtcdBrowser",),
    "widgets.eventstream": ("EventStream",),
    "widgets.insideout": ("InsideOut",),
    "widgets.layerstack": ("LayerStack",),
    "widgets.logview": ("LogView",),
    "widgets.manifesteditor": ("ManifestEditor",),
    "widgets.nodeinspector": ("NodeInspector",),
    "widgets.objectgraph": ("ObjectGraph",),
    "widgets.packettrace": ("PacketTrace",),
    "widgets.podtimeline": ("PodTimeline",),
    "widgets.predict": ("Predict",),
    "widgets.reconcileloop": ("ReconcileLoop",),
    "widgets.quiz": ("Quiz",),
    "widgets.requestxray": ("RequestXray",),
    "widgets.schedulermatrix": ("SchedulerMatrix",),
    "widgets.servicemap": ("ServiceMap",),
    "widgets.shell": ("Shell",),
    "widgets.shipchecklist": ("ShipChecklist",),
    "widgets.timemachine": ("TimeMachine",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def _bar(work: progress.Progress) -> progress.Display | None:
    """In a notebook long work has a bar; what works is below all widgets and cannot know them."""
    found: progress.Display | None = importlib.import_module(
        "kubelearn.widgets.progressbar"
    ).in_notebook(work)
    return found


progress.show_with(_bar)


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext kubelearn` calls: the magics `%kubectl`, `%wait` and `%%manifest`."""
    importlib.import_module("kubelearn.magics").load(shell)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'kubelearn' has no attribute {name!r}")
    found = getattr(importlib.import_module(f"kubelearn.{_HOME_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
