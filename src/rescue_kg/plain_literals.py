"""Literals that every SHACL engine reads alike, and the nodes that have others.

Engines differ in numbers of many digits, in what is none of its datatype, in other ways to write a value
(`+1`, `01`, `1e0`), and in language tags in capitals.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rescue_kg.cutting import to_node
from rescue_kg.namespaces import PREFIXES

if TYPE_CHECKING:
    from pyoxigraph import Literal

    from rescue_kg.cutting import Node

__all__ = ["is_plain", "is_plain_text", "with_others"]

_XSD: Final = PREFIXES["xsd"]
_DATE: Final = r"[12]\d{3}-((0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
# Z is also written +00:00, which some engines take for the same.
_ZONE: Final = r"(Z|[+-](0[1-9]|1[0-3]):[0-5]\d)?"
_PLAIN: Final = {
    _XSD + name: re.compile(form, re.ASCII)
    for name, form in {
        "integer": r"0|-?[1-9]\d{0,14}",
        "decimal": r"0|-?[1-9]\d{0,14}|-?(0|[1-9]\d{0,7})\.\d{1,8}",
        "boolean": "true|false",
        "anyURI": r"[!#-\[\]-~]*",
        "gYear": r"[12]\d{3}",
        "date": _DATE,
        "dateTime": rf"{_DATE}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d{_ZONE}",
    }.items()
}
_TEXTS: Final = {_XSD + "string", PREFIXES["rdf"] + "langString"}
_TYPED: Final = re.compile(r' "([^"\n]*)"\^\^<([^>\n]*)>')
# A typed literal with a quote in it, which the first does not find.
_QUOTED: Final = re.compile(r'\\"[^"\n]*"\^\^<')
_TAG: Final = re.compile(r'"@([a-zA-Z0-9-]+) ')
_LINE: Final = re.compile(r'^(<[^>]*>|_:\S+) \S+ "(.*)"(?:\^\^<([^>]*)>|@(\S+)) \.$', re.MULTILINE)


def is_plain(literal: Literal) -> bool:
    """Return whether engines read a literal alike, also where a pattern is held against it."""
    if literal.datatype.value in _TEXTS:
        # `$` matches before a line feed at the end in some engines.
        return "\n" not in literal.value and (literal.language or "").islower() == bool(literal.language)
    return is_plain_text(literal.value, literal.datatype.value)


def with_others(text: str) -> set[Node]:
    """Return the nodes of a graph, as N-Triples, that have a typed or tagged literal of another kind."""
    # A look at the whole text, which is quick, says whether the lines need to be looked at.
    if (
        all(is_plain_text(*pair) for pair in set(_TYPED.findall(text)))
        and all(tag.islower() for tag in set(_TAG.findall(text)))
        and not ('\\"' in text and _QUOTED.search(text))
    ):
        return set()
    return {
        to_node(node)
        for node, value, datatype, tag in _LINE.findall(text)
        if not (tag.islower() if tag else is_plain_text(value, datatype))
    }


def is_plain_text(value: str, datatype: str) -> bool:
    """Return whether engines read a literal alike that is neither a string nor has a language tag."""
    form = _PLAIN.get(datatype)
    return form is not None and form.fullmatch(value) is not None
