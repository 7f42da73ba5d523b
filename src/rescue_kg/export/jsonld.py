"""JSON-LD in the words of the shipped context, which is embedded so that the file reads offline."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from rescue_kg.arrangement import RDF_TYPE
from rescue_kg.errors import InputError
from rescue_kg.export.contents import dataset
from rescue_kg.namespaces import PREFIXES, contract
from rescue_kg.resources import context_file

if TYPE_CHECKING:
    from rescue_kg.arrangement import Arrangement, Node, Term
    from rescue_kg.graph import RescueGraph

__all__ = ["jsonld"]

_XSD: Final = PREFIXES["xsd"]
# Integers that every JSON reader keeps exactly, in the one form that RDF gives a JSON number.
_NUMBER: Final = re.compile(r"0|-?[1-9][0-9]{0,14}")


def jsonld(graph: RescueGraph) -> bytes:
    """Return the dataset as compact JSON-LD: one node object a subject, in reading order.

    Raises InputError for an IRI that JSON-LD would read as a prefixed name.
    """
    file = context_file()
    try:
        context = json.loads(file.read_bytes())["@context"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{file}: cannot be read as a JSON-LD context ({error})") from error
    writer = _Writer(context)
    contents: list[object] = []
    for name, arrangement in dataset(graph).items():
        nodes = writer.nodes(arrangement)
        contents.extend(nodes if name is None else [{"@id": writer.reference(name), "@graph": nodes}])
    document = {"@context": context, "@graph": contents}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


class _Writer:
    """Compaction for a context of prefixes, class names and properties with at most one coercion each.

    It follows the JSON-LD 1.1 compaction algorithm (https://www.w3.org/TR/json-ld11-api/) as far as such a
    context needs it.
    """

    def __init__(self, context: dict[str, object]) -> None:
        self._terms: dict[str, str] = {}
        self._coercions: dict[str, dict[str, str]] = {}
        self._prefixes: set[str] = set()
        for term, meaning in context.items():
            fields = meaning if isinstance(meaning, dict) else {"@id": meaning}
            iri = _expanded(str(fields["@id"]))
            if term in PREFIXES:
                self._prefixes.add(term)
                continue
            self._terms[iri] = term
            self._coercions[iri] = {
                key: _expanded(str(value)) for key, value in fields.items() if key in ("@type", "@language")
            }

    def nodes(self, arrangement: Arrangement) -> list[object]:
        """Return the node objects of one graph."""
        return [self._node(arrangement, node) for _, subjects in arrangement.sections() for node in subjects]

    def reference(self, node: Node) -> str:
        """Return the text that stands for a node under `@id`."""
        if isinstance(node, ox.BlankNode):
            return str(node)
        iri = node.value
        short = contract(iri)
        scheme, _, rest = iri.partition(":")
        if short == iri and scheme in self._prefixes and not rest.startswith("//"):
            raise InputError(
                f"{node}: JSON-LD reads this IRI as a prefixed name, expected a full IRI; mend the data (in "
                f"Turtle <{scheme}:...> is not the same as {scheme}:...) or choose another format"
            )
        return short

    def _name(self, iri: ox.NamedNode) -> str:
        return self._terms.get(iri.value) or self.reference(iri)

    def _node(self, arrangement: Arrangement, node: Node) -> dict[str, object]:
        found: dict[str, object] = {}
        if isinstance(node, ox.NamedNode) or (
            node not in arrangement.inline and arrangement.is_labelled(node)
        ):
            found["@id"] = self.reference(node)
        for predicate, objects in arrangement.predicates(node):
            if predicate == RDF_TYPE and all(isinstance(term, ox.NamedNode) for term in objects):
                key = self._terms.get("@type", "@type")
                values: list[object] = [
                    self._name(term) for term in objects if isinstance(term, ox.NamedNode)
                ]
            else:
                key = self._name(predicate)
                coercion = self._coercions.get(predicate.value, {})
                values = [self._value(arrangement, term, coercion) for term in objects]
            found[key] = values[0] if len(values) == 1 else values
        return found

    def _value(self, arrangement: Arrangement, term: Term, coercion: dict[str, str]) -> object:
        if isinstance(term, ox.Literal):
            return self._literal(term, coercion)
        members = arrangement.members(term)
        if members is not None:
            return {"@list": [self._value(arrangement, member, coercion) for member in members]}
        if isinstance(term, ox.BlankNode) and term in arrangement.inline:
            return self._node(arrangement, term)
        reference = self.reference(term)
        return reference if coercion.get("@type") == "@id" else {"@id": reference}

    def _literal(self, literal: ox.Literal, coercion: dict[str, str]) -> object:
        value, datatype = literal.value, literal.datatype.value
        if literal.language is not None:
            if coercion.get("@language") == literal.language:
                return value
            return {"@value": value, "@language": literal.language}
        if datatype == _XSD + "string":
            return {"@value": value} if coercion else value
        if coercion.get("@type") == datatype:
            return value
        if "@type" not in coercion:
            if datatype == _XSD + "integer" and _NUMBER.fullmatch(value):
                return int(value)
            if datatype == _XSD + "boolean" and value in ("true", "false"):
                return value == "true"
        return {"@value": value, "@type": self._name(literal.datatype)}


def _expanded(text: str) -> str:
    """Return the IRI of a prefixed name of the context; the rest comes back as it is."""
    prefix, colon, local = text.partition(":")
    return PREFIXES[prefix] + local if colon and prefix in PREFIXES else text
