"""What Go, and so Kubernetes, calls this machine's kind of processor."""

from __future__ import annotations

import platform

_NAMES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm"}


def architecture() -> str:
    """`amd64` for most machines, `arm64` for most others."""
    return _NAMES.get(platform.machine(), platform.machine())
