"""What the live pictures cost, in a real JupyterLab: pixels, processors, bytes, memory.

    python bench/widgets.py                   100 and 1,000 pods
    python bench/widgets.py --pods 40         another size, as often as wanted
    python bench/widgets.py --displays 0 --updates 0      without what takes minutes

The nodes have no machines (`kubelearn up --runtime fake`), so that what is measured is the way from
the API to the screen: store, watch, kernel, two websockets, the page. All pictures are ClusterMaps.
Needs Chromium.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import re
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support.processes import cpu_seconds

from kubelearn.clusters import EmbeddedCluster, transport
from kubelearn.objects import DEPLOYMENTS, NAMESPACES, PODS, is_ready
from tools.lab import LabPage, LabServer

NAMESPACE = "pixels"
NODES = 12
PREPARE = """
import os, pathlib, time, kubelearn as kl
from IPython.display import clear_output, display
pathlib.Path("pid").write_text(str(os.getpid()))
cluster, widget, times = kl.connect(), None, 1
"""
CELL = f"""
widget = widget or kl.ClusterMap(cluster, {NAMESPACE!r})
for _ in range(times):
    clear_output(wait=True)
    display(widget)
    time.sleep(0.05 if times > 1 else 0)  # that the page has time to draw each
"""

# The frame after the next one begins when the one with the change has been painted.
WATCH = """key => {
  const pod = document.querySelector(`.kl-pod[data-key="${key}"]`);
  window.painted = undefined;
  new MutationObserver((_, observer) => {
    observer.disconnect();
    const changed = performance.timeOrigin + performance.now();
    requestAnimationFrame(() => requestAnimationFrame(() => {
      window.painted = [changed, performance.timeOrigin + performance.now()];
    }));
  }).observe(pod, { attributes: true, childList: true, subtree: true, characterData: true });
}"""
# From the widget's first element to the frame in which all pods are painted.
FIRST = """count => {
  window.complete = undefined;
  let first;
  const look = () => {
    const found = document.querySelectorAll(".kl-pod").length;
    if (found || document.querySelector(".kl-map")) first ??= performance.now();
    if (found < count) { requestAnimationFrame(look); return; }
    requestAnimationFrame(() => requestAnimationFrame(() => {
      window.complete = [first, performance.now(), performance.timeOrigin];
    }));
  };
  requestAnimationFrame(look);
}"""
FRAMES = """() => {
  window.frames_ = [];
  const step = (now) => {
    if (!window.frames_) return;
    window.frames_.push(now);
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""
END_OF_FRAMES = "() => { const all = window.frames_; window.frames_ = null; return all; }"


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pods", type=int, action="append", help="how many; may be repeated")
    parser.add_argument("--samples", type=int, default=20, help="writes to follow to the screen")
    parser.add_argument("--seconds", type=int, default=10, help="how long to change pods")
    parser.add_argument("--displays", type=int, default=1000, help="how often to display again")
    parser.add_argument("--updates", type=int, default=5000, help="how many changes to follow")
    options = parser.parse_args()
    sizes = options.pods or [100, 1000]
    with laboratory() as (cluster, lab):
        for pods in sizes:
            keys = fill(cluster.api_client, pods)
            first_render(lab, pods)
            to_pixels(cluster.api_client, lab, keys, options.samples)
            for changes in (1, 5, 20):
                churn(cluster.api_client, lab, keys, changes=changes, seconds=options.seconds)
        if options.displays:
            displays(lab, options.displays)
        if options.updates:
            updates(cluster.api_client, lab, keys, options.updates)


# --- the place ----------------------------------------------------------------------------------


@contextlib.contextmanager
def laboratory() -> Iterator[tuple[EmbeddedCluster, LabPage]]:
    """A cluster, and a page of JupyterLab on it."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KUBELEARN_STATE"] = f"{folder}/state"
        cluster = EmbeddedCluster("widgets", nodes=NODES, runtime="fake")
        cluster.up(say=lambda _: None)
        try:
            with notebook(Path(folder)) as lab:
                yield cluster, lab
        finally:
            cluster.delete(say=lambda _: None)


@contextlib.contextmanager
def notebook(folder: Path) -> Iterator[LabPage]:
    """A page of JupyterLab whose kernel is connected to the cluster."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("KUBELEARN_CHROMIUM") or shutil.which("chromium")
    if not path:
        raise SystemExit("no Chromium: apt-get install chromium, or set KUBELEARN_CHROMIUM")
    server = LabServer(folder / "lab")
    server.write("map.ipynb", [CELL])
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    precise = ["--enable-precise-memory-info", "--js-flags=--expose-gc"]
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=path, args=["--disable-gpu", *sandbox, *precise]
            )
            lab = LabPage(browser.new_page(viewport={"width": 1300, "height": 1000}), server)
            lab.open("map.ipynb")
            lab.execute(PREPARE)
            yield lab
            browser.close()
    finally:
        server.stop()


def fill(api: Any, pods: int) -> list[str]:
    """Have so many pods run; their keys, when all are ready."""
    transport.send(api, "POST", NAMESPACES.path(), body={"metadata": {"name": NAMESPACE}})
    labels = {"app": "web"}
    spec = {
        "replicas": pods,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "pause", "image": "pause"}]},
        },
    }
    body = {"metadata": {"name": "web"}, "spec": spec}
    made = transport.send(api, "POST", DEPLOYMENTS.path(NAMESPACE), body=body)
    if made.code == 409:
        _patch(api, DEPLOYMENTS.path(NAMESPACE, "web"), {"spec": {"replicas": pods}})
    until = time.monotonic() + 300
    while time.monotonic() < until:
        found = transport.send(api, "GET", PODS.path(NAMESPACE)).checked()["items"]
        if len(found) == sum(map(is_ready, found)) == pods:
            return [f"{NAMESPACE}/{pod['metadata']['name']}" for pod in found]
        time.sleep(0.2)
    raise SystemExit(f"{pods} pods were not ready within five minutes")


