"""Patches in the simulated cluster."""

from __future__ import annotations

from typing import Any

from kubelearn.objects import Object


def patched(obj: Object, patch: Any) -> Object:
    """A JSON patch of `replace` operations, or a merge patch (lists by position)."""
    if not isinstance(patch, list):
        return dict(_merged(obj, patch))
    for operation in patch:
        *way, last = operation["path"].strip("/").split("/")
        target = obj
        for step in way:
            target = target[step]
        target[last] = operation["value"]
    return obj


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = {**old, **new}
        merged = {k: _merged(old.get(k), new[k]) if k in new else old[k] for k in keys}
        return {k: v for k, v in merged.items() if v is not None}
    if isinstance(old, list) and isinstance(new, list):
        return [_merged(*pair) for pair in zip(old, new, strict=False)]
    return new
