"""Predict: commit yourself before you look.

A question with options. The choice stays, the learner runs the next cell, sees what happens and
compares. It never waits: with no front end it prints the question and goes on.
"""

from __future__ import annotations

from collections.abc import Iterable

import traitlets

from kubelearn.diagrams.question import LETTERS, draw
from kubelearn.widgets.base import Widget, script, style


class Predict(Widget):
    """A question to answer before the next cell runs.

    `answer` is the right option, or its index; with it, or with `explain`, the learner can
    compare after choosing.
    """

    _esm = script("predict")
    _css = style("predict")

    question = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    answer = traitlets.Int(allow_none=True, default_value=None).tag(sync=True)
    explain = traitlets.Unicode().tag(sync=True)
    chosen = traitlets.Int(allow_none=True, default_value=None).tag(sync=True)

    def __init__(
        self,
        question: str,
        options: Iterable[str],
        *,
        answer: str | int | None = None,
        explain: str = "",
    ) -> None:
        listed = list(options)
        if not 2 <= len(listed) <= len(LETTERS):
            raise ValueError(f"a prediction needs 2 to {len(LETTERS)} options, not {len(listed)}")
        index = listed.index(answer) if isinstance(answer, str) else answer
        super().__init__(question=question, options=listed, answer=index, explain=explain)

    @property
    def choice(self) -> str | None:
        """What the learner has chosen so far."""
        return None if self.chosen is None else str(self.options[self.chosen])

    def picture(self) -> str:
        """The question and its options; not the choice, so that every run stores the same."""
        return draw(self.question, self.options)

    def line(self) -> str:
        """The question and its options as text."""
        pairs = zip(LETTERS, self.options, strict=False)
        return "\n".join([f"Predict: {self.question}", *(f"  {a}) {text}" for a, text in pairs)])


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(
        lambda _cluster: Predict(
            "You delete one of three pods. For a moment, how many pods are there at most?",
            ["two", "three", "four"],
            answer="four",
            explain="The replacement is born while the old pod is still saying goodbye.",
        ),
        title="Predict",
    )
