"""Build arguments and variables: who can see which, and what they stand for."""

from __future__ import annotations

from collections.abc import Mapping

from kubelearn.containers.build import words
from kubelearn.containers.build.dockerfile import Dockerfile, Instruction
from kubelearn.containers.build.errors import Place
from kubelearn.containers.build.words import BadWord
from kubelearn.containers.imagestore.platform import architecture

PLATFORM = {
    "TARGETPLATFORM": f"linux/{architecture()}",
    "TARGETOS": "linux",
    "TARGETARCH": architecture(),
    "BUILDPLATFORM": f"linux/{architecture()}",
    "BUILDOS": "linux",
    "BUILDARCH": architecture(),
}
# What BuildKit lets every Dockerfile use without an ARG.
_PREDEFINED = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")


class Scope:
    """The values of build arguments in one build."""

    def __init__(self, file: Dockerfile, build_args: Mapping[str, str]) -> None:
        self._file = file
        self._build_args = build_args
        self._used: set[str] = set(_PREDEFINED)

    def unused(self) -> list[str]:
        """The build arguments that no ARG took."""
        return sorted(set(self._build_args) - self._used)

    def before_from(self) -> dict[str, str]:
        """What FROM lines can see."""
        found = dict(PLATFORM)
        for instruction in self._file.arguments:
            found |= self.declare(instruction, found)
        return found

    def declare(
        self, instruction: Instruction, known: Mapping[str, str], *, outer: Mapping[str, str] = {}
    ) -> dict[str, str]:
        """What an ARG line gives values to: the command line's, else its own, else the outer."""
        found: dict[str, str] = {}
        for word in self._split(instruction):
            name, assigned, value = word.partition("=")
            self._used.add(name)
            if name in self._build_args:
                found[name] = self._build_args[name]
            elif assigned:
                found[name] = self.expand(value, {**known, **found}, place=instruction.place)
            elif name in outer:
                found[name] = outer[name]
        return found

    def expand(self, text: str, variables: Mapping[str, str], *, place: Place) -> str:
        """A text with values for names. Raises DockerfileError."""
        try:
            return words.expand(text, variables, escape=self._file.escape)
        except BadWord as error:
            raise place.error(f"{text}: {error}") from error

    def _split(self, instruction: Instruction) -> list[str]:
        try:
            return words.split(instruction.text, escape=self._file.escape)
        except BadWord as error:
            raise instruction.place.error(f"{instruction.keyword}: {error}") from error
