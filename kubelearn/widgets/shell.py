"""Shell: a program in a pod's container, with a terminal in the page.

The terminal itself is xterm.js, which comes along (`bundled/`): what programs such as `vi` and
`top` write can only be shown by a real one. The program is started when somebody looks, and ended
when nobody does any more.
"""

from __future__ import annotations

import codecs
import re
import shlex
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kubelearn.clusters import podexec
from kubelearn.clusters.podexec import Session, Target
from kubelearn.diagrams.terminal import draw
from kubelearn.errors import KubelearnError
from kubelearn.objects import PODS, Object, Resource
from kubelearn.widgets.base import Cluster, LiveWidget, script, style
from kubelearn.widgets.courier import courier

Connect = Callable[[Any, Target], Session]

_BUNDLED = Path(__file__).parent / "bundled"
# So many letters are kept for a view that opens later, in at most so many pieces.
KEPT = 60_000
PIECES = 400
# Who prints more at once than this has to wait a moment: the page could not follow anyway.
_MUCH = 4_096
_REST = 0.05

_EXPORT = re.compile(r"(?s)(.*)export\{(\w+) as (\w+)\};?\s*")


def bundled(name: str) -> str:
    """A module of others as an expression in ours; it has exactly one export."""
    text = (_BUNDLED / f"{name}.mjs").read_text()
    found = _EXPORT.fullmatch(text)
    if found is None:
        raise ValueError(f"{name}.mjs does not end with its only export")
    body, inner, outer = found.groups()
    return f"const {outer} = (() => {{\n{body}\nreturn {inner};\n}})();\n"


