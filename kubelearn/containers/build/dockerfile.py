"""A Dockerfile: its stages and their instructions, each checked as far as it can be unbuilt.

Follows BuildKit's `frontend/dockerfile/instructions`. Refused with a reason: ONBUILD, mounts of RUN
but for caches, what came after Dockerfile 1.4 (`--parents`, `--exclude`).
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kubelearn.containers.build import lines
from kubelearn.containers.build.errors import DockerfileError, Place
from kubelearn.containers.build.lines import Heredoc, Line

_FLAGS: dict[str, tuple[str, ...]] = {
    "FROM": ("platform",),
    "RUN": ("mount", "network", "security"),
    "COPY": ("from", "chown", "chmod", "link"),
    "ADD": ("chown", "chmod", "link", "checksum", "keep-git-dir"),
    "HEALTHCHECK": ("interval", "timeout", "start-period", "start-interval", "retries"),
}
_KEYWORDS = (
    "FROM", "RUN", "CMD", "LABEL", "MAINTAINER", "EXPOSE", "ENV", "ADD", "COPY", "ENTRYPOINT",
    "VOLUME", "USER", "WORKDIR", "ARG", "ONBUILD", "STOPSIGNAL", "HEALTHCHECK", "SHELL",
)  # fmt: skip
_WITH_JSON = ("RUN", "CMD", "ENTRYPOINT", "COPY", "ADD", "VOLUME", "SHELL")
_EXAMPLES = {
    "FROM": "FROM python:3.12-slim",
    "COPY": "COPY app.py /app/",
    "ADD": "ADD app.tar.gz /app/",
    "ENV": "ENV NAME=value",
    "LABEL": "LABEL name=value",
    "ARG": "ARG VERSION=1.0",
    "RUN": "RUN pip install -r requirements.txt",
    "CMD": 'CMD ["python", "app.py"]',
    "ENTRYPOINT": 'ENTRYPOINT ["python", "app.py"]',
    "SHELL": 'SHELL ["/bin/sh", "-c"]',
    "HEALTHCHECK": "HEALTHCHECK --interval=30s CMD wget -qO- http://localhost:8080/healthz",
    "EXPOSE": "EXPOSE 8080",
    "USER": "USER 1000",
    "WORKDIR": "WORKDIR /app",
    "VOLUME": "VOLUME /data",
    "STOPSIGNAL": "STOPSIGNAL SIGTERM",
}
_FLAG = re.compile(r"--([a-z][a-z-]*)(?:=(\S*))?(?:\s+|$)")
_FROM = re.compile(r"(\S+)(?:\s+as\s+(\S+))?", re.IGNORECASE)
_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")


@dataclass(frozen=True)
class Instruction:
    """One instruction. What can hold variables is still as it was written."""

    keyword: str
    text: str
    """What follows the keyword and its flags."""
    place: Place
    flags: Mapping[str, str] = field(default_factory=dict)
    exec_form: tuple[str, ...] | None = None
    """The words of its JSON form."""
    heredocs: tuple[Heredoc, ...] = ()


@dataclass(frozen=True)
class Stage:
    """What lies between one FROM and the next."""

    number: int
    name: str
    """Given with AS; else empty."""
    base: str
    place: Place
    instructions: tuple[Instruction, ...]
    platform: str = ""

    @property
    def title(self) -> str:
        """How reports call it."""
        return self.name or f"stage {self.number}"


@dataclass(frozen=True)
class Dockerfile:
    """A whole file."""

    arguments: tuple[Instruction, ...]
    """ARG before the first FROM: they count in FROM lines alone."""
    stages: tuple[Stage, ...]
    escape: str
    warnings: tuple[str, ...] = ()


def read(path: Path, *, shown_as: str = "") -> Dockerfile:
    """Parse a file. Raises DockerfileError."""
    name = shown_as or path.name
    try:
        text = path.read_text()
    except FileNotFoundError as error:
        near = [each.name for each in path.parent.glob("[Dd]ockerfile*")]
        raise DockerfileError(
            f"there is no {name} in {path.parent}",
            hint=f"is it {', '.join(near)}?" if near else "write one: FROM python:3.12-slim ...",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise DockerfileError(f"{path} cannot be read as text: {error}") from error
    return parse(text, file=name)


def parse(text: str, *, file: str = "Dockerfile") -> Dockerfile:
    """Parse a text. Raises DockerfileError with file, line and remedy."""
    found, escape = lines.split(text, file=file)
    warnings: list[str] = []
    instructions = [_instruction(line, warnings) for line in found]
    first = next((n for n, each in enumerate(instructions) if each.keyword == "FROM"), None)
    if first is None:
        raise DockerfileError(
            f"{file}: no build stage: there is no FROM",
            hint=f"begin with the image to build on: {_EXAMPLES['FROM']}",
        )
    for each in instructions[:first]:
        if each.keyword != "ARG":
            raise each.place.error(
                f"{each.keyword} comes before the first FROM",
                hint=f"only ARG may; begin with {_EXAMPLES['FROM']}",
            )
    stages = _stages(instructions[first:])
    return Dockerfile(tuple(instructions[:first]), stages, escape, tuple(warnings))


def _stages(instructions: list[Instruction]) -> tuple[Stage, ...]:
    starts = [n for n, each in enumerate(instructions) if each.keyword == "FROM"]
    stages: list[Stage] = []
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], None], strict=True)):
        line = instructions[start]
        found = _FROM.fullmatch(line.text)
        if not found:
            raise line.place.error("FROM takes an image, and AS NAME", hint="FROM golang AS build")
        name = (found[2] or "").lower()
        if name and not _STAGE_NAME.fullmatch(name):
            raise line.place.error(
                f"{name!r} cannot be a stage's name", hint="FROM golang AS build"
            )
        if name and name in [stage.name for stage in stages]:
            raise line.place.error(f"two stages have the name {name!r}", hint="name one otherwise")
        body = tuple(instructions[start + 1 : end])
        platform = line.flags.get("platform", "")
        stages.append(Stage(number, name, found[1], line.place, body, platform))
    return tuple(stages)


def _instruction(line: Line, warnings: list[str]) -> Instruction:
    keyword, place = line.keyword, line.place
    if keyword not in _KEYWORDS:
        near = difflib.get_close_matches(keyword, _KEYWORDS, n=1)
        hint = f"did you mean {near[0]}?" if near else "instructions are " + ", ".join(_KEYWORDS)
        raise place.error(f"unknown instruction {keyword}", hint=hint)
    if keyword == "ONBUILD":
        raise place.error(
            "ONBUILD is not built here", hint="write the instruction into the other Dockerfile"
        )
    flags, text = _flags(line)
    if not text and keyword not in ("CMD", "ENTRYPOINT"):
        raise place.error(f"{keyword} needs something to work on", hint=_example(keyword))
    words = json_words(text) if keyword in _WITH_JSON else None
    if words is None and keyword in _WITH_JSON and text.startswith("["):
        warnings.append(
            f"{place.file}:{place.line}: {keyword} [...] is no JSON, so it is read as a shell "
            f"command; JSON needs double quotes: {_EXAMPLES.get(keyword, '')}"
        )
    made = Instruction(keyword, text, place, flags, words, line.heredocs)
    _check(made)
    return made


def _flags(line: Line) -> tuple[dict[str, str], str]:
    flags: dict[str, str] = {}
    rest = line.rest
    while line.keyword in _FLAGS and (found := _FLAG.match(rest)):
        name, known = found[1], _FLAGS[line.keyword]
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean --{near[0]}?" if near else f"it knows --{', --'.join(known)}"
            raise line.place.error(f"{line.keyword} has no flag --{name}", hint=hint)
        value = found[2] or ""
        flags[name] = f"{flags[name]}\n{value}" if name in flags else value
        rest = rest[found.end() :]
    return flags, rest.strip()


def json_words(text: str) -> tuple[str, ...] | None:
    """The words of an instruction in its JSON form; None if it has another one."""
    if not text.startswith("["):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return tuple(value)
    return None


def _check(instruction: Instruction) -> None:
    keyword, place = instruction.keyword, instruction.place
    if keyword in ("COPY", "ADD"):
        words = instruction.exec_form or tuple(instruction.text.split())
        if len(words) < 2:
            raise place.error(
                f"{keyword} needs at least a source and a destination", hint=_example(keyword)
            )
    elif keyword == "SHELL" and not instruction.exec_form:
        raise place.error("SHELL takes a JSON list", hint=_example(keyword))
    elif keyword == "HEALTHCHECK":
        kind = instruction.text.split(maxsplit=1)[0].upper()
        if kind not in ("CMD", "NONE"):
            raise place.error(f"HEALTHCHECK {kind} is unknown", hint=_example(keyword))
    elif keyword == "RUN":
        for mount in instruction.flags.get("mount", "").splitlines():
            if "type=cache" not in mount.split(","):
                raise place.error(
                    f"RUN --mount={mount} is not built here, only type=cache is",
                    hint="COPY what the command needs, or build it with Docker",
                )


def _example(keyword: str) -> str:
    return f"for example: {_EXAMPLES[keyword]}" if keyword in _EXAMPLES else ""
