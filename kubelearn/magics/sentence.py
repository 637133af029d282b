"""Which word of a line of kubectl's the Tab key is asked for: a verb, a kind or a name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_MAGIC = re.compile(r"^\s*%{1,2}(kubectl|wait)\s")
_VERBS = """
    annotate api-resources api-versions apply attach auth autoscale cluster-info config cordon cp
    create debug delete describe diff drain edit events exec explain expose get kustomize label
    logs patch port-forward proxy replace rollout run scale set taint top uncordon version wait
"""
_SECOND = {
    "rollout": "history pause restart resume status undo",
    "set": "env image resources selector serviceaccount subject",
    "top": "node pod",
    "auth": "can-i reconcile whoami",
}
_ABOUT_PODS = ("attach", "cp", "debug", "exec", "logs", "port-forward")
_ABOUT_NODES = ("cordon", "drain", "taint", "uncordon")
_ABOUT_ALL = """
    annotate autoscale delete describe edit explain expose get label patch replace scale wait
"""
_NAMESPACE = ("-n", "--namespace")
# Options whose value is a word of its own.
_VALUED = (*_NAMESPACE, "-o", "--output", "-l", "--selector", "-c", "--container", "-f", "--for")
_WAITS = ("for=condition=", "for=create", "for=delete", "for=jsonpath=", "timeout=")


@dataclass(frozen=True)
class Wanted:
    """What could stand where the cursor is, of which `fragment` is there already."""

    fragment: str
    words: tuple[str, ...] = ()
    """The words themselves, where they are known without a cluster."""
    kind: str = ""
    """Names of objects of that kind; without it, the kinds themselves."""
    prefix: str = ""
    """What stands before each name: `pod/`."""
    suffix: str = ""
    """What follows each kind."""
    namespace: str = ""


def wanted(line: str) -> Wanted | None:
    """What the line up to the cursor asks for; None if it is no business of ours."""
    found = _MAGIC.match(line)
    if not found:
        return None
    *before, fragment = re.split(r"\s+", line[found.end() :].lstrip())
    if before and before[-1] in _NAMESPACE:
        return Wanted(fragment, kind="namespaces")
    plain = _plain(before)
    if found[1] == "wait":
        return _to_wait_for(plain, fragment, _namespace(before))
    if fragment.startswith("-") or "--" in before:
        return None
    return _of_kubectl(plain, fragment, _namespace(before))


def _of_kubectl(plain: list[str], fragment: str, namespace: str) -> Wanted | None:
    if not plain:
        return Wanted(fragment, words=tuple(_VERBS.split()))
    verb, *rest = plain
    if verb in _SECOND and not rest:
        return Wanted(fragment, words=tuple(_SECOND[verb].split()))
    if verb in _SECOND:
        verb, *rest = "get", *rest[1:]
    if verb in _ABOUT_NODES:
        return Wanted(fragment, kind="nodes")
    if "/" in fragment:
        return _named(fragment, namespace)
    if verb in _ABOUT_PODS:
        return Wanted(fragment, kind="pods", namespace=namespace) if not rest else None
    if verb not in _ABOUT_ALL.split():
        return None
    if not rest:
        return Wanted(fragment)
    return Wanted(fragment, kind=rest[0].rpartition(",")[2], namespace=namespace)


def _to_wait_for(plain: list[str], fragment: str, namespace: str) -> Wanted:
    if "/" in fragment and not fragment.startswith("for="):
        return _named(fragment, namespace)
    if plain:
        return Wanted(fragment, words=_WAITS)
    return Wanted(fragment, suffix="/")


def _named(fragment: str, namespace: str) -> Wanted:
    kind, _, _ = fragment.partition("/")
    return Wanted(fragment, kind=kind, prefix=f"{kind}/", namespace=namespace)


def _plain(before: list[str]) -> list[str]:
    """The words that are neither options nor their values."""
    pairs = pairwise(["", *before])
    return [w for last, w in pairs if w and not w.startswith("-") and last not in _VALUED]


def _namespace(before: list[str]) -> str:
    for last, word in pairwise(before):
        if last in _NAMESPACE:
            return word
    long = (w.partition("=")[2] for w in before if w.startswith(("--namespace=", "-n=")))
    return next(long, "")
