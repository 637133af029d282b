"""What Predict and Quiz share: a question, an answer that the learner commits to, and a comparison.

The answer stays with the widget: whoever displays it again, or loads the page again, finds it as it
was. It never waits: with no front end it prints the question and goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import traitlets

from kubelearn.diagrams.question import LETTERS, draw
from kubelearn.widgets.base import Widget, script, style

Options = Iterable[str] | Mapping[str, str]


class Question(Widget):
    """A question; `kind` says with what it is answered: `one`, `several`, `number` or `text`."""

    _esm = script("question")
    _css = style("question")

    word = traitlets.Unicode().tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    kind = traitlets.Unicode("one").tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    why = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """For each option what is to be said of it; empty strings for nothing."""
    right = traitlets.List(traitlets.Int()).tag(sync=True)
    """The indices of the right options; empty where nothing is right or wrong."""
    unit = traitlets.Unicode().tag(sync=True)
    solution = traitlets.Unicode().tag(sync=True)
    """The answer to a question without options, as it is shown afterwards."""
    explain = traitlets.Unicode().tag(sync=True)
    given = traitlets.Any(None, allow_none=True).tag(sync=True)
    """The answer once it is committed: indices of options, a number, or a text."""
    compared = traitlets.Bool(False).tag(sync=True)
    verdict = traitlets.Bool(None, allow_none=True).tag(sync=True)
    """Whether the answer is right; None as long as that is not known."""

    def __init__(
        self,
        question: str,
        options: Options = (),
        *,
        right: Sequence[int] = (),
        **more: Any,
    ) -> None:
        listed = list(options)
        why = [options[each] for each in listed] if isinstance(options, Mapping) else []
        super().__init__(question=question, options=listed, why=why, right=list(right), **more)
        self.observe(self._judge, "given")

    def is_right(self, given: Any) -> bool | None:
        """Whether that would be right; None where nothing is right or wrong."""
        return sorted(given) == sorted(self.right) if self.right else None

    def _judge(self, change: Mapping[str, Any]) -> None:
        given = change["new"]
        self.verdict = None if given is None else self.is_right(given)

    def picture(self) -> str:
        """The question and its options; not the answer, so that every run stores the same."""
        return draw(self.question, self.options, word=self.word)

    def line(self) -> str:
        """The question and its options as text."""
        pairs = zip(LETTERS, self.options, strict=False)
        return "\n".join(
            [f"{self.word}: {self.question}", *(f"  {a}) {text}" for a, text in pairs)]
        )


def checked_options(options: Options) -> list[str]:
    """The options as a list. Raises ValueError for too few or too many of them."""
    listed = list(options)
    if not 2 <= len(listed) <= len(LETTERS):
        raise ValueError(f"a question needs 2 to {len(LETTERS)} options, not {len(listed)}")
    return listed


def index_of(options: Sequence[str], answer: str | int) -> int:
    """An option's index, for the option itself or its index. Raises ValueError for another one."""
    if isinstance(answer, str):
        return options.index(answer)
    if not 0 <= answer < len(options):
        raise ValueError(f"there is no option {answer}")
    return answer
