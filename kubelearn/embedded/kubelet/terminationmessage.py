"""A container's last words, as its status shows them."""

from __future__ import annotations

from kubelearn.containers.runtime import ContainerStatus
from kubelearn.embedded.kubelet.logs import last_lines
from kubelearn.objects import Object

DEFAULT_PATH = "/dev/termination-log"
_MESSAGE_BYTES, _FALLBACK_BYTES, _FALLBACK_LINES = 4096, 2048, 80


def termination_message(container: Object, status: ContainerStatus) -> str:
    """What a container left as its last words, after what the runtime says."""
    wanted = container.get("terminationMessagePath") or DEFAULT_PATH
    places = {mount.container_path: mount.host_path for mount in status.config.mounts}
    try:
        words = places[wanted].read_bytes()[:_MESSAGE_BYTES].decode(errors="replace")
    except (KeyError, OSError):
        words = ""
    fallback = container.get("terminationMessagePolicy") == "FallbackToLogsOnError"
    if not words and fallback and status.exit_code:
        words = last_lines(status.config.log_path, lines=_FALLBACK_LINES, size=_FALLBACK_BYTES)
    return ": ".join(part for part in (status.message, words) if part)
