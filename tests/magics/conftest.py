"""A shell with the magics, in a namespace of its own on the tests' cluster."""

from __future__ import annotations

from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import kubelearn
from kubelearn.clusters import current
from kubelearn.clusters.transport import send
from kubelearn.objects import NAMESPACES

NAMESPACE = "magics"


@pytest.fixture(scope="session")
def shell(cluster):
    """An IPython shell that has loaded the extension; it keeps no history."""
    body = {"metadata": {"name": NAMESPACE}}
    send(cluster.api_client, "POST", NAMESPACES.path(), body=body).checked()
    made = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    kubelearn.load_ipython_extension(made)
    yield made
    send(cluster.api_client, "DELETE", NAMESPACES.path(name=NAMESPACE)).checked()


@pytest.fixture(autouse=True)
def here(cluster, monkeypatch):
    """The magics are about the namespace of these tests."""
    monkeypatch.setattr(current, "_latest", [])
    current.use(cluster, NAMESPACE)


@pytest.fixture
def run(shell: Any, capsys: Any) -> Any:
    """A function that runs a cell and gives back what was printed."""

    def run_(cell: str) -> str:
        capsys.readouterr()
        shell.run_cell(cell)
        return "".join(capsys.readouterr())

    return run_
