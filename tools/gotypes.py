"""Generate the Go types of a pod template: `python -m tools.gotypes`, from the repository's root.

Kubernetes hashes a template as Go prints it, with the names of types and fields in their order.
`kubelearn/embedded/controllers/podtemplatehash.py` does the same with what is written here: of each
struct the fields in Go (name, name in JSON, type), and what other named types are.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tools.schema import GoTypes, base, go_modules, go_packages, rendered

DATA = Path("kubelearn/embedded/controllers/data/podtemplate.json")
ROOT = "core.v1.PodTemplateSpec"


def main() -> None:
    """Download, read, write."""
    go = GoTypes([package for module in go_modules() for package in go_packages(module)])
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_text(rendered(reachable(go)))
    print(f"{DATA}: {DATA.stat().st_size:,} bytes")


def reachable(go: GoTypes) -> dict[str, Any]:
    """The types that a template is made of."""
    structs: dict[str, list[list[str]]] = {}
    named: dict[str, str] = {}
    todo = [ROOT]
    while todo:
        name = todo.pop()
        if name in go.structs and name not in structs:
            fields = go.structs[name]
            structs[name] = [[field["go"], field["name"], field["type"]] for field in fields]
            todo += [base(field["type"]) for field in fields]
        elif name in go.named and name not in named:
            named[name] = go.named[name]
            todo += re.findall(r"[\w.]+\w", go.named[name])
    return {"structs": dict(sorted(structs.items())), "named": dict(sorted(named.items()))}


if __name__ == "__main__":
    main()
