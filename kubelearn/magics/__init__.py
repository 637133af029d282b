"""What a notebook can say to a cluster beside Python: `%kubectl`, `%wait` and `%%manifest`.

    %load_ext kubelearn

`connect` and lessons load them too. They act on the cluster that was connected to last, in the
namespace of its lesson.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubelearn.magics import kubectl, manifest, wait
from kubelearn.magics.completion import Completion

_LINE: dict[str, Callable[..., None]] = {"kubectl": kubectl.line, "wait": wait.line}
_CELL: dict[str, Callable[..., None]] = {"kubectl": kubectl.cell, "manifest": manifest.cell}


def load(shell: Any) -> None:
    """Give the magics, and their completion, to an IPython shell."""
    for kind, functions in {"line": _LINE, "cell": _CELL}.items():
        for name, function in functions.items():
            shell.register_magic_function(function, magic_kind=kind, magic_name=name)
    shell.Completer.custom_matchers.append(Completion().matcher)
