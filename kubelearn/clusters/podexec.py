"""A program in a pod with a terminal, as `kubectl exec -it` opens it: a WebSocket with channels.

The official client makes the connection; the channels are read here, because its own reader does
not return while a program keeps on writing. Protocol: k8s.io/apimachinery
`pkg/util/remotecommand` (channels 0 to 4, v4 and v5).
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from kubelearn.errors import Unreachable, api_error
from kubelearn.objects import PODS

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_STDIN, _STDOUT, _STDERR, _ERROR, _RESIZE = range(5)


@dataclass(frozen=True)
class Target:
    """Where to run what."""

    namespace: str
    pod: str
    container: str
    command: Sequence[str]

    @property
    def path(self) -> str:
        """The path of the request, with its parameters."""
        flags = {"stdin": "true", "stdout": "true", "stderr": "true", "tty": "true"}
        words = [*flags.items(), *(("command", word) for word in self.command)]
        query = urlencode([("container", self.container), *words] if self.container else words)
        return f"{PODS.path(self.namespace, self.pod, 'exec')}?{query}"


@dataclass(frozen=True)
class Ending:
    """How it ended: the exit code, or why there is none."""

    code: int | None
    message: str = ""


class Session(Protocol):
    """A program with a terminal. `read` is for one thread, the rest for any."""

    ending: Ending
    """Of interest once `read` has given None."""

    def read(self) -> bytes | None:
        """Wait for what it prints; None when it has ended."""
        ...

    def write(self, data: bytes) -> None:
        """Type something."""
        ...

    def resize(self, columns: int, rows: int) -> None:
        """Tell how large the terminal is."""
        ...

    def close(self) -> None:
        """Hang up; whoever waits in `read` gets None."""
        ...


def connect(api: ApiClient, target: Target) -> Session:
    """Start the program. Raises the ApiError that fits: no such pod, no such container, 403."""
    from kubernetes.stream.ws_client import create_websocket
    from websocket import WebSocketBadStatusException, WebSocketException

    configuration = api.configuration
    # The scheme of WebSockets: ws for http, wss for https.
    url = configuration.host.replace("http", "ws", 1) + target.path
    try:
        made = create_websocket(  # type: ignore[no-untyped-call]
            configuration, url, _headers(configuration)
        )
    except WebSocketBadStatusException as error:
        raise api_error(_status(error)) from error
    except (WebSocketException, OSError) as error:
        message = f"no connection to {target.pod}: {error}"
        raise Unreachable({"reason": "Unreachable", "message": message}) from error
    return _Channels(made)


def _headers(configuration: Any) -> dict[str, str]:
    return {
        setting["key"]: setting["value"]
        for setting in configuration.auth_settings().values()
        if setting["in"] == "header" and setting["value"]
    }


def _status(error: Any) -> Mapping[str, Any]:
    """The Status in the answer to a connection that was refused."""
    body = getattr(error, "resp_body", None) or b""
    try:
        status = json.loads(body)
    except ValueError:
        status = None
    if isinstance(status, dict) and status.get("kind") == "Status":
        return status
    words = body.decode(errors="replace").strip() if isinstance(body, bytes) else str(body)
    return {"code": error.status_code, "message": words or f"HTTP {error.status_code}"}


class _Channels:
    """The channels of an open connection."""

    def __init__(self, connection: Any) -> None:
        self._socket = connection
        self._socket.settimeout(None)
        self.ending = Ending(None, "the connection was lost")

    def read(self) -> bytes | None:
        while (message := self._receive()) is not None:
            channel, data = message[0], message[1:]
            if channel == _ERROR and data:
                self.ending = ending_of(data)
            elif channel in (_STDOUT, _STDERR) and data:
                return data
        # Here, because nobody may close what this thread still reads.
        self._socket.shutdown()
        return None

    def _receive(self) -> bytes | None:
        """The next message with something in it; None when there will be none."""
        from websocket import ABNF, WebSocketException

        try:
            while True:
                code, frame = self._socket.recv_data_frame(True)
                if code == ABNF.OPCODE_CLOSE:
                    return None
                if code in (ABNF.OPCODE_BINARY, ABNF.OPCODE_TEXT) and frame.data:
                    return bytes(frame.data)
        except (WebSocketException, OSError, AttributeError):
            return None

    def write(self, data: bytes) -> None:
        self._send(_STDIN, data)

    def resize(self, columns: int, rows: int) -> None:
        self._send(_RESIZE, json.dumps({"Width": columns, "Height": rows}).encode())

    def close(self) -> None:
        from websocket import WebSocketException

        with contextlib.suppress(WebSocketException, OSError, AttributeError):
            self._socket.send_close()
        with contextlib.suppress(OSError, AttributeError):
            self._socket.sock.shutdown(socket.SHUT_RDWR)

    def _send(self, channel: int, data: bytes) -> None:
        from websocket import WebSocketException

        # What has ended takes no more input; `read` tells of the end.
        with contextlib.suppress(WebSocketException, OSError, AttributeError):
            self._socket.send_binary(bytes([channel]) + data)


def ending_of(data: bytes) -> Ending:
    """What the last message, a Status, says of the end."""
    try:
        status = json.loads(data)
    except ValueError:
        return Ending(None, data.decode(errors="replace"))
    if status.get("status") == "Success":
        return Ending(0)
    causes = (status.get("details") or {}).get("causes") or ()
    codes = [str(each["message"]) for each in causes if each.get("reason") == "ExitCode"]
    if codes and codes[0].isdecimal():
        return Ending(int(codes[0]))
    return Ending(None, str(status.get("message") or status.get("reason") or "it failed"))
