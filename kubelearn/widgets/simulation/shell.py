"""A shell in a simulated pod: it knows a few words, one line at a time."""

from __future__ import annotations

import queue

from kubelearn.clusters.podexec import Ending, Target

_HELP = "help, hostname, ls, echo WORDS, exit [CODE]"


class SimulatedShell:
    """What `podexec.connect` gives on a real cluster."""

    def __init__(self, target: Target) -> None:
        self.ending = Ending(None, "the connection was lost")
        self.size = (0, 0)
        self._pod = target.pod
        self._typed = ""
        self._printed: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._print("/ # ")

    def read(self) -> bytes | None:
        """What it prints next."""
        return self._printed.get()

    def write(self, data: bytes) -> None:
        """Type; each key comes back, as from a terminal."""
        for key in data.decode():
            if key == "\r":
                self._print("\r\n")
                self._run(self._typed.split())
                self._typed = ""
            elif key == "\x7f":
                self._print("\b \b" if self._typed else "")
                self._typed = self._typed[:-1]
            else:
                self._typed += key
                self._print(key)

    def resize(self, columns: int, rows: int) -> None:
        """Note the size."""
        self.size = (columns, rows)

    def close(self) -> None:
        """Hang up."""
        self._printed.put(None)

    def _run(self, words: list[str]) -> None:
        answers = {"hostname": self._pod, "ls": "app  etc  proc", "help": _HELP}
        if words[:1] == ["exit"]:
            self.ending = Ending(int(words[1]) if len(words) > 1 else 0)
            self.close()
            return
        if words[:1] == ["echo"]:
            self._print(" ".join(words[1:]) + "\r\n")
        elif words:
            self._print(answers.get(words[0], f"sh: {words[0]}: not found") + "\r\n")
        self._print("/ # ")

    def _print(self, text: str) -> None:
        if text:
            self._printed.put(text.encode())
