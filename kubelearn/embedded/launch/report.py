"""What the starting daemon tells whoever started it: lines of JSON through a pipe.

Either step by step to `{"ready": true}`, or an error; so a failure is shown at once, with its
reason, and not as a time-out. If nobody listens (any more) nothing is told.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

from kubelearn.errors import KubelearnError


class Report:
    """The writing end; `file` is its descriptor, None if there is no pipe."""

    def __init__(self, file: int | None) -> None:
        self._file = file
        if file is not None:
            # Containers must not hold the pipe open, or its reader would wait for their end.
            os.set_inheritable(file, False)

    def step(self, what: str, result: str) -> None:
        """A step is done."""
        self._tell({"step": what, "result": result})

    def ready(self) -> None:
        """The API answers; nothing more will be told."""
        self._tell({"ready": True})
        self._close()

    def failed(self, error: KubelearnError) -> None:
        """The cluster cannot start."""
        about = {"message": error.message, "hint": error.hint}
        self._tell({"error": about, "type": type(error).__name__})
        self._close()

    def _tell(self, what: dict[str, Any]) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.write(self._file, json.dumps(what).encode() + b"\n")

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
