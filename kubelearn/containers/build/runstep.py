"""RUN: a command in the image's own root, whose changes become a layer."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from kubelearn.containers.build import config, lines
from kubelearn.containers.build.dockerfile import Instruction
from kubelearn.containers.build.report import Tell
from kubelearn.containers.build.run import RunRequest
from kubelearn.containers.build.stage import StageBuild, Work
from kubelearn.containers.images import PATH
from kubelearn.containers.imagestore.layer import EPOCH, Entry, entries_of
from kubelearn.containers.rootpath import inside
from kubelearn.errors import ContainerError

_LINES = 10


def run(build: StageBuild, instruction: Instruction, tell: Tell) -> None:
    """Carry it out. Raises DockerfileError with the end of what the command printed."""
    command = config.command(build.config, instruction)
    if instruction.heredocs:
        command = [*command[:-1], _script(instruction)]
    # Python's compiled modules then belong to their sources whatever the files' times.
    env = {"PATH": PATH, "SOURCE_DATE_EPOCH": str(EPOCH), **build.variables()}

    # The layer is written from the folder, so it stays until that is done.
    with tempfile.TemporaryDirectory(prefix="run-", dir=build.inputs.store.folder) as folder:
        upper = Path(folder) / "upper"
        upper.mkdir()
        upper.chmod(0o755)

        def entries(output: Tell) -> Iterable[Entry]:
            request = RunRequest(
                build.root(),
                upper,
                command,
                env=env,
                user=build.config.get("User") or "",
                working_dir=build.working_dir,
            )
            _execute(build, instruction, request, output)
            _forget_caches(instruction, upper)
            # Where this user is root inside, files of root are this user's here.
            return entries_of(upper, keep_owners=os.geteuid() == 0)

        build.make(instruction, tell, Work(entries, reads=[command, env]))


def _script(instruction: Instruction) -> str:
    """A command with its here-documents; one that is nothing else is the script itself."""
    first, *others = instruction.heredocs
    if not others and lines.HEREDOC.fullmatch(instruction.text):
        if first.content.startswith("#!"):
            raise instruction.place.error(
                "a script with an interpreter of its own is not built here",
                hint="COPY it, and RUN it: COPY --chmod=755 <<EOF /tmp/script",
            )
        return first.content
    texts = (f"{each.content}{each.name}\n" for each in instruction.heredocs)
    return f"{instruction.text}\n{''.join(texts)}"


def _execute(build: StageBuild, instruction: Instruction, request: RunRequest, tell: Tell) -> None:
    step = build.step(instruction.place, new=False)
    printed: list[str] = []

    def output(text: str) -> None:
        printed.append(text)
        tell(replace(step, state="output", output=text))

    try:
        code = build.inputs.run(request, output=output)
    except ContainerError as error:
        raise instruction.place.error(error.message, hint=error.hint) from error
    if code:
        rows = "".join(printed).strip().splitlines()[-_LINES:]
        raise instruction.place.error(
            "".join(
                [f"the command ended with exit code {code}", *(f"\n    | {row}" for row in rows)]
            )
        )


def _forget_caches(instruction: Instruction, upper: Path) -> None:
    """What lies in a cache's mount is no part of the layer."""
    for mount in instruction.flags.get("mount", "").splitlines():
        options = dict(word.partition("=")[::2] for word in mount.split(","))
        target = options.get("target") or options.get("dst") or options.get("destination")
        if target and target.strip("/"):
            shutil.rmtree(inside(upper, target), ignore_errors=True)
