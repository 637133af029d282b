"""How objects lie in the store: JSON as clients get it, so that most answers are stored bytes.

Upstream stores protobuf and encodes each answer anew (`apimachinery/pkg/runtime/serializer`). Here
an object is encoded once, when it is written, with its resourceVersion; a list joins the bytes, a
watch wraps them. The keys `kind` and `apiVersion` come first, because lists of built-in kinds leave
them out of the items: a slice does it.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import orjson

from kubelearn.embedded.apiserver.kinds import Kind
from kubelearn.embedded.apiserver.status import bad_request
from kubelearn.objects import Object

_META_ORDER = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
)

_LAYERS = 8
# Namespaces above all; a state that is replaced is forgotten when others have been asked for.
_SHARED = 256


def encode(obj: Object, *, revision: int = 0, sort_keys: bool = False) -> bytes:
    """The bytes of an object; revision 0 leaves out the resourceVersion (dry run).

    Custom resources are written with their keys in alphabetical order, as upstream does it.
    """
    meta = {**obj["metadata"], "resourceVersion": str(revision) if revision else None}
    ordered: Object = {"kind": obj["kind"], "apiVersion": obj["apiVersion"]}
    ordered["metadata"] = {k: meta[k] for k in _META_ORDER if meta.get(k) is not None}
    ordered.update({k: v for k, v in obj.items() if k not in ordered})
    option = orjson.OPT_SORT_KEYS if sort_keys else 0
    try:
        # Nested as deep as it will ever be in an answer, so that each answer can be written.
        return orjson.dumps([[[[[[[[ordered]]]]]]]], option=option)[_LAYERS:-_LAYERS]
    except orjson.JSONEncodeError as error:
        raise bad_request(f"the object cannot be stored: {error}") from None


def decode(value: bytes) -> Object:
    """The object in stored bytes; each call gives a new one, to be changed freely."""
    obj: Object = orjson.loads(value)
    return obj


@lru_cache(maxsize=_SHARED)
def shared(value: bytes) -> Object:
    """The object in stored bytes, which nobody may change: for what every request looks at."""
    return decode(value)


def copied(obj: Any) -> Any:
    """A copy of JSON data, to be changed freely; it takes a third of `copy.deepcopy`'s time."""
    return pickle.loads(pickle.dumps(obj, pickle.HIGHEST_PROTOCOL))


def type_meta(kind: Kind) -> bytes:
    """How the bytes of each object of a kind begin."""
    return f'{{"kind":"{kind.kind}","apiVersion":"{kind.api_version}",'.encode()


def encode_list(kind: Kind, values: Iterable[bytes], metadata: Object) -> bytes:
    """A list of stored objects."""
    if kind.custom:
        # Their items say what they are, and all keys are in alphabetical order.
        start = orjson.dumps({"apiVersion": kind.api_version})[:-1]
        meta = dict(sorted({"continue": "", **metadata}.items()))
        rest = orjson.dumps({"kind": kind.list_kind, "metadata": meta})[1:]
        return start + b',"items":[' + b",".join(values) + b"]," + rest + b"\n"
    prefix = type_meta(kind)
    cut = len(prefix)
    items = b",".join([b"{" + v[cut:] if v.startswith(prefix) else v for v in values])
    head: dict[str, Any] = {"kind": kind.list_kind, "apiVersion": kind.api_version}
    head["metadata"] = metadata
    return orjson.dumps(head)[:-1] + b',"items":[' + items + b"]}\n"
