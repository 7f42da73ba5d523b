"""The alignments with other vocabularies: read from an SSSOM file, kept in the ontology as annotations."""

import csv
import io
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from rescue_kg import layout
from rescue_kg.errors import ChecksFailedError, InputError, ParseError, did_you_mean
from rescue_kg.files import write_whole
from rescue_kg.namespaces import PREFIXES, RESCUE, contract, is_iri

__all__ = ["NO_EXACT_MATCH_IN", "PREDICATES", "Mapping", "align", "check", "merge", "read", "triples"]

_SKOS: Final = PREFIXES["skos"]
#: What SSSOM puts in the place of an object where a vocabulary was searched in vain.
NO_TERM_FOUND: Final = "https://w3id.org/sssom/NoTermFound"
#: The annotation that stands in the graph for such a row: the node, and the vocabulary.
NO_EXACT_MATCH_IN: Final = RESCUE + "noExactMatchIn"
#: The predicates of a mapping.
PREDICATES: Final = tuple(f"{_SKOS}{name}Match" for name in ("exact", "close", "broad", "narrow", "related"))

# Known in every SSSOM file without being declared (SSSOM, "IRI prefixes").
_BUILT_IN: Final = {prefix: PREFIXES[prefix] for prefix in ("owl", "rdf", "rdfs", "skos", "xsd")} | {
    "linkml": "https://w3id.org/linkml/",
    "semapv": "https://w3id.org/semapv/vocab/",
    "sssom": "https://w3id.org/sssom/",
}
_REQUIRED: Final = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "object_id",
    "object_label",
    "mapping_justification",
    "object_source",
)
_PREFIX_LINE: Final = re.compile(r"""([A-Za-z_][\w.-]*):\s+(["']?)(\S+)\2""")
_KEPT: Final = frozenset(ox.NamedNode(iri) for iri in (*PREDICATES, NO_EXACT_MATCH_IN))
_TYPE: Final = ox.NamedNode(PREFIXES["rdf"] + "type")
_INDIVIDUAL: Final = ox.NamedNode(PREFIXES["owl"] + "NamedIndividual")


@dataclass(frozen=True, slots=True)
class Mapping:
    """One row: a node of this graph, a predicate, and a term of another vocabulary.

    `subject`, `predicate`, `object`, `justification` and `source` (the vocabulary of the object) are IRIs,
    the labels are as in the file. `object` is None where the vocabulary was searched and has no such term.
    """

    subject: str
    subject_label: str
    predicate: str
    object: str | None
    object_label: str
    justification: str
    source: str
    where: str

    def triple(self) -> ox.Triple:
        """Return the statement that the graph holds for this row.

        A row without an object does not become a match: `sssom:NoTermFound` as the object of an exact match
        would make all unmatched nodes one. It becomes `rescue:noExactMatchIn` with the vocabulary.
        """
        subject = ox.NamedNode(self.subject)
        if self.object is None:
            return ox.Triple(subject, ox.NamedNode(NO_EXACT_MATCH_IN), ox.NamedNode(self.source))
        return ox.Triple(subject, ox.NamedNode(self.predicate), ox.NamedNode(self.object))


def read(path: str | os.PathLike[str]) -> list[Mapping]:
    """Return the rows of an SSSOM/TSV file with its metadata in it, in the order of the file.

    The format is that of https://mapping-commons.github.io/sssom/spec-formats-tsv/; of the metadata only the
    `curie_map` is read. Raises InputError for a file that cannot be read, ParseError with file and line for
    rows and CURIEs that cannot.
    """
    file = os.fspath(path)
    try:
        text = Path(file).read_bytes().decode()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{file}: cannot be read ({reason}); expected an SSSOM file") from error
    except UnicodeDecodeError as error:
        raise ParseError(
            f"{file}: found bytes that are not UTF-8 ({error.reason}), expected an SSSOM file"
        ) from error
    lines = io.StringIO(text, newline="").readlines()
    head = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    prefixes = _BUILT_IN | _curie_map(lines[:head], file)
    rows = csv.reader(lines[head:], delimiter="\t", strict=True)
    try:
        columns = next(rows, [])
        missing = [name for name in _REQUIRED if name not in columns]
        if missing:
            raise ParseError(f"{file}:{head + 1}: found no column {', '.join(missing)}, expected it by name")
        return [
            _mapping(columns, cells, f"{file}:{head + rows.line_num}", prefixes) for cells in rows if cells
        ]
    except csv.Error as error:
        where = f"{file}:{head + rows.line_num}"
        raise ParseError(
            f"{where}: found a row that is no TSV ({error}), expected balanced quotes"
        ) from error


def triples(mappings: Iterable[Mapping]) -> list[ox.Triple]:
    """Return the statements that the graph holds for the rows, each once, in the order of the rows."""
    return list(dict.fromkeys(mapping.triple() for mapping in mappings))


def merge(turtle: bytes | str, mappings: Iterable[Mapping], *, source: str) -> str:
    """Return Turtle text in the canonical layout with the statements of the rows, and no other matches.

    `source` names the text in errors. Raises ParseError for bad Turtle, InputError for a row about a node
    that is not in it.
    """
    return _merge(turtle, mappings, source)[0]


