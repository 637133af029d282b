"""Calls that Python's own library has no names for, and the thread in which they are made.

The kernel keeps namespaces and filters by thread, and what a thread starts inherits them. So a
thread takes what a container needs, starts its process, and ends; the daemon itself stays outside.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

_Result = TypeVar("_Result")

libc = ctypes.CDLL(None, use_errno=True)


def call(function: Any, *args: Any) -> int:
    """Call a function of the C library. Raises OSError."""
    result: int = function(*args)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


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
