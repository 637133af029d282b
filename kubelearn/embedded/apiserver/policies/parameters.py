"""The objects that a policy takes its settings from.

Stands for the collecting of params in k8s.io/apiserver `pkg/admission/plugin/policy/generic`.
"""

from __future__ import annotations

from collections.abc import Callable

from kubelearn.embedded.apiserver.encoding import decode
from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.webhooks import Attributes
from kubelearn.embedded.store import Store
from kubelearn.labelselector import matches
from kubelearn.objects import Object

FindKind = Callable[[str, str], Kind | None]


class NotConfigured(Exception):
    """Parameters that should be there are not."""


def parameters(
    policy: Object, binding: Object, attributes: Attributes, *, find: FindKind, store: Store
) -> list[Object | None]:
    """One object for each time that the policy is to be asked; None where it takes no parameters.

    Raises NotConfigured.
    """
    wanted, ref = policy["spec"].get("paramKind"), binding["spec"].get("paramRef")
    if wanted is None or ref is None:
        return [None]
    kind = find(wanted["apiVersion"], wanted["kind"])
    if kind is None:
        problem = f"failed to find resource referenced by paramKind: '{_shown(wanted)}'"
        raise NotConfigured(problem)
    found: list[Object | None] = list(_found(kind, ref, attributes, store))
    if found or ref["parameterNotFoundAction"] == "Allow":
        return found
    raise NotConfigured("no params found for policy binding with `Deny` parameterNotFoundAction")


def _found(kind: Kind, ref: Object, attributes: Attributes, store: Store) -> list[Object]:
    prefix = f"{kind.storage_prefix}/"
    if kind.namespaced:
        namespace = ref.get("namespace") or attributes.namespace
        if not namespace:
            problem = "cannot use namespaced paramRef in policy binding that matches cluster-scoped"
            raise NotConfigured(f"{problem} resources")
        prefix += f"{namespace}/"
    elif ref.get("namespace"):
        raise NotConfigured(
            "paramRef.namespace must not be provided for a cluster-scoped paramKind"
        )
    if name := ref.get("name"):
        one = store.get(prefix + name)
        return [_typed(decode(one.value), kind)] if one else []
    every = (_typed(decode(kv.value), kind) for kv in store.range(prefix))
    return [e for e in every if matches(ref.get("selector"), e["metadata"].get("labels"))]


def _typed(obj: Object, kind: Kind) -> Object:
    return {"apiVersion": kind.api_version, "kind": kind.kind, **obj}


def _shown(wanted: Object) -> str:
    group, _, version = wanted["apiVersion"].rpartition("/")
    return f"{group}/{version}, Kind={wanted['kind']}"
