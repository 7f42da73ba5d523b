"""An answer: named columns and typed rows, and the forms that people and programs read them in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeAlias, overload

from pyoxigraph import BlankNode, Literal, NamedNode

from rescue_kg.errors import InputError, NotAvailableError, UnknownFormatError, did_you_mean
from rescue_kg.namespaces import contract

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime
    from decimal import Decimal

    import pandas
    import polars
    from pyoxigraph import QuerySolutions, QueryTriples, Triple

__all__ = ["FORMATS", "Answer", "Iri", "Row", "Value", "to_value"]

#: What Answer.render takes.
FORMATS: Final = ("text", "csv", "tsv", "json", "markdown", "html")

Value: TypeAlias = "Iri | str | int | Decimal | float | bool | date | datetime"
Row: TypeAlias = "tuple[Value | None, ...]"

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_TEXT: Final = {_XSD + "string", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"}
_INTEGERS: Final = {
    _XSD + name
    for name in (
        *("integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "unsignedByte"),
        *("nonPositiveInteger", "negativeInteger", "unsignedInt", "unsignedLong", "unsignedShort"),
    )
}
_NUMBER_SIGNS: Final = set("+-.0123456789")


class Iri(str):
    """A full IRI; `curie` is its short form."""

    __slots__ = ()

    @property
    def curie(self) -> str:
        """The CURIE, or the IRI itself where no prefix fits."""
        return contract(self)

    def __repr__(self) -> str:
        return f"Iri({str(self)!r})"


def to_value(term: NamedNode | BlankNode | Literal | Triple | None) -> Value | None:
    """Return the Python value of a term; a literal that does not fit its datatype comes back as text.

    IRI -> Iri; xsd:integer and its kin -> int; xsd:decimal -> Decimal; xsd:double and xsd:float -> float;
    xsd:boolean -> bool; xsd:date -> date; xsd:dateTime -> datetime; every other literal -> str, language tags
    dropped; a blank node -> `_:id`; unbound -> None.
    """
    if isinstance(term, NamedNode):
        return Iri(term.value)
    if isinstance(term, Literal):
        datatype = term.datatype.value
        return term.value if datatype in _TEXT else _typed(term.value, datatype)
    return None if term is None else str(term)


def _typed(text: str, datatype: str) -> Value:
    # Python reads more than XSD allows (1_000, 1e5 as a Decimal), hence the looks at the characters.
    try:
        if datatype in _INTEGERS:
            return int(text) if set(text) <= _NUMBER_SIGNS else text
        if datatype == _XSD + "decimal":
            from decimal import Decimal, InvalidOperation

            try:
                return Decimal(text) if set(text) <= _NUMBER_SIGNS else text
            except InvalidOperation:
                return text
        if datatype in (_XSD + "double", _XSD + "float"):
            return text if "_" in text else float(text)
        if datatype == _XSD + "boolean":
            return {"true": True, "1": True, "false": False, "0": False}.get(text, text)
        if datatype in (_XSD + "date", _XSD + "dateTime"):
            from datetime import date, datetime

            return date.fromisoformat(text) if datatype == _XSD + "date" else datetime.fromisoformat(text)
    except ValueError:
        return text
    return text


class Answer(Sequence["Row"]):
    """The rows that answer a question; a sequence of tuples that cannot be changed.

    `columns` holds the column names, `rows` the typed rows (None is an empty cell), `title` a heading.
    """

    __slots__ = ("columns", "rows", "title")

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    title: str

    def __init__(
        self, columns: Iterable[str], rows: Iterable[Sequence[Value | None]], title: str = ""
    ) -> None:
        names = tuple(columns)
        table = tuple(tuple(row) for row in rows)
        if len(set(names)) != len(names):
            raise InputError(f"found the columns {', '.join(names)}, expected each name once")
        for number, row in enumerate(table, 1):
            if len(row) != len(names):
                raise InputError(
                    f"row {number}: found {len(row)} cells, expected {len(names)} ({', '.join(names)})"
                )
        for name, value in (("columns", names), ("rows", table), ("title", title)):
            object.__setattr__(self, name, value)

    @classmethod
    def from_solutions(cls, solutions: QuerySolutions, title: str = "") -> Answer:
        """Return the rows of a SELECT query, columns as it names them."""
        names = [variable.value for variable in solutions.variables]
        places = range(len(names))
        try:
            return cls(names, ([to_value(row[place]) for place in places] for row in solutions), title)
        except OSError as error:
            raise _unreachable(error) from error

    @classmethod
    def from_triples(cls, triples: QueryTriples, title: str = "") -> Answer:
        """Return the triples of a CONSTRUCT or DESCRIBE as rows (subject, predicate, object), sorted."""
        # The same triple may be constructed more than once; a graph holds it once.
        try:
            rows = {(to_value(t.subject), to_value(t.predicate), to_value(t.object)) for t in triples}
        except OSError as error:
            raise _unreachable(error) from error
        return cls(
            ("subject", "predicate", "object"), sorted(rows, key=lambda row: tuple(map(str, row))), title
        )

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an Answer cannot be changed: {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"an Answer cannot be changed: {name}")

    def __reduce__(self) -> tuple[type[Answer], tuple[object, ...]]:
        return Answer, (self.columns, self.rows, self.title)

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        return self.rows[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Answer):
            return NotImplemented
        return (self.columns, self.rows, self.title) == (other.columns, other.rows, other.title)

    def __hash__(self) -> int:
        return hash((self.columns, self.rows, self.title))

    def __repr__(self) -> str:
        rows = "1 row" if len(self.rows) == 1 else f"{len(self.rows):,} rows"
        title = f"{self.title!r}: " if self.title else ""
        return f"<Answer {title}{rows} of ({', '.join(self.columns)})>"

    def _repr_html_(self) -> str:
        return self.render("html")

    def column(self, name: str) -> tuple[Value | None, ...]:
        """Return the cells of one column. Raises InputError for a name that is not a column."""
        if name not in self.columns:
            near = did_you_mean(name, self.columns)
            raise InputError(f"no column {name!r}, expected one of {', '.join(self.columns)}{near}")
        place = self.columns.index(name)
        return tuple(row[place] for row in self.rows)

    def to_dicts(self) -> list[dict[str, Value | None]]:
        """Return one dict a row, column name -> value."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def to_pandas(self) -> pandas.DataFrame:
        """Return a pandas DataFrame with the same columns; IRIs as text.

        Raises NotAvailableError without pandas.
        """
        try:
            import pandas
        except ImportError as error:
            raise NotAvailableError("pandas is not installed: pip install 'rescue-kg[pandas]'") from error
        return pandas.DataFrame([list(map(_plain, row)) for row in self.rows], columns=list(self.columns))

    def to_polars(self) -> polars.DataFrame:
        """Return a polars DataFrame with the same columns; IRIs as text.

        A column that holds values of more than one type becomes text. Raises NotAvailableError without
        polars.
        """
        try:
            import polars
        except ImportError as error:
            raise NotAvailableError("polars is not installed: pip install 'rescue-kg[polars]'") from error
        columns = {}
        for name in self.columns:
            cells = [_plain(value) for value in self.column(name)]
            if len({type(cell) for cell in cells if cell is not None}) > 1:
                cells = [None if cell is None else str(cell) for cell in cells]
            columns[name] = polars.Series(name, cells)
        return polars.DataFrame(columns)

    def to_csv(self) -> str:
        """Return the table as CSV after RFC 4180 (lines end in CR LF), header first, IRIs in full.

        An empty cell and an empty text look the same.
        """
        return self.render("csv")

    def to_tsv(self) -> str:
        r"""Return the table as plain TSV, header first, IRIs in full; no quotes.

        A tab, line feed, carriage return or backslash in a value is written `\t`, `\n`, `\r` or `\\`.
        """
        return self.render("tsv")

    def to_json(self) -> str:
        """Return a JSON array, one object a row, IRIs in full, empty cells null; numbers keep digits."""
        return self.render("json")

    def to_markdown(self) -> str:
        """Return a pipe table, IRIs as CURIEs."""
        return self.render("markdown")

    def to_text(self, width: int | None = None) -> str:
        """Return an aligned table for a terminal, IRIs as CURIEs.

        With a `width`, long cells are broken over several lines so that the table is at most that wide, as
        far as the number of columns lets it.
        """
        from rescue_kg import rendering

        return rendering.text(self, width)

    def render(self, format: str) -> str:  # noqa: A002
        """Return the table in one of FORMATS. Raises UnknownFormatError for any other."""
        from rescue_kg import rendering

        if format not in FORMATS:
            near = did_you_mean(format, FORMATS)
            raise UnknownFormatError(f"unknown format {format!r}, expected one of {', '.join(FORMATS)}{near}")
        return rendering.WRITERS[format](self)


def _unreachable(error: OSError) -> InputError:
    # An engine runs a query while its rows are read, so a SERVICE fails only here.
    return InputError(f"the query cannot be run ({error}); a SERVICE must be within reach")


def _plain(value: Value | None) -> Value | None:
    return str(value) if isinstance(value, Iri) else value
