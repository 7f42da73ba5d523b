"""RDF/XML in reading order: typed elements, blank nodes and collections in place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

import pyoxigraph as ox

from rescue_kg.arrangement import RDF_TYPE, Arrangement
from rescue_kg.errors import InputError
from rescue_kg.export.contents import union
from rescue_kg.namespaces import PREFIXES

if TYPE_CHECKING:
    from rescue_kg.arrangement import Node, Term
    from rescue_kg.graph import RescueGraph

__all__ = ["rdfxml"]

_XSD_STRING: Final = PREFIXES["xsd"] + "string"
_RDF: Final = PREFIXES["rdf"]
# The local part after the last character that cannot stand in an XML name.
_SPLIT: Final = re.compile(r"(.*?[^A-Za-z0-9_.-])([A-Za-z_][A-Za-z0-9_.-]*)", re.DOTALL)
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Names of the RDF namespace that are syntax in RDF/XML and so cannot be element names.
_RESERVED: Final = {"Description", "RDF", "ID", "about", "parseType", "resource", "nodeID", "datatype", "li"}


def rdfxml(graph: RescueGraph) -> bytes:
    """Return the union as RDF/XML. Raises InputError for a property or a text that XML 1.0 cannot hold."""
    return _Writer(Arrangement(union(graph))).document().encode()


class _Writer:
    def __init__(self, arrangement: Arrangement) -> None:
        self._arrangement = arrangement
        self._prefix_of = {namespace: prefix for prefix, namespace in PREFIXES.items()}
        self._used = {"rdf": _RDF}

    def document(self) -> str:
        lines: list[str] = []
        for head, subjects in self._arrangement.sections():
            lines.append(f"\n  <!-- {head} -->\n\n")
            for subject in subjects:
                lines.extend(self._node(subject, "  "))
        order = [*PREFIXES, *self._used]
        spaces = sorted(self._used.items(), key=lambda item: order.index(item[0]))
        declared = "".join(f"\n    xmlns:{prefix}={quoteattr(namespace)}" for prefix, namespace in spaces)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF{declared}>\n{"".join(lines)}</rdf:RDF>\n'

    def _node(self, subject: Node, indent: str) -> list[str]:
        element, about = "rdf:Description", ""
        if isinstance(subject, ox.NamedNode):
            about = f" rdf:about={quoteattr(subject.value)}"
        elif self._arrangement.is_labelled(subject) and subject not in self._arrangement.inline:
            about = f" rdf:nodeID={quoteattr(subject.value)}"
        inside: list[str] = []
        for predicate, objects in self._arrangement.predicates(subject):
            rest = list(objects)
            if predicate == RDF_TYPE and isinstance(rest[0], ox.NamedNode) and self._name(rest[0].value):
                element = self._name(rest.pop(0).value) or element
            for term in rest:
                inside.extend(self._property(subject, predicate, term, indent + "  "))
        if not inside:
            return [f"{indent}<{element}{about}/>\n"]
        return [f"{indent}<{element}{about}>\n", *inside, f"{indent}</{element}>\n"]

    def _property(self, subject: Node, predicate: ox.NamedNode, term: Term, indent: str) -> list[str]:
        name = self._name(predicate.value)
        if name is None:
            raise InputError(
                f"{subject}: property {predicate} cannot be written in RDF/XML, expected an IRI that ends in "
                "a name (letters, digits, - and _, not a digit first); choose another format"
            )
        if isinstance(term, ox.Literal):
            return [f"{indent}<{name}{self._literal(subject, predicate, term)}</{name}>\n"]
        if isinstance(term, ox.NamedNode):
            return [f"{indent}<{name} rdf:resource={quoteattr(term.value)}/>\n"]
        if term not in self._arrangement.inline:
            return [f"{indent}<{name} rdf:nodeID={quoteattr(term.value)}/>\n"]
        members = self._arrangement.members(term)
        if members is None or any(isinstance(member, ox.Literal) for member in members):
            return [f"{indent}<{name}>\n", *self._node(term, indent + "  "), f"{indent}</{name}>\n"]
        inside = [line for member in members for line in self._member(member, indent + "  ")]
        return [f'{indent}<{name} rdf:parseType="Collection">\n', *inside, f"{indent}</{name}>\n"]

    def _member(self, term: Term, indent: str) -> list[str]:
        if isinstance(term, ox.BlankNode) and term in self._arrangement.inline:
            return self._node(term, indent)
        kind = "about" if isinstance(term, ox.NamedNode) else "nodeID"
        return [f"{indent}<rdf:Description rdf:{kind}={quoteattr(term.value)}/>\n"]

    def _literal(self, subject: Node, predicate: ox.NamedNode, literal: ox.Literal) -> str:
        found = _NOT_XML.search(literal.value)
        if found is not None:
            raise InputError(
                f"{subject}: the text of {predicate} has the character U+{ord(found[0]):04X}, which XML "
                "cannot hold; mend the text or choose another format"
            )
        attribute = ""
        if literal.language is not None:
            attribute = f" xml:lang={quoteattr(literal.language)}"
        elif literal.datatype.value != _XSD_STRING:
            attribute = f" rdf:datatype={quoteattr(literal.datatype.value)}"
        # A bare carriage return would be read as a line feed.
        return f"{attribute}>{escape(literal.value, {chr(13): '&#13;'})}"

    def _name(self, iri: str) -> str | None:
        """Return the element name of an IRI and note its namespace, or None where XML has no such name."""
        match = _SPLIT.fullmatch(iri)
        if match is None or (match[1] == _RDF and match[2] in _RESERVED):
            return None
        namespace, local = match[1], match[2]
        if namespace not in self._prefix_of:
            taken = sum(prefix.startswith("ns") for prefix in self._used)
            self._prefix_of[namespace] = f"ns{taken + 1}"
        prefix = self._prefix_of[namespace]
        self._used[prefix] = namespace
        return f"{prefix}:{local}"
