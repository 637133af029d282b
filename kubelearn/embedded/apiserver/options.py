"""The options of a request: of reading, of writing and of deleting.

Stands for meta/v1's `ListOptions`, `CreateOptions`, `UpdateOptions`, `PatchOptions` and
`DeleteOptions`, and for their validation in k8s.io/apimachinery `pkg/apis/meta/v1/validation` and
`pkg/apis/meta/internalversion/validation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from kubelearn.embedded.apiserver.names import label_value, qualified_name
from kubelearn.embedded.apiserver.requestinfo import is_true
from kubelearn.embedded.apiserver.status import Cause, bad_request, invalid_options, quote
from kubelearn.embedded.selectors import (
    FieldSelector,
    LabelSelector,
    SelectorError,
    parse_fields,
    parse_labels,
)
from kubelearn.objects import Object

_POLICIES = ("Foreground", "Background", "Orphan")
_FIELD_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
_MANAGER_MAX_LENGTH = 128


@dataclass(slots=True)
class ListOptions:
    """What a list or watch asks for."""

    labels: LabelSelector = field(default_factory=LabelSelector)
    fields: FieldSelector = field(default_factory=FieldSelector)
    resource_version: str = ""
    resource_version_match: str = ""
    limit: int = 0
    continue_token: str = ""
    allow_bookmarks: bool = False
    send_initial_events: bool | None = None
    timeout_seconds: int | None = None


@dataclass(slots=True)
class WriteOptions:
    """What a create, update or patch asks for."""

    dry_run: bool = False
    field_manager: str = ""
    field_validation: str = "Warn"
    force: bool = False


@dataclass(slots=True)
class DeleteOptions:
    """How to delete; None means that the kind's default holds."""

    dry_run: bool = False
    grace_period_seconds: int | None = None
    propagation_policy: str | None = None
    orphan_dependents: bool | None = None
    uid: str | None = None
    resource_version: str | None = None


def list_options(query: Mapping[str, str], *, watch: bool) -> ListOptions:
    """Read and check the options of a list or watch. Raises 400 and 422."""
    options = ListOptions(
        resource_version=query.get("resourceVersion", ""),
        resource_version_match=query.get("resourceVersionMatch", ""),
        limit=max(_integer(query, "limit") or 0, 0),
        continue_token=query.get("continue", ""),
        allow_bookmarks=is_true(query.get("allowWatchBookmarks")),
        timeout_seconds=_integer(query, "timeoutSeconds"),
    )
    if "sendInitialEvents" in query:
        options.send_initial_events = is_true(query["sendInitialEvents"])
    try:
        options.labels = parse_labels(query.get("labelSelector", ""))
        _check_labels(options.labels)
        options.fields = parse_fields(query.get("fieldSelector", ""))
    except SelectorError as error:
        raise bad_request(str(error)) from None
    if watch:
        _default_initial_events(options)
    problems = list(_watch_problems(options) if watch else _list_problems(options))
    if problems:
        raise invalid_options("ListOptions", problems)
    return options


def _check_labels(selector: LabelSelector) -> None:
    """Refuse keys and values that no label can have."""
    for requirement in selector.requirements:
        checks = [("<nil>", requirement.key, qualified_name(requirement.key))]
        for i, value in enumerate(sorted(set(requirement.values))):
            checks.append((f"values[{i}][{requirement.key}]", value, label_value(value)))
        for where, text, problems in checks:
            for problem in problems:
                raise SelectorError(
                    f"unable to parse requirement: {where}: Invalid value: {quote(text)}: {problem}"
                )


def _default_initial_events(options: ListOptions) -> None:
    # "Start with what there is" is what no version, or 0, has always meant to a watch.
    unsaid = options.send_initial_events is None and not options.resource_version_match
    if unsaid and options.resource_version in ("", "0"):
        options.send_initial_events = True
        options.resource_version_match = "NotOlderThan"


def _list_problems(options: ListOptions) -> Iterable[Cause]:
    match = options.resource_version_match
    if match:
        if not options.resource_version:
            yield _forbidden_match("is forbidden unless resourceVersion is provided")
        if options.continue_token:
            yield _forbidden_match("is forbidden when continue is provided")
        if match not in ("Exact", "NotOlderThan"):
            yield _unsupported("resourceVersionMatch", match, ("Exact", "NotOlderThan", ""))
        if match == "Exact" and options.resource_version == "0":
            yield _forbidden_match('"exact" is forbidden for resourceVersion "0"')
    if options.send_initial_events is not None:
        text = "sendInitialEvents is forbidden for list"
        yield Cause("FieldValueForbidden", f"Forbidden: {text}", "sendInitialEvents")


def _watch_problems(options: ListOptions) -> Iterable[Cause]:
    match = options.resource_version_match
    if options.send_initial_events is not None and match != "NotOlderThan":
        text = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        yield Cause("FieldValueForbidden", f"Forbidden: {text}", "resourceVersionMatch")
    if match:
        if options.send_initial_events is None:
            yield _forbidden_match("is forbidden for watch unless sendInitialEvents is provided")
        if match != "NotOlderThan":
            yield _unsupported("resourceVersionMatch", match, ("NotOlderThan",))
        if options.continue_token:
            yield _forbidden_match("is forbidden when continue is provided")


