"""Generate the schema of the built-in kinds; run it from the root of the repository.

Two published packages are read and nothing else. kubernetes-validate (PyPI) gives the structure
that Kubernetes declares in OpenAPI: types, required fields, list keys, patch strategies. The Go
modules of the same release give what OpenAPI leaves out: field numbers of the protobuf encoding,
the names of Go types (error messages print them), defaults, enumerations, and which empty fields
are written. `kubelearn/embedded/apiserver/schema.py` loads these facts and explains them. The prose
of OpenAPI, which `kubectl explain` prints, is kept apart from them: only `openapi.py` reads it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VALIDATE = "kubernetes-validate==1.37.0"
DEFINITIONS = "kubernetes_validate/kubernetes-json-schema/v1.36.0-local/_definitions.json"
GO_VERSION = "v0.36.3"
GO_MODULES = (
    "k8s.io/api", "k8s.io/apimachinery", "k8s.io/apiextensions-apiserver", "k8s.io/kube-aggregator",
)  # fmt: skip
DATA = Path("kubelearn/embedded/apiserver/data")

# The API groups whose kinds are served; the types that they use follow by themselves.
PACKAGES = (
    "core.v1", "apps.v1", "authentication.v1", "authorization.v1", "autoscaling.v1",
    "autoscaling.v2", "batch.v1", "certificates.v1", "coordination.v1", "discovery.v1", "events.v1",
    "flowcontrol.v1",
    "networking.v1", "node.v1", "policy.v1", "rbac.v1", "resource.v1", "scheduling.v1",
    "storage.v1", "apiextensions.v1", "apiregistration.v1", "admissionregistration.v1",
)  # fmt: skip
EXTRA_ROOTS = ("meta.v1.DeleteOptions", "meta.v1.Status")
OPENAPI_PREFIXES = {
    "io.k8s.api.": "",
    "io.k8s.apimachinery.pkg.apis.": "",
    "io.k8s.apiextensions-apiserver.pkg.apis.": "",
    "io.k8s.kube-aggregator.pkg.apis.": "",
}
# Types with an encoding of their own, written in Go: the loader knows them by these names.
SCALARS = {
    "meta.v1.Time": "Time",
    "meta.v1.MicroTime": "MicroTime",
    "meta.v1.Duration": "Duration",
    "resource.Quantity": "Quantity",
    "intstr.IntOrString": "IntOrString",
}
# Types that hold any JSON: of them only the name is kept.
FREE_FORM = (
    "apiextensions.v1.JSON", "apiextensions.v1.JSONSchemaPropsOrArray",
    "apiextensions.v1.JSONSchemaPropsOrBool", "apiextensions.v1.JSONSchemaPropsOrStringArray",
    "meta.v1.FieldsV1", "runtime.RawExtension",
)  # fmt: skip
# Where the prose of those types is that the definitions say nothing of.
PROSE = {
    "intstr.IntOrString": "pkg/util/intstr/intstr.go",
    "resource.Quantity": "pkg/api/resource/quantity.go",
    "runtime.RawExtension": "pkg/runtime/types.go",
}
BASIC = {"bool", "byte", "float64", "int32", "int64", "string", *SCALARS.values()}

_IMPORT = re.compile(r'^\s*(?:import\s+)?(\w+)?\s*"([\w./-]+)"$', re.M)
_STRUCT = re.compile(r"^type (\w+) struct ?\{(\}|.*?^\})", re.M | re.S)
_NAMED = re.compile(r"^type (\w+) (?:=\s*)?([\w.\[\]*]+)$", re.M)
_ENUM = re.compile(r"^// \+enum\n(?://.*\n)*type (\w+) string$", re.M)
_CONSTANT = re.compile(
    r'^((?:[ \t]*//.*\n)*)[ \t]+(\w+)\s+(?:(\w+)\s+=\s+|=\s+(\w+)\()(?:"([^"]*)"|\w+\.(\w+))', re.M
)
_FIELD = re.compile(r'^\t(?:(\w+)\s+)?(\S+)\s+`.*?json:"([^"]*)"(.*)`')
_NUMBER = re.compile(r'protobuf:"\w+,(\d+)')
_DEFAULT = re.compile(r"\+default=(.+)$")


def main() -> None:
    """Download, read, join, write."""
    with tempfile.TemporaryDirectory() as folder:
        definitions = openapi_definitions(Path(folder))
    modules = list(go_modules())
    go = GoTypes([package for module in modules for package in go_packages(module)])
    apimachinery = modules[GO_MODULES.index("k8s.io/apimachinery")]
    for name, path in PROSE.items():
        definitions[name] = {"description": type_prose(name, apimachinery / path)}
    schema = joined(definitions, go)
    prose = descriptions(definitions, schema["types"], go)
    for name, content in (("schema", schema), ("descriptions", prose)):
        target = DATA / f"{name}.json"
        target.write_text(rendered(content))
        print(f"{target}: {target.stat().st_size:,} bytes")


def openapi_definitions(folder: Path) -> dict[str, Any]:
    """The OpenAPI definitions of kubernetes-validate, under short names such as core.v1.Pod."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    subprocess.run([*pip, VALIDATE], check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        found: dict[str, Any] = json.loads(wheel.read(DEFINITIONS))["$defs"]
    return {short_name(name): definition for name, definition in found.items()}


