"""One request to the API as it is typed, and the same as raw HTTP, for kubectl and in Python."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pprint import pformat
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml
from kubernetes import client

from kubelearn.clusters.transport import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH
from kubelearn.errors import ManifestError
from kubelearn.objects import Resource
from kubelearn.widgets.identity import Identity

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PATCHES = {
    STRATEGIC_PATCH: "strategic",
    MERGE_PATCH: "merge",
    JSON_PATCH: "json",
    APPLY_PATCH: "apply",
}
_PATH = re.compile(
    r"/(?:api/(?P<core>[^/]+)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+)(?:/(?P<sub>.+))?)?"
)
_FILE, _RAW_FILE = "request.yaml", "request.json"
_PYTHON_VERBS = {"POST": "create", "PUT": "replace", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class Target:
    """What a path leads to."""

    api_version: str
    plural: str
    namespace: str = ""
    name: str = ""
    sub: str = ""


@dataclass(frozen=True)
class ApiRequest:
    """A request, not sent yet. `text` is its body as it was typed, in YAML or JSON."""

    method: str
    path: str
    """With its query."""
    text: str = ""
    content_type: str = "application/json"
    identity: Identity = Identity()  # noqa: RUF009 - it is frozen

    @property
    def target(self) -> Target | None:
        """What the path leads to; None if it is no resource."""
        found = _PATH.fullmatch(self.route)
        if not found:
            return None
        parts = {key: value or "" for key, value in found.groupdict().items()}
        api_version = parts["core"] or f"{parts['group']}/{parts['version']}"
        return Target(api_version, parts["plural"], parts["namespace"], parts["name"], parts["sub"])

    @property
    def route(self) -> str:
        """The path without its query."""
        return urlsplit(self.path).path

    @property
    def body(self) -> Any:
        """The body as JSON has it, None if there is none. Raises ManifestError for bad YAML."""
        if not self.has_body:
            return None
        try:
            return yaml.safe_load(self.text)
        except yaml.YAMLError as error:
            raise ManifestError(f"the body is no YAML: {error}") from error

    @property
    def has_body(self) -> bool:
        """Whether something is sent along."""
        return self.method in ("POST", "PUT", "PATCH") and bool(self.text.strip())

    @property
    def media(self) -> str:
        """The body's Content-Type."""
        return self.content_type if self.method == "PATCH" else "application/json"

    def http(self, host: str) -> str:
        """What goes over the wire."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {urlsplit(host).netloc}"]
        lines += ["Accept: application/json", *self.identity.shown_headers]
        if not self.has_body:
            return "\n".join(lines)
        lines += [f"Content-Type: {self.media}", "", json.dumps(self.body, indent=2)]
        return "\n".join(lines)

    # --- kubectl ----------------------------------------------------------------------------

    def kubectl(self, resource: Resource | None, host: str) -> str:
        """The line that makes kubectl send it: by its path, where kubectl has no word for it."""
        if self.identity.kind == "none":
            return self._curl(host)
        target, options = self.target, self._options()
        rare = target is None or (target.sub and self.method in ("POST", "DELETE"))
        known = resource is not None and options is not None and not rare
        words = self._kubectl(target, options or []) if known and target else self._raw()
        return " ".join(["kubectl", *self.identity.kubectl_options(host), *words])

    def _curl(self, host: str) -> str:
        """kubectl asks for a user name where it has no credentials."""
        words = ["curl", "--cacert", "ca.crt", "-X", self.method, f"{host}{self.path}"]
        if self.has_body:
            words += ["-H", f"Content-Type: {self.media}", "-d", f"@{_RAW_FILE}"]
        return shlex.join(words)

    def _options(self) -> list[str] | None:
        """The query as kubectl's options; None if it has no options for that."""
        found = []
        for name, value in parse_qsl(urlsplit(self.path).query):
            match name, value:
                case "dryRun", "All":
                    found.append("--dry-run=server")
                case "fieldValidation", _:
                    found.append(f"--validate={value.lower()}")
                case _:
                    return None
        return found

    def _kubectl(self, target: Target, options: list[str]) -> Iterator[str]:
        match self.method:
            case "GET":
                yield from ("get", target.plural, *filter(None, [target.name]))
            case "POST":
                yield from ("create", "-f", _FILE)
            case "PUT":
                yield from ("replace", "-f", _FILE)
            case "DELETE":
                yield from ("delete", target.plural, *([target.name] if target.name else ["--all"]))
            case "PATCH" if self.content_type == APPLY_PATCH:
                yield from ("apply", "--server-side", "-f", _FILE)
            case "PATCH":
                patch = shlex.quote(json.dumps(self.body, separators=(",", ":")))
                kind = PATCHES.get(self.content_type, "strategic")
                yield from ("patch", target.plural, target.name, f"--type={kind}", "-p", patch)
        if target.sub:
            yield f"--subresource={target.sub}"
        if target.namespace:
            yield from ("-n", target.namespace)
        if self.method == "GET":
            yield from ("-o", "yaml")
        yield from options

    def _raw(self) -> Iterator[str]:
        verb = {"POST": "create", "PUT": "replace", "DELETE": "delete"}.get(self.method, "get")
        yield from (verb, "--raw", shlex.quote(self.path))
        if self.has_body:
            # It sends the file as it is, and says that it is JSON.
            yield from ("-f", _RAW_FILE)

    # --- Python -----------------------------------------------------------------------------

    def python(self, resource: Resource | None, host: str) -> str:
        """Lines for the official client: a typed call where it has one."""
        lines = ["from kubernetes import client", *self.identity.python_lines(host)]
        call = self._typed(resource) or self._untyped()
        return "\n".join([*lines, *call])

    def _typed(self, resource: Resource | None) -> list[str] | None:
        target = self.target
        if resource is None or target is None or "?" in self.path:
            return None
        api, method = _api_class(resource), self._function(target, resource)
        if not hasattr(getattr(client, api, None), method):
            return None
        arguments = [repr(each) for each in (target.name, target.namespace) if each]
        lines = []
        if self.has_body:
            lines.append(f"body = {pformat(self.body, width=76, sort_dicts=False)}")
            arguments.append("body")
        if self.method == "PATCH":
            arguments.append(f"_content_type={self.content_type!r}")
        return [*lines, f"client.{api}(api).{method}({', '.join(arguments)})"]

    def _function(self, target: Target, resource: Resource) -> str:
        verb = _PYTHON_VERBS.get(self.method) or ("read" if target.name else "list")
        if verb == "delete" and not target.name:
            verb = "delete_collection"
        words = [verb, *(["namespaced"] if target.namespace else []), _snake(resource.kind)]
        words += [_snake(part) for part in target.sub.split("/") if part]
        if verb == "list" and resource.namespaced and not target.namespace:
            words.append("for_all_namespaces")
        return "_".join(words)

    def _untyped(self) -> list[str]:
        arguments = [repr(self.method), repr(self.path)]
        lines = []
        if self.has_body:
            lines.append(f"body = {pformat(self.body, width=76, sort_dicts=False)}")
            arguments.append("body=body")
        if self.method == "PATCH":
            arguments.append(f"content_type={self.content_type!r}")
        imported = "from kubelearn.clusters.transport import send"
        return [imported, *lines, f"send(api, {', '.join(arguments)})"]


def _api_class(resource: Resource) -> str:
    """`AppsV1Api`, `RbacAuthorizationV1Api`, `CoreV1Api`."""
    group = resource.group.removesuffix(".k8s.io") if resource.group else "core"
    words = re.split(r"[.-]", group)
    return "".join(word.capitalize() for word in [*words, resource.version]) + "Api"


def _snake(kind: str) -> str:
    """`config_map` for ConfigMap."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower()
