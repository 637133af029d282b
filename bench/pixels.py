"""How long from a write to the API until its pixels are painted, in a real JupyterLab.

    python bench/pixels.py [--pods 40] [--samples 20]

A pod's image is changed, since that is one write that changes one tile. The clock starts just
before the request and stops after the browser has painted the frame that follows the change. All
of it is on the way: API server, store, watch, kernel, two websockets, the page. Needs Chromium.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from kubelearn.clusters import EmbeddedCluster, transport
from kubelearn.objects import DEPLOYMENTS, NAMESPACES, PODS, is_ready
from tools.lab import LabPage, LabServer

NAMESPACE = "pixels"
CELLS = ["import kubelearn as kl", f"kl.ClusterMap(kl.connect(), {NAMESPACE!r})"]

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


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pods", type=int, default=40)
    parser.add_argument("--samples", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KUBELEARN_STATE"] = f"{folder}/state"
        cluster = EmbeddedCluster("pixels")
        cluster.up(say=lambda _: None)
        try:
            api = cluster.api_client
            keys = fill(api, options.pods)
            with notebook(Path(folder)) as lab:
                lab(".kl-pod").nth(options.pods - 1).wait_for(timeout=60_000)
                samples = [
                    measure(api, lab, keys[i % len(keys)], i) for i in range(options.samples)
                ]
        finally:
            cluster.delete(say=lambda _: None)
    report(samples, pods=options.pods)


def fill(api: Any, pods: int) -> list[str]:
    """Run so many pods; their keys, when all are ready."""
    transport.send(api, "POST", NAMESPACES.path(), body={"metadata": {"name": NAMESPACE}}).checked()
    labels = {"app": "web"}
    container = {"name": "pause", "image": "pause"}
    spec = {
        "replicas": pods,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    }
    body = {"metadata": {"name": "web"}, "spec": spec}
    transport.send(api, "POST", DEPLOYMENTS.path(NAMESPACE), body=body).checked()
    until = time.monotonic() + 120
    while time.monotonic() < until:
        found = transport.send(api, "GET", PODS.path(NAMESPACE)).checked()["items"]
        if sum(map(is_ready, found)) == pods:
            return [f"{NAMESPACE}/{pod['metadata']['name']}" for pod in found]
        time.sleep(0.2)
    raise SystemExit(f"{pods} pods were not ready within two minutes")


@contextmanager
def notebook(folder: Path) -> Iterator[LabPage]:
    """A page of JupyterLab with the map in it."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("KUBELEARN_CHROMIUM") or shutil.which("chromium")
    if not path:
        raise SystemExit("no Chromium: apt-get install chromium, or set KUBELEARN_CHROMIUM")
    server = LabServer(folder / "lab")
    server.write("map.ipynb", CELLS)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=path, args=["--disable-gpu", *sandbox]
            )
            lab = LabPage(browser.new_page(viewport={"width": 1300, "height": 1000}), server)
            lab.open("map.ipynb")
            lab.run_all()
            yield lab
            browser.close()
    finally:
        server.stop()


def measure(api: Any, lab: LabPage, key: str, number: int) -> tuple[float, float, float]:
    """One write: milliseconds until it was answered, in the page's DOM, and painted."""
    lab.page.evaluate(WATCH, key)
    time.sleep(0.4)  # a click comes alone: the courier has rested
    name = key.partition("/")[2]
    patch = {"spec": {"containers": [{"name": "pause", "image": f"pause:{number}"}]}}
    started = time.time() * 1000
    transport.send(
        api,
        "PATCH",
        PODS.path(NAMESPACE, name),
        body=patch,
        content_type=transport.STRATEGIC_PATCH,
    ).checked()
    answered = time.time() * 1000
    lab.page.wait_for_function("window.painted", timeout=10_000)
    changed, painted = lab.page.evaluate("window.painted")
    return answered - started, changed - started, painted - started


def report(samples: list[tuple[float, float, float]], *, pods: int) -> None:
    """The table."""
    print(f"API write to painted pixels, {pods} pods, {len(samples)} writes, milliseconds\n")
    print(f"{'until':<22}{'median':>8}{'p90':>8}{'max':>8}")
    for name, values in zip(
        ("the API has answered", "the page has changed", "the frame is painted"),
        zip(*samples, strict=True),
        strict=True,
    ):
        ordered = sorted(values)
        p90 = ordered[int(len(ordered) * 0.9) - 1]
        print(f"{name:<22}{statistics.median(values):>8.1f}{p90:>8.1f}{ordered[-1]:>8.1f}")


if __name__ == "__main__":
    main()
