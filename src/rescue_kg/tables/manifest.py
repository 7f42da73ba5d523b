"""What a folder of parts was made of, so that a run that was broken off goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from rescue_kg.errors import InputError, OutputError
from rescue_kg.files import write_whole
from rescue_kg.tables import parts

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from rescue_kg.store import Store
    from rescue_kg.tables.parts import Part

__all__ = ["FILE", "Manifest", "made_of", "open_folder"]

#: The name of the manifest in its folder.
FILE: Final = "manifest.json"
#: Changes where the same tables would give other parts.
_LAYOUT: Final = 1
#: A graph of more quads is known by their number, a smaller one by what they say.
_HASHED: Final = 500_000
#: Seconds between two writings of the manifest: what it has not yet heard of is counted again.
_SECONDS: Final = 5.0


@dataclass(slots=True)
class Manifest:
    """The manifest of a folder: `made_of`, and file -> number of statements of the parts that are known."""

    folder: str
    form: str
    made_of: dict[str, Any]
    statements: dict[str, int] = field(default_factory=dict)
    _written: float = 0.0

    def missing(self, plan: Sequence[Part]) -> list[Part]:
        """Return the parts that are not there; those that are and are not known are counted.

        Raises InputError for a part that cannot be read.
        """
        found = []
        for part in plan:
            name = parts.name(part.number, self.form)
            path = os.path.join(self.folder, name)  # noqa: PTH118
            if not os.path.exists(path):  # noqa: PTH110
                self.statements.pop(name, None)
                found.append(part)
            elif name not in self.statements:
                try:
                    self.statements[name] = parts.count(path, self.form)
                except OSError as error:
                    raise InputError(f"{path}: cannot be read ({error}); remove it and run again") from error
        return found

    def add(self, part: Part, statements: int) -> None:
        """Note a part that is written."""
        self.statements[parts.name(part.number, self.form)] = statements
        if time.monotonic() - self._written > _SECONDS:
            self.write()

    def write(self, plan: Sequence[Part] = ()) -> None:
        """Write the manifest; with the plan, as that of a whole dataset. Raises OutputError."""
        content: dict[str, Any] = {"made_of": self.made_of, "complete": bool(plan)}
        if plan:
            content["parts"] = [
                {
                    "file": parts.name(part.number, self.form),
                    "of": part.kind,
                    "first_row": part.first,
                    "rows": part.end - part.first,
                    "statements": self.statements[parts.name(part.number, self.form)],
                }
                for part in plan
            ]
        else:
            content["statements"] = self.statements
        data = json.dumps(content, indent=1).encode() + b"\n"
        write_whole(os.path.join(self.folder, FILE), data)  # noqa: PTH118
        self._written = time.monotonic()


def open_folder(folder: str, form: str, made_of: dict[str, Any]) -> Manifest:
    """Return the manifest of a folder for parts, which is made where it is missing.

    Raises InputError for a folder that holds something else or parts of something else, OutputError where it
    cannot be made.
    """
    path = os.path.join(folder, FILE)  # noqa: PTH118
    try:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        there = os.listdir(folder)  # noqa: PTH208
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"{folder}: cannot be written ({reason}); name a folder that you can write to"
        ) from error
    if FILE not in there:
        if [name for name in there if not name.endswith(".tmp")]:
            raise InputError(f"{folder}: found other files in the folder, expected an empty or a new one")
        return Manifest(folder, form, made_of)
    try:
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123
            content = json.load(stream)
        before = dict(content["made_of"])
        known = content.get("statements") or {
            part["file"]: part["statements"] for part in content.get("parts", ())
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: found no manifest of parts ({error}); name another folder") from error
    for name, value in made_of.items():
        if before.get(name) != value:
            raise InputError(
                f"{folder}: found parts that were made otherwise ({name}: found {_shown(before.get(name))}, "
                f"expected {_shown(value)}); name another folder, or remove this one to begin anew"
            )
    return Manifest(folder, form, made_of, {str(file): int(count) for file, count in known.items()})


def made_of(
    tables: Sequence[str],
    terms: Sequence[str],
    store: Store,
    dataset: str,
    **options: str | int,
) -> dict[str, Any]:
    """Return what the parts of a dataset depend on.

    The files, by name, size and time; the graph without the dataset; the version; and `options`.
    """
    from rescue_kg import __version__, datasets

    return {
        "layout": _LAYOUT,
        "version": __version__,
        "dataset": dataset,
        **options,
        "tables": [_file(path) for path in tables],
        "new_terms": [_file(path) for path in terms],
        "graph": _graph(store, datasets.graphs_of(dataset)),
    }


def _file(path: str) -> dict[str, Any]:
    found = os.stat(path)  # noqa: PTH116
    return {"name": os.path.basename(path), "bytes": found.st_size, "modified": found.st_mtime_ns}  # noqa: PTH119


def _graph(store: Store, without: Container[str]) -> str:
    """Return a text that is another for a graph that knows other nodes."""
    if len(store) > _HASHED:
        return f"{len(store)} quads"
    quads = (str(quad) for quad in store.native if str(quad.graph_name)[1:-1] not in without)
    # Blank nodes are named anew in every process.
    lines = sorted(re.sub(r"_:\w+", "_:", quad) for quad in quads)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 100 else f"{text[:100]}..."
