"""Widgets without Jupyter: a comm that records, a watch set and a courier that tests drive."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import comm
import pytest
from axe_playwright_python.sync_playwright import Axe
from comm.base_comm import BaseComm

from kubelearn.widgets import base, clustermap
from kubelearn.widgets.clustermap import ClusterMap
from kubelearn.widgets.courier import Courier, courier
from kubelearn.widgets.page import PageServer, Relay
from kubelearn.widgets.simulation import SimulatedCluster


class RecordedComm(BaseComm):
    """Keeps what would go to the browser."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.sent: list[Any] = []
        super().__init__(*args, **kwargs)

    def publish_msg(self, msg_type: str, data: Any = None, *_: Any, **__: Any) -> None:
        self.sent.append((msg_type, data))

    def receive(self, data: Any) -> None:
        """What a message from the browser does."""
        self.handle_msg({"content": {"data": data}, "buffers": []})

    def click(self, action: str, /, **arguments: Any) -> None:
        """What a click in the browser does."""
        content = {"type": "action", "name": action, "arguments": arguments}
        self.receive({"method": "custom", "content": content})

    @property
    def custom(self) -> list[Any]:
        """The messages of the document's protocol."""
        return [d["content"] for _, d in self.sent if d and d.get("method") == "custom"]


class HandDrivenCourier(Courier):
    """Posts when the test says so, at the time it says."""

    def __init__(self) -> None:
        super().__init__()
        self.parcels: list[Any] = []
        self.now = 100.0

    def add(self, parcel: Any) -> None:
        self.parcels.append(parcel)

    def remove(self, parcel: Any) -> None:
        self.parcels.remove(parcel)

    def wake(self) -> None:
        pass

    def deliver(self, *, after: float = 1.0) -> None:
        """Let time pass, and post what is due."""
        self.now += after
        for parcel in self.parcels:
            if parcel.due(self.now) <= self.now:
                parcel.post(self.now)


class HandDrivenWatches:
    """A watch set whose subscribers hear what the test says, in the test's thread."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self.cluster = cluster
        self.subscribers: list[Any] = []

    def subscribe(self, collections: Any, subscriber: Any) -> Any:
        self.subscribers.append(subscriber)
        self.collections = list(collections)
        self._seen: dict[Any, Any] = {}
        self.tell()
        subscriber.on_connection(None)
        return self

    def tell(self) -> None:
        """Tell the subscribers what changed in the simulated cluster."""
        for resource in dict.fromkeys(resource for resource, _ in self.collections):
            found = {self._key(obj): obj for obj in self.cluster.all(resource)}
            known = {key for kind, key in self._seen if kind == resource}
            for key in known - found.keys():
                del self._seen[resource, key]
                self._each("on_object", resource, key, None)
            for key, obj in found.items():
                if self._seen.get((resource, key)) != obj:
                    self._seen[resource, key] = obj
                    self._each("on_object", resource, key, obj)

    def settle(self) -> None:
        """Let the cluster come to rest, and tell of each step on the way."""
        before = None
        while before != self.cluster.version:
            before = self.cluster.version
            self.cluster.step()
            self.tell()

    def _each(self, name: str, *arguments: Any) -> None:
        for subscriber in self.subscribers:
            getattr(subscriber, name)(*arguments)

    def _key(self, obj: Any) -> str:
        meta = obj["metadata"]
        return f"{meta['namespace']}/{meta['name']}" if "namespace" in meta else meta["name"]

    def wait(self, seconds: float) -> bool:
        return True

    def close(self) -> None:
        self.subscribers.clear()


@pytest.fixture
def cluster() -> SimulatedCluster:
    """A simulated cluster at rest: three pods of the Deployment `web` run."""
    simulated = SimulatedCluster()
    simulated.settle()
    return simulated


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Widgets talk to recorders instead of a browser."""
    monkeypatch.setattr(comm, "create_comm", RecordedComm)


@pytest.fixture(name="courier")
def hand_driven_courier(monkeypatch: pytest.MonkeyPatch) -> HandDrivenCourier:
    """The courier of all widgets, driven by the test."""
    driven = HandDrivenCourier()
    for name, module in list(sys.modules.items()):
        if name.startswith("kubelearn.widgets.") and vars(module).get("courier") is courier:
            monkeypatch.setattr(module, "courier", driven)
    return driven


