"""Each picture that needs no cluster draws itself on the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kubelearn import diagrams

MODULES = sorted(Path(diagrams.__file__).parent.glob("*.py"))
DEMOS = [path.stem for path in MODULES if '__name__ == "__main__"' in path.read_text()]


@pytest.mark.parametrize("name", DEMOS)
def test_a_picture_draws_itself_on_the_command_line(name):
    ran = subprocess.run(
        [sys.executable, "-m", f"kubelearn.diagrams.{name}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ElementTree.fromstring(ran.stdout).tag.endswith("svg")
    assert ran.stderr == ""
