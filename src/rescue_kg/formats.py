"""The formats of RDF that are read, and the way from a file, standard input or bytes to the parser."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final, NamedTuple, cast

import pyoxigraph
from pyoxigraph import DefaultGraph, Quad, RdfFormat

from rescue_kg.errors import InputError, ParseError, RescueKgError, UnknownFormatError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyoxigraph import NamedNode

__all__ = ["FORMATS", "SUFFIXES", "Opened", "format_of", "opened", "quads", "rdf_files"]

#: Format name -> pyoxigraph format.
FORMATS: Final = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "nquads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "jsonld": RdfFormat.JSON_LD,
    "rdfxml": RdfFormat.RDF_XML,
}

#: File suffix -> format name; each may be followed by `.gz`.
SUFFIXES: Final = {
    ".ttl": "turtle",
    ".nt": "ntriples",
    ".nq": "nquads",
    ".trig": "trig",
    ".jsonld": "jsonld",
    ".rdf": "rdfxml",
    ".owl": "rdfxml",
    ".xml": "rdfxml",
}

# Compiled by the error that needs it.
_LINE_IN_PARSE_ERROR: Final = r"^Parser error (?:at line \d+ )?(?:between )?(?:columns? \d+(?: and \d+)?)?: "


_PARQUET: Final = ".parquet"


class Opened(NamedTuple):
    """A file that can be read: what to read from, its name for messages, its format.

    `place` returns how many bytes of the file have been read, packed as they are; None where that is unknown.
    """

    data: IO[bytes] | bytes
    where: str
    format: RdfFormat
    place: Callable[[], int] | None = None


def format_of(path: str, name: str | None = None) -> str:
    """Return the format name for a file: `name` where given, else by suffix (`.gz` set aside).

    Raises UnknownFormatError for a name or suffix that is not in FORMATS or SUFFIXES.
    """
    if name is not None:
        if name in FORMATS:
            return name
        raise UnknownFormatError(
            f"unknown format {name!r}, expected one of {', '.join(FORMATS)}{did_you_mean(name, FORMATS)}"
        )
    plain = path.removesuffix(".gz")
    for suffix, known in SUFFIXES.items():
        if plain.endswith(suffix):
            return known
    raise UnknownFormatError(
        f"{path}: the suffix names no RDF format, expected one of {', '.join(SUFFIXES)} (also with .gz), "
        f"or a format by name: {', '.join(FORMATS)}"
    )


def rdf_files(source: str | os.PathLike[str]) -> list[str]:
    """Return the files that a path stands for: itself, or the files of RDF in a folder, by name.

    Raises InputError for a folder without any.
    """
    path = os.fspath(source)
    if not os.path.isdir(path):  # noqa: PTH112 - a first answer does not wait for pathlib
        return [path]
    suffixes = (*SUFFIXES, *(f"{suffix}.gz" for suffix in SUFFIXES), _PARQUET)
    names = [name for name in sorted(os.listdir(path)) if name.endswith(suffixes)]  # noqa: PTH208
    # What begins with a dot or an underline is no data: marks of Spark, and files that are being written.
    found = [os.path.join(path, name) for name in names if name[0] not in "._"]  # noqa: PTH118
    if not found:
        raise InputError(f"{path}: found no file of RDF in this folder, expected {', '.join(suffixes)}")
    return found


@contextmanager
def opened(
    source: str | os.PathLike[str] | bytes,
    format: str | None = None,  # noqa: A002
) -> Iterator[Opened]:
    """Open a path (`.gz` is unpacked), `-` for standard input, or bytes, for a `with` that reads it.

    A file of Parquet with the columns subject, predicate, object and graph reads as N-Quads.

    The format is taken from the suffix, and is Turtle for `-` and bytes, unless `format` names another.
    Raises UnknownFormatError, InputError (missing, unreadable, no file), NotAvailableError for Parquet
    without the extra `tables`, and, for what pyoxigraph finds while it reads, ParseError with file and line.
    """
    if isinstance(source, bytes):
        name = format_of("", format or "turtle")
        with _parse_errors("<bytes>", name):
            yield Opened(source, "<bytes>", FORMATS[name])
        return
    path = os.fspath(source)
    if path == "-":
        import sys

        name = format_of("", format or "turtle")
        with _parse_errors("<standard input>", name):
            yield Opened(sys.stdin.buffer, "<standard input>", FORMATS[name])
        return
    is_parquet = path.endswith(_PARQUET) and format is None
    name = "nquads" if is_parquet else format_of(path, format)
    try:
        with (
            _parse_errors(path, name),
            open(path, "rb") as stream,  # noqa: PTH123 - a first answer does not wait for pathlib
        ):
            if is_parquet:
                from rescue_kg.parquet_quads import Lines

                yield Opened(cast("IO[bytes]", Lines(stream, path)), path, FORMATS[name], stream.tell)
            elif path.endswith(".gz"):
                with _unpacked(stream, path, name) as plain:
                    yield Opened(plain, path, FORMATS[name], stream.tell)
            else:
                yield Opened(stream, path, FORMATS[name], stream.tell)
    except RescueKgError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise InputError(f"{path}: found a folder, expected a file of RDF") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error


def quads(file: Opened, graph: NamedNode, *, keep_graphs: bool) -> Iterator[Quad]:
    """Yield the statements of a file as they are read; those of no graph are in `graph`.

    Blank nodes get labels of their own. Without `keep_graphs`, InputError for a statement in another graph.
    """
    default = DefaultGraph()
    for quad in pyoxigraph.parse(file.data, format=file.format, rename_blank_nodes=True):
        if quad.graph_name == default:
            yield Quad(quad.subject, quad.predicate, quad.object, graph)
        elif keep_graphs or quad.graph_name == graph:
            yield quad
        else:
            raise InputError(
                f"{file.where}: found a statement in the graph {quad.graph_name}, expected {graph} or none; "
                "load the file without naming a dataset, or put these triples into a file of their own"
            )


@contextmanager
def _unpacked(packed: IO[bytes], path: str, name: str) -> Iterator[IO[bytes]]:
    import gzip
    import zlib

    try:
        with gzip.open(packed) as stream:
            yield cast("IO[bytes]", stream)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ParseError(f"{path}: found damaged or no gzip data ({error}), expected {name}.gz") from error


@contextmanager
def _parse_errors(where: str, name: str) -> Iterator[None]:
    try:
        yield
    except SyntaxError as error:
        import re

        line = "" if error.lineno is None else f":{error.lineno}"
        column = "" if error.offset is None else f" at column {error.offset}"
        found = re.sub(_LINE_IN_PARSE_ERROR, "", error.msg or "unreadable text")
        raise ParseError(
            f"{where}{line}: found an error{column} ({found}), expected {name}; mend this line, or name "
            f"the format of the file ({', '.join(FORMATS)})"
        ) from error