@pytest.fixture
def watches(
    monkeypatch: pytest.MonkeyPatch, cluster: SimulatedCluster, recorded: None, courier: Any
) -> HandDrivenWatches:
    """The watch set of all widgets; clicks act at once, in the test's thread."""
    driven = HandDrivenWatches(cluster)
    monkeypatch.setattr(base, "watches_of", lambda _api: driven)
    monkeypatch.setattr(base.DocumentWidget, "enqueue", lambda _self, job: job())
    assert clustermap.LiveWidget is base.LiveWidget
    return driven


@pytest.fixture
def server(cluster: SimulatedCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[PageServer]:
    """A page of its own with a map of the cluster."""
    monkeypatch.setattr(comm, "create_comm", Relay)
    made = PageServer(lambda: ClusterMap(cluster), port=0, title="Map", advice="Start it again.")
    thread = threading.Thread(target=made.serve, name="page", daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.close()
    thread.join(10)


HARNESS = """
<!doctype html><html lang="en"><head><title>widget</title><style>
  body { margin: 16px; font-family: sans-serif; }
  .dark { --jp-layout-color1: #212121; --jp-ui-font-color0: rgb(255 255 255 / 90%%);
          background: #111; color: #eee; color-scheme: dark; }
  %(css)s
</style></head><body><main><h1>Widget</h1><div id="views"></div></main></body></html>
"""

# Like anywidget, it hands another model object to `initialize` and to every view.
DRIVER = """
async ({esm, state}) => {
  const url = URL.createObjectURL(new Blob([esm], {type: "text/javascript"}));
  const widget = (await import(url)).default;
  const listeners = {};
  const model = () => ({
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; window.saved[name] = value; },
    save_changes: () => { window.saves += 1; },
    send: (content) => { window.sent.push(content); },
    on: (name, callback) => { (listeners[name] ??= []).push(callback); },
  });
  Object.assign(window, {
    sent: [], saved: {}, saves: 0,
    change: (name) => { for (const each of listeners[`change:${name}`] ?? []) each(); },
    tell: (message) => { for (const each of listeners["msg:custom"] ?? []) each(message); },
    open: () => {
      const el = document.createElement("div");
      document.getElementById("views").append(el);
      window.closeView = widget.render({model: model(), el});
    },
  });
  await widget.initialize?.({model: model()});
  window.open();
}
"""


class View:
    """A widget's JavaScript in a blank page, with a fake model."""

    def __init__(
        self, page: Any, widget: Any, state: dict[str, Any], *, clock: bool = False
    ) -> None:
        self.page = page
        self.clock = clock
        self.errors: list[str] = []
        self.revision = (state.get("snapshot") or {}).get("rev", 0)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        html = HARNESS % {"css": widget._css}
        page.route("**/*", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto("http://widget.test/")
        page.evaluate(DRIVER, {"esm": str(widget._esm), "state": state})

    def diff(self, **sections: Any) -> None:
        """The kernel tells a change."""
        self.revision += 1
        self.tell({"type": "diff", "rev": self.revision, "sections": sections})

    def draw_at_once(self) -> None:
        """Let drawing seem to cost nothing, however slow this machine is."""
        self.page.evaluate("() => { performance.now = () => Number.MAX_SAFE_INTEGER; }")

    def tell(self, message: Any) -> None:
        """The kernel sends a message."""
        self.page.evaluate("message => window.tell(message)", message)

    @property
    def sent(self) -> list[Any]:
        """What the view sent to the kernel, except how many views there are."""
        return [m for m in self.page.evaluate("window.sent") if m["type"] != "views"]

    def check_accessible(self, *, dark: bool | None = None) -> None:
        """Fail for what axe complains about, on a light or a dark page, or on the one that is."""
        if self.clock:
            self.page.clock.resume()  # axe waits now and then
        if dark is not None:
            self.page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()

    def check_width(self) -> None:
        """Fail where something sticks out of the widget or of the page."""
        for part in ("html", ".kl-root"):
            fits = "e => e.scrollWidth <= e.clientWidth"
            assert self(part).first.evaluate(fits), f"{part} is too wide"

    def __call__(self, selector: str) -> Any:
        return self.page.locator(selector)


@pytest.fixture
def open_view(chromium: Any) -> Any:
    """A function that opens a view of a widget class with a state; no error may occur in it."""
    opened: list[View] = []

    def open_(widget: Any, state: dict[str, Any], **options: Any) -> View:
        clock = options.pop("clock", False)
        page = chromium.new_page(**options)
        page.set_default_timeout(5_000)
        if clock:
            # It stands still: time passes only when a test says so.
            page.clock.install()
            page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
        opened.append(View(page, widget, state, clock=clock))
        return opened[-1]

    yield open_
    for view in opened:
        view.page.close()
        assert view.errors == []
