"""The typed parameters of a question: how they are declared, and how a value becomes a term in the query."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import pyoxigraph
from pyoxigraph import Literal, NamedNode

from rescue_kg.answers import Iri, to_value
from rescue_kg.errors import InputError, ParameterError, ParseError, UnknownNameError
from rescue_kg.namespaces import expand

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from pyoxigraph import QuerySolutions

    from rescue_kg.answers import Value

__all__ = ["WANTED", "Parameter", "declared", "put", "term"]

#: Parameter type -> what a person is told to give.
WANTED: Final = {
    "iri": "an IRI, a CURIE such as intervention:ecmo, or the label of a node",
    "string": "a text",
    "integer": "a whole number such as 2",
    "decimal": "a number such as 0.5",
    "boolean": "true or false",
}

#: What graph.ask() takes for itself.
_TAKEN: Final = ("timeout", "memory")
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_KEYS: Final = {"type", "default", "required", "description"}
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,30}")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})")

_VALUES_LINE: Final = re.compile(r"^([ \t]*)VALUES \?([A-Za-z_]\w*) \{ (.*) \}[ \t]*$", re.MULTILINE)
_PREFIX_LINES: Final = re.compile(r"^[ \t]*PREFIX[ \t]+[^\s<]*:[ \t]*<[^<>]*>", re.MULTILINE | re.IGNORECASE)
_ONE_TERM: Final = re.compile(
    r'UNDEF|<[^<>\s]*>|[\w-]*:[\w.-]+|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[+-]?[0-9.]+|true|false'
)
# A backslash before u, and pyoxigraph's own \uXXXX: see _text_of.
_UNICODE_ESCAPES: Final = re.compile(r"\\(?:\\([uU])|u([0-9A-F]{4})|.)")


class Parameter(NamedTuple):
    """One parameter of a question.

    `type` is iri, string, integer, decimal or boolean. `default` is None where the parameter is required, or
    where it is optional and leaving it out means "any".
    """

    name: str
    type: str
    default: Value | None
    description: str
    required: bool = False

    @property
    def wanted(self) -> str:
        """What a person is told to give."""
        return WANTED[self.type]


def declared(params: object, text: str, where: str) -> tuple[Parameter, ...]:
    """Return the parameters that a header declares, each held against its `VALUES ?name { ... }` lines.

    Raises ParseError where a line is missing or says something else than the header.
    """
    if not isinstance(params, dict):
        raise ParseError(f"{where}: found params {params!r}, expected one indented line for each parameter")
    lines: dict[str, list[str]] = {}
    for line in _VALUES_LINE.finditer(text):
        lines.setdefault(line[2], []).append(line[3].strip())
    return tuple(_declared(name, entry, lines.get(name, []), text, where) for name, entry in params.items())


def _declared(name: str, entry: object, contents: list[str], text: str, where: str) -> Parameter:
    here = f"{where}: parameter {name!r}"
    if not _NAME.fullmatch(name):
        raise ParseError(f"{here}: expected a name of small letters, digits and _")
    if name in _TAKEN:
        raise ParseError(f"{here}: found the name of a limit of the query, expected another name")
    if not isinstance(entry, dict) or not set(entry) <= _KEYS:
        raise ParseError(f"{here}: found {entry!r}, expected a map with {', '.join(sorted(_KEYS))}")
    kind = entry.get("type")
    description = entry.get("description", "")
    required = entry.get("required", False)
    if kind not in WANTED:
        raise ParseError(f"{here}: found the type {kind!r}, expected one of {', '.join(WANTED)}")
    if not isinstance(description, str) or not isinstance(required, bool):
        raise ParseError(f"{here}: expected a text as description, and true or false for required")
    if required and "default" in entry:
        raise ParseError(f"{here}: found a default for a required parameter, expected one of the two")
    if not contents:
        raise ParseError(f"{here}: found no line 'VALUES ?{name} {{ ... }}' in the query, expected one")
    parameter = Parameter(name, kind, None, description, required)
    found = [_value_in(content, parameter, text, here) for content in contents]
    if any(value != found[0] or type(value) is not type(found[0]) for value in found):
        raise ParseError(f"{here}: found different values in its VALUES lines, expected the same in each")
    if "default" in entry:
        try:
            # A header may write 0.1 for a decimal; its digits count, not the binary fraction.
            default = _coerce(parameter, _not_text(parameter, entry["default"]), where, None)
        except InputError as error:
            raise ParseError(f"{here}: {error}") from error
        if default != found[0]:
            shown = "UNDEF" if found[0] is None else str(found[0])
            raise ParseError(
                f"{here}: found default {entry['default']!r} in the header and {shown!r} in the query"
            )
        return parameter._replace(default=default)
    if required and found[0] is None:
        raise ParseError(
            f"{here}: found UNDEF for a required parameter, expected an example value to run with"
        )
    if not required and found[0] is not None:
        raise ParseError(
            f"{here}: found {contents[0]!r} in the query and no default in the header, expected the same"
        )
    return parameter


def _value_in(content: str, parameter: Parameter, text: str, here: str) -> Value | None:
    """Return the value that stands between the braces; None for UNDEF."""
    if content == "UNDEF":
        return None
    if not _ONE_TERM.fullmatch(content):
        raise ParseError(f"{here}: found VALUES {{ {content} }}, expected one term or UNDEF")
    prologue = "\n".join(_PREFIX_LINES.findall(text))
    try:
        # The engine itself says what the text means; the file is ours, so nothing foreign is pasted here.
        result = pyoxigraph.Store().query(f"{prologue}\nSELECT ?x WHERE {{ VALUES ?x {{ {content} }} }}")
    except SyntaxError as error:
        raise ParseError(f"{here}: found VALUES {{ {content} }}, expected {parameter.wanted}") from error
    try:
        value = to_value(next(cast("QuerySolutions", result))[0])
        if isinstance(value, Iri) != (parameter.type == "iri"):
            value = None
        return _coerce(parameter, _not_text(parameter, value), here, None)
    except InputError as error:
        raise ParseError(f"{here}: found VALUES {{ {content} }}, expected {parameter.wanted}") from error


def _not_text(parameter: Parameter, value: object) -> object:
    """Return the value, or None for a number or boolean in quotes: a file says its types, a shell cannot."""
    return None if isinstance(value, str) and parameter.type not in ("iri", "string") else value


def term(
    parameter: Parameter, value: object, *, where: str, resolve: Callable[[str], str] | None = None
) -> str:
    """Return the SPARQL text of a value as a typed term.

    Raises ParameterError where it does not fit the type.
    """
    good = _coerce(parameter, value, where, resolve)
    try:
        if isinstance(good, Iri):
            return str(NamedNode(good))
        if isinstance(good, bool):
            return str(Literal(good))
        if isinstance(good, str):
            return _text_of(good)
        if isinstance(good, int):
            return str(Literal(str(good), datatype=NamedNode(_XSD + "integer")))
        return str(Literal(format(good, "f"), datatype=NamedNode(_XSD + "decimal")))
    except (ValueError, UnicodeError) as error:
        raise _ill_typed(parameter, value, where) from error


def put(text: str, terms: Mapping[str, str]) -> str:
    """Return the query text with the VALUES lines of the named parameters holding the given terms."""

    def line(match: re.Match[str]) -> str:
        return f"{match[1]}VALUES ?{match[2]} {{ {terms[match[2]]} }}" if match[2] in terms else match[0]

    return _VALUES_LINE.sub(line, text)


def _text_of(value: str) -> str:
    r"""Return a string as a SPARQL literal that every engine reads alike.

    SPARQL lets an engine replace \uXXXX before it parses. Engines that do it with a plain search also find it
    in an escaped backslash that a `u` follows, and take eight digits where they can; \U with eight digits for
    such a `u` and for control characters leaves nothing to mistake.
    """

    def escape(match: re.Match[str]) -> str:
        if match[1]:
            return f"\\\\\\U{ord(match[1]):08X}"
        return f"\\U0000{match[2]}" if match[2] else match[0]

    return _UNICODE_ESCAPES.sub(escape, str(Literal(value)))


def _ill_typed(parameter: Parameter, value: object, where: str) -> ParameterError:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return ParameterError(
        f"{where}: parameter {parameter.name!r}: found {shown}, expected {parameter.wanted}"
    )


def _coerce(
    parameter: Parameter, value: object, where: str, resolve: Callable[[str], str] | None
) -> Iri | str | int | bool | Decimal:
    """Return the value in the Python type of the parameter, also from the text of a command line."""
    kind = parameter.type
    if kind == "iri" and isinstance(value, str) and value.strip():
        try:
            return Iri(resolve(value) if resolve else expand(value))
        except (InputError, UnknownNameError) as error:
            if resolve:
                raise
            raise _ill_typed(parameter, value, where) from error
    if kind == "string" and isinstance(value, str):
        return str(value)
    if kind == "boolean":
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return value == "true"
    if kind == "integer" and not isinstance(value, bool) and isinstance(value, str | int):
        written = str(value).strip()
        # Engines count in 64 bits.
        if _INTEGER.fullmatch(written) and -(2**63) <= int(written) < 2**63:
            return int(written)
    if kind == "decimal" and not isinstance(value, bool):
        written = format(value, "f") if hasattr(value, "as_tuple") else str(value).strip()
        if _DECIMAL.fullmatch(written):
            from decimal import Decimal

            return Decimal(written)
    raise _ill_typed(parameter, value, where)
