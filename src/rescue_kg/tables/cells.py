"""Cells as ibis expressions: cleaned, checked one by one, and turned into the objects of N-Triples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rescue_kg.namespaces import PREFIXES
from rescue_kg.tables.texts import SPACE, matches, strip

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis

    from rescue_kg.tables.columns import Column

__all__ = ["SEPARATOR", "clean", "decimal", "escape", "fault", "faults", "literal", "number", "parts"]

#: Between the values of a cell that has several.
SEPARATOR: Final = "; "

_XSD: Final = PREFIXES["xsd"]

_PART: Final = "[A-Za-z0-9._~!$&'()*+,;=:@/?%-]"

#: Datatype -> what a cell must look like, and how that is said. A decimal is what stores keep exactly.
_LEXICAL: Final = {
    "decimal": (
        r"^[+-]?([0-9]{1,18}([.][0-9]{0,18})?|[.][0-9]{1,18})$",
        "expected a number such as 0.83, in digits with a decimal point",
    ),
    "integer": (r"^[+-]?[0-9]{1,18}$", "expected a whole number such as 120, in digits"),
    "boolean": ("^(true|false|1|0)$", "expected true or false"),
    "anyURI": (
        r"^[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]+$",
        "expected an address such as https://doi.org/10.1000/182",
    ),
    "iri": (
        # What every reader of RDF takes: ASCII, one fragment at most; for percent signs see _PERCENT.
        f"^(https?://[A-Za-z0-9.-]+(:[0-9]+)?(/{_PART}*)?([?]{_PART}*)?|urn:[A-Za-z0-9-]+:{_PART}+)(#{_PART}*)?$",
        "expected an IRI such as https://creativecommons.org/licenses/by/4.0/",
    ),
    "date": (
        r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
        "expected a date such as 2020-07-17",
    ),
    "gYear": ("^[0-9]{4}$", "expected a year such as 2020"),
    "gYearMonth": ("^[0-9]{4}-(0[1-9]|1[0-2])$", "expected a month such as 2020-07"),
}

#: A percent sign in an IRI that no two hexadecimal digits follow.
_PERCENT: Final = "%([^0-9A-Fa-f]|[0-9A-Fa-f][^0-9A-Fa-f]|[0-9A-Fa-f]?$)"
_ESCAPED: Final = (("\\", r"\\"), ('"', r"\""), ("\n", r"\n"), ("\r", r"\r"), ("\t", r"\t"))
_SPECIAL: Final = {sign for sign, _ in _ESCAPED}


def clean(cell: ibis.Value, column: Column | None = None) -> ibis.Value:
    """Return a cell as it counts: null where it is empty; white space around what is no free text is gone."""
    import ibis

    if column is not None and column.is_free_text:
        return ibis.ifelse((cell >= "!") | matches(cell, f"[^{SPACE[1:]}"), cell, ibis.null("string"))
    return strip(cell).nullif("")


def parts(cell: ibis.Value) -> ibis.Value:
    """Return the values of a cell that may have several, as an array."""
    return cell.split(SEPARATOR)


def fault(cell: ibis.Value, column: Column) -> ibis.Value:
    """Return what is wrong with one value that is not empty, as a text, or null."""
    import ibis

    cases = faults(cell, column)
    return ibis.cases(*cases) if cases else ibis.null("string")


def faults(
    cell: ibis.Value, column: Column, found: ibis.Value | None = None
) -> list[tuple[ibis.Value, ibis.Value | str]]:
    """Return what can be wrong with one value that is not empty: conditions, each with the reason.

    `found` is the number() of the value, where there is one at hand.
    """
    import ibis

    cases: list[tuple[Any, Any]] = []
    if column.kind in _LEXICAL:
        pattern, expected = _LEXICAL[column.kind]
        wrong = ~matches(cell, pattern)
        if column.kind == "iri":
            wrong = wrong | matches(cell, _PERCENT)
        why: ibis.Value | str = f"found what is no {_NOUNS[column.kind]}, {expected}"
        if column.is_number:
            why = ibis.cases(
                (cell.contains("\u2212"), f"found a minus sign (U+2212) that is no hyphen, {expected}"),
                (cell.contains(","), f"found a comma, {expected} and nothing between thousands"),
                (cell.contains("%"), f"found a percent sign, {expected}; the unit has its own column"),
                (
                    matches(cell, "^[+-]?[0-9.]{19,}$"),
                    f"found more digits than are kept, {expected}, at most 18 on each side of the point",
                ),
                else_=why,
            )
        cases.append((wrong, why))
    if column.is_number:
        cases += _bounds(number(cell, column.kind) if found is None else found, column)
    if column.choices and not column.is_reference:
        cases.append((~cell.isin(list(column.choices)), f"expected one of {', '.join(column.choices)}"))
    if column.pattern:
        cases.append((~matches(cell, column.pattern), f"expected a text of the form {column.pattern}"))
    if column.min_length and column.min_length > 1:
        cases.append((cell.length() < column.min_length, f"expected at least {column.min_length} characters"))
    if column.max_length:
        cases.append((cell.length() > column.max_length, f"expected at most {column.max_length} characters"))
    return cases


_NOUNS: Final = {
    "decimal": "number",
    "integer": "whole number",
    "boolean": "truth value",
    "anyURI": "address",
    "iri": "IRI",
    "date": "date",
    "gYear": "year",
    "gYearMonth": "month",
}


def number(cell: ibis.Value, kind: str = "decimal") -> ibis.Value:
    """Return a cell as a number, or null where it is none: nothing is cast that cannot be."""
    import ibis

    return ibis.ifelse(matches(cell, _LEXICAL[kind][0]), cell, ibis.null("string")).cast("decimal(38, 18)")


def decimal(cell: ibis.Value) -> ibis.Value:
    """Return a decimal number in its canonical form (XML Schema 1.1, decimalCanonicalMap): 0.1 for +00.10."""
    import ibis

    # Most are canonical as they stand, and to see that takes a fraction of the time of a pattern: they begin
    # with a digit other than zero, or with `0.`, and do not end with a point, or with zero behind one.
    begins = (cell >= "1") | cell.startswith("0.")
    ends = (cell.right(1) > "0") | ~cell.contains(".")
    # Without a sign, zeros before and after; nothing for zero.
    bare = cell.re_extract("^[+-]?0*([0-9]*([.][0-9]*[1-9])?)", 1)
    whole = ibis.ifelse((bare == "") | bare.startswith("."), ibis.literal("0") + bare, bare)
    made = ibis.ifelse(cell.startswith("-") & (bare != ""), ibis.literal("-") + whole, whole)
    return ibis.ifelse(begins & ends, cell, made)


def literal(cell: ibis.Value, column: Column, before: str = "") -> ibis.Value:
    """Return the object of a statement, as N-Triples, for a value of a column that is no reference.

    `before` is put in front of it: texts that are joined here need not be joined in the engine.
    """
    import ibis

    if column.kind == "iri":
        return ibis.literal(f"{before}<") + cell + ">"
    if column.is_number:
        text = decimal(cell)
    elif column.kind == "boolean":
        text = ibis.ifelse(cell.isin(["true", "1"]), "true", "false")
    elif column.choices and not any(_SPECIAL & set(choice) for choice in column.choices):
        text = cell
    else:
        text = escape(cell)
    if column.kind == "langString":
        end = '"@en'
    elif column.kind == "string":
        end = '"'
    else:
        end = f'"^^<{_XSD}{column.kind}>'
    return ibis.literal(f'{before}"') + text + end


def escape(text: ibis.Value) -> ibis.Value:
    """Return a text with what N-Triples wants escaped; all else stands as it is, in UTF-8."""
    import ibis

    made = text
    for sign, escaped in _ESCAPED:
        made = made.replace(sign, escaped)
    return ibis.ifelse(matches(text, r'[\\"\n\r\t]'), made, text)


def _bounds(found: ibis.Value, column: Column) -> list[tuple[Any, str]]:
    import operator
    from decimal import Decimal

    bounds: tuple[tuple[str | None, Callable[[Any, Any], Any], str], ...] = (
        (column.min_inclusive, operator.lt, "not below"),
        (column.min_exclusive, operator.le, "above"),
        (column.max_inclusive, operator.gt, "not above"),
        (column.max_exclusive, operator.ge, "below"),
    )
    return [
        (outside(found, Decimal(bound)), f"expected a number {words} {bound}")
        for bound, outside, words in bounds
        if bound is not None
    ]
