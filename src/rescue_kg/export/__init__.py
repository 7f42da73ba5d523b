"""Writes a graph to a file in any of the formats, whole and with stable bytes."""

from __future__ import annotations

import io
import os
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

from rescue_kg.errors import InputError, UnknownFormatError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from rescue_kg.graph import RescueGraph

__all__ = ["FORMATS", "Format", "dumps", "format_of", "write"]


class Format(NamedTuple):
    """How one format is written: its file suffixes, the module that writes it, and what it carries."""

    suffixes: tuple[str, ...]
    module: str
    carries: str


#: Format name -> how it is written. Every suffix may be followed by `.gz`.
FORMATS: Final = {
    "turtle": Format((".ttl",), "plain", "union"),
    "ntriples": Format((".nt",), "plain", "union"),
    "nquads": Format((".nq",), "plain", "dataset"),
    "trig": Format((".trig",), "plain", "dataset"),
    "jsonld": Format((".jsonld",), "jsonld", "dataset"),
    "rdfxml": Format((".rdf", ".owl"), "rdfxml", "union"),
    "graphml": Format((".graphml",), "networks", "network"),
    "nodelink": Format((".json",), "networks", "network"),
}

_BY_SUFFIX: Final = {suffix: name for name, known in FORMATS.items() for suffix in known.suffixes}


def write(graph: RescueGraph, path: str | os.PathLike[str], format: str | None = None) -> None:  # noqa: A002
    """Write a graph to a file, in the format of its suffix unless `format` names one; `.gz` packs it.

    Triple formats carry the union of all named graphs, quad formats the dataset with graph names, network
    formats the nodes of the evidence and the statements between them. The same graph gives the same bytes.
    The file is replaced as a whole or left as it is.

    Raises UnknownFormatError, InputError for a graph that holds nothing or that the format cannot hold, and
    OutputError for a path that cannot be written.
    """
    from rescue_kg.files import write_whole

    file = os.fspath(path)
    data = dumps(graph, format_of(file, format))
    write_whole(file, _packed(data) if file.lower().endswith(".gz") else data)


def dumps(graph: RescueGraph, format: str) -> bytes:  # noqa: A002
    """Return a graph as the bytes of a file in one of FORMATS; raises as write() does."""
    name = format_of("", format)
    if next(graph.store.quads(None), None) is None:
        raise InputError(f"the graph holds no statement: nothing to write as {name}; load a file first")
    module = import_module(f"rescue_kg.export.{FORMATS[name].module}")
    writer: Callable[[RescueGraph], bytes] = getattr(module, name)
    return writer(graph)


def format_of(path: str, format: str | None = None) -> str:  # noqa: A002
    """Return the name of a format: `format` (a name or a suffix such as `nt`) where given, else by the path.

    Raises UnknownFormatError, which lists what is known.
    """
    if format is not None:
        name = format.lower()
        name = _BY_SUFFIX.get(f".{name.removeprefix('.')}", name) if name not in FORMATS else name
        if name in FORMATS:
            return name
        known = ", ".join(FORMATS)
        raise UnknownFormatError(
            f"unknown format {format!r}, expected one of {known}{did_you_mean(name, FORMATS)}"
        )
    suffix = os.path.splitext(path.lower().removesuffix(".gz"))[1]  # noqa: PTH122 - no pathlib for a suffix
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    found = f"the suffix {suffix!r} names no format" if suffix else "no suffix to tell the format from"
    known = ", ".join(f"{suffix} ({name})" for suffix, name in _BY_SUFFIX.items())
    raise UnknownFormatError(
        f"{path}: {found}, expected one of {known}, each also with .gz; or name the format"
    )


def _packed(data: bytes) -> bytes:
    """Return gzip bytes that depend on the data only: no time, no file name, no system name."""
    import gzip

    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as stream:
        stream.write(data)
    return buffer.getvalue()
