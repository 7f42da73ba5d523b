"""Literals as stores give them back: one canonical form, and what a store would change silently."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode, Quad, Triple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["canonical_literal", "canonical_triples", "number", "unstorable"]

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_INTEGER: Final = NamedNode(_XSD + "integer")
_INTEGERS: Final = {
    _XSD + name
    for name in (
        *("integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "unsignedByte"),
        *("nonPositiveInteger", "negativeInteger", "unsignedInt", "unsignedLong", "unsignedShort"),
    )
}
_FLOATS: Final = {_XSD + "double", _XSD + "float"}
_DURATIONS: Final = {_XSD + name for name in ("duration", "dayTimeDuration", "yearMonthDuration")}
_DATES: Final = {_XSD + name for name in ("date", "dateTime", "gYear", "gYearMonth")}
_BOOLEANS: Final = {"true": "true", "1": "true", "false": "false", "0": "false"}

_INTEGER_FORM: Final = re.compile(r"[+-]?[0-9]+")
_DECIMAL_FORM: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_FLOAT_FORM: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN")
_SECONDS: Final = re.compile(r"(:[0-9]{2})(\.[0-9]*?)0*(?=$|[Z+-])")

# What Virtuoso keeps (7.2.5, tried one by one).
_FRACTION_DIGITS: Final = 15
_FLOAT_DIGITS: Final = 6


def canonical_literal(literal: Literal) -> Literal:
    """Return the literal of the same value in the form that stores agree on.

    Stores write numbers in a form of their own (`0.10` comes back as `0.1`, `1.0` as `1`), make `xsd:int` and
    the other kinds of integer an `xsd:integer`, `1` of type boolean `true`, and drop trailing zeros in a
    fraction of a second. Here integers are plain digits of type `xsd:integer`, decimals have no needless zero
    and no empty fraction, doubles and floats the shortest form that reads back the same, language tags small
    letters. A literal that does not fit its datatype, and any other, comes back as it is.
    """
    text = literal.value
    if literal.language is not None:
        lowered = literal.language.lower()
        return literal if lowered == literal.language else Literal(text, language=lowered)
    datatype = literal.datatype.value
    if not datatype.startswith(_XSD):
        return literal
    if datatype in _INTEGERS:
        return Literal(_plain(text), datatype=_INTEGER) if _INTEGER_FORM.fullmatch(text) else literal
    better: str | None = None
    if datatype == _XSD + "decimal" and _DECIMAL_FORM.fullmatch(text):
        better = _plain(text)
    elif datatype in _FLOATS and _FLOAT_FORM.fullmatch(text):
        better = _shortest(float(text.replace("INF", "inf")))
    elif datatype == _XSD + "boolean":
        better = _BOOLEANS.get(text)
    elif datatype == _XSD + "dateTime":
        better = _SECONDS.sub(lambda match: match[1] + match[2].rstrip("."), text).replace("+00:00", "Z")
    return literal if better is None or better == text else Literal(better, datatype=literal.datatype)


def canonical_triples(statements: Iterable[Triple | Quad]) -> set[Triple]:
    """Return the triples with every literal in canonical form."""
    return {
        Triple(
            item.subject,
            item.predicate,
            canonical_literal(item.object) if isinstance(item.object, Literal) else item.object,
        )
        for item in statements
    }


def unstorable(literal: Literal) -> str | None:
    """Return why Virtuoso would change this literal without a word, or None where it keeps the value.

    Integers beyond 64 bits become others; longer fractions are cut off; doubles are printed with six digits;
    durations become numbers; a number that is none becomes 0.
    """
    text, datatype = literal.value, literal.datatype.value
    if not datatype.startswith(_XSD):
        return None
    if datatype in _INTEGERS:
        if not _INTEGER_FORM.fullmatch(text):
            return "no integer, expected one"
        if not -(2**63) <= int(_plain(text)[:40]) < 2**63:
            return "an integer beyond 64 bits, expected a string or a decimal"
    elif datatype == _XSD + "decimal":
        if not _DECIMAL_FORM.fullmatch(text):
            return "no decimal, expected one"
        if len(text.partition(".")[2].rstrip("0")) > _FRACTION_DIGITS:
            return f"a fraction of more than {_FRACTION_DIGITS} digits, expected fewer"
    elif datatype in _FLOATS:
        if not _FLOAT_FORM.fullmatch(text):
            return "no floating point number, expected one"
        number = float(text.replace("INF", "inf"))
        if math.isfinite(number) and float(f"{number:.{_FLOAT_DIGITS}g}") != number:
            return f"a double of more than {_FLOAT_DIGITS} digits, expected a decimal"
    elif datatype in _DURATIONS:
        return "a duration, expected a string"
    elif datatype in _DATES and text.startswith("-"):
        return "a year before 0, expected a string"
    return None


def number(literal: Literal) -> float | Decimal | None:
    """Return the value of a number; numbers of one value are equal and hash alike, whatever their types."""
    text, datatype = literal.value, literal.datatype.value
    if datatype in _FLOATS:
        return float(text.replace("INF", "inf")) if _FLOAT_FORM.fullmatch(text) else None
    if datatype in _INTEGERS or datatype == _XSD + "decimal":
        return Decimal(text) if _DECIMAL_FORM.fullmatch(text) else None
    return None


def _plain(text: str) -> str:
    try:
        # normalize() rounds to the precision of the context, quantize and the like overflow: cut by hand.
        whole = format(Decimal(text), "f")
    except InvalidOperation:
        return text
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    before, _, after = digits.partition(".")
    before, after = before.lstrip("0") or "0", after.rstrip("0")
    number = f"{before}.{after}" if after else before
    return number if number == "0" else sign + number


def _shortest(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "INF" if number > 0 else "-INF"
    return repr(number)
