"""Clusters that may be broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from kubelearn.clusters import EmbeddedCluster
from tests.faults.wire import Wire


@pytest.fixture
def cluster(state: Path) -> EmbeddedCluster:
    """A cluster of the test's own, running."""
    found = EmbeddedCluster()
    found.up()
    return found


@pytest.fixture
def small_cluster(state: Path) -> EmbeddedCluster:
    """The same with one node, for those who only need the API."""
    found = EmbeddedCluster(nodes=1)
    found.up()
    return found


@pytest.fixture
def connect() -> Iterator[Callable[[EmbeddedCluster], Wire]]:
    """Opens connections to a cluster, which are closed after the test."""
    with ExitStack() as stack:
        yield lambda cluster: stack.enter_context(closing(Wire(cluster)))
