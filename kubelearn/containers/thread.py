"""A thread of its own for what a container needs.

The kernel keeps namespaces and filters by thread, and what a thread starts inherits them. So a
thread takes what a container needs, starts its process, and ends; the daemon itself stays outside.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

_Result = TypeVar("_Result")


def in_thread(function: Callable[[], _Result]) -> _Result:
    """Call a function in a thread of its own; gives what it gives, and raises what it raises."""
    outcome: Future[_Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(function())
        except BaseException as error:
            outcome.set_exception(error)

    thread = Thread(target=run, name="container start")
    thread.start()
    thread.join()
    return outcome.result()
