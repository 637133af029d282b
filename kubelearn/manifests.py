"""Manifests: YAML text as objects that a cluster could take, or an error that a learner can use."""

from __future__ import annotations

from typing import Any

import yaml

from kubelearn.errors import ManifestError
from kubelearn.objects import Object

_HINT = "compare it with the manifest in the lesson; indentation is two spaces a level, no tabs"


def load(text: str) -> list[Object]:
    """The objects in a manifest; several are separated by lines of `---`, a `List` is opened.

    Raises ManifestError with the line for text that is no YAML, and with the document's number
    for a document that is no Kubernetes object.
    """
    try:
        documents = [found for found in yaml.safe_load_all(text) if found is not None]
    except yaml.MarkedYAMLError as error:
        raise ManifestError(_syntax(text, error), hint=_HINT) from error
    except yaml.YAMLError as error:
        raise ManifestError(f"the manifest is not valid YAML: {error}", hint=_HINT) from error
    if not documents:
        raise ManifestError(
            "the manifest is empty", hint="start with apiVersion:, kind:, metadata:"
        )
    objects: list[Object] = []
    for number, document in enumerate(documents, start=1):
        found = _checked(document, f"document {number}" if len(documents) > 1 else "the manifest")
        objects += found["items"] if found["kind"] == "List" else [found]
    return objects


def _syntax(text: str, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "not valid YAML"
    if mark is None:
        return f"the manifest is not valid YAML: {problem}"
    lines = text.splitlines()
    shown = lines[mark.line] if mark.line < len(lines) else ""
    where = f"line {mark.line + 1}, column {mark.column + 1}"
    return (
        f"the manifest is not valid YAML: {where}: {problem}\n    {shown}\n    {' ' * mark.column}^"
    )


def _checked(document: Any, where: str) -> Object:
    if not isinstance(document, dict):
        raise ManifestError(
            f"{where} is a {type(document).__name__}, not an object with fields", hint=_HINT
        )
    for field in ("apiVersion", "kind"):
        if not isinstance(document.get(field), str):
            example = "v1" if field == "apiVersion" else "Pod"
            raise ManifestError(
                f"{where} has no {field}", hint=f"add a line such as {field}: {example}"
            )
    return document
