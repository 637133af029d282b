"""Which object, in which state, the metadata in a body means.

Stands for `Preconditions` and `Versioner` of k8s.io/apiserver `pkg/storage`.
"""

from __future__ import annotations

from kubelearn.embedded.apiserver.status import quote, unknown
from kubelearn.objects import Object

_TITLES = {"uid": "UID", "resourceVersion": "ResourceVersion"}


def version_of(meta: Object) -> int:
    """The version that an update begins from, or 0, which is any. Raises 500 for no number."""
    text = str(meta.get("resourceVersion") or "0")
    if not (text.isascii() and text.isdigit()):
        raise unknown(f"strconv.ParseUint: parsing {quote(text)}: invalid syntax")
    return int(text)


def problem(key: str, *, sent: Object, stored: Object) -> str:
    """What is wrong if `sent` names another uid or version than is stored at the key, or nothing.

    Of metadata that has neither, anything is the same.
    """
    for field, title in _TITLES.items():
        if sent.get(field) and sent[field] != stored[field]:
            return (
                f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, "
                f"AdditionalErrorMsg: Precondition failed: {title} in precondition: "
                f"{sent[field]}, {title} in object meta: {stored[field]}"
            )
    return ""
