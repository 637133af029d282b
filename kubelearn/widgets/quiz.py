"""Quiz: answer first, then compare, and read of every option why it is right or wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kubelearn.widgets.question import Options, Question, checked_options, index_of

Answer = str | float | Iterable[str | int]


class Quiz(Question):
    """A question about what was learnt.

    With `options` (a mapping tells of each why it is right or wrong), `answer` is the right one or
    its index, or a list of all right ones. Without options it is a number, from which the learner's
    may differ by `tolerance`, or a text, or a list of texts that will do; capitals and spaces do
    not matter then.
    """

    def __init__(
        self,
        question: str,
        options: Options = (),
        *,
        answer: Answer,
        explain: str = "",
        tolerance: float = 0,
        unit: str = "",
    ) -> None:
        self._tolerance = tolerance
        self._number: float | None = None
        self._texts: list[str] = []
        told: dict[str, Any] = {"word": "Quiz", "explain": explain, "unit": unit}
        told |= self._with_options(options, answer) if options else self._free(answer)
        super().__init__(question, options, **told)

    def _with_options(self, options: Options, answer: Answer) -> dict[str, Any]:
        listed = checked_options(options)
        if isinstance(answer, str | int):
            return {"kind": "one", "right": [index_of(listed, answer)]}
        if isinstance(answer, float):
            raise ValueError("the answer to a question with options is one of them")
        right = [index_of(listed, each) for each in answer]
        if not right:
            raise ValueError("a quiz needs at least one right option")
        return {"kind": "several", "right": right}

    def _free(self, answer: Answer) -> dict[str, Any]:
        if isinstance(answer, int | float):
            self._number = float(answer)
            return {"kind": "number", "solution": f"{answer:g}"}
        self._texts = [answer] if isinstance(answer, str) else [str(each) for each in answer]
        return {"kind": "text", "solution": self._texts[0]}

    def is_right(self, given: Any) -> bool | None:
        """Whether that would be right."""
        if self._number is not None:
            return abs(float(given) - self._number) <= self._tolerance
        if self._texts:
            return _folded(str(given)) in map(_folded, self._texts)
        return super().is_right(given)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _demo(_cluster: Any) -> Quiz:
    return Quiz(
        "Which of these does the control plane do?",
        {
            "it binds pods to nodes": "kube-scheduler writes the node's name into the pod.",
            "it starts containers": "The kubelet of each node does, through the runtime.",
            "it keeps all objects": "The API server stores them in etcd.",
            "it forwards a Service's traffic": "kube-proxy does, on every node.",
        },
        answer=["it binds pods to nodes", "it keeps all objects"],
        explain="The control plane decides and remembers; nodes do the work.",
    )


if __name__ == "__main__":
    from kubelearn.widgets.demo import run

    run(_demo, title="Quiz")