def write_options(query: Mapping[str, str], *, kind: str, is_apply: bool = False) -> WriteOptions:
    """Read and check the options of a write; `kind` is what errors call them."""
    dry_run = [query["dryRun"]] if "dryRun" in query else []
    manager = query.get("fieldManager", "")
    validation = query.get("fieldValidation", "")
    problems: list[Cause] = []
    if kind == "PatchOptions":
        problems += _apply_problems(query, manager, is_apply=is_apply)
    problems += _manager_problems(manager)
    problems += _dry_run_problems(dry_run)
    if validation not in _FIELD_VALIDATIONS:
        problems.append(_unsupported("fieldValidation", validation, _FIELD_VALIDATIONS))
    if problems:
        raise invalid_options(kind, problems)
    return WriteOptions(
        bool(dry_run), manager, validation or "Warn", force=is_true(query.get("force"))
    )


def _apply_problems(query: Mapping[str, str], manager: str, *, is_apply: bool) -> Iterable[Cause]:
    if is_apply and not manager:
        text = "Required value: is required for apply patch"
        yield Cause("FieldValueRequired", text, "fieldManager")
    if not is_apply and "force" in query:
        text = "Forbidden: may not be specified for non-apply patch"
        yield Cause("FieldValueForbidden", text, "force")


def _manager_problems(manager: str) -> Iterable[Cause]:
    if len(manager.encode()) > _MANAGER_MAX_LENGTH:
        text = f"Too long: may not be more than {_MANAGER_MAX_LENGTH} bytes"
        yield Cause("FieldValueTooLong", text, "fieldManager")
    for i, character in enumerate(manager):
        if not character.isprintable():
            where = f"invalid character U+{ord(character):04X} (at position {i})"
            text = f"Invalid value: {quote(manager)}: {where}"
            yield Cause("FieldValueInvalid", text, "fieldManager")


def _dry_run_problems(dry_run: list[str]) -> Iterable[Cause]:
    if any(item != "All" for item in dry_run):
        shown = orjson.dumps(dry_run).decode()
        text = f'Unsupported value: {shown}: supported values: "All"'
        yield Cause("FieldValueNotSupported", text, "dryRun")


def delete_options(query: Mapping[str, str], body: Object | None) -> DeleteOptions:
    """Read and check the options of a deletion: the body's if there is one, else the query's."""
    raw = dict(body) if body else _delete_query(query)
    dry_run = raw.get("dryRun") or []
    preconditions = raw.get("preconditions") or {}
    options = DeleteOptions(
        dry_run=bool(dry_run),
        grace_period_seconds=raw.get("gracePeriodSeconds"),
        propagation_policy=raw.get("propagationPolicy"),
        orphan_dependents=raw.get("orphanDependents"),
        uid=preconditions.get("uid"),
        resource_version=preconditions.get("resourceVersion"),
    )
    problems = [*_deletion_problems(options), *_dry_run_problems(dry_run)]
    if problems:
        raise invalid_options("DeleteOptions", problems)
    return options


def _delete_query(query: Mapping[str, str]) -> Object:
    raw: Object = {"gracePeriodSeconds": _integer(query, "gracePeriodSeconds")}
    raw["propagationPolicy"] = query.get("propagationPolicy")
    if "orphanDependents" in query:
        raw["orphanDependents"] = is_true(query["orphanDependents"])
    raw["dryRun"] = [query["dryRun"]] if "dryRun" in query else []
    return raw


def _deletion_problems(options: DeleteOptions) -> Iterable[Cause]:
    policy = options.propagation_policy
    if policy is not None and options.orphan_dependents is not None:
        text = "orphanDependents and deletionPropagation cannot be both set"
        message = f"Invalid value: {quote(policy)}: {text}"
        yield Cause("FieldValueInvalid", message, "propagationPolicy")
    if policy is not None and policy not in _POLICIES:
        yield _unsupported("propagationPolicy", policy, (*_POLICIES, "nil"))


def _unsupported(path: str, value: str, supported: Iterable[str]) -> Cause:
    choices = ", ".join(map(quote, supported))
    message = f"Unsupported value: {quote(value)}: supported values: {choices}"
    return Cause("FieldValueNotSupported", message, path)


def _forbidden_match(problem: str) -> Cause:
    message = f"Forbidden: resourceVersionMatch {problem}"
    return Cause("FieldValueForbidden", message, "resourceVersionMatch")


def _integer(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if not text:
        return None
    problem = "invalid syntax"
    if text.removeprefix("-").isascii() and text.removeprefix("-").isdigit():
        if -(2**63) <= (number := int(text)) < 2**63:
            return number
        problem = "value out of range"
    raise bad_request(f"strconv.ParseInt: parsing {quote(text)}: {problem}")
