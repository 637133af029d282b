"""The state folder: where clusters live on disk, and whether this one may be used.

    $KUBELEARN_STATE, else $XDG_STATE_HOME/kubelearn, else ~/.local/state/kubelearn
      images/          what all clusters share of images
      clusters/NAME/
        cluster.json   what was chosen when the cluster was made, and the format of this folder
        kubeconfig     the administrator's, for kubectl and every other client
        lock           held by the daemon while it lives
        control.sock   how the daemon is asked about itself
        daemon.log  audit/  pki/  store.db  images/  nodes/NODE/

Everything is for its owner's eyes only: the kubeconfig is all that one needs to run programs here.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from kubelearn.containers import trees
from kubelearn.errors import StateError

FORMAT = 1
DEFAULT_NAME = "kubelearn"
# A node's name is the cluster's and "-control-plane", and must be a label of a DNS name.
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


def home() -> Path:
    """Where all clusters of this user have their state."""
    if chosen := os.environ.get("KUBELEARN_STATE"):
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "kubelearn"


def images_home() -> Path:
    """Where images are kept that all clusters of this user share."""
    return home() / "images"


def registry_mirror() -> str | None:
    """What is asked in place of docker.io, as HOST[:PORT]; empty for itself, None for nobody."""
    chosen = os.environ.get("KUBELEARN_REGISTRY", "")
    return None if chosen == "off" else chosen


@dataclass(frozen=True)
class Settings:
    """What was chosen for a cluster. It stays over restarts, as its objects depend on it."""

    nodes: int
    port: int
    block: int
    # What runs containers: "namespaces", "process", or "auto" for the better one that works; or
    # "fake" for nodes without machines.
    runtime: str = "auto"

    @property
    def hollow(self) -> bool:
        """Whether the nodes are played by one program."""
        return self.runtime == "fake"

    def node_names(self, cluster: str) -> list[str]:
        """The nodes' names, as kind gives them; the first is the control plane."""
        workers = [
            f"{cluster}-worker{number if number > 1 else ''}" for number in range(1, self.nodes)
        ]
        return [f"{cluster}-control-plane", *workers]

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The settings in that file; None when the cluster is new. Raises StateError."""
        try:
            found = json.loads(path.read_text())
            if found["format"] > FORMAT:
                raise StateError(
                    f"{path.parent} was written by a newer kubelearn "
                    f"(format {found['format']}; this one knows {FORMAT})",
                    hint="update kubelearn, or make another cluster: kubelearn up --name NEW",
                )
            return cls(
                nodes=found["nodes"],
                port=found["port"],
                block=found["block"],
                runtime=found.get("runtime", "auto"),
            )
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise StateError(
                f"{path} is damaged: {error!r}",
                hint=f"kubelearn down --name {path.parent.name} --delete   # forgets this cluster",
            ) from error

    def write(self, path: Path) -> None:
        """Keep them, at one blow."""
        new = path.with_suffix(".new")
        new.write_text(json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n")
        new.replace(path)


class StateFolder:
    """One cluster's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self.settings = path / "cluster.json"
        self.kubeconfig = path / "kubeconfig"
        self.lock = path / "lock"
        self.control = path / "control.sock"
        self.log = path / "daemon.log"
        self.audit = path / "audit"
        self.pki = path / "pki"
        self.store = path / "store.db"
        self.images = path / "images"
        self.nodes = path / "nodes"

    @classmethod
    def named(cls, name: str) -> Self:
        """The folder of the cluster with that name, which may not exist yet. Raises StateError."""
        if not _NAME.fullmatch(name):
            raise StateError(
                f"{name!r} cannot be a cluster's name",
                hint="use at most 40 lower-case letters, digits and dashes, no dash at the ends",
            )
        return cls(home() / "clusters" / name)

    @classmethod
    def all(cls) -> list[Self]:
        """The folders of all clusters there are, by name."""
        try:
            found = sorted((home() / "clusters").iterdir())
        except OSError:
            return []
        return [cls(path) for path in found if (path / "cluster.json").exists()]

    def prepare(self) -> None:
        """Make the folder, or see that the one there is ours alone. Raises StateError."""
        try:
            for folder in (self.path.parent, self.path):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._keep_private(folder)
            if not os.access(self.path, os.W_OK | os.X_OK):
                raise PermissionError(f"{self.path} is not writable")
        except OSError as error:
            raise self.unusable(error) from error

    def try_lock(self) -> int | None:
        """The lock, as an open file whose end frees it; None while somebody else holds it.

        The lock goes with the open file: a process that inherits it holds it too.
        """
        file = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        return file

    @contextmanager
    def control_path(self) -> Iterator[str]:
        """A path to the control socket that is short enough: the kernel takes 107 bytes."""
        if len(os.fsencode(self.control)) <= 107:
            yield str(self.control)
            return
        folder = os.open(self.path, os.O_PATH | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{folder}/{self.control.name}"
        finally:
            os.close(folder)

    def delete(self) -> None:
        """Forget everything about the cluster, which must not be running."""
        try:
            trees.remove(self.path)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise self.unusable(error) from error

    def unusable(self, error: OSError) -> StateError:
        """What to tell the user of an error of this folder."""
        return StateError(
            f"the state folder {self.path} cannot be used: {error.strerror or error}",
            hint="free some space, mend its permissions, or choose another place: "
            "export KUBELEARN_STATE=/some/folder/of/yours",
        )

    def _keep_private(self, folder: Path) -> None:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            # Somebody else could have made it, to read our keys or to be our cluster.
            raise StateError(
                f"{folder} belongs to another user of this machine",
                hint="export KUBELEARN_STATE=/some/folder/of/yours",
            )
        if stat.S_IMODE(found.st_mode) & 0o077:
            folder.chmod(0o700)
