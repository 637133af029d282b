"""Run upstream's own conformance tests (`e2e.test`) on embedded clusters, and count.

`make upstream-conformance` calls this after `make upstream` has built the programs. A test that
fails often waits for minutes first, so the tests are dealt out to a number of clusters that work
side by side. `--focus` takes only tests whose names match.

The images of upstream's tests cannot be pulled here. Stock images stand for those that have one,
and `agnhost`, the program that most tests run, is built with the others.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
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
CONFORMANCE = "[Conformance]"
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
    parser.add_argument("--shares", type=int, default=8, help="how many clusters work side by side")
    parser.add_argument("--reports", type=Path, default=ROOT / "test-results" / "e2e")
    options = parser.parse_args()
    wanted = [name for name in conformance_tests() if re.search(options.focus, name)]
    shares = [wanted[start :: options.shares] for start in range(min(options.shares, len(wanted)))]
    shutil.rmtree(options.reports, ignore_errors=True)
    with tempfile.TemporaryDirectory() as state:
        os.environ["KUBELEARN_STATE"] = state
        os.environ["PATH"] = f"{UPSTREAM}:{os.environ['PATH']}"
        run_all(shares, options.reports)
    results = [result for path in options.reports.rglob("junit*.xml") for result in read(path)]
    print(report(results))
    sys.exit(any(result.failure for result in results))


def conformance_tests() -> list[str]:
    """The names of all conformance tests, as upstream's program lists them."""
    listing = [str(UPSTREAM / "e2e.test"), "--list-tests"]
    said = subprocess.run(listing, check=True, capture_output=True, text=True).stdout
    names = re.findall(r"^\s+\S+\.go:\d+: (.*)$", said, re.MULTILINE)
    return sorted({name.strip() for name in names if CONFORMANCE in name})


def run_all(shares: list[list[str]], reports: Path) -> None:
    """Run every share to its end, each on its own cluster."""
    clusters, processes = [], []
    try:
        for number, names in enumerate(shares):
            cluster = EmbeddedCluster(f"share-{number}")
            clusters.append(cluster)
            cluster.up()
            processes.append(start(cluster, reports / str(number), names))
        for process in processes:
            process.wait()
    finally:
        for process in processes:
            process.kill()
        for cluster in clusters:
            cluster.delete()


def start(cluster: EmbeddedCluster, folder: Path, names: list[str]) -> subprocess.Popen[bytes]:
    """Start one run of upstream's tests."""
    folder.mkdir(parents=True)
    registries = folder / "registries.yaml"
    registries.write_text(REGISTRIES)
    with (folder / "e2e.log").open("wb") as log:
        return subprocess.Popen(
            [
                UPSTREAM / "e2e.test",
                f"--kubeconfig={cluster.kubeconfig}",
                "--provider=skeleton",
                "--num-nodes=2",
                f"--ginkgo.focus={'|'.join(map(escaped, names))}",
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


def escaped(name: str) -> str:
    """A name as a regular expression of Go's, which takes no backslash before a space."""
    return re.escape(name).replace("\\ ", " ")


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
