"""Small rules that fields of many kinds share."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

from kubelearn.embedded.apiserver import names
from kubelearn.embedded.apiserver.validation.field import (
    Errors,
    each_invalid,
    invalid,
    not_supported,
    required,
)
from kubelearn.objects import Object

_HTTP_PATH = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")
_BAD_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"


def dns_label(field: str, value: str) -> Errors:
    """An RFC 1123 label."""
    yield from each_invalid(field, value, names.dns_label(value))


def dns_subdomain(field: str, value: str) -> Errors:
    """An RFC 1123 subdomain."""
    yield from each_invalid(field, value, names.dns_subdomain(value))


def port_number_or_name(field: str, port: int | str) -> Errors:
    """A port as probes and Services name it."""
    problems = names.port_number(port) if isinstance(port, int) else names.port_name(port)
    yield from each_invalid(field, port, problems)


def app_protocol(field: str, port: Object) -> Errors:
    """What is spoken at a port of a Service or of its endpoints, if it says so."""
    if (protocol := port.get("appProtocol")) is not None:
        yield from each_invalid(field, protocol, names.qualified_name(protocol))


def positive(field: str, value: int) -> Errors:
    """One or more."""
    if value <= 0:
        yield invalid(field, value, "must be greater than zero")


def supported(field: str, value: Any, values: Iterable[str]) -> Errors:
    """One of a fixed set, or not said."""
    if value is not None and value not in values:
        yield not_supported(field, value, values)


def sloppy_address(value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address behind a text that may have leading zeros, as Go once read them."""
    try:
        return ipaddress.ip_address(re.sub(r"(^|\.)0+(?=\d)", r"\1", value))
    except ValueError:
        return None


def address(field: str, value: str) -> Errors:
    """An IP address, without leading zeros."""
    found = sloppy_address(value)
    if found is None:
        yield invalid(field, value, _BAD_ADDRESS)
    elif re.search(r"(^|\.)0\d", value):
        yield invalid(field, value, "must not have leading 0s")
    elif isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        yield invalid(field, value, "must not be an IPv4-mapped IPv6 address")


def typed_reference(field: str, reference: Object) -> Errors:
    """The kind and the name of an object in the same namespace."""
    for part in ("kind", "name"):
        if not reference[part]:
            yield required(f"{field}.{part}")
        else:
            yield from each_invalid(
                f"{field}.{part}", reference[part], names.path_segment(reference[part])
            )


def descending_path(field: str, path: str) -> Errors:
    """A path below some folder."""
    if path.startswith("/"):
        yield invalid(field, path, "must be a relative path")
    yield from no_backsteps(field, path)


def file_path(field: str, path: str) -> Errors:
    """A path below some folder whose names the kubelet has not taken for itself."""
    yield from descending_path(field, path)
    if path.startswith("..") and not path.startswith("../"):
        yield invalid(field, path, "must not start with '..'")


def no_backsteps(field: str, path: str) -> Errors:
    """A path without `..`."""
    if ".." in path.split("/"):
        yield invalid(field, path, "must not contain '..'")


def file_mode(field: str, mode: int | None) -> Errors:
    """Permissions of a file."""
    if mode is not None and not 0 <= mode <= 0o777:
        yield invalid(field, mode, "must be a number between 0 and 0777 (octal), both inclusive")


def named(field: str, value: str) -> Errors:
    """Required, and a subdomain: a reference to an object."""
    if not value:
        yield required(field)
    else:
        yield from dns_subdomain(field, value)


def cidr(field: str, value: str) -> Errors:
    """A range of addresses, with nothing behind its prefix."""
    base, _, length = value.partition("/")
    found = sloppy_address(base)
    if found is None or not length.isdecimal() or int(length) > found.max_prefixlen:
        detail = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
        yield invalid(field, value, detail)
    elif re.search(r"(^|[./])0\d", value):
        yield invalid(field, value, "must not have leading 0s in IP or prefix length")
    elif ipaddress.ip_interface(value).network.network_address != found:
        yield invalid(field, value, "must not have bits set beyond the prefix length")


def endpoint_address(field: str, value: str) -> Errors:
    """An address that traffic may be sent to.

    Upstream refuses loopback addresses too. Here every pod lives on one.
    """
    found = sloppy_address(value)
    if found is None:
        yield invalid(field, value, "must be a valid IP address")
    elif found.is_unspecified:
        yield invalid(field, value, f"may not be unspecified ({value})")
    elif found.is_link_local:
        detail = "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
        yield invalid(field, value, detail)


def integer_or_percent(field: str, value: int | str) -> Errors:
    """A count, or a share such as `25%`."""
    if isinstance(value, str):
        yield from each_invalid(field, value, names.percent(value))
    elif value < 0:
        yield invalid(field, value, "must be greater than or equal to 0")


def at_most_all(field: str, value: int | str) -> Errors:
    """A share of not more than the whole."""
    if isinstance(value, str) and not names.percent(value) and amount(value) > 100:
        yield invalid(field, value, "must not be greater than 100%")


def amount(value: int | str) -> int:
    """The number in a count or a share, as upstream compares it with zero."""
    if isinstance(value, int):
        return value
    number = value.removesuffix("%")
    return int(number) if number.isdigit() else 0


def domain_prefixed_path(field: str, value: str) -> Errors:
    """A name of something outside Kubernetes: `example.com/some/thing`."""
    domain, _, path = value.partition("/")
    if not value:
        yield required(field)
        return
    if not domain or not path:
        detail = 'must be a domain-prefixed path (such as "acme.io/foo")'
        yield invalid(field, value, detail)
        return
    yield from dns_subdomain(field, domain)
    yield from each_invalid(field, path, names.misfit(path, _HTTP_PATH, "Invalid path"))


def host_name(field: str, value: str) -> Errors:
    """A name of a host, not its address."""
    yield from dns_subdomain(field, value)
    if sloppy_address(value):
        yield invalid(field, value, "must be a DNS name, not an IP address")
