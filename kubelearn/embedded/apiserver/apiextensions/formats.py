"""String formats of OpenAPI schemas, as far as Kubernetes knows them.

Stands for k8s.io/kube-openapi `pkg/validation/strfmt` and for the list in k8s.io/apiextensions-
apiserver `pkg/apiserver/validation/formats.go`. A format that is not known is ignored. Dashes in
names do not count.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable
from datetime import date
from email.utils import parseaddr
from urllib.parse import urlsplit

Check = Callable[[str], bool]

_NUMBER_FORMATS = {"integer": ("int32", "int64"), "number": ("float", "double")}
_UNITS = {
    "ns", "nano", "us", "µs", "micro", "ms", "milli", "s", "sec", "m", "min", "h", "hr", "hour",
    "d", "day", "w", "wk", "week",
}  # fmt: skip
_LONG_UNITS = ("nano", "micro", "milli", "sec", "min", "hour", "day", "week")
_GO_DURATION = r"[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)"
_TIME = r"(\d\d):(\d\d):(\d\d)(.\d+)?(z|[+-]\d\d:\d\d)"
_SHORT_NAME = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_UUID = "[0-9a-f]{8}-?[0-9a-f]{4}-?%s[0-9a-f]{3}-?%s[0-9a-f]{3}-?[0-9a-f]{12}"
_HOST_NAME = r"([^\W_]((-?[^\W_]{0,62})?)|([^\W_](([^\W_]|-){0,61}[^\W_])?\.)+[^\W\d_]{2,63})"
_CREDIT_CARD = (
    r"(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|"
    r"3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})"
)
_RGB_PART = r"\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])%?\s*"


def effective(format_name: str, kind: str) -> str:
    """The format of a schema of that type, or nothing where it has no meaning."""
    if kind in ("", "string"):
        return format_name if normalized(format_name) in FORMATS else ""
    return format_name if format_name in _NUMBER_FORMATS.get(kind, ()) else ""


def normalized(name: str) -> str:
    """The name without dashes."""
    return name.replace("-", "")


def fits(format_name: str, text: str) -> bool:
    """Whether a text is of a known format."""
    return FORMATS[normalized(format_name)](text)


def _pattern(pattern: str, flags: int = re.ASCII) -> Check:
    compiled = re.compile(pattern, flags)
    return lambda text: compiled.fullmatch(text) is not None


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_date_time(text: str) -> bool:
    day, _, rest = text.lower().partition("t")
    found = re.fullmatch(_TIME, rest)
    if not found or not _is_date(day):
        return False
    return found[1] <= "23" and found[2] <= "59" and found[3] <= "59"


def _is_duration(text: str) -> bool:
    if re.fullmatch(_GO_DURATION, text):
        return True
    units = (unit.lower() for unit in re.findall(r"\d+\s*([A-Za-zµ]+)", text))
    return any(unit in _UNITS or unit.startswith(_LONG_UNITS) for unit in units)


def _is_address(version: int) -> Check:
    def check(text: str) -> bool:
        try:
            return ipaddress.ip_address(text).version == version
        except ValueError:
            return False

    return check


def _is_cidr(text: str) -> bool:
    try:
        return "/" in text and bool(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return False


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    good = not re.search(r"[\x00-\x20\x7f]", text)
    return good and (bool(parts.scheme) or text.startswith("/"))


def _is_email(text: str) -> bool:
    address = parseaddr(text)[1]
    return bool(re.fullmatch(r"[^@\s]+@[^@\s]+", address))


def _is_host_name(text: str) -> bool:
    if len(text) > 255 or any(len(part) > 63 for part in text.split(".")):
        return False
    return re.fullmatch(_HOST_NAME, text) is not None


def _is_base64(text: str) -> bool:
    try:
        return bool(text) and bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def _is_isbn10(text: str) -> bool:
    digits = re.sub(r"[\s-]+", "", text)
    if not re.fullmatch(r"\d{9}[\dX]", digits):
        return False
    values = [10 if digit == "X" else int(digit) for digit in digits]
    return sum((i + 1) * value for i, value in enumerate(values)) % 11 == 0


def _is_isbn13(text: str) -> bool:
    digits = re.sub(r"[\s-]+", "", text)
    if not re.fullmatch(r"\d{13}", digits):
        return False
    return sum((3 if i % 2 else 1) * int(digit) for i, digit in enumerate(digits)) % 10 == 0


def _is_credit_card(text: str) -> bool:
    digits = re.sub(r"[^0-9]+", "", text)
    if not re.fullmatch(_CREDIT_CARD, digits):
        return False
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


FORMATS: dict[str, Check] = {
    "bsonobjectid": _pattern("[0-9a-fA-F]{24}"),
    "byte": _is_base64,
    "cidr": _is_cidr,
    "creditcard": _is_credit_card,
    "date": _is_date,
    "datetime": _is_date_time,
    "duration": _is_duration,
    "email": _is_email,
    "hexcolor": _pattern("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "hostname": _is_host_name,
    "ipv4": _is_address(4),
    "ipv6": _is_address(6),
    "isbn": lambda text: _is_isbn10(text) or _is_isbn13(text),
    "isbn10": _is_isbn10,
    "isbn13": _is_isbn13,
    "k8slongname": lambda text: (
        len(text) <= 253 and re.fullmatch(rf"{_SHORT_NAME}(\.{_SHORT_NAME})*", text) is not None
    ),
    "k8sshortname": lambda text: len(text) <= 63 and re.fullmatch(_SHORT_NAME, text) is not None,
    "mac": _pattern(
        r"([0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}|[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){7}"
        r"|[0-9a-fA-F]{4}(\.[0-9a-fA-F]{4}){2,3})"
    ),
    "password": lambda _: True,
    "rgbcolor": _pattern(rf"rgb\({_RGB_PART},{_RGB_PART},{_RGB_PART}\)"),
    "ssn": _pattern(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "uri": _is_uri,
    "uuid": _pattern(_UUID % ("[0-9a-f]", "[0-9a-f]"), re.IGNORECASE),
    "uuid3": _pattern(_UUID % ("3", "[0-9a-f]"), re.IGNORECASE),
    "uuid4": _pattern(_UUID % ("4", "[89ab]"), re.IGNORECASE),
    "uuid5": _pattern(_UUID % ("5", "[89ab]"), re.IGNORECASE),
}
