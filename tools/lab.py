"""A real JupyterLab in a real browser, for tests and benchmarks: one server, one page.

What is done here was found by trial: the news toast, the kernel that is idle before it is, calls
into the page that never return. See the comments.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

# A notebook's execution indicator says idle before the kernel is even started; this does not.
_READY = """() => {
  const { context, sessionContext } = window.jupyterapp?.shell.currentWidget ?? {};
  const kernel = sessionContext?.session?.kernel;
  return Boolean(context?.isReady && sessionContext?.isReady
    && kernel?.connectionStatus === "connected" && kernel?.status === "idle");
}"""
_NEWS = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"


class LabServer:
    """A JupyterLab server of its own: its settings, runtime files and notebooks in one folder."""

    def __init__(self, folder: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.notebooks = folder / "notebooks"
        self.notebooks.mkdir(parents=True)
        self.port = _free_port()
        self.token = secrets.token_hex(16)
        self._process = self._start(environment or {})
        self._await_answer()

    def _start(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        homes = {
            name: str(self.folder / name.lower())
            for name in (
                "HOME",
                "JUPYTER_CONFIG_DIR",
                "JUPYTER_RUNTIME_DIR",
                "JUPYTERLAB_SETTINGS_DIR",
                "JUPYTERLAB_WORKSPACES_DIR",
                "IPYTHONDIR",
            )
        }
        for home in homes.values():
            Path(home).mkdir()
        # No option switches the news toast off; the setting does.
        news = Path(homes["JUPYTERLAB_SETTINGS_DIR"]) / _NEWS
        news.parent.mkdir(parents=True)
        news.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self.port,
            "ServerApp.port_retries": 0,
            "ServerApp.root_dir": self.notebooks,
            "ServerApp.terminals_enabled": False,
            "IdentityProvider.token": self.token,
            "LabApp.expose_app_in_browser": True,
            "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
            "LabApp.extension_manager": "readonly",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        with (self.folder / "server.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *arguments],
                env={**os.environ, **homes, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _await_answer(self, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with urllib.request.urlopen(self._url("api"), timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        log = (self.folder / "server.log").read_text()
        self.stop()
        raise RuntimeError(f"JupyterLab does not start:\n{log[-2000:]}")

    def url(self, notebook: str) -> str:
        """Where a page opens a notebook, in a fresh workspace."""
        return self._url(f"lab/tree/{notebook}") + "&reset"

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}"

    def write(self, name: str, cells: Iterable[str]) -> None:
        """Put a notebook of code cells into the server's folder."""
        listed = [
            {"cell_type": "code", "id": f"cell{i}", "metadata": {}, "source": cell, "outputs": []}
            for i, cell in enumerate(cells)
        ]
        # Without a kernel's name JupyterLab asks for one, and waits.
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}}
        text = json.dumps({**notebook, "cells": [{**c, "execution_count": None} for c in listed]})
        (self.notebooks / name).write_text(text)

    def clear(self) -> None:
        """End all kernels and remove all notebooks, so that the next user finds it as it was."""
        with urllib.request.urlopen(self._url("api/sessions"), timeout=30) as answer:
            sessions = json.load(answer)
        for session in sessions:
            path = self._url(f"api/sessions/{session['id']}")
            ending = urllib.request.Request(path, method="DELETE")
            urllib.request.urlopen(ending, timeout=30).close()
        shutil.rmtree(self.notebooks)
        self.notebooks.mkdir()

    def stop(self) -> None:
        """End the server and its kernels."""
        for number in (signal.SIGINT, signal.SIGTERM):
            if self._process.poll() is None:
                self._process.send_signal(number)
                time.sleep(0.2)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()


class LabPage:
    """JupyterLab in a browser page."""

    def __init__(self, page: Page, server: LabServer) -> None:
        self.page = page
        self.server = server
        self._done = 0

    def open(self, notebook: str) -> None:
        """Show a notebook, the first one with the page itself, and wait for its kernel."""
        if self.page.url == "about:blank":
            self.page.goto(self.server.url(notebook))
        else:
            self.command("docmanager:open", path=notebook)
            self.page.wait_for_function(
                "name => window.jupyterapp.shell.currentWidget?.context?.path === name",
                arg=notebook,
            )
        self.await_kernel()

    def reload(self) -> None:
        """Save, and load the page again, as a reader does who has lost patience."""
        self.command("docmanager:save")
        self.page.reload()
        self.await_kernel()

    def await_kernel(self) -> None:
        """Wait until the current notebook's kernel can run cells."""
        self.page.wait_for_function(_READY, timeout=60_000)

    def run_all(self) -> None:
        """Run all cells and wait for the last one."""
        self.command("notebook:run-all-cells")

    def command(self, name: str, *, timeout: float = 60, **arguments: Any) -> None:
        """Run one of JupyterLab's commands to its end."""
        self._finish(
            f"window.jupyterapp.commands.execute({json.dumps(name)}, arguments_)",
            arguments,
            timeout,
        )

    def execute(self, code: str, *, timeout: float = 60) -> None:
        """Run code in the current notebook's kernel, without a cell; its error is raised here."""
        kernel = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        check = "(reply) => { if (reply.content.status !== 'ok') throw reply.content.evalue; }"
        run = f"{kernel}.requestExecute(arguments_).done.then({check})"
        self._finish(run, {"code": code}, timeout)

    def restart_kernel(self) -> None:
        """Restart the current notebook's kernel."""
        context = "window.jupyterapp.shell.currentWidget.sessionContext"
        self._finish(f"{context}.session.kernel.restart()", {}, 60)
        self.await_kernel()

    def _finish(self, promise: str, arguments: Any, timeout: float) -> None:
        """Start a promise in the page and poll for its end: awaiting it there has no timeout."""
        self._done += 1
        flag = f"kubelearnDone{self._done}"
        then = f"() => window.{flag} = 'done', (error) => window.{flag} = String(error)"
        self.page.evaluate(
            f"(arguments_) => {{ Promise.resolve({promise}).then({then}); }}", arguments
        )
        self.page.wait_for_function(f"window.{flag}", timeout=timeout * 1000)
        end = self.page.evaluate(f"window.{flag}")
        if end != "done":
            raise RuntimeError(f"{promise}: {end}")

    def __call__(self, selector: str) -> Locator:
        """What is found in the notebook in front."""
        return self.page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) {selector}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
