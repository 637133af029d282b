"""The public names: sorted, all there, and loaded only when used."""

import subprocess
import sys

import pytest

import kubelearn


def test_the_public_names_are_sorted_and_each_has_a_home():
    assert kubelearn.__all__ == sorted(kubelearn.__all__)
    assert set(kubelearn.__all__) == set(kubelearn._HOME_OF)


@pytest.mark.parametrize("name", kubelearn.__all__)
def test_every_public_name_can_be_imported_and_is_documented(name):
    assert getattr(kubelearn, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = kubelearn.nothing


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("kubelearn.embedded.launch", "kubernetes, ipywidgets, anywidget, IPython, docker"),
        ("kubelearn.cli", "kubernetes, ipywidgets, anywidget, IPython, docker, aiohttp"),
        ("kubelearn", "kubernetes, ipywidgets, anywidget, IPython, docker, aiohttp, yaml"),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(module, heavy):
    script = f"import sys, {module}; print(set({heavy.split(', ')!r}) & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
