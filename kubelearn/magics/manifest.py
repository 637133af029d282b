"""`%%manifest`: the cell below is YAML, and becomes objects of the cluster."""

from __future__ import annotations

import argparse

from kubelearn import manifests
from kubelearn.clusters.apply import Applied, apply
from kubelearn.clusters.current import Current, current
from kubelearn.clusters.problems import problems
from kubelearn.errors import ApiError, ManifestError
from kubelearn.magics.options import Options, words


def cell(line: str, body: str) -> None:
    """Create the objects in the cell, or change those that exist (`kubectl apply -f -`).

        %%manifest [--namespace NAME] [--dry-run]

    With --dry-run the server checks everything and stores nothing. What it refuses is shown with
    the line of the cell.
    """
    chosen = _options(line)
    found = manifests.parse(body)
    here = current()
    flag = " --dry-run=server" if chosen.dry_run else ""
    print(f"$ kubectl -n {chosen.namespace or here.namespace} apply -f -{flag}")
    refused = [
        text for each in found if (text := _apply(each, body, chosen=chosen, here=here)) is not None
    ]
    if refused:
        raise ManifestError("\n".join(refused), hint="mend the line and run the cell again")


def _options(line: str) -> argparse.Namespace:
    parser = Options("%%manifest", "[--namespace NAME] [--dry-run]")
    parser.add_argument("-n", "--namespace", default="")
    parser.add_argument("--dry-run", action="store_true")
    return parser.parse_args(words(line))


def _apply(
    found: manifests.Manifest, body: str, *, chosen: argparse.Namespace, here: Current
) -> str | None:
    """Apply one object and print what came of it; the refusal as text, or None."""
    own = (found.object.get("metadata") or {}).get("namespace")
    namespace = chosen.namespace or own or here.namespace
    api = here.cluster.api_client
    try:
        applied = apply(api, found.object, namespace=namespace, dry_run=chosen.dry_run)
        print(f"  {applied.answer}")
        applied.answer.checked()
    except ApiError as error:
        return _explained(found, body, error)
    print(_said(applied, dry_run=chosen.dry_run))
    return None


def _said(applied: Applied, *, dry_run: bool) -> str:
    return f"{applied}{' (server dry run)' if dry_run else ''}"


def _explained(found: manifests.Manifest, body: str, error: ApiError) -> str:
    """The server's complaints, each with its line of the cell."""
    return "\n".join(
        f"{problem}\n{manifests.shown_line(body, problem.line)}"
        for problem in problems(found, error.status)
    )
