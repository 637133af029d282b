"""Plain JSON over the official client's own connection: any path, any verb, streams too.

The official client's typed calls are what lessons use. Widgets and helpers need three things that
those don't give: the request line to show, objects as plain dicts without the cost of models, and
one way that is the same in all supported versions of the client (30.1 to 37). The connection pool,
TLS set-up and credentials are the client's.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import urllib3

from kubelearn.errors import Unreachable, api_error

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

APPLY_PATCH = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"


@dataclass(frozen=True)
class Answer:
    """What came back: the request line that was sent, the HTTP code, the body, the headers.

    `body` is decoded JSON, or text where the server sent something else.
    """

    request: str
    code: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return f"{self.request} → {self.code}"

    def checked(self) -> Any:
        """The body; raises the ApiError that fits when it is a failure."""
        if self.code < 400:
            return self.body
        is_status = isinstance(self.body, dict) and self.body.get("kind") == "Status"
        raise api_error(
            self.body if is_status else {"code": self.code, "message": str(self.body).strip()}
        )


def send(
    api: ApiClient,
    method: str,
    path: str,
    *,
    body: Any = None,
    query: Mapping[str, Any] | None = None,
    content_type: str = "application/json",
    accept: str = "application/json",
    headers: Mapping[str, str] | None = None,
    timeout: float = 30,
) -> Answer:
    """Send one request with the client's credentials, and perhaps more headers.

    Raises Unreachable when nobody answers for `timeout` seconds; a failure `Status` is an Answer
    like any other.
    """
    own = {"Accept": accept, **({} if body is None else {"Content-Type": content_type})}
    url = f"{path}{_query(query)}"
    sent = {**own, **(headers or {})}
    response = _open(api, method, url, body=body, headers=sent, timeout=timeout)
    raw = response.data
    is_json = response.headers.get("Content-Type", "").startswith("application/json")
    return Answer(
        request=f"{method} {url}",
        code=response.status,
        body=json.loads(raw) if is_json and raw else raw.decode(errors="replace"),
        headers=response.headers,
    )


def without_credentials(api: ApiClient) -> ApiClient:
    """A connection to the same server that says nothing of who sends."""
    bare = copy.copy(api.configuration)
    bare.cert_file = bare.key_file = bare.username = bare.password = bare.access_token = None
    bare.refresh_api_key_hook = None
    bare.api_key = {}
    return type(api)(bare)


def impersonating(api: ApiClient, user: str) -> ApiClient:
    """A connection with the same credentials whose requests are judged as another user's."""
    other = type(api)(api.configuration)
    other.default_headers["Impersonate-User"] = user
    return other


class Lines:
    """The lines of a streamed answer as they come; `close` ends it, from any thread."""

    def __init__(
        self, api: ApiClient, response: urllib3.BaseHTTPResponse, *, longest: int | None = None
    ) -> None:
        self._api = api
        self._response = response
        self._longest = longest
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        try:
            for piece in self._response.stream(2**16, decode_content=True):
                *whole, rest = (rest + piece).split(b"\n")
                yield from whole
                if self._longest and len(rest) > self._longest:
                    yield rest
                    rest = b""
            if rest:
                yield rest
        except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError) as error:
            # A socket that another thread shut down fails in any of these ways.
            if not self._closed:
                raise _unreachable(self._api, error) from error
        finally:
            self._response.close()
            self._response.release_conn()

    def close(self) -> None:
        """End the stream; a thread that waits for the next line gets the end at once."""
        self._closed = True
        try:
            self._response.shutdown()
        except (AttributeError, OSError, RuntimeError, ValueError):
            # Ended already, or urllib3 before 2.3, where the stream's own timeout has to do.
            return


def lines(
    api: ApiClient,
    path: str,
    *,
    query: Mapping[str, Any] | None = None,
    idle: float = 90,
    longest: int | None = None,
) -> Lines:
    """Open a stream of lines: a watch, a followed log.

    `idle` is how many seconds of silence end the stream; a line of more than `longest` bytes may
    come in pieces. Raises Unreachable for a broken connection and the fitting ApiError for a
    refusal.
    """
    headers = {"Accept": "application/json"}
    url = f"{path}{_query(query)}"
    response = _open(api, "GET", url, headers=headers, timeout=idle, stream=True)
    if response.status >= 400:
        raw = response.data
        response.release_conn()
        Answer(f"GET {path}", response.status, _decoded(raw)).checked()
    return Lines(api, response, longest=longest)


def _open(
    api: ApiClient,
    method: str,
    url: str,
    *,
    body: Any = None,
    headers: Mapping[str, str],
    timeout: float,
    stream: bool = False,
) -> urllib3.BaseHTTPResponse:
    try:
        answer: urllib3.BaseHTTPResponse = api.rest_client.pool_manager.request(
            method,
            f"{api.configuration.host}{url}",
            body=None if body is None else json.dumps(body),
            headers={**_credentials(api), **headers},
            timeout=urllib3.Timeout(connect=5, read=timeout),
            preload_content=not stream,
            retries=False,
        )
    except urllib3.exceptions.HTTPError as error:
        raise _unreachable(api, error) from error
    return answer


def _credentials(api: ApiClient) -> dict[str, str]:
    """The headers that say who sends; a certificate is the connection's."""
    headers = {"User-Agent": api.user_agent, **api.default_headers}
    for setting in api.configuration.auth_settings().values():
        if setting["in"] == "header" and setting["value"]:
            headers[setting["key"]] = setting["value"]
    return headers


def _query(query: Mapping[str, Any] | None) -> str:
    pairs = {k: v for k, v in (query or {}).items() if v is not None}
    return f"?{urlencode(pairs, safe='=,')}" if pairs else ""


def _decoded(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")


def _unreachable(api: ApiClient, error: Exception) -> Unreachable:
    where = api.configuration.host
    # urllib3 begins with the connection's own description, which repeats the address.
    reason = str(error).rpartition("): ")[2]
    message = f"no answer from the API server at {where}: {reason}"
    return Unreachable({"status": "Failure", "reason": "Unreachable", "message": message})
