"""Run upstream's own conformance tests (`e2e.test`) on embedded clusters, and count.

`make upstream-conformance` calls this after `make upstream` has built the programs. Each share of
the tests gets a cluster of its own, and the shares run side by side; a test that fails often waits
for minutes first, so the whole takes an hour or more. `--focus` takes a part of it.

The images of upstream's tests cannot be pulled here. Stock images stand for those that have one,
and `agnhost`, the program that most tests run, is built with the others.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from kubelearn.clusters import EmbeddedCluster

ROOT = Path(__file__).resolve().parent.parent
UPSTREAM = Path(os.environ.get("KUBELEARN_UPSTREAM") or ROOT / ".cache" / "upstream")
CONFORMANCE = r"\[Conformance\]"
SHARES = {
    "machinery": r"\[sig-(api-machinery|architecture|auth|instrumentation)\]",
    "workloads": r"\[sig-(apps|cli|scheduling)\]",
    "nodes": r"\[sig-node\]",
    "rest": r"\[sig-(network|storage)\]",
}
# Without a domain, these are the names of our stock images.
REGISTRIES = "promoterE2eRegistry: library\ngcRegistry: library\n"


@dataclass(frozen=True)
class Result:
    """One test: its area (a SIG), its name, and what it said when it failed."""

    area: str
    name: str
    failure: str | None


def main() -> None:
    """Run the shares, print totals and failures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--focus", default="", help="a regular expression that names must match")
    parser.add_argument("--skip", default="", help="one that they must not match")
    parser.add_argument("--reports", type=Path, default=ROOT / "test-results" / "e2e")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as state:
        os.environ["KUBELEARN_STATE"] = state
        os.environ["PATH"] = f"{UPSTREAM}:{os.environ['PATH']}"
        run_all(options.reports, focus=options.focus, skip=options.skip)
    results = [result for path in options.reports.rglob("junit*.xml") for result in read(path)]
    print(report(results))
    sys.exit(any(result.failure for result in results))


def run_all(reports: Path, *, focus: str, skip: str) -> None:
    """Run every share to its end, each on its own cluster."""
    clusters, processes = [], []
    try:
        for name, area in SHARES.items():
            cluster = EmbeddedCluster(name)
            clusters.append(cluster)
            cluster.up()
            wanted = f"{area}.*{focus}.*{CONFORMANCE}"
            processes.append(start(cluster, reports / name, wanted=wanted, skip=skip))
        for process in processes:
            process.wait()
    finally:
        for process in processes:
            process.kill()
        for cluster in clusters:
            cluster.delete()


def start(
    cluster: EmbeddedCluster, folder: Path, *, wanted: str, skip: str
) -> subprocess.Popen[bytes]:
    """Start one run of upstream's tests."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("junit*.xml"):
        old.unlink()
    registries = folder / "registries.yaml"
    registries.write_text(REGISTRIES)
    with (folder / "e2e.log").open("wb") as log:
        return subprocess.Popen(
            [
                UPSTREAM / "e2e.test",
                f"--kubeconfig={cluster.kubeconfig}",
                "--provider=skeleton",
                "--num-nodes=2",
                f"--ginkgo.focus={wanted}",
                *([f"--ginkgo.skip={skip}"] if skip else []),
                "--ginkgo.no-color",
                "--ginkgo.timeout=6h",
                "--ginkgo.v",
                "--dump-logs-on-failure=false",
                f"--report-dir={folder}",
            ],
            stdout=log,
            stderr=log,
            env=os.environ | {"KUBE_TEST_REPO_LIST": str(registries)},
        )


def read(path: Path) -> Iterator[Result]:
    """The tests of one report that were not skipped."""
    for case in ElementTree.parse(path).iter("testcase"):
        name = case.get("name", "").removeprefix("[It] ")
        if case.find("skipped") is not None or not name.startswith("[sig-"):
            continue
        failed = case.find("failure")
        said = None if failed is None else failed.get("message") or failed.text or "failed"
        yield Result(name[1 : name.index("]")], name, said)


def report(results: list[Result]) -> str:
    """A table of areas, then each failure with its first words."""
    total, failed = (
        Counter(each.area for each in results),
        Counter(each.area for each in results if each.failure),
    )
    rows = [f"{'area':<20} {'passed':>6} {'of':>5}"]
    rows += [
        f"{area:<20} {total[area] - failed[area]:>6} {total[area]:>5}" for area in sorted(total)
    ]
    rows.append(f"{'all':<20} {total.total() - failed.total():>6} {total.total():>5}")
    for each in results:
        if each.failure:
            rows += ["", each.name, "    " + " ".join(each.failure.split())[:300]]
    return "\n".join(rows)


if __name__ == "__main__":
    main()
