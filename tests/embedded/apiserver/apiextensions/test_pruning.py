from kubelearn.embedded.apiserver.apiextensions.pruning import prune, prune_nulls


def struct(**properties):
    return {"type": "object", "properties": properties}


def test_what_the_schema_does_not_know_is_dropped_and_named():
    schema = struct(spec=struct(a={"type": "string"}))
    obj = {"kind": "Frog", "metadata": {}, "spec": {"a": "x", "b": 1}, "c": [1]}
    assert prune(obj, schema) == ["c", "spec.b"]
    assert obj == {"kind": "Frog", "metadata": {}, "spec": {"a": "x"}}


def test_items_of_lists_and_values_of_maps_are_pruned_too():
    item = struct(name={"type": "string"})
    schema = struct(
        list={"type": "array", "items": item}, map={"type": "object", "additionalProperties": item}
    )
    obj = {"list": [{"name": "a", "x": 1}], "map": {"k": {"name": "b", "y": 2}}}
    assert prune(obj, schema) == ["list[0].x", "map.k.y"]
    assert obj == {"list": [{"name": "a"}], "map": {"k": {"name": "b"}}}


def test_unknown_fields_are_kept_where_the_schema_says_so_but_not_in_what_it_knows():
    open_ = struct(known=struct()) | {"x-kubernetes-preserve-unknown-fields": True}
    obj = {"spec": {"any": {"thing": [1]}, "known": {"no": 1}}}
    assert prune(obj, struct(spec=open_)) == ["spec.known.no"]
    assert obj == {"spec": {"any": {"thing": [1]}, "known": {}}}


def test_an_embedded_resource_keeps_what_every_object_has():
    embedded = struct(spec=struct()) | {"x-kubernetes-embedded-resource": True}
    inner = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"x": 1}}
    obj = {"template": inner}
    assert prune(obj, struct(template=embedded)) == ["template.spec.x"]
    assert obj["template"]["metadata"] == {"name": "p"}


def test_nulls_vanish_unless_they_are_allowed_or_a_default_stands_ready():
    schema = struct(
        plain={"type": "string"},
        nullable={"type": "string", "nullable": True},
        default={"type": "string", "default": "x"},
    )
    obj = {"plain": None, "nullable": None, "default": None}
    prune_nulls(obj, schema)
    assert obj == {"nullable": None, "default": None}
