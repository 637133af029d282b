"""A drawn picture as the value of a cell."""

from __future__ import annotations

from kubelearn.diagrams import virtualmachine
from kubelearn.diagrams.export import export
from kubelearn.diagrams.picture import Picture


def test_a_notebook_gets_the_picture_and_a_terminal_its_label():
    shown = Picture(virtualmachine.draw())
    bundle = shown._repr_mimebundle_()
    assert bundle["image/svg+xml"] == virtualmachine.draw()
    assert bundle["text/plain"].startswith("Three apps in virtual machines")
    assert repr(Picture('<svg xmlns="http://www.w3.org/2000/svg"/>')) == "a picture"


def test_a_picture_can_be_exported(tmp_path):
    path = export(Picture(virtualmachine.draw()), tmp_path / "a.svg")
    assert path.read_text() == virtualmachine.draw()