def _patch(api: Any, path: str, body: dict[str, Any]) -> None:
    kind = transport.STRATEGIC_PATCH
    transport.send(api, "PATCH", path, body=body, content_type=kind).checked()


def write(api: Any, key: str, number: int) -> None:
    """Change one pod: its image, since that is one write that changes one tile."""
    name = key.partition("/")[2]
    patch = {"spec": {"containers": [{"name": "pause", "image": f"pause:{number}"}]}}
    _patch(api, PODS.path(NAMESPACE, name), patch)


# --- the measures -------------------------------------------------------------------------------


def first_render(lab: LabPage, pods: int) -> None:
    """How long a map of all pods takes to appear."""
    lab.execute("if widget: widget.close()\nwidget = None")
    lab.command("notebook:clear-all-cell-outputs")
    lab.page.evaluate(FIRST, pods)
    asked = time.time() * 1000
    lab.run_all()
    lab.page.wait_for_function("window.complete", timeout=60_000)
    first, complete, origin = lab.page.evaluate("window.complete")
    print(f"\nFirst render of {pods:,} pods, milliseconds\n")
    print(f"{'from the run cell':<28}{origin + complete - asked:>8.0f}")
    print(f"{'from its first element':<28}{complete - first:>8.0f}")


def to_pixels(api: Any, lab: LabPage, keys: list[str], count: int) -> None:
    """From just before a request until the browser has painted the frame after the change."""
    samples = []
    for number in range(count):
        key = keys[number * 7 % len(keys)]
        lab.page.evaluate(WATCH, key)
        time.sleep(0.4)  # a click comes alone: the courier has rested
        started = time.time() * 1000
        write(api, key, number)
        answered = time.time() * 1000
        lab.page.wait_for_function("window.painted", timeout=10_000)
        changed, painted = lab.page.evaluate("window.painted")
        samples.append((answered - started, changed - started, painted - started))
    print(f"\nAPI write to painted pixels, {len(keys):,} pods, {count} writes, milliseconds\n")
    print(f"{'until':<22}{'median':>8}{'p90':>8}{'max':>8}")
    names = ("the API has answered", "the page has changed", "the frame is painted")
    for name, values in zip(names, zip(*samples, strict=True), strict=True):
        ordered = sorted(values)
        p90 = ordered[int(len(ordered) * 0.9) - 1]
        print(f"{name:<22}{statistics.median(values):>8.1f}{p90:>8.1f}{ordered[-1]:>8.1f}")


