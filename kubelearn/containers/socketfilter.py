"""A seccomp filter that makes the kernel ask about addresses of sockets (seccomp_unotify(2)).

It asks about each `bind`, each `connect`, and each `sendto` that names whom it sends to. `sendmsg`
keeps that name in memory, where a filter cannot look: each would have to be asked about, and the
streams that use it for speed need no name. `sockets` answers. Small on purpose, like `kernel`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

from kubelearn.containers.kernel import call, gain_no_privileges, libc

# Per machine: AUDIT_ARCH_*, and the numbers of seccomp, bind, connect and sendto.
_NUMBERS = {"x86_64": (0xC000003E, 317, 49, 42, 44), "aarch64": (0xC00000B7, 277, 200, 203, 206)}
_ARCH, _SECCOMP, BIND, CONNECT, SENDTO = _NUMBERS.get(platform.machine(), (0, 0, -1, -1, -1))
# From linux/seccomp.h and linux/filter.h.
_SET_MODE_FILTER, _NEW_LISTENER, _WAIT_KILLABLE = 1, 1 << 3, 1 << 5
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
# Into struct seccomp_data; the fifth argument of `sendto` is the place of an address, or nothing.
_ARCH_AT, _NUMBER_AT, _FIFTH_AT = 4, 0, 48


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


# The calls that matter, and of `sendto` those with an address: jumps count steps to skip.
_STEPS = [
    (_LOAD, 0, 0, _ARCH_AT),
    (_JUMP_EQUAL, 0, 8, _ARCH),
    (_LOAD, 0, 0, _NUMBER_AT),
    (_JUMP_EQUAL, 7, 0, BIND),
    (_JUMP_EQUAL, 6, 0, CONNECT),
    (_JUMP_EQUAL, 0, 4, SENDTO),
    (_LOAD, 0, 0, _FIFTH_AT),
    (_JUMP_EQUAL, 0, 3, 0),
    (_LOAD, 0, 0, _FIFTH_AT + 4),
    (_JUMP_EQUAL, 0, 1, 0),
    (_RETURN, 0, 0, _ALLOW),
    (_RETURN, 0, 0, _NOTIFY),
]


def take_filter() -> int:
    """Have the kernel ask about this thread's sockets; the answer is where it asks.

    Raises OSError where there are no such filters.
    """
    if not _ARCH:
        raise OSError(errno.ENOSYS, "unknown machine")
    code = b"".join(struct.pack("=HBBI", *step) for step in _STEPS)
    program = _Program(len(_STEPS), code)

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
