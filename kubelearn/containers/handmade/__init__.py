"""A container made by hand, to take apart: util-linux does what runc does, one switch at a time."""

from kubelearn.containers.handmade.container import Handmade, Ran, shown
from kubelearn.containers.handmade.kinds import KINDS, Kind
from kubelearn.containers.handmade.view import NamespaceView

__all__ = ["KINDS", "Handmade", "Kind", "NamespaceView", "Ran", "shown"]
