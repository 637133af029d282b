"""What names and labels may look like, and how names are made up.

Follows k8s.io/apimachinery `pkg/util/validation` and `pkg/api/validate/content`; each function
lists what is wrong with a text, in upstream's words, and nothing when it is good.
"""

from __future__ import annotations

import random
import re
from functools import lru_cache

_LABEL = re.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*")
_WILDCARD = re.compile(rf"\*\.{_SUBDOMAIN.pattern}")
_SEARCH_LABEL = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SEARCH_DOMAIN = re.compile(rf"{_SEARCH_LABEL}(\.{_SEARCH_LABEL})*")
_DNS_1035 = re.compile("[a-z]([-a-z0-9]*[a-z0-9])?")
_KEY = re.compile("([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_VALUE = re.compile(f"({_KEY.pattern})?")
_CONFIG_KEY = re.compile("[-._a-zA-Z0-9]+")
_PERCENT = re.compile("[0-9]+%")
_HEADER = re.compile("[-A-Za-z0-9]+")
# Of those that nearly every object has, the same few.
_REMEMBERED = 1024
# Vowels are missing, so that chance writes no words.
_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX_LENGTH = 5
_LONGEST_BASE = 63 - _SUFFIX_LENGTH


def generate_name(base: str, rng: random.Random) -> str:
    """`generateName` with five letters after it."""
    return base[:_LONGEST_BASE] + "".join(rng.choices(_SUFFIX_LETTERS, k=_SUFFIX_LENGTH))


def pattern_error(message: str, pattern: re.Pattern[str], *examples: str) -> str:
    """The sentence with which upstream shows a pattern."""
    shown = " or ".join(f"'{example}', " for example in examples)
    for_example = f"e.g. {shown}" if examples else ""
    return f"{message} ({for_example}regex used for validation is '{pattern.pattern}')"


def too_long(value: str, length: int, unit: str = "characters") -> list[str]:
    """Longer than `length`."""
    return [f"must be no more than {length} {unit}"] if len(value) > length else []


def misfit(text: str, pattern: re.Pattern[str], message: str, *examples: str) -> list[str]:
    """Not of that pattern, from its beginning to its end."""
    return [] if pattern.fullmatch(text) else [pattern_error(message, pattern, *examples)]


def in_range(value: int, low: int, high: int) -> list[str]:
    """Outside `low`..`high`."""
    return [] if low <= value <= high else [f"must be between {low} and {high}, inclusive"]


def dns_label(name: str) -> list[str]:
    """A lowercase RFC 1123 label: 63 letters, digits and dashes."""
    problems = too_long(name, 63)
    if "." in name and _SUBDOMAIN.fullmatch(name):
        return [*problems, "must not contain dots"]
    message = (
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
        "and must start and end with an alphanumeric character"
    )
    return problems + misfit(name, _LABEL, message, "my-name", "123-abc")


def dns_subdomain(name: str) -> list[str]:
    """Labels with dots between them, 253 characters: the name of most kinds."""
    message = (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
        "'-' or '.', and must start and end with an alphanumeric character"
    )
    return too_long(name, 253) + misfit(name, _SUBDOMAIN, message, "example.com")


def search_domain(name: str) -> list[str]:
    """A subdomain whose labels may have underscores: a search path of the resolver."""
    message = (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
        "'_', '-' or '.', and must start and end with an alphanumeric character"
    )
    return too_long(name, 253) + misfit(name, _SEARCH_DOMAIN, message, "example.com")


def wildcard_subdomain(name: str) -> list[str]:
    """A subdomain after `*.`: a host of an Ingress."""
    message = (
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, "
        "which must consist of lower case alphanumeric characters, '-' or '.' and end with an "
        "alphanumeric character"
    )
    return too_long(name, 253) + misfit(name, _WILDCARD, message, "*.example.com")


def dns_1035_label(name: str) -> list[str]:
    """A label that begins with a letter."""
    message = (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with "
        "an alphabetic character, and end with an alphanumeric character"
    )
    return too_long(name, 63) + misfit(name, _DNS_1035, message, "my-name", "abc-123")


def path_segment(name: str) -> list[str]:
    """Anything that can stand between two slashes of a URL: the name of roles, for one."""
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{sign}'" for sign in "/%" if sign in name]


@lru_cache(_REMEMBERED)
def qualified_name(name: str) -> tuple[str, ...]:
    """The key of a label or an annotation: `app` or `example.com/app`."""
    prefix, slash, key = name.rpartition("/")
    if "/" in prefix:
        suffix = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return (f"a valid label key {_wrong_key()} {suffix}",)
    problems = []
    if slash:
        found = dns_subdomain(prefix) if prefix else ["must be non-empty"]
        problems = [f"prefix part {problem}" for problem in found]
    if not key:
        problems.append("name part must be non-empty")
    problems += [f"name part {problem}" for problem in too_long(key, 63, "bytes")]
    if not _KEY.fullmatch(key):
        problems.append(f"name part {_wrong_key()}")
    return tuple(problems)


def _wrong_key() -> str:
    message = (
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        "alphanumeric character"
    )
    return pattern_error(message, _KEY, "MyName", "my.name", "123-abc")


@lru_cache(_REMEMBERED)
def label_value(value: str) -> tuple[str, ...]:
    """The value of a label: empty, or 63 letters, digits and a few signs."""
    message = (
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' "
        "or '.', and must start and end with an alphanumeric character"
    )
    misfits = misfit(value, _VALUE, message, "MyValue", "my_value", "12345")
    return (*too_long(value, 63, "bytes"), *misfits)


def config_map_key(key: str) -> list[str]:
    """A key of ConfigMaps and Secrets: it has to do as the name of a file."""
    message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    misfits = misfit(key, _CONFIG_KEY, message, "key.name", "KEY_NAME", "key-name")
    return too_long(key, 253) + misfits + _leaves_folder(key)


def _leaves_folder(name: str) -> list[str]:
    if name in (".", ".."):
        return [f"must not be '{name}'"]
    return ["must not start with '..'"] if name.startswith("..") else []


def environment_name(name: str) -> list[str]:
    """The name of an environment variable."""
    problems = [] if name else ["environment variable name must be non-empty"]
    if not re.fullmatch(r"[ -<>-~]*", name):
        problems.append(
            "a valid environment variable name must consist only of printable ASCII characters "
            "other than '='"
        )
    return problems


def port_number(port: int) -> list[str]:
    """1 to 65535."""
    return in_range(port, 1, 65535)


def port_name(name: str) -> list[str]:
    """An IANA service name: 15 letters, digits and dashes."""
    problems = too_long(name, 15)
    if not re.fullmatch("[-a-z0-9]+", name):
        problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", name):
        problems.append("must contain at least one letter (a-z)")
    if "--" in name:
        problems.append("must not contain consecutive hyphens")
    if name.startswith("-") or name.endswith("-"):
        problems.append("must not begin or end with a hyphen")
    return problems


def percent(text: str) -> list[str]:
    """`25%`."""
    message = "a valid percent string must be a numeric string followed by an ending '%'"
    return misfit(text, _PERCENT, message, "1%", "93%")


def header_name(name: str) -> list[str]:
    """The name of an HTTP header."""
    message = "a valid HTTP header must consist of alphanumeric characters or '-'"
    return misfit(name, _HEADER, message, "X-Header-Name")
