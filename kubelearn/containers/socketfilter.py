"""A seccomp filter that makes the kernel ask about each `bind` and `connect` (seccomp_unotify(2)).

`sockets` answers. Small on purpose, like `kernel`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

from kubelearn.containers.kernel import call, gain_no_privileges, libc

# Per machine: AUDIT_ARCH_*, and the numbers of seccomp, bind and connect.
_NUMBERS = {"x86_64": (0xC000003E, 317, 49, 42), "aarch64": (0xC00000B7, 277, 200, 203)}
_ARCH, _SECCOMP, BIND, _CONNECT = _NUMBERS.get(platform.machine(), (0, 0, -1, -1))
# From linux/seccomp.h and linux/filter.h.
_SET_MODE_FILTER, _NEW_LISTENER, _WAIT_KILLABLE = 1, 1 << 3, 1 << 5
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ARCH_AT, _NUMBER_AT = 4, 0


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def take_filter() -> int:
    """Have the kernel ask about this thread's sockets; the answer is where it asks.

    Raises OSError where there are no such filters.
    """
    if not _ARCH:
        raise OSError(errno.ENOSYS, "unknown machine")
    steps = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_JUMP_EQUAL, 0, 3, _ARCH),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_EQUAL, 2, 0, BIND),
        (_JUMP_EQUAL, 1, 0, _CONNECT),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _NOTIFY),
    ]
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    program = _Program(len(steps), code)

    def take(flags: int) -> int:
        return call(libc.syscall, _SECCOMP, _SET_MODE_FILTER, flags, ctypes.byref(program))

    if os.geteuid():
        # What the kernel asks of those who are not root: their programs gain no rights by setuid.
        gain_no_privileges()
    try:
        return take(_NEW_LISTENER | _WAIT_KILLABLE)
    except OSError as error:
        if error.errno != errno.EINVAL:  # before Linux 5.19
            raise
        return take(_NEW_LISTENER)
