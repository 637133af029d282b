"""The daemon's process: claims what is needed, then runs the cluster until it is told to end.

What takes time runs side by side: certificates are made by another process while this one loads
the components' code.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import gc
import json
import logging
import os
import random
import resource
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from kubelearn.containers.probe import Choice, choose
from kubelearn.embedded.addresses import (
    MOST_HOLLOW_NODES,
    MOST_NODES,
    Block,
    Claim,
    claim,
    claim_any,
    claim_any_port,
    claim_port,
)
from kubelearn.embedded.launch.identities import HOST, Identity, of_cluster
from kubelearn.embedded.launch.report import Report
from kubelearn.embedded.state import Settings, StateFolder
from kubelearn.errors import ClusterError, KubelearnError, StateError

_log = logging.getLogger("kubelearn")
_FIRST_PORT = 6443
_NODES = 3
_RUNTIMES = ["auto", "namespaces", "process", "fake"]
_OPEN_FILES = 65_536
_DISK_TROUBLE = {errno.EACCES, errno.EDQUOT, errno.EIO, errno.ENOSPC, errno.EPERM, errno.EROFS}


def main() -> None:
    """Run the cluster whose folder is named; tell through a pipe how the start goes."""
    options = _options()
    folder = StateFolder(options.state)
    report = Report(options.report_fd)
    os.umask(0o077)
    _allow_many_files()
    try:
        folder.prepare()
        # Never closed: the kernel frees the lock when nothing of this process is left.
        _lock(folder, options.lock_fd)
        _run(folder, options, report)
    except KubelearnError as error:
        _fail(report, error)
    except Exception as error:
        _log.exception("the daemon ends")
        _fail(report, _explained(error, folder))


def _allow_many_files() -> None:
    # A container takes four descriptors and a connection one; the usual soft limit is 1,024.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m kubelearn.embedded.launch")
    parser.add_argument("--state", type=Path, required=True, help="the cluster's folder")
    parser.add_argument("--nodes", type=int, help="how many, the control plane included")
    parser.add_argument("--runtime", choices=_RUNTIMES, help="what runs containers")
    parser.add_argument("--port", type=int, help="of the API server; else 6443 or the next free")
    parser.add_argument("--lock-fd", type=int, help="the folder's lock, held already")
    parser.add_argument("--report-fd", type=int, help="a pipe to tell how the start goes")
    return parser.parse_args()


def _lock(folder: StateFolder, inherited: int | None) -> None:
    if inherited is not None:
        os.set_inheritable(inherited, False)
    elif folder.try_lock() is None:
        raise ClusterError(f"cluster {folder.name} runs already", hint="kubelearn status")


def _run(folder: StateFolder, options: argparse.Namespace, report: Report) -> None:
    settings, claims = settle(
        folder, nodes=options.nodes, port=options.port, runtime=options.runtime
    )
    report.step("state", str(folder.path))
    names, block = settings.node_names(folder.name), Block(settings.block)
    people = of_cluster(names, block, hollow=settings.hollow)
    certificates = _start_certificates(folder, people)
    _log_to_stderr()
    # There is no garbage yet; `garbage` looks after it when the cluster is ready.
    gc.disable()
    # This takes longer than all that was before.
    with ThreadPoolExecutor(1) as thread, _no_public_authorities():
        looking = thread.submit(_choose_runtime, folder, settings)
        from kubelearn.embedded.clock import SystemClock
        from kubelearn.embedded.launch.daemon import Daemon

        runtime = looking.result()
    report.step("certificates", _finish_certificates(certificates, folder))
    if runtime:
        report.step("runtime", str(runtime))

    async def run() -> None:
        daemon = Daemon(
            folder, settings, runtime=runtime, clock=SystemClock(), random=random.Random()
        )
        await daemon.run(report)

    try:
        asyncio.run(run())
    finally:
        for each in claims:
            each.release()


# --- what was chosen, and what is free ---------------------------------------------------------


def settle(
    folder: StateFolder, *, nodes: int | None, port: int | None, runtime: str | None = None
) -> tuple[Settings, list[Claim]]:
    """The cluster's settings, with addresses that nobody else has. Raises ClusterError.

    Port and addresses stay as they were: kubeconfigs name the one, Services have the others.
    """
    known = Settings.read(folder.settings)
    chosen_runtime = _runtime(folder, known, runtime)
    count = _node_count(
        folder, known, nodes, most=MOST_HOLLOW_NODES if chosen_runtime == "fake" else MOST_NODES
    )
    if known:
        block = Block(known.block)
        addresses = claim(block)
    else:
        others = [found for each in StateFolder.all() if (found := Settings.read(each.settings))]
        block, addresses = claim_any(_wish(folder), others=[Block(other.block) for other in others])
    chosen, door = _port(known.port if known else None, port)
    settings = Settings(nodes=count, port=chosen, block=block.number, runtime=chosen_runtime)
    if settings != known:
        settings.write(folder.settings)
    return settings, [addresses, door]


def _wish(folder: StateFolder) -> int:
    # The same folder wishes for the same addresses each time; two folders, rarely for the same.
    return sum(os.fsencode(folder.path))


def _runtime(folder: StateFolder, known: Settings | None, wanted: str | None) -> str:
    # Nodes with machines can get other containers, as these do not outlive a stop.
    if known and wanted and "fake" in {wanted, known.runtime} and wanted != known.runtime:
        raise ClusterError(
            f"cluster {folder.name} has nodes of runtime {known.runtime}; that cannot change",
            hint=f"kubelearn up --name OTHER --runtime {wanted}   # another cluster beside it",
        )
    return wanted or (known.runtime if known else "auto")


def _choose_runtime(folder: StateFolder, settings: Settings) -> Choice | None:
    """What runs containers here, if anything does. Raises ContainerError."""
    wanted = "" if settings.runtime == "auto" else settings.runtime
    return None if settings.hollow else choose(folder.nodes, wanted)


def _node_count(
    folder: StateFolder, known: Settings | None, wanted: int | None, *, most: int
) -> int:
    count = wanted or (known.nodes if known else _NODES)
    if not 1 <= count <= most:
        hint = f"--nodes 1 to {most}"
        if most < count <= MOST_HOLLOW_NODES:
            hint += f"; up to {MOST_HOLLOW_NODES} of them without machines: --runtime fake"
        raise ClusterError(f"{count} nodes are not possible", hint=hint)
    if known and count < known.nodes:
        raise ClusterError(
            f"cluster {folder.name} has {known.nodes} nodes; kubelearn can add some, not remove",
            hint=f"kubelearn down --name {folder.name} --delete   # then up again, from the start",
        )
    return count


def _port(known: int | None, wanted: int | None) -> tuple[int, Claim]:
    if not wanted:
        return claim_any_port(HOST, known or _FIRST_PORT)
    try:
        return wanted, claim_port(HOST, wanted)
    except OSError as error:
        raise ClusterError(
            f"port {wanted} of {HOST} is taken by another program, or not for you to take",
            hint=f"ss -ltnp 'sport = :{wanted}' shows which; or leave --port out: "
            "kubelearn finds a free one",
        ) from error


# --- the process -------------------------------------------------------------------------------


def _start_certificates(folder: StateFolder, people: list[Identity]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "kubelearn.embedded.launch.pki", str(folder.pki)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    with process.stdin as pipe:
        json.dump([asdict(each) for each in people], pipe)
    return process


def _finish_certificates(process: subprocess.Popen[str], folder: StateFolder) -> str:
    assert process.stdout is not None
    with process.stdout as pipe:
        answer = pipe.read()
    if process.wait():
        raise StateError(
            f"the certificates in {folder.pki} could not be made",
            hint=f"tail -n 50 {folder.log}   # says why",
        )
    made = json.loads(answer)
    return f"{len(made)} made" if made else "as before"


def _log_to_stderr() -> None:
    from kubelearn.embedded.launch.component import name_records

    handler = logging.StreamHandler()
    name_records(handler)
    logging.basicConfig(
        level=logging.INFO,
        handlers=[handler],
        format="%(asctime)s %(levelname).1s %(component)s: %(message)s",
    )


@contextmanager
def _no_public_authorities() -> Iterator[None]:
    """Hide the authorities that this machine trusts from aiohttp while it is loaded.

    It would read all of them, which takes as long as to load it, for connections that trust
    nobody in particular. Here each connection has a TLS context of its own.
    """
    paths = ssl.get_default_verify_paths()
    names = (paths.openssl_cafile_env, paths.openssl_capath_env)
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, os.devnull))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _explained(error: Exception, folder: StateFolder) -> KubelearnError:
    if isinstance(error, OSError) and error.errno in _DISK_TROUBLE:
        return folder.unusable(error)
    return ClusterError(
        f"cluster {folder.name} ended: {error!r}",
        hint=f"tail -n 50 {folder.log}   # has the details",
    )


def _fail(report: Report, error: KubelearnError) -> None:
    _log.error("%s", error)
    report.failed(error)
    sys.exit(1)


if __name__ == "__main__":
    main()
