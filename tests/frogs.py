"""Frogs: the kind of their own that tests of custom resources define."""

FRIENDS = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    "items": {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    },
}
"""The schema of a list whose items have keys: who, and how old."""
