"""Failure `Status` answers: what every refused request gets, on streams too.

Follows k8s.io/apimachinery `pkg/api/errors/errors.go`: one constructor per reason, with upstream's
words, because clients compare them. The order of the JSON keys is upstream's as well; some clients
compare answers byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

import orjson

from kubelearn.objects import Object


class FieldProblem(Protocol):
    """One field that validation refuses (upstream's `field.Error`)."""

    @property
    def reason(self) -> str:
        """`FieldValueRequired`, `FieldValueInvalid`, ..."""
        ...

    @property
    def message(self) -> str:
        """The text without the field: `Required value: name or generateName is required`."""
        ...

    @property
    def field(self) -> str:
        """The path: `spec.containers[0].name`."""
        ...


class Cause(NamedTuple):
    """A field problem of request options, which no schema describes."""

    reason: str
    message: str
    field: str


class StatusError(Exception):
    """A request ends with this failure `Status`."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: Object | None = None,
        list_meta: Object | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.list_meta = list_meta or {}

    def status(self) -> Object:
        """The `Status` object, its keys in upstream's order."""
        status: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.list_meta,
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status

    def body(self) -> bytes:
        """The answer's body, with the newline that upstream's encoder ends on."""
        return orjson.dumps(self.status(), option=orjson.OPT_APPEND_NEWLINE)


def success(details: Object | None = None, *, code: int = 0) -> Object:
    """The `Status` of a request that has no object to answer with."""
    status: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    if details:
        status["details"] = details
    if code:
        status["code"] = code
    return status


def qualified(plural_or_kind: str, group: str) -> str:
    """`deployments.apps`, or `pods` in the core group."""
    return f"{plural_or_kind}.{group}" if group else plural_or_kind


def quote(text: str) -> str:
    """A string as Go's `%q` prints it; what is no character at all becomes a question mark."""
    return orjson.dumps(text.encode(errors="replace").decode()).decode()


def quote_each(texts: Iterable[str]) -> str:
    """A list of strings as Go's `%q` prints it."""
    return f"[{' '.join(map(quote, texts))}]"


def number(value: int | float) -> str:
    """A number as Go's `%v` prints it."""
    if isinstance(value, int) or not value:
        return str(int(value))
    digits = Decimal(repr(value)).normalize()
    exponent = digits.adjusted()
    if -5 < exponent < 6:
        return format(digits, "f")
    return f"{digits.scaleb(-exponent):f}e{exponent:+03d}"


def not_found(plural: str, group: str, name: str) -> StatusError:
    """404: no object of that name."""
    message = f"{qualified(plural, group)} {quote(name)} not found"
    return StatusError(404, "NotFound", message, details=_details(name, group, plural))


def no_such_resource() -> StatusError:
    """404: a path in a known group that leads nowhere."""
    message = "the server could not find the requested resource"
    return StatusError(404, "NotFound", message, details={})


def already_exists(plural: str, group: str, name: str, *, deleting: bool = False) -> StatusError:
    """409: the name is taken; `deleting`, by an object that is on its way out."""
    message = f"{qualified(plural, group)} {quote(name)} already exists"
    if deleting:
        message = f"object is being deleted: {message}"
    return StatusError(409, "AlreadyExists", message, details=_details(name, group, plural))


def generate_name_conflict(plural: str, group: str, name: str) -> StatusError:
    """409: every generated name was taken."""
    message = (
        f"{qualified(plural, group)} {quote(name)} already exists, the server was not able to "
        "generate a unique name for the object"
    )
    details = _details(name, group, plural) | {"retryAfterSeconds": 1}
    return StatusError(409, "AlreadyExists", message, details=details)


MODIFIED = (
    "the object has been modified; please apply your changes to the latest version and try again"
)


def conflict(plural: str, group: str, name: str, problem: str = MODIFIED) -> StatusError:
    """409: the object is not what the writer thinks it is."""
    message = f"Operation cannot be fulfilled on {qualified(plural, group)} {quote(name)}: "
    return StatusError(409, "Conflict", message + problem, details=_details(name, group, plural))


def invalid(kind: str, group: str, name: str, problems: Sequence[FieldProblem]) -> StatusError:
    """422: fields are missing, malformed or must not change."""
    causes = [
        {"reason": p.reason, "message": p.message, "field": p.field} if p.field else
        {"reason": p.reason, "message": p.message}
        for p in problems
    ]  # fmt: skip
    details = _details(name, group, kind)
    if causes:
        details["causes"] = causes
    message = f"{qualified(kind, group)} {quote(name)} is invalid: {aggregate(problems)}"
    return StatusError(422, "Invalid", message, details=details)


def invalid_options(kind: str, problems: Sequence[FieldProblem]) -> StatusError:
    """422: the query or the options object of a request."""
    return invalid(kind, "meta.k8s.io", "", problems)


def aggregate(problems: Iterable[FieldProblem]) -> str:
    """Several problems as one text, each said once (`utilerrors.Aggregate`)."""
    texts = dict.fromkeys(f"{p.field}: {p.message}" if p.field else p.message for p in problems)
    return next(iter(texts)) if len(texts) == 1 else f"[{', '.join(texts)}]"


def bad_request(message: str) -> StatusError:
    """400: the request cannot be understood."""
    return StatusError(400, "BadRequest", message)


def unauthorized() -> StatusError:
    """401: no credential, or one that nobody vouches for."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def forbidden(
    plural: str, group: str, name: str, problem: str, *, causes: list[Object] | None = None
) -> StatusError:
    """403: authorization or admission says no."""
    message = f"forbidden: {problem}"
    if plural:
        subject = qualified(plural, group)
        message = f"{subject} {quote(name)} is {message}" if name else f"{subject} is {message}"
    details = _details(name, group, plural)
    if causes:
        details["causes"] = causes
    return StatusError(403, "Forbidden", message, details=details)


def method_not_allowed() -> StatusError:
    """405: the path exists, the method does not."""
    message = "the server does not allow this method on the requested resource"
    return StatusError(405, "MethodNotAllowed", message, details={})


def expired(message: str, *, continue_token: str = "") -> StatusError:
    """410: that revision is compacted away."""
    list_meta = {"continue": continue_token} if continue_token else None
    return StatusError(410, "Expired", message, list_meta=list_meta)


def too_large(message: str) -> StatusError:
    """413: the body is over the limit."""
    return StatusError(413, "RequestEntityTooLarge", f"Request entity too large: {message}")


def unprocessable() -> StatusError:
    """422 without detail: what upstream answers to a JSON patch that does not apply."""
    message = "the server rejected our request due to an error in our request"
    return StatusError(422, "Invalid", message, details={})


def too_many_requests(
    message: str, *, causes: list[Object] | None = None, retry_after: int = 0
) -> StatusError:
    """429: later, perhaps, such as an eviction that a budget forbids now; after some seconds."""
    details: Object = {"causes": causes} if causes else {}
    if retry_after:
        details["retryAfterSeconds"] = retry_after
    return StatusError(429, "TooManyRequests", message, details=details)


def from_server(code: int, plural: str, name: str, text: str) -> StatusError:
    """What another server's failure becomes: its own words where the client can use them."""
    if code == 400:
        return bad_request(text)
    if code == 500:
        return internal(text)
    reason, message = {
        403: ("Forbidden", text),
        404: ("NotFound", "the server could not find the requested resource"),
        405: (
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        ),
        503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    }.get(
        code,
        (
            "InternalError",
            f"an error on the server ({quote(text)}) has prevented the request from succeeding",
        ),
    )
    subject = f" ( {plural} {name})"
    return StatusError(code, reason, message + subject, details=_details(name, "", plural))


def internal(problem: str) -> StatusError:
    """500: the server's own fault."""
    message = f"Internal error occurred: {problem}"
    return StatusError(500, "InternalError", message, details={"causes": [{"message": problem}]})


def unknown(message: str) -> StatusError:
    """500 without a reason: upstream's answer to an error nobody gave a code."""
    return StatusError(500, "", message)


def service_unavailable(message: str) -> StatusError:
    """503: something behind the server does not answer."""
    return StatusError(503, "ServiceUnavailable", message)


def timeout(message: str, *, retry_after: int, causes: list[Object] | None = None) -> StatusError:
    """504: it took too long."""
    details: Object = {"causes": causes} if causes else {}
    if retry_after:
        details["retryAfterSeconds"] = retry_after
    return StatusError(504, "Timeout", f"Timeout: {message}", details=details)


def _details(name: str, group: str, kind: str) -> Object:
    details = {"name": name, "group": group, "kind": kind}
    return {key: value for key, value in details.items() if value}