def check(path: str | os.PathLike[str], mappings: Iterable[Mapping], *, mend: str | None = None) -> None:
    """Raise ChecksFailedError unless a Turtle file holds the statements of the rows and no other matches.

    `mend` is the command that the message names; errors are otherwise those of merge().
    """
    file = os.fspath(path)
    _, found, wanted = _merge(_bytes(file), mappings, file)
    if found == wanted:
        return
    one = min(found ^ wanted, key=str)
    said = " ".join(contract(term.value) for term in one if isinstance(term, ox.NamedNode))
    raise ChecksFailedError(
        f"{file}: {len(wanted - found)} matches missing, {len(found - wanted)} not in the alignments "
        f"(first: {said}, {'missing' if one in wanted else 'not in the alignments'}); "
        f"run: {mend or f'rescue-kg align {file}'}"
    )


def align(path: str | os.PathLike[str], mappings: Iterable[Mapping]) -> bool:
    """Write the statements of the rows into a Turtle file, and return whether that changed it.

    The file is written in the canonical layout, as a whole; where it holds these statements and no other
    matches, it is left as it is. Raises as merge() does, and OutputError.
    """
    file = os.fspath(path)
    text, found, wanted = _merge(_bytes(file), mappings, file)
    if found == wanted:
        return False
    write_whole(file, text.encode())
    return True


def _merge(
    turtle: bytes | str, mappings: Iterable[Mapping], source: str
) -> tuple[str, set[ox.Triple], set[ox.Triple]]:
    """Return the text with the matches in it, the matches that were there, and those of the rows."""
    mappings = list(mappings)
    parser = ox.parse(layout.canonical(turtle, source=source), format=ox.RdfFormat.TURTLE)
    quads = list(parser)
    nodes = {quad.subject for quad in quads if quad.predicate == _TYPE and quad.object == _INDIVIDUAL}
    for mapping in mappings:
        if ox.NamedNode(mapping.subject) not in nodes:
            raise InputError(
                f"{mapping.where}: found {contract(mapping.subject)}, expected a node of {source}; "
                "mend the row or take it out"
            )
    wanted = triples(mappings)
    merged = [quad for quad in quads if quad.predicate not in _KEPT] + [ox.Quad(*one) for one in wanted]
    found = {quad.triple for quad in quads if quad.predicate in _KEPT}
    return layout.turtle(merged, prefixes=parser.prefixes), found, set(wanted)


def _bytes(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{file}: cannot be read ({reason}); expected a Turtle file") from error


def _curie_map(head: list[str], file: str) -> dict[str, str]:
    """Return prefix -> IRI from the metadata: the indented lines below `curie_map:`."""
    found: dict[str, str] = {}
    inside = False
    margin = 0
    for number, line in enumerate(head, 1):
        body = line[1:].rstrip()
        indent = len(body) - len(body.lstrip(" "))
        if body.strip() == "curie_map:":
            inside, margin = True, indent
        elif inside and indent <= margin:
            inside = False
        elif inside:
            match = _PREFIX_LINE.fullmatch(body.strip())
            if match is None or not is_iri(match[3]):
                raise ParseError(f"{file}:{number}: found {body.strip()!r}, expected a prefix and its IRI")
            found[match[1]] = match[3]
    if not found:
        raise ParseError(f"{file}:1: found no curie_map, expected '#curie_map:' and prefixes below it")
    return found


def _mapping(columns: list[str], cells: list[str], where: str, prefixes: dict[str, str]) -> Mapping:
    if len(cells) != len(columns):
        raise ParseError(f"{where}: found {len(cells)} cells, expected {len(columns)} as in the head")
    row = dict(zip(columns, cells, strict=True))

    def iri(column: str) -> str:
        prefix, colon, local = row[column].partition(":")
        if not colon or not local:
            raise ParseError(f"{where}: found {row[column]!r} as {column}, expected a CURIE")
        if prefix not in prefixes:
            near = did_you_mean(prefix, prefixes)
            raise ParseError(f"{where}: found prefix {prefix!r} in {column}, expected one of curie_map{near}")
        full = prefixes[prefix] + local
        if not is_iri(full):
            raise ParseError(f"{where}: found {row[column]!r} as {column}, which makes no IRI")
        return full

    predicate, term = iri("predicate_id"), iri("object_id")
    if predicate not in PREDICATES:
        expected = ", ".join(contract(name) for name in PREDICATES)
        raise ParseError(
            f"{where}: found {row['predicate_id']!r} as predicate_id, expected one of {expected}"
        )
    if row.get("predicate_modifier"):
        raise ParseError(f"{where}: found a predicate_modifier, expected none: only what matches is kept")
    if term == NO_TERM_FOUND and predicate != PREDICATES[0]:
        raise ParseError(
            f"{where}: found sssom:NoTermFound with {row['predicate_id']}, expected skos:exactMatch"
        )
    return Mapping(
        subject=iri("subject_id"),
        subject_label=row["subject_label"],
        predicate=predicate,
        object=None if term == NO_TERM_FOUND else term,
        object_label=row["object_label"],
        justification=iri("mapping_justification"),
        source=iri("object_source"),
        where=where,
    )
