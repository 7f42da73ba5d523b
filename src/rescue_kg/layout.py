"""The canonical Turtle layout: stable order, section heads, small diffs."""

import os
import re
from collections.abc import Iterable, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from rescue_kg.arrangement import RDF_NIL, RDF_TYPE, Arrangement, Node, Term, stable_blank_nodes
from rescue_kg.errors import ChecksFailedError, InputError, ParseError
from rescue_kg.files import write_whole
from rescue_kg.namespaces import PREFIXES

__all__ = ["TurtleWriter", "canonical", "check", "format_file", "turtle"]

_INDENT: Final = "    "
_LINE: Final = 100
_XSD: Final = PREFIXES["xsd"]
_RANGE: Final = ox.NamedNode(PREFIXES["rdfs"] + "range")
# The part of PN_LOCAL that needs no escape and that every reader takes.
_LOCAL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_PREFIX: Final = re.compile(r"[A-Za-z](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_SHORT_FORMS: Final = {
    _XSD + "integer": re.compile(r"[+-]?[0-9]+"),
    _XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    _XSD + "boolean": re.compile(r"true|false"),
}
# Control, invisible and direction-changing characters are written as escapes, so that a reader sees them.
_HIDDEN: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufe00-\ufe0f"
    "\ufeff\ufff0-\ufffc\ufffe\uffff\U000e0000-\U000e0fff]"
)
_NAMED_ESCAPES: Final = {"\t": r"\t", "\r": r"\r"}


def canonical(data: bytes | str, *, source: str) -> str:
    """Return Turtle text in the canonical layout; `source` names it in errors.

    Comments are not part of a graph and do not survive; whole numbers become decimals where the property is
    declared to want them. Raises ParseError with the line and column for bad
    Turtle, InputError for a text that holds no statement.
    """
    raw = data.encode() if isinstance(data, str) else data
    parser = ox.parse(raw.removeprefix(b"\xef\xbb\xbf"), format=ox.RdfFormat.TURTLE)
    try:
        quads = list(parser)
    except SyntaxError as error:
        found = re.sub(r"^Parser error at .*?: ", "", error.msg or "")
        raise ParseError(
            f"{source}:{error.lineno}: found an error at column {error.offset} ({found}), expected turtle; "
            "mend this line"
        ) from error
    if not quads:
        raise InputError(f"{source}: found no statement, expected a Turtle file with at least one")
    return turtle(_whole_decimals(quads), prefixes=parser.prefixes)


def _whole_decimals(quads: list[ox.Quad]) -> list[ox.Quad]:
    """Return the quads with whole numbers as decimals where the property's range is xsd:decimal.

    The OWL API, and so Protégé, saves "95"^^xsd:decimal as 95, which is an integer.
    """
    decimal, integer = ox.NamedNode(_XSD + "decimal"), ox.NamedNode(_XSD + "integer")
    ranges = {quad.subject for quad in quads if quad.predicate == _RANGE and quad.object == decimal}
    return [
        ox.Quad(quad.subject, quad.predicate, ox.Literal(quad.object.value, datatype=decimal))
        if quad.predicate in ranges
        and isinstance(quad.object, ox.Literal)
        and quad.object.datatype == integer
        else quad
        for quad in quads
    ]


def turtle(statements: Iterable[ox.Quad], *, prefixes: Mapping[str, str] | None = None) -> str:
    """Return the statements as one Turtle graph in the canonical layout; graph names are set aside.

    `prefixes` are used beside those of `namespaces.PREFIXES`, which come first and win.
    """
    default = (ox.Quad(quad.subject, quad.predicate, quad.object) for quad in statements)
    writer = TurtleWriter(prefixes)
    body = writer.body(Arrangement(stable_blank_nodes(default)))
    return writer.head() + body


def check(path: str | os.PathLike[str]) -> None:
    """Raise ChecksFailedError, with the first line that differs, unless a file is in the canonical layout."""
    data, wanted = _read_both(path)
    if data == wanted:
        return
    found, expected = data.split(b"\n"), wanted.split(b"\n")
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(found, expected, strict=False)))
    file = os.fspath(path)
    raise ChecksFailedError(f"{file}:{same + 1}: not in the canonical layout; run: rescue-kg format {file}")


def format_file(path: str | os.PathLike[str], check: bool = False) -> bool:
    """Write a Turtle file in the canonical layout and return whether that changed it.

    With `check`, the file is only compared: ChecksFailedError where it differs. Raises ParseError, InputError
    and OutputError; the file is replaced as a whole or left as it is.
    """
    if check:
        _check(path)
        return False
    data, wanted = _read_both(path)
    if data == wanted:
        return False
    write_whole(path, wanted)
    return True


# The parameter of format_file has the name of the function.
_check: Final = check


def _read_both(path: str | os.PathLike[str]) -> tuple[bytes, bytes]:
    """Return the bytes of a file and the bytes that its canonical layout has."""
    file = os.fspath(path)
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{file}: cannot be read ({reason}); expected a Turtle file") from error
    return data, canonical(data, source=file).encode()


