"""What the root of each stock image is made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kubelearn.containers.machineimages import python, tools
from kubelearn.containers.machineimages.cache import Recipe
from kubelearn.containers.machineimages.libraries import libraries
from kubelearn.containers.machineimages.root import Root

_APPS = Path(__file__).parent.parent / "apps"
# What upstream's image of that name has besides.
_BESIDE_AGNHOST = ("curl", "dig", "getent", "nc")
_CERTIFICATES = ("localhost.crt", "localhost.key")


def busybox() -> Recipe:
    """A shell and tools."""
    return Recipe("busybox", _busybox, tools.programs())


def python_slim() -> Recipe:
    """Python, a shell and tools."""
    return Recipe(
        "python", python.add_python, [python.PROGRAM], words=[python.VERSION], base=busybox()
    )


def nginx() -> Recipe:
    """The web server that stands in for it, and the page that greets."""
    app = _APPS / "nginx"
    files = {
        "/usr/share/nginx/server.py": app / "server.py",
        "/usr/share/nginx/html/index.html": app / "html/index.html",
    }
    return Recipe("nginx", _copies(files), [*files.values()], base=python_slim())


def hello() -> Recipe:
    """What apps/hello/Dockerfile says."""
    app = _APPS / "hello/app.py"
    return Recipe("hello", _copies({"/app/app.py": app}), [app], base=python_slim())


def redis() -> Recipe | None:
    """This machine's Redis, if it has one."""
    server = tools.find_program("redis-server")
    if server is None:
        return None
    programs = [server]
    if client := tools.find_program("redis-cli"):
        programs.append(client)

    def make(root: Root) -> None:
        for program in programs:
            root.add_program(program)
            root.link(f"/usr/local/bin/{program.name}", str(program))
        root.folder("/data", 0o777)

    return Recipe("redis", make, programs, base=busybox())


def agnhost() -> Recipe | None:
    """The program that upstream's own tests put into most pods, if this machine has it."""
    program = tools.find_program("agnhost")
    if program is None:
        return None
    # BusyBox's own understand less than these.
    beside = {name: found for name in _BESIDE_AGNHOST if (found := tools.find_program(name))}
    programs = {f"/usr/bin/{name}": found.resolve() for name, found in beside.items()}
    programs["/agnhost"] = program
    # What it serves HTTPS with, where `tools/upstream` has put it.
    kept = {f"/{name}": program.with_name(name) for name in _CERTIFICATES}
    files = programs | {path: source for path, source in kept.items() if source.exists()}
    copy = _copies(files)

    def make(root: Root) -> None:
        copy(root)
        root.link("/agnhost-2", "agnhost")
        for each in programs.values():
            root.add_libraries(libraries(each))

    return Recipe("agnhost", make, [*files.values()], base=busybox())


def _busybox(root: Root) -> None:
    root.add_base()
    tools.add_tools(root)


def _copies(files: dict[str, Path]) -> Callable[[Root], None]:
    def make(root: Root) -> None:
        for path, source in files.items():
            root.copy(source, path)

    return make