def churn(api: Any, lab: LabPage, keys: list[str], *, changes: int, seconds: int) -> None:
    """Ten times a second some pods change: what kernel and page have to do for it."""
    kernel, sizes = _kernel(lab), []
    session = lab.page.context.new_cdp_session(lab.page)
    session.send("Network.enable")
    session.on(
        "Network.webSocketFrameReceived",
        lambda event: sizes.append(len(event["response"]["payloadData"])),
    )
    over = threading.Event()
    written = [0]

    def change() -> None:
        started = time.monotonic()
        while not over.is_set():
            for _ in range(changes):
                written[0] += 1
                write(api, keys[written[0] * 7 % len(keys)], 1000 + written[0])
            # Never to catch up: a burst is not what a busy cluster looks like.
            over.wait(max(0.0, 0.1 - (time.monotonic() - started) % 0.1))

    before, started = cpu_seconds(kernel), time.monotonic()
    lab.page.evaluate(FRAMES)
    thread = threading.Thread(target=change)
    thread.start()
    lab.page.wait_for_timeout(seconds * 1000)
    over.set()
    thread.join()
    took, used = time.monotonic() - started, cpu_seconds(kernel) - before
    stamps = lab.page.evaluate(END_OF_FRAMES)
    session.detach()
    gaps = sorted(later - sooner for sooner, later in itertools.pairwise(stamps))
    print(
        f"\n{len(keys):,} pods, {written[0] / took:.0f} changes a second\n\n"
        f"{'kernel, share of a core':<28}{used / took:>8.1%}\n"
        f"{'bytes a change':<28}{sum(sizes) / written[0]:>8.0f}\n"
        f"{'messages a second':<28}{len(sizes) / took:>8.1f}\n"
        f"{'frames a second':<28}{len(gaps) / (stamps[-1] - stamps[0]) * 1000:>8.1f}\n"
        f"{'95 of 100 frames within ms':<28}{gaps[int(len(gaps) * 0.95)]:>8.1f}"
    )


def displays(lab: LabPage, count: int) -> None:
    """The same widget displayed again and again: what stays in kernel and page."""
    tenth = max(count // 10, 1)
    lab.execute(f"times = {tenth}")
    memory(lab, "display", tenth, lambda _: lab.command("notebook:run-all-cells", timeout=300))


def updates(api: Any, lab: LabPage, keys: list[str], count: int) -> None:
    """A long run of changes: what stays in kernel and page."""
    tenth = max(count // 10, 1)

    def change(done: int) -> None:
        for number in range(done, done + tenth):
            write(api, keys[number * 7 % len(keys)], number)

    memory(lab, "update", tenth, change)


def memory(lab: LabPage, what: str, tenth: int, go_on: Callable[[int], None]) -> None:
    """Do something in ten parts, and see what memory does."""
    kernel = _kernel(lab)
    print(f"\nMemory over {10 * tenth:,} {what}s\n")
    print(f"{what + 's':>9}{'kernel MB':>12}{'page MB':>12}")
    points = []
    for done in range(0, 11 * tenth, tenth):
        if done:
            go_on(done)
        lab.page.wait_for_timeout(500)
        lab.page.evaluate("() => { gc(); gc(); }")
        heap = lab.page.evaluate("performance.memory.usedJSHeapSize") / 1e6
        points.append((done, _rss(kernel), heap))
        print(f"{done:>9,}{points[-1][1]:>12.1f}{points[-1][2]:>12.1f}")
    # The first tenth fills caches.
    settled = points[1:]
    xs = [done for done, _, _ in settled]
    for column, name in ((1, "kernel"), (2, "page")):
        slope = statistics.linear_regression(xs, [point[column] for point in settled]).slope
        print(f"{name}: {slope * 1000:+.2f} kB for each {what}")


def _kernel(lab: LabPage) -> int:
    return int((lab.server.notebooks / "pid").read_text())


def _rss(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    main()