def short_name(name: str) -> str:
    """`core.v1.Pod` for OpenAPI's long name."""
    for prefix, short in OPENAPI_PREFIXES.items():
        if name.startswith(prefix):
            return short + name.removeprefix(prefix)
    return name


def go_modules() -> Iterator[Path]:
    """The folders of the downloaded Go modules."""
    for module in GO_MODULES:
        command = ["go", "mod", "download", "-json", f"{module}@{GO_VERSION}"]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
        yield Path(json.loads(answer.stdout)["Dir"])


def go_packages(module: Path) -> Iterator[tuple[str, str]]:
    """Pairs of package and source text, such as (core.v1, ...)."""
    for path in sorted(module.glob("**/types*.go")):
        package = ".".join(path.parent.parts[-2:])
        wanted = package in PACKAGES or package == "meta.v1"
        if wanted and not path.name.endswith(("_test.go", "_generated.go")):
            yield package, path.read_text()


class GoTypes:
    """Structs, named types and enumerations in Go source text."""

    def __init__(self, sources: list[tuple[str, str]]) -> None:
        self.structs: dict[str, list[dict[str, Any]]] = {}
        self.named: dict[str, str] = {"types.UID": "string"}
        self.enums: dict[str, dict[str, str]] = {}
        """What each value of an enumeration means."""
        self._constants: dict[str, str] = {}
        for package, text in sources:
            self._read(package, text)

    def _read(self, package: str, text: str) -> None:
        imports = {
            alias or path.rsplit("/", 1)[-1]: imported_package(path)
            for alias, path in _IMPORT.findall(text)
        }
        constants = list(self._read_constants(text))
        for name, target in _NAMED.findall(text):
            if target not in ("struct", "interface"):
                self.named[f"{package}.{name}"] = full_name(target, package, imports)
        for name in _ENUM.findall(text):
            found = {value: about for kind, value, about in constants if kind == name}
            self.enums[f"{package}.{name}"] = dict(sorted(found.items()))
        for name, body in _STRUCT.findall(text):
            fields = go_fields(body, package, imports, self._constants)
            self.structs[f"{package}.{name}"] = list(fields)

    def _read_constants(self, text: str) -> Iterator[tuple[str, str, str]]:
        """Type, value and meaning of each constant; some are told by one of another package."""
        for comment, name, declared, converted, value, other in _CONSTANT.findall(text):
            if other and other not in self._constants:
                continue
            self._constants[name] = self._constants[other] if other else value
            words = re.sub(r"^\s*//", "", comment, flags=re.M).split()
            about = " ".join(words).removeprefix(name).strip()
            yield declared or converted, self._constants[name], about