class Shell(LiveWidget):
    """A program, `command`, in the pod `name`; without a `container`, in its first one."""

    _esm = bundled("xterm") + bundled("xterm-addon-fit") + script("shell")
    _css = (_BUNDLED / "xterm.css").read_text() + style("shell")

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        namespace: str = "default",
        *,
        container: str = "",
        command: Sequence[str] | str = ("sh",),
        connect: Connect = podexec.connect,
    ) -> None:
        self.name, self.namespace = name, namespace
        self._connect = connect
        self._session: Session | None = None
        self._opened = 0
        self._pieces = 0
        self._size = (80, 24)
        self._lock = threading.RLock()
        words = shlex.split(command) if isinstance(command, str) else list(command)
        facts = {"name": name, "namespace": namespace}
        super().__init__(cluster, [(PODS, namespace)], facts=facts)
        self._put_session(
            state="new", container=container, command=shlex.join(words), code=None, message=""
        )

    # --- what the cluster tells -----------------------------------------------------------------

    def show(self, resource: Resource, name: str, obj: Object | None) -> None:
        """The pod is there, or has gone."""
        if name == f"{self.namespace}/{self.name}":
            self.document.put("pod", "now", _pod(obj))

    # --- the program ----------------------------------------------------------------------------

    def act(self, name: str, arguments: dict[str, Any]) -> None:
        """Type, start, end."""
        session = self._session
        if name == "input" and session:
            session.write(str(arguments["data"]).encode())
            self.document.put("heard", str(arguments["view"]), int(arguments["number"]))
            courier.wake()
        elif name == "resize":
            self._size = int(arguments["columns"]), int(arguments["rows"])
            if session:
                session.resize(*self._size)
        elif name == "open":
            self._choose(str(arguments["container"]), str(arguments["command"]))
        elif name == "close":
            self._end("you ended it")

    def _follow_views(self, revision: int) -> None:
        super()._follow_views(revision)
        if not any(self._views.values()):
            self._end("nobody looked any more", state="unseen")
        elif self._now["state"] in ("new", "unseen"):
            self._open()

    def close(self) -> None:
        """End the program, follow no more, and remove the views."""
        self._end("the widget was closed")
        super().close()

    def _choose(self, container: str, command: str) -> None:
        try:
            words = shlex.split(command) or ["sh"]
        except ValueError as error:
            self._put_session(state="ended", message=f"cannot read the command: {error}")
            return
        self._end("you started another one")
        self._put_session(container=container, command=shlex.join(words))
        self._open()

    def _open(self) -> None:
        """Start the program, and have a thread pass on what it prints."""
        now = self._now
        target = Target(self.namespace, self.name, now["container"], shlex.split(now["command"]))
        self._put_session(state="connecting", code=None, message="")
        entry = {"command": kubectl_line(target), "request": f"GET {target.path}"}
        try:
            session = self._connect(self.cluster.api_client, target)
        except KubelearnError as error:
            self.trace({**entry, "code": getattr(error, "code", 0), "message": error.message})
            self._put_session(state="ended", message=error.message)
            return
        self.trace({**entry, "code": 101, "message": ""})
        with self._lock:
            self._opened += 1
            self._session = session
            self._put_session(state="open", number=self._opened)
        session.resize(*self._size)
        threading.Thread(
            target=self._pass_on,
            args=[session],
            name=f"kubelearn shell in {self.name}",
            daemon=True,
        ).start()

    def _pass_on(self, session: Session) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while (piece := session.read()) is not None:
            with self._lock:
                if self._session is not session:
                    return
                self._print(decoder.decode(piece))
            if len(piece) >= _MUCH:
                time.sleep(_REST)
        with self._lock:
            if self._session is session:
                self._session = None
                ending = session.ending
                self._put_session(state="ended", code=ending.code, message=ending.message)

    def _end(self, message: str, *, state: str = "ended") -> None:
        with self._lock:
            session, self._session = self._session, None
            if session:
                session.close()
                self._put_session(state=state, code=None, message=message)

    # --- what is told ---------------------------------------------------------------------------

    @property
    def _now(self) -> dict[str, Any]:
        return dict(self.document.get("session", "now") or {})

    def _put_session(self, **changes: Any) -> None:
        self.document.put("session", "now", {"number": 0, **self._now, **changes})
        courier.wake()

    def _print(self, text: str) -> None:
        """Add to the output; what is too long ago is forgotten."""
        if not text:
            return
        self._pieces += 1
        self.document.put("output", str(self._pieces), text)
        kept = self.document.section("output")
        length = sum(map(len, kept.values()))
        for key, piece in kept.items():
            if length <= KEPT and len(kept) - PIECES <= 0:
                break
            length -= len(piece)
            self.document.drop("output", key)
        courier.wake()

    @property
    def output(self) -> str:
        """What the program printed last, with all its control sequences."""
        return "".join(self.document.section("output").values())

    # --- without a browser ----------------------------------------------------------------------

    def picture(self) -> str:
        """The last lines."""
        return draw(f"Shell in {self.name}", self.output, words=self._words())

    def line(self) -> str:
        """Where it is, and whether it runs."""
        return f"shell in {self.name}: {self._words()}"

    def _words(self) -> str:
        now = self._now
        if now["state"] == "ended" and now["code"] is not None:
            return f"{now['command']} ended with exit code {now['code']}"
        states = {"new": "not started", "open": "runs", "connecting": "is being started"}
        return f"{now['command']}: {states.get(now['state']) or now['message']}"


def kubectl_line(target: Target) -> str:
    """The line that would open the same."""
    container = ["-c", target.container] if target.container else []
    words = ["kubectl", "exec", "-it", "-n", target.namespace, target.pod, *container, "--"]
    return shlex.join([*words, *target.command])


def _pod(pod: Object | None) -> dict[str, Any]:
    """What the view needs to know of the pod."""
    if pod is None:
        return {"there": False, "containers": []}
    status = pod.get("status") or {}
    told = [*(status.get("containerStatuses") or ()), *_others(status)]
    running = {each["name"] for each in told if "running" in (each.get("state") or {})}
    kinds = ("containers", "ephemeralContainers", "initContainers")
    names = [each["name"] for kind in kinds for each in pod["spec"].get(kind) or ()]
    listed = [{"name": name, "running": name in running} for name in names]
    ends = bool(pod["metadata"].get("deletionTimestamp"))
    return {"there": True, "ends": ends, "phase": status.get("phase", ""), "containers": listed}


def _others(status: Object) -> list[Object]:
    kinds = ("initContainerStatuses", "ephemeralContainerStatuses")
    return [each for kind in kinds for each in status.get(kind) or ()]


def _demo(cluster: Any) -> Shell:
    from kubelearn.widgets.simulation.shell import SimulatedShell

    pod = cluster.all(PODS)[0]["metadata"]["name"]
    return Shell(cluster, pod, "demo", connect=lambda _api, target: SimulatedShell(target))


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(_demo, title="Shell")
