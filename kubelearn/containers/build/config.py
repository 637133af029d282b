"""How the instructions that make no files change an image's configuration."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import Any

from kubelearn.containers.build import words
from kubelearn.containers.build.dockerfile import Instruction, json_words
from kubelearn.containers.build.words import BadWord

Config = dict[str, Any]
Expand = Callable[[str], str]

SHELL = ["/bin/sh", "-c"]
_PORT = re.compile(r"(\d+)(?:-(\d+))?(?:/(tcp|udp|sctp))?", re.IGNORECASE)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_NANOSECONDS = {
    "ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9,
}  # fmt: skip


def change(config: Config, instruction: Instruction, expand: Expand) -> None:
    """Carry out one such instruction. Raises DockerfileError."""
    try:
        _CHANGES[instruction.keyword](config, instruction, expand)
    except BadWord as error:
        raise instruction.place.error(f"{instruction.keyword}: {error}") from error


def environment(config: Config) -> dict[str, str]:
    """The variables that a configuration sets."""
    pairs = (entry.partition("=") for entry in config.get("Env") or [])
    return {name: value for name, _, value in pairs}


def pairs(instruction: Instruction, expand: Expand) -> dict[str, str]:
    """NAME=value words, or the older NAME value. Raises BadWord."""
    found = words.split(instruction.text)
    if "=" not in found[0]:
        name, _, value = instruction.text.partition(" ")
        if not value.strip():
            raise BadWord(f"{name} has no value: {instruction.keyword} {name}=value")
        return {expand(name): expand(value.strip())}
    for word in found:
        if "=" not in word:
            raise BadWord(f"{word} has no =; a value with blanks needs quotes")
    split = (word.partition("=") for word in found)
    return {expand(name): expand(value) for name, _, value in split}


def command(config: Config, instruction: Instruction) -> list[str]:
    """The words that run: those of the JSON form, else a shell's."""
    if instruction.exec_form is not None:
        return list(instruction.exec_form)
    return [*(config.get("Shell") or SHELL), instruction.text]


def _env(config: Config, instruction: Instruction, expand: Expand) -> None:
    found = environment(config) | pairs(instruction, expand)
    config["Env"] = [f"{name}={value}" for name, value in found.items()]


def _label(config: Config, instruction: Instruction, expand: Expand) -> None:
    config["Labels"] = (config.get("Labels") or {}) | pairs(instruction, expand)


def _expose(config: Config, instruction: Instruction, expand: Expand) -> None:
    ports: dict[str, dict[str, str]] = dict(config.get("ExposedPorts") or {})
    for word in expand(instruction.text).split():
        found = _PORT.fullmatch(word)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if found is None or not 0 < first <= last < 65536:
            raise instruction.place.error(f"{word!r} is no port", hint="EXPOSE 8080, or 53/udp")
        for port in range(first, last + 1):
            ports[f"{port}/{(found[3] or 'tcp').lower()}"] = {}
    config["ExposedPorts"] = ports


def _volume(config: Config, instruction: Instruction, expand: Expand) -> None:
    names = instruction.exec_form or tuple(instruction.text.split())
    config["Volumes"] = (config.get("Volumes") or {}) | {expand(name): {} for name in names}


def _user(config: Config, instruction: Instruction, expand: Expand) -> None:
    config["User"] = expand(instruction.text)


def _working_dir(config: Config, instruction: Instruction, expand: Expand) -> None:
    path = posixpath.join(config.get("WorkingDir") or "/", expand(instruction.text))
    config["WorkingDir"] = posixpath.normpath("/" + path.lstrip("/"))


def _stop_signal(config: Config, instruction: Instruction, expand: Expand) -> None:
    config["StopSignal"] = expand(instruction.text)


def _cmd(config: Config, instruction: Instruction, expand: Expand) -> None:
    config["Cmd"] = command(config, instruction)


def _entrypoint(config: Config, instruction: Instruction, expand: Expand) -> None:
    config["Entrypoint"] = command(config, instruction)


def _shell(config: Config, instruction: Instruction, expand: Expand) -> None:
    config["Shell"] = list(instruction.exec_form or ())


def _health_check(config: Config, instruction: Instruction, expand: Expand) -> None:
    kind, _, rest = instruction.text.partition(" ")
    if kind.upper() == "NONE":
        config["Healthcheck"] = {"Test": ["NONE"]}
        return
    found = json_words(rest.strip())
    check: Config = {"Test": ["CMD", *found] if found else ["CMD-SHELL", rest.strip()]}
    names = {
        "interval": "Interval",
        "timeout": "Timeout",
        "start-period": "StartPeriod",
        "start-interval": "StartInterval",
    }
    for flag, value in instruction.flags.items():
        if flag == "retries":
            if not value.isdecimal():
                raise instruction.place.error(f"--retries={value} is no number")
            check["Retries"] = int(value)
        else:
            check[names[flag]] = _nanoseconds(value, instruction)
    config["Healthcheck"] = check


def _nanoseconds(text: str, instruction: Instruction) -> int:
    found = list(_DURATION.finditer(text))
    if not found or "".join(each[0] for each in found) != text:
        raise instruction.place.error(f"{text!r} is no duration", hint="--interval=30s, or 1m30s")
    return round(sum(float(each[1]) * _NANOSECONDS[each[2]] for each in found))


_CHANGES: dict[str, Callable[[Config, Instruction, Expand], None]] = {
    "ENV": _env,
    "LABEL": _label,
    "EXPOSE": _expose,
    "VOLUME": _volume,
    "USER": _user,
    "WORKDIR": _working_dir,
    "STOPSIGNAL": _stop_signal,
    "CMD": _cmd,
    "ENTRYPOINT": _entrypoint,
    "SHELL": _shell,
    "HEALTHCHECK": _health_check,
}
