"""`%wait`: wait until an object is as it should be, as `kubectl wait` does (k8s.io/kubectl
`pkg/cmd/wait`), with a bar that says what is still missing.

Left out are selectors and files: a lesson waits for objects that it can name. The object is asked
for again and again instead of watched, which survives a restart of the API server in between.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubelearn.clusters import kinds
from kubelearn.clusters.apply import reference
from kubelearn.clusters.current import current
from kubelearn.clusters.transport import send
from kubelearn.errors import ClusterError, KubelearnError, Unreachable
from kubelearn.magics.condition import Condition, parse
from kubelearn.magics.options import words
from kubelearn.objects import Object, Resource
from kubelearn.progress import Progress

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_USAGE = "%wait KIND/NAME for=condition=Ready|delete|create|jsonpath={.status.phase}=Running"
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_POLL = 0.2


@dataclass(frozen=True)
class Order:
    """What to wait for."""

    targets: tuple[tuple[str, str], ...]
    condition: Condition
    namespace: str = ""
    timeout: float = 30.0


def line(text: str) -> None:
    """Wait for an object: `%wait deployment/web for=condition=Available timeout=60s`."""
    order = parse_order(words(text))
    here = current()
    namespace = order.namespace or here.namespace
    until = time.monotonic() + order.timeout
    for word, name in order.targets:
        resource = kinds.of_word(here.cluster.api_client, word).resource
        found = _wait(
            here.cluster.api_client, resource, (namespace, name), order=order, until=until
        )
        print(f"{reference(resource, found or {'metadata': {'name': name}})} condition met")


def parse_order(given: list[str]) -> Order:
    """Take the line apart; kubectl's own way of writing it will do too. Raises KubelearnError."""
    options, plain = _split(given)
    if "for" not in options or not plain:
        raise KubelearnError("%wait needs an object and what to wait for", hint=_USAGE)
    return Order(
        targets=tuple(_targets(plain)),
        condition=parse(options["for"]),
        namespace=options.get("namespace", ""),
        timeout=_duration(options.get("timeout", "30s")),
    )


_NAMES = {"--for": "for", "for": "for", "--timeout": "timeout", "timeout": "timeout"}
_NAMES |= {"-n": "namespace", "--namespace": "namespace"}


def _split(given: list[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    plain: list[str] = []
    rest = iter(given)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in _NAMES:
            options[_NAMES[name]] = value if equals else next(rest, "")
        elif word.startswith("-"):
            raise KubelearnError(f"%wait does not know the option {name}", hint=_USAGE)
        else:
            plain.append(word)
    return options, plain


def _targets(plain: list[str]) -> Iterator[tuple[str, str]]:
    """`pod/a pod/b`, or `pod a b`."""
    if "/" not in plain[0]:
        if len(plain) < 2:
            raise KubelearnError(f"which {plain[0]}? Its name is missing", hint=_USAGE)
        yield from ((plain[0], name) for name in plain[1:])
        return
    for word in plain:
        kind, slash, name = word.partition("/")
        if not (slash and kind and name):
            raise KubelearnError(f"{word!r} is not KIND/NAME", hint=_USAGE)
        yield kind, name


def _duration(text: str) -> float:
    parts = _DURATION.findall(text)
    if text.isdecimal():
        return float(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise KubelearnError(f"{text!r} is not a duration", hint="timeout=90s, timeout=1m30s")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _wait(
    api: ApiClient, resource: Resource, key: tuple[str, str], *, order: Order, until: float
) -> Object | None:
    """Ask until it is so; the object as it was then. Raises ClusterError when time is up."""
    condition = order.condition
    with Progress(f"wait for {resource.plural}/{key[1]}: {condition.text}") as work:
        # Always, so that the cell's output does not depend on who was quicker.
        work.begin("asking")
        while True:
            try:
                found = _get(api, resource.path(*key), condition)
                seen = condition.seen(found)
            except Unreachable as error:
                found, seen = None, error.message
            if not seen:
                return found
            work.begin(seen)
            if time.monotonic() > until:
                raise ClusterError(
                    f"timed out waiting for the condition on {resource.plural}/{key[1]}",
                    hint=f"seen last: {seen}",
                )
            time.sleep(_POLL)


def _get(api: ApiClient, path: str, condition: Condition) -> Object | None:
    """The object, or None where one may wait for an object that is not there."""
    answer = send(api, "GET", path)
    if answer.code == 404 and condition.may_be_absent:
        return None
    body: Object = answer.checked()
    return body
