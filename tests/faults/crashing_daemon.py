"""The daemon, but for one thing: a component crashes once a file with its name appears.

Run like `python -m kubelearn.embedded.launch`; KUBELEARN_CRASHES names the folder for the files.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from kubelearn.embedded.launch import controlplane, machines
from kubelearn.embedded.launch.__main__ import main
from kubelearn.embedded.launch.component import Loop


class CrashingLoop(Loop):
    """A component that can be made to crash."""

    def __init__(self, name: str, run: Callable[[], Awaitable[None]], **more: Any) -> None:
        async def until_crash() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(_crash(name))
                await run()

        super().__init__(name, until_crash, **more)


async def _crash(name: str) -> None:
    file = Path(os.environ["KUBELEARN_CRASHES"]) / name
    while not file.exists():
        await asyncio.sleep(0.05)
    file.unlink()
    raise RuntimeError("the test wants it")


if __name__ == "__main__":
    for module in (controlplane, machines):
        module.Loop = CrashingLoop  # type: ignore[attr-defined]
    main()
