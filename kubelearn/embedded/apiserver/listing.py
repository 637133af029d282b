"""Lists: which objects, of which moment, and how to go on after a page.

Stands for k8s.io/apiserver `pkg/storage/etcd3/store.go` (`GetList`) and `pkg/storage/continue.go`.
Every page of a list shows the same revision; when that is compacted, 410 carries a token with which
a client may go on inconsistently.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from kubelearn.embedded.apiserver.options import ListOptions
from kubelearn.embedded.apiserver.status import bad_request, expired, quote, timeout
from kubelearn.embedded.store import Compacted, KeyValue, Store
from kubelearn.objects import Object

_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start "
    "a new list without the continue parameter, or use the continue token in this response to "
    "retrieve the remainder of the results. Continuing with the provided token results in an "
    "inconsistent list - objects that were created, modified, or deleted between the time the "
    "first chunk was returned and now may show up in the list."
)
# In a token: go on with whatever there is now.
_INCONSISTENT = -1
# Revisions are numbers of 63 bits.
_MOST_DIGITS = 18

Match = Callable[[KeyValue], bool]


@dataclass(slots=True)
class Page:
    """What a list request gets."""

    items: list[KeyValue]
    revision: int
    continue_token: str = ""
    remaining: int | None = None
    meta: Object = field(init=False)

    def __post_init__(self) -> None:
        self.meta = {"resourceVersion": str(self.revision)}
        if self.continue_token:
            self.meta["continue"] = self.continue_token
        if self.remaining is not None:
            self.meta["remainingItemCount"] = self.remaining


async def list_page(store: Store, prefix: str, options: ListOptions, match: Match | None) -> Page:
    """The objects under a key prefix that `match` selects; None selects all."""
    start, revision = _where(store, prefix, options)
    try:
        return await _read(store, prefix, options.limit, start, revision, match)
    except Compacted:
        if options.continue_token:
            token = encode_continue(start, prefix, _INCONSISTENT)
            raise expired(_EXPIRED, continue_token=token) from None
        raise expired("The resourceVersion for the provided list is too old.") from None


def _where(store: Store, prefix: str, options: ListOptions) -> tuple[str, int]:
    """The key to start with and the revision to read."""
    if options.continue_token:
        if options.resource_version not in ("", "0"):
            message = "specifying resource version is not allowed when using continue"
            raise bad_request(message)
        start, revision = decode_continue(options.continue_token, prefix)
        return start, store.revision if revision == _INCONSISTENT else revision
    revision = parse_revision(options.resource_version)
    if revision:
        check_reached(store, revision)
        paged_at = options.limit and not options.resource_version_match
        if options.resource_version_match == "Exact" or paged_at:
            return "", revision
    return "", store.revision


def parse_revision(text: str) -> int:
    """A resourceVersion from a query; empty means 0, any. Raises 400."""
    if not text:
        return 0
    is_number = text.isascii() and text.isdigit()
    if is_number and len(text) <= _MOST_DIGITS:
        return int(text)
    fault = "value out of range" if is_number else "invalid syntax"
    problem = f"strconv.ParseUint: parsing {quote(text)}: {fault}"
    raise bad_request(
        f"invalid resource version: resourceVersion: Invalid value: {quote(text)}: {problem}"
    )


def check_reached(store: Store, revision: int) -> None:
    """Refuse to answer from a time before `revision`."""
    if revision > store.revision:
        message = f"Too large resource version: {revision}, current: {store.revision}"
        cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
        raise timeout(message, retry_after=1, causes=[cause])


async def _read(
    store: Store, prefix: str, limit: int, start: str, revision: int, match: Match | None
) -> Page:
    if not limit:
        items = await store.range_at(prefix, revision, start=start)
        return Page([kv for kv in items if match(kv)] if match else items, revision)
    found: list[KeyValue] = []
    while True:
        # One more than wanted tells whether there is more.
        items = await store.range_at(prefix, revision, start=start, limit=limit + 1)
        for index, kv in enumerate(items):
            if match is None or match(kv):
                found.append(kv)
            if len(found) == limit:
                return await _full_page(store, prefix, found, items[index:], revision, match)
        if len(items) <= limit:
            return Page(found, revision)
        start = items[-1].key + "\0"


async def _full_page(
    store: Store,
    prefix: str,
    found: list[KeyValue],
    rest: list[KeyValue],
    revision: int,
    match: Match | None,
) -> Page:
    start = rest[0].key + "\0"
    remaining = await store.count_at(prefix, revision, start=start)
    if not remaining:
        return Page(found, revision)
    token = encode_continue(start, prefix, revision)
    # With a selector nobody has counted what would match.
    return Page(found, revision, token, remaining if match is None else None)


def encode_continue(start: str, prefix: str, revision: int) -> str:
    """The token for going on at the key `start`."""
    token = {"v": "meta.k8s.io/v1", "rv": revision, "start": start.removeprefix(prefix)}
    return base64.urlsafe_b64encode(orjson.dumps(token)).rstrip(b"=").decode()


def decode_continue(token: str, prefix: str) -> tuple[str, int]:
    """The key and the revision in a token. Raises 400."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        content = orjson.loads(raw)
        start, revision = content["start"], int(content["rv"])
    except binascii.Error:
        raise _bad_token("illegal base64 data at input byte 0") from None
    except orjson.JSONDecodeError:
        first = raw.decode("latin-1")[:1]
        raise _bad_token(f"invalid character '{first}' looking for beginning of value") from None
    except (KeyError, TypeError, ValueError):
        raise _bad_token("incorrect encoded start resourceVersion") from None
    if not isinstance(start, str) or posixpath.normpath(f"/{start}") != f"/{start}":
        raise bad_request(f"invalid continue token: continue key is not valid: {start}")
    return prefix + start, revision


def _bad_token(problem: str) -> Exception:
    return bad_request(f"invalid continue token: continue key is not valid: {problem}")
