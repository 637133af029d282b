"""What can be wrong with a Dockerfile or with what it is built from."""

from __future__ import annotations

from dataclasses import dataclass

from kubelearn.errors import ContainerError


class DockerfileError(ContainerError):
    """A line of a Dockerfile cannot be read or carried out; it says which, and what to write."""


@dataclass(frozen=True)
class Place:
    """A line of a Dockerfile."""

    file: str
    line: int
    text: str

    def error(self, words: str, *, hint: str = "") -> DockerfileError:
        """An error about this line, which shows it."""
        shown = self.text if len(self.text) <= 160 else f"{self.text[:157]}..."
        return DockerfileError(f"{self.file}:{self.line}: {words}\n    {shown}", hint=hint)
