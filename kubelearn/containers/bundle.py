"""What a process needs in order to run as a container: OCI's word for it is bundle.

A folder that holds what the container may call its own, laid out as the container sees it, and the
environment and arguments that lead there.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubelearn.containers import plainprocess
from kubelearn.containers.cgroup import Cgroup
from kubelearn.containers.leftovers import MARK
from kubelearn.containers.namespaces import Namespaces
from kubelearn.containers.paths import PathMap
from kubelearn.containers.plainprocess import Started
from kubelearn.containers.runtime import ContainerConfig, DnsConfig, LinuxUser, Sandbox
from kubelearn.containers.sockets import Place, start_in_pod

_HOME = "/root"
# Private in every container, mounted or not.
_ALWAYS = ("/tmp", _HOME)
# What programs find names by; the system's own library reads nothing else.
_RESOLVER_FILES = ("/etc/hosts", "/etc/resolv.conf")
_MACHINE_SERVERS = Path("/etc/resolv.conf")


@dataclass(frozen=True)
class ProcessBundle:
    """A container's folder, and how to run a program with it."""

    folder: Path
    user: LinuxUser
    command: Sequence[str]
    paths: PathMap
    env: Mapping[str, str]
    cwd: Path
    place: Place | None = None
    """Where its programs' sockets are; None for the machine's own."""
    namespaces: Namespaces | None = None
    """Where every program sees the container's name and resolver files, if that is allowed."""
    cgroup: Cgroup | None = None

    async def start(self, *, stdin: bool, tty: bool) -> Started:
        """Start the container's own program. Raises StartError."""
        return self._start(self.command, self.env, stdin=stdin, tty=tty)

    async def exec(self, command: Sequence[str], *, stdin: bool, tty: bool) -> Started:
        """Start a program beside it. Raises StartError."""
        env = {**self.env, **({"TERM": "xterm"} if tty else {})}
        return self._start(command, env, stdin=stdin, tty=tty)

    def to_container(self, output: bytes) -> bytes:
        """Output with the container's paths in place of the machine's."""
        return self.paths.to_container(output)

    def close(self) -> None:
        """Let go of its view of the machine."""
        if self.namespaces:
            self.namespaces.close()

    def _start(
        self, command: Sequence[str], env: Mapping[str, str], *, stdin: bool, tty: bool
    ) -> Started:
        argv = [self.paths.to_machine(word) for word in command]

        def spawn() -> Started:
            return plainprocess.start(argv, env=env, cwd=self.cwd, stdin=stdin, tty=tty)

        def inside() -> Started:
            return self.namespaces.run(spawn) if self.namespaces else spawn()

        return start_in_pod(self.place, inside) if self.place else inside()


def make_bundle(
    folder: Path,
    config: ContainerConfig,
    *,
    sandbox: Sandbox,
    files: Mapping[str, Path],
    user: LinuxUser,
) -> ProcessBundle:
    """Lay out a container's folder; `files` are what its sandbox gives to each container."""
    mounts = {mount.container_path.rstrip("/"): mount.host_path for mount in config.mounts}
    links = {**config.image.files, **files, **mounts}
    paths = PathMap(folder / "root", [*_ALWAYS, *links])
    _lay_out(paths, links, shared=config.image.rootfs)
    cwd = paths.place(config.working_dir or config.image.working_dir)
    cwd.mkdir(parents=True, exist_ok=True)
    env = _environment(config, paths, container_id=folder.name, sandbox=sandbox)
    own = {path: links[path] for path in _RESOLVER_FILES if path in links}
    namespaces = _namespaces(own, sandbox.config.hostname)
    servers: Mapping[str, str] = {}
    if own and namespaces is None:
        env |= _resolver_variables(sandbox.config.dns) | {
            "KUBERNETES_RUNTIME_RESOLVER": str(paths.place("/etc"))
        }
        servers = _name_servers(sandbox.config.dns)
    place = None if sandbox.config.host_network else Place(sandbox.ip, servers)
    command = command_of(config)
    return ProcessBundle(folder, user, command, paths, env, cwd, place, namespaces)


def _lay_out(paths: PathMap, links: Mapping[str, Path], *, shared: Path | None) -> None:
    """Make the container's files; of `shared`, the image's root, it gets copies.

    That root belongs to all who run the image, and a container may write.
    """
    for path in _ALWAYS:
        paths.place(path).mkdir(parents=True, exist_ok=True)
    # Outer ones first, so that a mount inside another one lands in it.
    for path in sorted(links, key=len):
        if shared and links[path].is_relative_to(shared):
            _copy(links[path], paths.place(path))
        else:
            _link(paths.place(path), links[path], root=paths.root)


def _resolver_variables(dns: DnsConfig | None) -> dict[str, str]:
    """What tells the C library, which reads the machine's file, how to complete names."""
    if dns is None:
        return {}
    return {"LOCALDOMAIN": " ".join(dns.searches), "RES_OPTIONS": " ".join(dns.options)}


def _name_servers(dns: DnsConfig | None) -> dict[str, str]:
    """The pod's first name server in place of each of the machine's."""
    if dns is None or not dns.servers:
        return {}
    try:
        lines = [line.split() for line in _MACHINE_SERVERS.read_text().splitlines()]
    except OSError:
        lines = []
    found = [words[1] for words in lines if words[:1] == ["nameserver"] and len(words) > 1]
    return dict.fromkeys(found or ["127.0.0.1"], dns.servers[0])


def _namespaces(files: Mapping[str, Path], hostname: str) -> Namespaces | None:
    try:
        return Namespaces(files, hostname=hostname)
    except OSError:
        return None


def command_of(config: ContainerConfig) -> list[str]:
    """Command and arguments: the container's, else the image's.

    A command of the container's drops the image's arguments too, as in Kubernetes.
    """
    image = config.image
    if config.command:
        return [*config.command, *config.args]
    return [*image.entrypoint, *(config.args or image.cmd)]


def _copy(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(source, place, follow_symlinks=False)


def _link(place: Path, target: Path, *, root: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_dir() and not place.is_symlink():
        # A mount hides what is there; of that, only the container's own may go.
        if place.resolve().is_relative_to(root.resolve()):
            shutil.rmtree(place)
        else:
            place.rmdir()
    if not place.is_symlink():
        place.symlink_to(target)


def _environment(
    config: ContainerConfig, paths: PathMap, *, container_id: str, sandbox: Sandbox
) -> dict[str, str]:
    own = {
        "HOSTNAME": sandbox.config.hostname,
        "HOME": _HOME,
        **({"TERM": "xterm"} if config.tty else {}),
        **config.image.env,
        **config.env,
    }
    # Their names begin like those of the cluster's own Service, which nobody mistakes for an app's.
    ours = {
        MARK: container_id,
        "KUBERNETES_RUNTIME_POD_IP": sandbox.ip,
        "KUBERNETES_RUNTIME_ROOT": str(paths.root),
        "KUBERNETES_RUNTIME_PRIVATE": ":".join(paths.private),
    }
    return {name: paths.to_machine(value) for name, value in own.items()} | ours
