"""Each widget runs without a cluster and without Jupyter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kubelearn.widgets import demo

MODULES = sorted(Path(demo.__file__).parent.glob("*.py"))
DEMOS = [path.stem for path in MODULES if '__name__ == "__main__"' in path.read_text()]


@pytest.mark.parametrize("name", DEMOS)
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
