"""Content negotiation: which form of an answer a client takes, and what a body is written in.

Stands for k8s.io/apiserver `pkg/endpoints/handlers/negotiation`. Answers are JSON, or YAML where a
client insists; protobuf is understood in requests but never written, which every known client
accepts because it names JSON too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from kubelearn.embedded.apiserver.status import StatusError

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
PATCHES = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
}

_MEDIA = {JSON: JSON, YAML: YAML, "application/*": JSON, "*/*": JSON, "": JSON}
_TARGETS = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")
_CUSTOM_PATCHES = tuple(media for media in PATCHES if "strategic" not in media)
_ALL = f"{JSON}, {YAML}, {PROTOBUF}"
_UNKNOWN_FORMAT = "the body of the request was in an unknown format - accepted media types include"


@dataclass(frozen=True, slots=True)
class Output:
    """The form of an answer: a media type, and the kind to turn objects into, if any."""

    media: str = JSON
    target: str = ""
    group_version: str = "meta.k8s.io/v1"


@lru_cache(maxsize=256)
def parse_accept(accept: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The clauses of an Accept header, best first: (media type, parameters)."""
    clauses = []
    for position, clause in enumerate(accept.split(",")):
        media, *params = (part.strip() for part in clause.split(";"))
        pairs = tuple((k.strip(), v.strip()) for k, _, v in (p.partition("=") for p in params))
        clauses.append((-_quality(pairs), position, media, pairs))
    return tuple((media, pairs) for _, _, media, pairs in sorted(clauses))


def _quality(pairs: tuple[tuple[str, str], ...]) -> float:
    try:
        return float(dict(pairs).get("q", 1))
    except ValueError:
        return 0.0


@lru_cache(maxsize=256)
def negotiate(accept: str, *, streams: bool = False) -> Output:
    """The form that an Accept header asks for; raises 406 when there is none that we write.

    `streams` only shapes the error's list, which names stream types where upstream can watch.
    """
    known = False
    for media, pairs in parse_accept(accept):
        if media in _MEDIA:
            known = True
            output = _output(_MEDIA[media], dict(pairs))
            if output:
                return output
        known = known or media == PROTOBUF
    raise _not_acceptable() if known else _not_representable(streams)


def _output(media: str, params: dict[str, str]) -> Output | None:
    target = params.get("as", "")
    if not target:
        return Output(media)
    version = params.get("v", "v1")
    if (
        target not in _TARGETS
        or params.get("g") != "meta.k8s.io"
        or version not in ("v1", "v1beta1")
    ):
        return None
    return Output(media, target, f"meta.k8s.io/{version}")


def _not_acceptable() -> StatusError:
    message = f"only the following media types are accepted: {_ALL}"
    return StatusError(406, "NotAcceptable", message)


def _not_representable(streams: bool) -> StatusError:
    available = _ALL
    if streams:
        available += f", {JSON};stream=watch, {PROTOBUF};stream=watch"
    message = f"406: Not Acceptable\n\nAvailable representations: {available}"
    return StatusError(406, "NotAcceptable", message, details={})


def body_media(content_type: str) -> str:
    """What a body is written in; no Content-Type means JSON. Raises 415 for anything else."""
    media = content_type.partition(";")[0].strip().lower()
    if media in ("", JSON, YAML, PROTOBUF):
        return media or JSON
    raise StatusError(415, "UnsupportedMediaType", f"{_UNKNOWN_FORMAT}: {_ALL}")


def patch_type(content_type: str, *, custom: bool = False) -> str:
    """The kind of patch that a PATCH request brings. Raises 415 for anything else.

    Strategic patches need to know how lists merge, and of custom resources nobody says so.
    """
    media = content_type.partition(";")[0].strip()
    if custom and media not in _CUSTOM_PATCHES:
        accepted = ", ".join(_CUSTOM_PATCHES)
        raise StatusError(415, "UnsupportedMediaType", f"{_UNKNOWN_FORMAT}: {accepted}")
    if media not in PATCHES:
        message = "415: Unsupported Media Type"
        raise StatusError(415, "UnsupportedMediaType", message, details={})
    return PATCHES[media]
