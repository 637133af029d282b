"""Each widget runs without a cluster and without Jupyter."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "name", ["clustermap", "deploymentpanel", "insideout", "predict", "shipchecklist"]
)
def test_a_widget_draws_itself_on_the_command_line(name):
    ran = subprocess.run(
        [sys.executable, "-m", f"kubelearn.widgets.{name}", "--svg"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout.startswith("<svg")
    assert ran.stderr == ""
