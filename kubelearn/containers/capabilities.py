"""The capabilities of Linux (capabilities(7)), and which ones a container has."""

from __future__ import annotations

from collections.abc import Sequence

_NAMES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO "
    "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME "
    "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG "
    "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)
NUMBERS = {name: number for number, name in enumerate(_NAMES.split())}

# What containerd gives to every container (`pkg/oci/spec.go`).
DEFAULT = (
    "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP",
    "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
)  # fmt: skip


def chosen(*, add: Sequence[str], drop: Sequence[str], privileged: bool) -> list[str]:
    """What is left of those, in the kernel's order."""
    if privileged:
        return list(NUMBERS)
    adding, dropping = {*map(_bare, add)}, {*map(_bare, drop)}
    kept = {*NUMBERS} if "ALL" in adding else {*DEFAULT}
    kept = ({*()} if "ALL" in dropping else kept - dropping) | (adding - dropping)
    return [name for name in NUMBERS if name in kept]


def _bare(name: str) -> str:
    return name.upper().removeprefix("CAP_")
