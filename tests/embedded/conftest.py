"""A clock that stands still until a test moves it, an API server in memory, and small objects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from kubelearn.objects import Object, timestamp
from tests.embedded.fakeclient import FakeClient
from tests.embedded.fakeclock import START, FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """Time that moves only when told."""
    return FakeClock()


@pytest.fixture
def api(clock: FakeClock) -> FakeClient:
    """An API server in memory, seen through a client."""
    return FakeClient(clock)


@pytest.fixture
def make_pod() -> Callable[..., Object]:
    """Pods; keywords go into spec, but for those of metadata and status."""

    def make(
        name: str = "web-1",
        *,
        labels: dict[str, str] | None = None,
        ready: bool = False,
        phase: str = "Pending",
        requests: dict[str, str] | None = None,
        created: datetime = START,
        status: Object | None = None,
        meta: Object | None = None,
        **spec: object,
    ) -> Object:
        container = {"name": "app", "image": "app:1", "resources": {"requests": requests or {}}}
        condition = {
            "type": "Ready",
            "status": str(ready),
            "lastTransitionTime": timestamp(created),
        }
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": "default",
                "uid": f"uid-of-{name}",
                "labels": labels or {},
                "creationTimestamp": timestamp(created),
                **(meta or {}),
            },
            "spec": {
                "containers": [container],
                "schedulerName": "default-scheduler",
                **spec,
            },
            "status": {"phase": phase, "conditions": [condition], **(status or {})},
        }

    return make


@pytest.fixture
def make_node() -> Callable[..., Object]:
    """Nodes with four cores, eight gigabytes and room for 110 pods."""

    def make(
        name: str = "worker",
        *,
        ready: str = "True",
        labels: dict[str, str] | None = None,
        allocatable: dict[str, str] | None = None,
        **spec: object,
    ) -> Object:
        room = {"cpu": "4", "memory": "8Gi", "pods": "110", **(allocatable or {})}
        condition = {
            "type": "Ready",
            "status": ready,
            "lastHeartbeatTime": timestamp(START),
            "lastTransitionTime": timestamp(START),
        }
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": name,
                "labels": {"kubernetes.io/hostname": name, **(labels or {})},
                "creationTimestamp": timestamp(START),
            },
            "spec": spec,
            "status": {"allocatable": room, "conditions": [condition]},
        }

    return make


@pytest.fixture
def make_volume() -> Callable[..., Object]:
    """PersistentVolumes of the class `slow`; keywords go into spec, None takes a field away."""

    def make(
        name: str = "disk",
        *,
        size: str = "1Gi",
        phase: str = "Available",
        labels: dict[str, str] | None = None,
        annotations: dict[str, str] | None = None,
        **spec: object,
    ) -> Object:
        fields = {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "slow",
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": "/tmp/disk"},
            **spec,
        }
        return {
            "metadata": {
                "name": name,
                "uid": f"uid-of-{name}",
                "labels": labels or {},
                "annotations": annotations or {},
                "resourceVersion": "1",
            },
            "spec": {key: value for key, value in fields.items() if value is not None},
            "status": {"phase": phase},
        }

    return make


@pytest.fixture
def make_claim() -> Callable[..., Object]:
    """PersistentVolumeClaims of the class `slow`; keywords go into spec."""

    def make(
        name: str = "data",
        *,
        size: str = "1Gi",
        annotations: dict[str, str] | None = None,
        phase: str = "Pending",
        meta: Object | None = None,
        **spec: object,
    ) -> Object:
        return {
            "metadata": {
                "name": name,
                "namespace": "default",
                "uid": f"uid-of-{name}",
                "annotations": annotations or {},
                "resourceVersion": "1",
                **(meta or {}),
            },
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "slow",
                "resources": {"requests": {"storage": size}},
                **spec,
            },
            "status": {"phase": phase},
        }

    return make


@pytest.fixture
def make_class() -> Callable[..., Object]:
    """StorageClasses."""

    def make(
        name: str = "slow",
        provisioner: str = "example.com/disk",
        *,
        default: bool = False,
        **fields: object,
    ) -> Object:
        marks = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
        meta = {"name": name, "annotations": marks, "creationTimestamp": timestamp(START)}
        return {"metadata": meta, "provisioner": provisioner, **fields}

    return make
