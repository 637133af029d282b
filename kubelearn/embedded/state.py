"""Where clusters keep what outlives them: the state folder, and a folder in it for each cluster."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from kubelearn.errors import ClusterError, StateError

FORMAT = 1
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")


@dataclass(frozen=True)
class ClusterConfig:
    """What a cluster is, as chosen when it was made."""

    name: str
    nodes: int = 3
    port: int = 0
    """The API server's port; 0 until the first start has found a free one."""
    block: int = 0
    """The second number of the cluster's addresses; 0 until the first start has claimed one."""

    def node_names(self) -> list[str]:
        """Names as kind gives them; the first is the control plane."""
        workers = [f"{self.name}-worker{n if n > 1 else ''}" for n in range(1, self.nodes)]
        return [f"{self.name}-control-plane", *workers]


def root() -> Path:
    """The state folder: KUBELEARN_STATE, else kubelearn in the XDG state folder."""
    if chosen := os.environ.get("KUBELEARN_STATE"):
        return Path(chosen).expanduser().absolute()
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(home).expanduser() / "kubelearn"


class ClusterFolder:
    """The files of one cluster."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config_file = path / "cluster.json"
        self.kubeconfig = path / "kubeconfig"
        self.log = path / "daemon.log"
        self.control = path / "control.sock"
        self.store = path / "store.db"
        self.pki = path / "pki"
        self.nodes = path / "nodes"

    @classmethod
    def named(cls, name: str) -> Self:
        """The folder of the cluster with that name. Raises ClusterError for an impossible name."""
        if not _NAME.fullmatch(name):
            raise ClusterError(
                f"{name!r} can't be the name of a cluster",
                hint="use up to 40 lower-case letters, digits and dashes, such as: --name demo",
            )
        return cls(root() / "clusters" / name)

    @classmethod
    def all(cls) -> list[Self]:
        """The folders of all clusters in the state folder, by name."""
        return sorted(
            (cls(path.parent) for path in root().glob("clusters/*/cluster.json")),
            key=lambda folder: folder.path.name,
        )

    def make(self) -> None:
        """Make the folder, private to this user. Raises StateError when that is not possible."""
        with explained(self.path):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = self.path.stat().st_uid
            if owner != os.getuid():
                raise PermissionError(f"it belongs to the user with number {owner}")
            # A folder that was made by hand may be open to others.
            self.path.chmod(0o700)
            if not os.access(self.path, os.W_OK | os.X_OK):
                raise PermissionError("it is not writable")

    def config(self) -> ClusterConfig | None:
        """What was chosen for this cluster, or None when there is none yet.

        Raises StateError when the file is damaged or was written by a newer kubelearn.
        """
        try:
            with explained(self.config_file):
                if not self.config_file.exists():
                    return None
                data: dict[str, Any] = json.loads(self.config_file.read_text())
            found = int(data.pop("format"))
            if found > FORMAT:
                raise StateError(
                    f"{self.path} was made by a newer kubelearn (format {found}, "
                    f"this one knows {FORMAT})",
                    hint="git pull && make learn   # or set KUBELEARN_STATE to another folder",
                )
            return ClusterConfig(**data)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateError(
                f"{self.config_file} is damaged: {error}",
                hint=f"kubelearn down --delete --name {self.path.name}   # and start afresh",
            ) from error

    def save(self, config: ClusterConfig) -> None:
        """Write what was chosen; whole or not at all."""
        write(self.config_file, json.dumps({"format": FORMAT, **asdict(config)}, indent=2) + "\n")

    @contextmanager
    def locked(self, name: str, *, wait: bool) -> Iterator[bool]:
        """Hold a lock of this cluster; yields whether it was got. A crash frees it."""
        with explained(self.path):
            lock = os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                yield True
            except BlockingIOError:
                yield False
        finally:
            os.close(lock)


def write(path: Path, text: str) -> None:
    """Replace a private file's text; whole or not at all. Raises StateError."""
    half = path.with_name(path.name + ".new")
    with explained(path):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(half, flags, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Failures of the file system as a StateError that says what to do."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StateError(
            f"the state folder can't be used: {path}: {reason}",
            hint="KUBELEARN_STATE=/tmp/kubelearn kubelearn up   # or any folder that you may write",
        ) from error