def imported_package(path: str) -> str:
    """`meta.v1` for k8s.io/apimachinery/pkg/apis/meta/v1, `types` for .../pkg/types."""
    parts = path.split("/")
    return ".".join(parts[-2:]) if re.fullmatch(r"v\d\w*", parts[-1]) else parts[-1]


def full_name(go: str, package: str, imports: dict[str, str]) -> str:
    """A Go type with its names in full: `[]core.v1.Container` for `[]Container`."""

    def qualify(found: re.Match[str]) -> str:
        prefix, name = found.groups()
        if prefix:
            full = f"{imports[prefix[:-1]]}.{name}"
            return SCALARS.get(full, full)
        if name in BASIC or name == "map":
            return name
        return SCALARS.get(f"{package}.{name}", f"{package}.{name}")

    return re.sub(r"(\w+\.)?(\w+)", qualify, go)


def go_fields(
    body: str, package: str, imports: dict[str, str], constants: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """The fields of one struct, in the order of their declaration."""
    default = None
    for line in body.splitlines():
        if found := _DEFAULT.search(line):
            default = marker_value(found[1], constants)
        elif found := _FIELD.match(line):
            field, go, tag, rest = found.groups()
            name, *options = tag.split(",")
            number = _NUMBER.search(rest)
            yield {
                "go": field or base(go).rsplit(".", 1)[-1],
                "name": name,
                "type": full_name(go, package, imports),
                "number": int(number[1]) if number else 0,
                "options": options,
                "default": default,
            }
            default = None


def marker_value(text: str, constants: dict[str, str]) -> Any:
    """The value of a `+default=` marker: JSON, or a reference to a constant."""
    reference = re.fullmatch(r"ref\((\w+)\)", text.strip())
    return constants[reference[1]] if reference else json.loads(text)


def joined(definitions: dict[str, Any], go: GoTypes) -> dict[str, Any]:
    """Types reachable from the served kinds, with the facts of both sources."""
    types: dict[str, Any] = {}
    named: dict[str, Any] = {}
    todo = [(name, definitions[name]) for name in (*EXTRA_ROOTS, *served_kinds(definitions))]
    while todo:
        name, parent = todo.pop()
        if name in FREE_FORM:
            named[name] = {"type": "Any"}
        elif name in go.structs and name not in types:
            # OpenAPI does not name a struct that Go inlines: its fields stand among the parent's.
            definition = definitions.get(name, parent)
            types[name] = struct_facts(name, definition, go)
            todo += [(base(field[0]), definition) for field in types[name]["fields"].values()]
        elif name in go.named and name not in named:
            named[name] = {"type": go.named[name]}
            if name in go.enums:
                named[name]["enum"] = list(go.enums[name])
            todo += [(other, {}) for other in re.findall(r"[\w.]+\w", go.named[name])]
    return {"named": dict(sorted(named.items())), "types": dict(sorted(types.items()))}


def served_kinds(definitions: dict[str, Any]) -> list[str]:
    """The kinds of the served groups, without their lists: those follow from the items."""
    return [
        name
        for name, definition in definitions.items()
        if name.rsplit(".", 1)[0] in PACKAGES
        and "x-kubernetes-group-version-kind" in definition
        and "items" not in definition["properties"]
    ]


def base(expression: str) -> str:
    """The named type inside `*T`, `[]T` or `map[string]T`."""
    return re.sub(r"^(?:\*|\[\]|map\[[\w.]+\])+", "", expression)


def struct_facts(name: str, definition: dict[str, Any], go: GoTypes) -> dict[str, Any]:
    """What is kept of one struct; a field is [Go type, protobuf number, the rest]."""
    facts: dict[str, Any] = {"fields": {}}
    if definition.get("x-kubernetes-map-type") == "atomic":
        facts["atomic"] = True
    for field in go.structs[name]:
        add_field(facts["fields"], field, definition, go)
    return facts


def add_field(
    fields: dict[str, Any], field: dict[str, Any], definition: dict[str, Any], go: GoTypes
) -> None:
    """Add what is known of a field; TypeMeta is spelled out, as it has no number of its own."""
    if field["type"] == "meta.v1.TypeMeta":
        for inner in go.structs["meta.v1.TypeMeta"]:
            fields[inner["name"]] = ["string", 0]
        return
    facts = field_facts(field, definition)
    name = field["name"] or base(field["type"]).rsplit(".", 1)[-1]
    fields[name] = [field["type"], field["number"], *([facts] if facts else [])]


def field_facts(field: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    """The less common facts of one field."""
    declared = definition.get("properties", {}).get(field["name"], {})
    facts = {
        "inline": "inline" in field["options"] or None,
        "required": field["name"] in definition.get("required", []) or None,
        "always": not {"omitempty", "omitzero", "inline"} & set(field["options"]) or None,
        "omitzero": "omitzero" in field["options"] or None,
        "default": field["default"],
        "list": declared.get("x-kubernetes-list-type"),
        "keys": declared.get("x-kubernetes-list-map-keys"),
        "map": declared.get("x-kubernetes-map-type"),
        "strategy": declared.get("x-kubernetes-patch-strategy"),
        "merge": declared.get("x-kubernetes-patch-merge-key"),
    }
    return {name: value for name, value in facts.items() if value is not None}


def descriptions(definitions: dict[str, Any], types: dict[str, Any], go: GoTypes) -> dict[str, Any]:
    """What Kubernetes says about types and about their fields."""
    scalars = {*SCALARS, *FREE_FORM}
    told = {
        go_name(name) if name in scalars else name: definitions[name]
        for name in sorted({*types, *scalars} & {*definitions})
    }
    return {
        "types": {name: found.get("description", "") for name, found in told.items()},
        "fields": {
            name: {
                field: facts["description"] + meanings(types, name, field, go)
                for field, facts in found.get("properties", {}).items()
                if "description" in facts
            }
            for name, found in told.items()
        },
    }


def go_name(name: str) -> str:
    """Go's own name for a type, with the last part of its package only: `v1.Time`."""
    return ".".join(name.split(".")[-2:])


def type_prose(name: str, path: Path) -> str:
    """What a Go file says about one of its types, in the form that OpenAPI gives it."""
    last = name.rpartition(".")[2]
    found = re.search(rf"((?:^//.*\n)+)type {last} struct", path.read_text(), re.M)
    text = ""
    for line in found[1].splitlines() if found else ():
        words = line.removeprefix("//").removeprefix(" ").rstrip(" ")
        if not words:
            text = text.rstrip(" \n") + "\n\n"
        elif words.startswith("\t"):
            text = text.removesuffix("\n") + f"\n{words}\n"
        elif not words.startswith(("+", "TODO")):
            text += f"{words} "
    return text.strip()


def meanings(types: dict[str, Any], name: str, field: str, go: GoTypes) -> str:
    """What the values of a field mean, if there are only some; written as upstream writes it."""
    values = go.enums.get(declared_type(types, name, field).removeprefix("*"))
    if not values:
        return ""
    lines = [f' - `"{value}"` {about}'.rstrip() for value, about in values.items()]
    return "\n".join(["\n\nPossible enum values:", *sorted(lines)])


def declared_type(types: dict[str, Any], name: str, field: str) -> str:
    """The Go type of a field, of the struct's own or of one that it inlines."""
    fields = types.get(name, {}).get("fields", {})
    if field in fields:
        return str(fields[field][0])
    inlined = (each[0] for each in fields.values() if len(each) > 2 and each[2].get("inline"))
    return next(filter(None, (declared_type(types, each, field) for each in inlined)), "")


def rendered(schema: dict[str, Any]) -> str:
    """JSON with one type a line, so that a new release shows up as a readable diff."""
    parts = []
    for section, types in schema.items():
        lines = (
            f"{json.dumps(n)}:{json.dumps(t, separators=(',', ':'))}" for n, t in types.items()
        )
        parts.append(f'"{section}":{{\n' + ",\n".join(lines) + "\n}")
    return "{" + ",\n".join(parts) + "}\n"


if __name__ == "__main__":
    main()
