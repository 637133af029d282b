"""InsideOut: a container that was made by hand, from the machine's side and from its own.

A switch for each kind of namespace starts the container anew with or without it, and shows the
command line and the flags of unshare(2) that do so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from kubelearn.containers.handmade import KINDS, NamespaceView, shown
from kubelearn.diagrams.insideout import LOOKS, draw, namespace_row, summary
from kubelearn.errors import KubelearnError
from kubelearn.widgets.base import DocumentWidget, script, style
from kubelearn.widgets.courier import courier


class Container(Protocol):
    """What the widget needs of a container."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def own(self) -> tuple[str, ...]:
        """The kinds of namespaces that it has of its own."""
        ...

    @property
    def pid(self) -> int:
        """Its first process, as the machine counts; 0 if it does not run."""
        ...

    def look(self) -> list[NamespaceView]:
        """Both sides, for each kind of namespace."""
        ...

    def command(self) -> Sequence[str]:
        """The line that starts it."""
        ...

    def start(self, *, quiet: bool = False) -> None:
        """Start it anew."""
        ...

    def switch(self, kind: str, *, on: bool, quiet: bool = False) -> None:
        """Start it anew with or without a namespace of that kind. Raises ContainerError."""
        ...


class InsideOut(DocumentWidget):
    """The two sides of a container."""

    _esm = script("insideout")
    _css = style("insideout")

    look_every = 1.5

    def __init__(self, container: Container) -> None:
        self.container = container
        facts = {"name": container.name, "kinds": list(KINDS), "looks": LOOKS}
        super().__init__(facts=facts)

    def attach(self) -> None:
        """Look now, and from time to time."""
        self.look()
        super().attach()

    def look(self) -> None:
        """Ask both sides."""
        for view in self.container.look():
            self.document.put("namespaces", view.kind, namespace_row(view))
        self.document.put("container", "pid", self.container.pid)
        courier.wake()

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Switch a namespace, or start the container again."""
        try:
            if name == "switch":
                kind, on = str(arguments["kind"]), bool(arguments["on"])
                self.container.switch(kind, on=on, quiet=True)
            elif name == "start":
                self.container.start(quiet=True)
        except KubelearnError as error:
            self.trace({"command": "", "request": "", "code": 0, "message": str(error)})
        else:
            self.trace(
                {
                    "command": shown(self.container.command()),
                    "request": _system_call(self.container.own),
                    "code": None,
                }
            )
        self.look()

    def picture(self) -> str:
        """Both sides as they are now."""
        self.look()
        return draw(self.container.name, self._rows(), state=self._state())

    def line(self) -> str:
        """Which namespaces are its own."""
        self.look()
        return f"{self.container.name}: {summary(self._rows())}"

    def _rows(self) -> list[dict[str, Any]]:
        return list(self.document.section("namespaces").values())

    def _state(self) -> str:
        pid = self.document.get("container", "pid")
        return f"its first process is number {pid} of this machine" if pid else "it does not run"


def _system_call(own: Sequence[str]) -> str:
    flags = [KINDS[name].flag for name in own]
    return (
        f"unshare({' | '.join(flags)})" if flags else "no namespace of its own: fork, and no more"
    )


if __name__ == "__main__":
    from kubelearn.containers.handmade import Handmade
    from kubelearn.widgets.demo import run

    run(lambda _cluster: InsideOut(Handmade(say=lambda _line: None)), title="InsideOut")
