"""What Linux lets root do that nobody else may: to read and write whatever a file's mode says."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator

# From linux/capability.h, linux/prctl.h and linux/securebits.h.
_VERSION = 0x20080522
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2
_GET_SECUREBITS, _SET_SECUREBITS = 27, 28
_NOROOT = 1

_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def obeyed() -> Iterator[None]:
    """Modes count for this thread and for what it starts, even if it is root's.

    Raises OSError where that cannot be arranged.
    """
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    # Effective, permitted and inheritable, twice: two words of capabilities each.
    before = (ctypes.c_uint32 * 6)()
    _call(_libc.capget, header, before)
    secure = _call(_libc.prctl, _GET_SECUREBITS, 0, 0, 0, 0)
    less = (ctypes.c_uint32 * 6)(*before)
    less[0] &= ~(1 << _DAC_OVERRIDE | 1 << _DAC_READ_SEARCH)
    if os.geteuid() == 0:
        # Else a program that root starts has all capabilities again.
        _call(_libc.prctl, _SET_SECUREBITS, secure | _NOROOT, 0, 0, 0)
    _call(_libc.capset, header, less)
    try:
        yield
    finally:
        _call(_libc.capset, header, before)
        if os.geteuid() == 0:
            _call(_libc.prctl, _SET_SECUREBITS, secure, 0, 0, 0)


def _call(function: ctypes._NamedFuncPointer, *arguments: object) -> int:
    result: int = function(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
