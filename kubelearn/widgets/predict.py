"""Predict: commit yourself before you look.

A question with options. The choice stays, the learner runs the next cell, sees what happens and
compares.
"""

from __future__ import annotations

from kubelearn.widgets.question import Options, Question, checked_options, index_of


class Predict(Question):
    """A question to answer before the next cell runs.

    `answer` is the right option, or its index; with it, or with `explain`, the learner can
    compare after choosing.
    """

    def __init__(
        self,
        question: str,
        options: Options,
        *,
        answer: str | int | None = None,
        explain: str = "",
    ) -> None:
        listed = checked_options(options)
        right = [] if answer is None else [index_of(listed, answer)]
        super().__init__(question, options, right=right, word="Predict", explain=explain)

    @property
    def choice(self) -> str | None:
        """What the learner has chosen so far."""
        return str(self.options[self.given[0]]) if self.given else None


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
