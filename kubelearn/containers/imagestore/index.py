"""Which names there are, and what they stand for: `index.json` of the OCI image layout.

It is replaced at one blow, and changed by one process at a time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from kubelearn.containers.filelock import locked
from kubelearn.containers.imagestore.blobs import Descriptor, parse_json
from kubelearn.containers.imagestore.errors import unwritable

INDEX = "application/vnd.oci.image.index.v1+json"
REF_NAME = "org.opencontainers.image.ref.name"
_LAYOUT = {"imageLayoutVersion": "1.0.0"}


class Index:
    """The names in one OCI image layout."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "index.json"

    def names(self) -> dict[str, Descriptor]:
        """Every name with the manifest that it stands for."""
        try:
            data = self._file.read_bytes()
        except FileNotFoundError:
            return {}
        entries = parse_json(data, str(self._file)).get("manifests", [])
        return {entry["annotations"][REF_NAME]: _without(entry) for entry in entries}

    def put(self, name: str, manifest: Descriptor) -> None:
        """Let a name stand for a manifest, whatever it stood for before."""
        self._change(lambda names: names.__setitem__(name, manifest))

    def remove(self, name: str) -> None:
        """Forget a name; nothing happens if it is unknown."""
        self._change(lambda names: names.pop(name, None))

    def _change(self, change: Callable[[dict[str, Descriptor]], object]) -> None:
        try:
            with locked(self._folder / "index.lock"):
                names = self.names()
                change(names)
                self._write(names)
        except OSError as error:
            raise unwritable(self._folder, error) from error

    def _write(self, names: dict[str, Descriptor]) -> None:
        manifests = [
            {**manifest, "annotations": {REF_NAME: name}}
            for name, manifest in sorted(names.items())
        ]
        layout = self._folder / "oci-layout"
        if not layout.exists():
            _replace(layout, _LAYOUT)
        _replace(self._file, {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})


def _without(entry: Descriptor) -> Descriptor:
    return {key: value for key, value in entry.items() if key != "annotations"}


def _replace(file: Path, value: object) -> None:
    new = file.with_suffix(".new")
    with new.open("w") as opened:
        json.dump(value, opened, indent=2)
        opened.flush()
        os.fsync(opened.fileno())
    new.replace(file)
