"""COPY and ADD."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from kubelearn.containers.build import copying
from kubelearn.containers.build.context import Context, NotInContext, Source
from kubelearn.containers.build.copying import Copy
from kubelearn.containers.build.dockerfile import Instruction
from kubelearn.containers.build.report import Tell
from kubelearn.containers.build.stage import StageBuild, Work


def copy(build: StageBuild, instruction: Instruction, tell: Tell) -> None:
    """Carry out one of them. Raises DockerfileError."""
    try:
        with tempfile.TemporaryDirectory(prefix="kubelearn-build-") as scratch:
            request = _request(build, instruction)
            build.make(instruction, tell, _work(build, instruction, request, Path(scratch)))
    except NotInContext as error:
        raise instruction.place.error(str(error), hint=error.hint) from error
    except PermissionError as error:
        name = error.filename
        raise instruction.place.error(
            f"{name} cannot be read: {error.strerror}", hint=f"ls -l {name}   # who may read it?"
        ) from error


def _work(build: StageBuild, instruction: Instruction, request: Copy, scratch: Path) -> Work:
    sources = list(_texts(build, instruction, scratch))
    if request.sources:
        sources += copying.files(request, _context(build, instruction))
    return Work(
        lambda _: copying.entries(
            request,
            sources,
            root=build.root(),
            working_dir=build.working_dir,
            scratch=scratch / "archives",
        ),
        reads=[repr(request), [(each.path, each.relative, each.digest) for each in sources]],
        files={
            each.path: (each.found.st_size, each.digest) for each in sources if not each.is_folder
        },
    )


def _request(build: StageBuild, instruction: Instruction) -> Copy:
    flags, place = instruction.flags, instruction.place
    found = instruction.exec_form or tuple(instruction.text.split())
    *sources, destination = [
        build.expand(word, place) for word in found if not word.startswith("<<")
    ]
    for source in sources:
        if instruction.keyword == "ADD" and "://" in source:
            raise place.error("ADD fetches nothing here", hint=f"curl -O {source}, and COPY it")
    mode = build.expand(flags.get("chmod", ""), place)
    if mode and not set(mode) <= set("01234567"):
        raise place.error(f"--chmod={mode} is no octal number", hint="--chmod=755")
    return Copy(
        sources,
        destination,
        owner=build.expand(flags.get("chown", ""), place),
        # Only root could give the files of a root to their owners in the first place.
        keep_owners="from" in flags and os.geteuid() == 0,
        mode=int(mode, 8) if mode else None,
        unpack=instruction.keyword == "ADD",
    )


def _context(build: StageBuild, instruction: Instruction) -> Context:
    name = instruction.flags.get("from", "")
    if not name:
        return Context(build.inputs.folder, ignore=build.inputs.ignore)
    base = build.image(name, instruction.place)
    return Context(build.inputs.store.roots.make(base.layers), name=f"the files of {name}")


def _texts(build: StageBuild, instruction: Instruction, scratch: Path) -> Iterable[Source]:
    """Here-documents as files."""
    for heredoc in instruction.heredocs:
        content = heredoc.content
        if heredoc.expand:
            content = build.expand(content, instruction.place)
        file = scratch / heredoc.name
        file.write_text(content)
        file.chmod(0o644)
        yield Source(heredoc.name, "", file)
