"""The course's own source, shown in a cell: `show(...)`. Read on where a lesson has to stop."""

from __future__ import annotations

import importlib
import inspect
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubelearn.errors import KubelearnError

_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Source:
    """A piece of source; JupyterLab shows it in colours, a terminal as it is."""

    where: str
    """The file, and the line on which the piece begins."""
    stands_for: str
    """What its module stands for upstream, in the module's own words."""
    text: str

    def __repr__(self) -> str:
        about = textwrap.indent(self.stands_for, "# ", lambda _: True)
        return f"# {self.where}\n{about}\n\n{self.text}"

    def _repr_html_(self) -> str:
        from IPython.display import Code

        html: str = Code(data=repr(self), language="python")._repr_html_()  # type: ignore[no-untyped-call]
        return html


def show(what: Any) -> Source:
    """The source of a function, class or module, given itself or by its name.

    A name is looked up in the embedded cluster: `"kubelet.backoff"`, or
    `"controllers.deployment.rolling.surge"` for one function of a module. Raises KubelearnError
    when there is no such thing.
    """
    found = _find(what) if isinstance(what, str) else what
    try:
        lines, start = inspect.getsourcelines(found)
        file = Path(inspect.getsourcefile(found) or "")
    except (OSError, TypeError) as error:
        raise KubelearnError(
            f"{what!r} has no source in Python", hint='show("kubelet"), show(kubelearn.connect)'
        ) from error
    where = file.relative_to(_ROOT) if file.is_relative_to(_ROOT) else Path(file.name)
    is_module = inspect.ismodule(found)
    about = "" if is_module else inspect.getdoc(inspect.getmodule(found)) or ""
    return Source(
        where=str(where) if is_module else f"{where}, line {start}",
        stands_for=about.partition("\n\n")[0],
        text="".join(lines).rstrip(),
    )


def _find(name: str) -> Any:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(["kubelearn.embedded", *parts[:length]]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[length:]:
            found = getattr(found, attribute, None)
        if found is not None:
            return found
    raise KubelearnError(
        f"the embedded cluster has no part called {name!r}",
        hint='show("scheduler"), show("kubelet.backoff"), show("store.index.Index")',
    )
