"""Small rules that fields of many kinds share."""

from __future__ import annotations

import ipaddress
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


def positive(field: str, value: int) -> Errors:
    """One or more."""
    if value <= 0:
        yield invalid(field, value, "must be greater than zero")


def supported(field: str, value: Any, values: Iterable[str]) -> Errors:
    """One of a fixed set, or not said."""
    if value is not None and value not in values:
        yield not_supported(field, value, values)


def address(field: str, value: str) -> Errors:
    """An IP address, without leading zeros."""
    try:
        found = ipaddress.ip_address(value)
    except ValueError as error:
        zeros = "eading zero" in str(error)
        yield invalid(field, value, "must not have leading 0s" if zeros else _BAD_ADDRESS)
        return
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        yield invalid(field, value, "must not be an IPv4-mapped IPv6 address")


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
