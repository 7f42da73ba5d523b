"""The embedded triple store: a thin layer over pyoxigraph with named graphs, formats and clear errors."""

from __future__ import annotations

import os
import re
from typing import IO, TYPE_CHECKING, Final, cast

import pyoxigraph
from pyoxigraph import NamedNode, Quad, RdfFormat

from rescue_kg.errors import InputError, ParseError, StoreInUseError, UnknownFormatError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pyoxigraph import QueryBoolean, QuerySolutions, QueryTriples, Triple

__all__ = ["FORMATS", "SUFFIXES", "Store", "format_of"]

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

# Compiled by the error that needs them.
_LINE_IN_PARSE_ERROR: Final = r"^Parser error (?:at line \d+ )?(?:between )?(?:columns? \d+(?: and \d+)?)?: "
_PLACE_IN_QUERY_ERROR: Final = r"(?s)error at (\d+):(\d+): expected (?:one of )?(.*)"


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


class Store:
    """A set of named graphs, in memory, or in a folder on disk when a path is given.

    Each graph is written by one call, and each call is all or nothing. Queries see the union of all graphs as
    their default graph; a triple that stands in two graphs is seen twice there.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._path = None if path is None else os.fspath(path)
        try:
            self._native = pyoxigraph.Store(self._path)
        except OSError as error:
            # pyoxigraph says so only in words: "lock file: ..." or "lock hold by current process".
            if "lock" in str(error).lower():
                raise StoreInUseError(
                    f"{self._path}: the store is in use by another process; end it, or use another folder"
                ) from error
            raise InputError(
                f"{self._path}: cannot open a store here ({error}), expected a writable folder"
            ) from error

    @property
    def native(self) -> pyoxigraph.Store:
        """The pyoxigraph store underneath."""
        return self._native

    @property
    def path(self) -> str | None:
        """The folder on disk, or None for a store in memory."""
        return self._path

    def __len__(self) -> int:
        return len(self._native)

    def __repr__(self) -> str:
        where = "" if self._path is None else repr(self._path)
        return f"<rescue_kg.store.Store({where}): {len(self)} quads in {len(self.graphs())} named graphs>"

    def graphs(self) -> list[str]:
        """Return the IRIs of the named graphs, sorted."""
        return sorted(graph.value for graph in self._native.named_graphs() if isinstance(graph, NamedNode))

    def count(self, graph: str) -> int:
        """Return the number of triples in one named graph; 0 where there is no such graph."""
        return sum(1 for _ in self.quads(graph))

    def quads(self, graph: str | None = None) -> Iterator[Quad]:
        """Return an iterator over the quads of one named graph, or of all graphs."""
        name = None if graph is None else _node(graph)
        return self._native.quads_for_pattern(None, None, None, name)

    def drop(self, graph: str) -> None:
        """Remove one named graph with all its triples, in one call; a graph that is not there is no error."""
        self._native.remove_graph(_node(graph))

    def load_quads(self, statements: Iterable[Quad | Triple], graph: str) -> None:
        """Add triples (or the triples of quads) to one named graph, in one call."""
        name = _node(graph)
        quads = (Quad(item.subject, item.predicate, item.object, name) for item in statements)
        if self._path is None:
            self._native.extend(quads)
        else:
            self._native.bulk_extend(quads)

    def load_file(
        self,
        source: str | os.PathLike[str] | bytes,
        *,
        graph: str,
        format: str | None = None,  # noqa: A002
    ) -> None:
        """Load a file, or bytes, in one call: all of it, or nothing.

        `source` is a path, `-` for standard input, or the bytes themselves; the format is taken from the
        suffix (`.gz` is unpacked), and is Turtle for `-` and bytes unless `format` names another. Triples go
        to the named graph `graph`; formats that carry graph names keep those, and their default graph goes to
        `graph`.

        Raises ParseError (file and line), InputError (missing, unreadable, not a file), UnknownFormatError.
        """
        target = _node(graph)
        if isinstance(source, bytes):
            self._load(source, "<bytes>", format_of("", format or "turtle"), target)
            return
        path = os.fspath(source)
        if path == "-":
            import sys

            self._load(sys.stdin.buffer, "<standard input>", format_of("", format or "turtle"), target)
            return
        name = format_of(path, format)
        try:
            if path.endswith(".gz"):
                import gzip
                import zlib

                try:
                    with gzip.open(path) as unpacked:
                        self._load(cast("IO[bytes]", unpacked), path, name, target)
                except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                    raise ParseError(
                        f"{path}: found damaged or no gzip data ({error}), expected {name}.gz"
                    ) from error
            else:
                with open(path, "rb") as stream:  # noqa: PTH123 - a first answer does not wait for pathlib
                    self._load(stream, path, name, target)
        except FileNotFoundError as error:
            raise InputError(f"{path}: no such file") from error
        except IsADirectoryError as error:
            raise InputError(f"{path}: found a folder, expected a file of RDF") from error
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error

    def _load(self, data: IO[bytes] | bytes, where: str, name: str, target: NamedNode) -> None:
        # Both are all or nothing; bulk_load writes new files on disk, load is the quicker one in memory.
        load = self._native.load if self._path is None else self._native.bulk_load
        try:
            load(data, format=FORMATS[name], to_graph=target)
        except SyntaxError as error:
            line = "" if error.lineno is None else f":{error.lineno}"
            column = "" if error.offset is None else f" at column {error.offset}"
            found = re.sub(_LINE_IN_PARSE_ERROR, "", error.msg or "unreadable text")
            raise ParseError(
                f"{where}{line}: found an error{column} ({found}), expected {name}; mend this line, or name "
                f"the format of the file ({', '.join(FORMATS)})"
            ) from error

    def query(
        self, sparql: str, *, where: str = "query", prefixes: Mapping[str, str] | None = None
    ) -> QuerySolutions | QueryBoolean | QueryTriples:
        """Run a SPARQL query over the union of all graphs and return pyoxigraph's result.

        `where` names the query in an error; `prefixes` are known without being declared in the text.
        Raises ParseError with the line and column of the first thing that cannot be read.
        """
        try:
            return self._native.query(
                sparql, use_default_graph_as_union=True, prefixes=None if prefixes is None else dict(prefixes)
            )
        except SyntaxError as error:
            raise _sparql_error(sparql, where, error) from error
        except OSError as error:
            raise InputError(
                f"{where}: the query cannot be run ({error}); a SERVICE must be within reach"
            ) from error

    def update(self, sparql: str, *, where: str = "update") -> None:
        """Run a SPARQL update, all or nothing. Raises ParseError as query() does."""
        try:
            self._native.update(sparql)
        except SyntaxError as error:
            raise _sparql_error(sparql, where, error) from error


def _node(iri: str) -> NamedNode:
    try:
        return NamedNode(iri)
    except ValueError as error:
        raise InputError(
            f"found {iri!r} as the name of a graph ({error}), expected an absolute IRI"
        ) from error


def _sparql_error(sparql: str, where: str, error: SyntaxError) -> ParseError:
    """Say in one line what pyoxigraph says in a page of character classes."""
    match = re.match(_PLACE_IN_QUERY_ERROR, error.msg or "")
    if match is None:
        return ParseError(f"{where}: {error.msg}; expected SPARQL 1.1")
    line, column = int(match[1]), int(match[2])
    lines = sparql.split("\n")
    rest = lines[line - 1][column - 1 :].split() if line <= len(lines) else []
    found = f"at {rest[0][:30]!r}" if rest else "at its end"
    # The rest of the list are character classes; whole sentences, keywords and signs tell a reader enough.
    said = match[3].split(", ")
    sentences = [word for word in said if re.fullmatch(r"[A-Z][a-z]+ [\w ]+", word)]
    if sentences:
        reason = f"{sentences[0].lower()}, before this place"
    else:
        words = [word for word in said if re.fullmatch(r"[A-Z]{2,}|\"[^\"\\]{1,3}\"", word)]
        reason = f"expected {' or '.join(words[:5])}" if words else "expected SPARQL 1.1"
    return ParseError(f"{where}:{line}:{column}: the query cannot be read {found}: {reason}")
