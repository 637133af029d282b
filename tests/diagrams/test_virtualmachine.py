"""The picture of a container against a virtual machine."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from kubelearn.diagrams.virtualmachine import draw

FILE = Path(__file__).parents[2] / "lessons/pictures/container-or-virtual-machine.svg"


def test_only_virtual_machines_have_kernels_of_their_own():
    root = ElementTree.fromstring(draw())
    words = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert words.count("own kernel") == 3
    assert words.count("kernel of the host") == 2
    assert words.count("app") == 6


def test_the_lessons_have_the_picture_as_it_is_drawn():
    assert FILE.read_text() == draw() + "\n"
