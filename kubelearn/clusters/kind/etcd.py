"""The keys of a kind cluster's etcd, by the `etcdctl` in etcd's own container.

It is entered with `nsenter` rather than `crictl exec`: that is one program less to wait for, and
after an end of `crictl exec` that it did not expect containerd answers nobody for seconds.

Values are JSON, because kubelearn asks the API server to store them so; in a cluster that somebody
else made they are protobuf, and no objects here.
"""

from __future__ import annotations

import base64
import json
import math
import re
import select
import subprocess
import time
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from kubelearn.clusters.internals import EtcdStatus, KeyEvent, KeyValue
from kubelearn.clusters.kind.machines import Machines, execute, run
from kubelearn.errors import ClusterError, Compacted
from kubelearn.objects import Object

if TYPE_CHECKING:
    from docker.models.containers import Container

_PKI = "/etc/kubernetes/pki/etcd"
_ETCDCTL = (
    "etcdctl",
    "--endpoints=https://127.0.0.1:2379",
    f"--cacert={_PKI}/ca.crt",
    f"--cert={_PKI}/healthcheck-client.crt",
    f"--key={_PKI}/healthcheck-client.key",
    "--write-out=json",
)
_ENTER = 'exec nsenter --target "$(pgrep --exact --oldest etcd)" --mount --net "$@"'
_INSIDE = ("sh", "-c", _ENTER, "sh")
# Where kubeadm has etcd serve its metrics.
_METRICS = "http://127.0.0.1:2381/metrics"
_COMPACTED = re.compile(r"^etcd_debugging_mvcc_compact_revision (\S+)", re.MULTILINE)
_SAID = re.compile(r"(?:etcdserver: )?mvcc: [^\n\"]+")
# What runs in a container outlives the `docker exec` that asked for it. So a shell waits beside it
# for the end of its input, which comes with the end of this process, however it ends.
_WHILE_ASKED = '"$@" </dev/null & read -r _; kill $!'


class Etcd:
    """The etcd of one cluster. Every method raises ClusterError when it is stopped."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines

    def status(self) -> EtcdStatus:
        """The current revision, and up to which the past is forgotten."""
        [endpoint] = json.loads(self._ask("endpoint", "status"))
        machine = self._machines.control_plane()
        found = _COMPACTED.search(run(machine, ["curl", "--silent", _METRICS]))
        return EtcdStatus(
            revision=int(endpoint["Status"]["header"]["revision"]),
            compacted=max(0, int(float(found[1]))) if found else 0,
        )

    def keys(self, prefix: str, *, revision: int, limit: int) -> list[KeyValue]:
        """The keys that begin with `prefix`. Raises Compacted."""
        words = ["get", "--prefix", prefix]
        words += [f"--rev={revision}"] if revision else []
        words += [f"--limit={limit}"] if limit else []
        return [_key_value(each) for each in json.loads(self._ask(*words)).get("kvs", ())]

    def compact(self, revision: int) -> None:
        """Forget what was replaced before a revision. Raises Compacted."""
        self._ask("compact", str(revision))

    def watch(self, prefix: str, *, start: int, seconds: float | None) -> Iterator[KeyEvent]:
        """Changes of the keys that begin with `prefix`. Raises Compacted."""
        # What is to come begins with this call, however late etcdctl is there to be told.
        start = start or self.status().revision + 1
        words = ["watch", "--prefix", "--prev-kv", f"--rev={start}", prefix]
        end = math.inf if seconds is None else time.monotonic() + seconds
        return _watch(self._machine(), [*_INSIDE, *_ETCDCTL, *words], end)

    def _ask(self, *words: str) -> str:
        done = execute(self._machine(), [*_INSIDE, *_ETCDCTL, *words])
        if done.code:
            raise _failure(done.errors or done.output)
        return done.output

    def _machine(self) -> Container:
        return self._machines.running(str(self._machines.control_plane().name))


def _watch(machine: Container, command: list[str], end: float) -> Iterator[KeyEvent]:
    words = ["docker", "exec", "--interactive", str(machine.name), "sh", "-c", _WHILE_ASKED, "sh"]
    with subprocess.Popen(
        [*words, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            for line in _lines(process.stdout, end):
                yield from _events(line)
        finally:
            process.stdin.close()


def _lines(source: IO[bytes], end: float) -> Iterator[bytes]:
    buffer = b""
    while (left := end - time.monotonic()) > 0:
        ready, _, _ = select.select([source], [], [], None if left == math.inf else left)
        piece = source.read(65536) if ready else b""
        if ready and not piece:
            raise ClusterError("etcd does not answer any more", hint="kubelearn start etcd")
        *lines, buffer = (buffer + piece).split(b"\n")
        yield from filter(None, lines)


def _events(line: bytes) -> Iterator[KeyEvent]:
    if not line.startswith(b"{"):
        raise _failure(line.decode(errors="replace"))
    told = json.loads(line)
    if told.get("CompactRevision"):
        raise _failure("mvcc: required revision has been compacted")
    for event in told.get("Events") or ():
        prev = event.get("prev_kv")
        yield KeyEvent(
            "DELETE" if event.get("type") else "PUT",
            _key_value(event["kv"]),
            _key_value(prev) if prev else None,
        )


def _key_value(entry: Object) -> KeyValue:
    value = base64.b64decode(entry.get("value", ""))
    return KeyValue(
        key=base64.b64decode(entry["key"]).decode(),
        value=value,
        create_revision=entry.get("create_revision", 0),
        mod_revision=entry["mod_revision"],
        version=entry.get("version", 0),
        lease=entry.get("lease", 0),
        object=json.loads(value) if value.startswith(b"{") else None,
    )


def _failure(said: str) -> ClusterError:
    found = _SAID.search(said)
    words = found[0] if found else (said.strip().splitlines() or ["etcdctl failed"])[-1]
    if words.startswith("nsenter: "):
        return ClusterError("etcd is stopped", hint="kubelearn start etcd")
    if "has been compacted" in words:
        return Compacted(
            words, hint="read the keys as they are now, and watch from their revision on"
        )
    return ClusterError(words, hint="kubelearn logs etcd   # what etcd says of it")