class TurtleWriter:
    """Writes arrangements as Turtle text and keeps track of the prefixes that they need."""

    def __init__(self, prefixes: Mapping[str, str] | None = None):
        known = set(PREFIXES.values())
        self._extra: dict[str, str] = {}
        for prefix, namespace in sorted((prefixes or {}).items()):
            if (
                prefix not in PREFIXES
                and namespace not in known
                and (_PREFIX.fullmatch(prefix) or not prefix)
            ):
                self._extra[prefix] = namespace
                known.add(namespace)
        self._by_length = sorted(
            {**PREFIXES, **self._extra}.items(), key=lambda item: (-len(item[1]), item[0])
        )
        self._used: set[str] = set()
        self._short: dict[str, str] = {}

    def head(self) -> str:
        """Return the lines of the prefixes that were used: the known ones, then those of the input."""
        every = {**PREFIXES, **self._extra}.items()
        return "".join(
            f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in every if prefix in self._used
        )

    def body(self, arrangement: Arrangement) -> str:
        """Return the sections of one graph, each block after an empty line."""
        parts: list[str] = []
        for head, subjects in arrangement.sections():
            parts.append(f"\n# ---- {head} ----\n")
            before = ""
            for subject in subjects:
                block = self._block(arrangement, subject)
                # Declarations of one line stand together.
                apart = before.count("\n") != 1 or block.count("\n") != 1
                parts.append("\n" + block if apart else block)
                before = block
        return "".join(parts)

    def iri(self, iri: str) -> str:
        """Return a prefixed name where a prefix fits and the local part needs no escape, else `<iri>`."""
        if iri not in self._short:
            self._short[iri] = self._shorten(iri)
        return self._short[iri]

    def _shorten(self, iri: str) -> str:
        for prefix, namespace in self._by_length:
            if iri.startswith(namespace) and _LOCAL.fullmatch(iri, len(namespace)):
                self._used.add(prefix)
                return f"{prefix}:{iri[len(namespace) :]}"
        return f"<{iri}>"

    def _block(self, arrangement: Arrangement, subject: Node) -> str:
        if isinstance(subject, ox.NamedNode):
            name = self.iri(subject.value)
        else:
            name = str(subject) if arrangement.is_labelled(subject) else "[]"
        lines = self._predicates(arrangement, subject, _INDENT)
        if lines[0].startswith(f"{_INDENT}a ") and lines[0].count("\n") == 1:
            lines[0] = f"{name} {lines[0].lstrip()}"
        else:
            lines.insert(0, f"{name}\n")
        if len(lines) == 1:
            return lines[0].removesuffix(";\n") + ".\n"
        return "".join(lines) + ".\n"

    def _predicates(self, arrangement: Arrangement, subject: Node, indent: str) -> list[str]:
        lines: list[str] = []
        for predicate, objects in arrangement.predicates(subject):
            verb = "a" if predicate == RDF_TYPE else self.iri(predicate.value)
            if predicate == RDF_TYPE and all(isinstance(term, ox.NamedNode) for term in objects):
                # Nearly every node has two types: on one line, beside the name.
                types = " , ".join(self._term(arrangement, term, indent) for term in objects)
                lines.append(f"{indent}a {types} ;\n")
            elif len(objects) == 1:
                lines.append(f"{indent}{verb} {self._term(arrangement, objects[0], indent)} ;\n")
            else:
                inner = indent + _INDENT
                several = " ,\n".join(inner + self._term(arrangement, term, inner) for term in objects)
                lines.append(f"{indent}{verb}\n{several} ;\n")
        return lines

    def _term(self, arrangement: Arrangement, term: Term, indent: str) -> str:
        if isinstance(term, ox.Literal):
            return self._literal(term)
        if term != RDF_NIL and isinstance(term, ox.NamedNode):
            return self.iri(term.value)
        members = arrangement.members(term)
        if members is not None:
            return self._list(arrangement, members, indent)
        if not isinstance(term, ox.BlankNode) or term not in arrangement.inline:
            return str(term)
        inside = "".join(self._predicates(arrangement, term, indent + _INDENT))
        return f"[\n{inside}{indent}]" if inside else "[]"

    def _list(self, arrangement: Arrangement, members: list[Term], indent: str) -> str:
        if not members:
            return "()"
        inner = indent + _INDENT
        items = [self._term(arrangement, member, inner) for member in members]
        line = f"( {' '.join(items)} )"
        if "\n" not in line and len(indent) + len(line) <= _LINE:
            return line
        return "(\n" + "".join(f"{inner}{item}\n" for item in items) + f"{indent})"

    def _literal(self, literal: ox.Literal) -> str:
        datatype = literal.datatype.value
        if datatype in _SHORT_FORMS and _SHORT_FORMS[datatype].fullmatch(literal.value):
            return literal.value
        text = _quoted(literal.value)
        if literal.language is not None:
            return f"{text}@{literal.language}"
        return text if datatype == _XSD + "string" else f"{text}^^{self.iri(datatype)}"


def _quoted(text: str) -> str:
    """Return a quoted string, between triple quotes where the text has line breaks."""
    escaped = _HIDDEN.sub(_escape, text.replace("\\", "\\\\"))
    if "\n" not in escaped:
        return '"' + escaped.replace('"', '\\"') + '"'
    # Three quotes in a row, or one at the end, would close the string.
    return '"""' + re.sub(r'"(?="|\Z)', r"\\" + '"', escaped) + '"""'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    return _NAMED_ESCAPES.get(character, f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}")
