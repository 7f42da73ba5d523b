"""The written forms of an answer: CSV, TSV and JSON for programs, text, Markdown and HTML for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rescue_kg.namespaces import contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from rescue_kg.answers import Answer, Value

__all__ = ["WRITERS", "csv", "html", "json", "markdown", "text", "tsv"]

_TSV_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_HTML_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
# A value must not be able to move the cursor or to colour the terminal.
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029], " ")
_GAP = "  "
_LEAST_WIDTH = 8


def _full(value: Value | None) -> str:
    """Return a cell for a program, in the lexical form of XSD."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return {"inf": "INF", "-inf": "-INF", "nan": "NaN"}.get(repr(value), repr(value))
    if isinstance(value, str | int):
        return str(value)
    # What is left is a Decimal, written without an exponent, or a date or time.
    isoformat: Callable[[], str] | None = getattr(value, "isoformat", None)
    return isoformat() if isoformat else format(value, "f")


def _short(value: Value | None) -> str:
    """Return a cell for a reader: IRIs as CURIEs."""
    return contract(value) if hasattr(value, "curie") and isinstance(value, str) else _full(value)


def _is_number(value: Value | None) -> bool:
    return not isinstance(value, str | bool) and (
        isinstance(value, int | float) or hasattr(value, "as_tuple")
    )


def csv(answer: Answer) -> str:
    """Return RFC 4180 text, lines ending in CR LF."""
    import io
    from csv import writer

    stream = io.StringIO(newline="")
    table = writer(stream, lineterminator="\r\n")
    table.writerow(answer.columns)
    table.writerows([_full(value) for value in row] for row in answer)
    return stream.getvalue()


def tsv(answer: Answer) -> str:
    r"""Return plain TSV: no quotes; tab, line feed, carriage return and backslash written as \t \n \r \\."""
    rows = [answer.columns, *([_full(value) for value in row] for row in answer)]
    return "".join("\t".join(cell.translate(_TSV_ESCAPES) for cell in row) + "\n" for row in rows)


def json(answer: Answer) -> str:
    """Return an array of objects, one a line."""
    from json import dumps

    def cell(value: Value | None) -> str:
        if value is None:
            return "null"
        written = _full(value)
        bare = isinstance(value, bool) or (_is_number(value) and written not in ("INF", "-INF", "NaN"))
        return written if bare else dumps(written, ensure_ascii=False)

    names = [dumps(name, ensure_ascii=False) for name in answer.columns]
    lines = [
        "  {" + ", ".join(f"{name}: {cell(value)}" for name, value in zip(names, row, strict=True)) + "}"
        for row in answer
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"


def markdown(answer: Answer) -> str:
    """Return a pipe table; numbers stand to the right."""

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cells) + " |\n"

    def cell(written: str) -> str:
        for sign in ("\\", "|", "*", "`", "["):
            written = written.replace(sign, "\\" + sign)
        return "<br>".join(part.translate(_CONTROLS) for part in written.translate(_HTML_ESCAPES).split("\n"))

    marks = ["---:" if right else "---" for right in _right_aligned(answer)]
    rows = [line([cell(_short(value)) for value in row]) for row in answer]
    return line([cell(name) for name in answer.columns]) + line(marks) + "".join(rows)


def html(answer: Answer) -> str:
    """Return one `<table>`, every value escaped; a full IRI is the title of its CURIE."""

    def cell(value: Value | None) -> str:
        written = _short(value).translate(_HTML_ESCAPES)
        if hasattr(value, "curie"):
            return f'<td><span title="{_full(value).translate(_HTML_ESCAPES)}">{written}</span></td>'
        return f"<td>{written}</td>"

    caption = f"<caption>{answer.title.translate(_HTML_ESCAPES)}</caption>" if answer.title else ""
    head = "".join(f"<th>{name.translate(_HTML_ESCAPES)}</th>" for name in answer.columns)
    rows = "\n".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in answer)
    return f"<table>{caption}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n"


def text(answer: Answer, width: int | None = None) -> str:
    """Return an aligned table; with a width, the widest columns are narrowed and their cells broken."""
    rows = [[_short(value).translate(_CONTROLS).strip() for value in row] for row in answer]
    names = [name.translate(_CONTROLS) for name in answer.columns]
    columns = list(zip(names, *rows, strict=True))
    widths = [max(map(_columns_of, column)) for column in columns]
    while (
        width is not None
        and sum(widths) + len(_GAP) * (len(widths) - 1) > width
        and max(widths) > _LEAST_WIDTH
    ):
        widths[widths.index(max(widths))] -= 1
    right = _right_aligned(answer)

    def lines(cells: list[str]) -> list[str]:
        broken = [_break(cell, size) for cell, size in zip(cells, widths, strict=True)]
        height = max(map(len, broken), default=0)
        padded = [[*parts, *[""] * (height - len(parts))] for parts in broken]
        return [
            _GAP.join(
                " " * (size - _columns_of(part)) + part if flush else part + " " * (size - _columns_of(part))
                for part, size, flush in zip(parts, widths, right, strict=True)
            ).rstrip()
            for parts in zip(*padded, strict=True)
        ]

    table = [*lines(names), _GAP.join("-" * size for size in widths)]
    for row in rows:
        table += lines(row)
    return "\n".join(table) + "\n"


def _right_aligned(answer: Answer) -> list[bool]:
    """Return for each column whether it holds numbers and nothing else."""
    found = [
        {_is_number(value) for value in answer.column(name) if value is not None} for name in answer.columns
    ]
    return [kinds == {True} for kinds in found]


def _columns_of(written: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if written.isascii():
        return len(written)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in written)


def _break(written: str, size: int) -> list[str]:
    """Break a cell into lines of at most `size` columns, between words where there are any."""
    lines: list[str] = []
    line = ""
    for word in written.split(" "):
        joined = f"{line} {word}" if line else word
        if _columns_of(joined) <= size:
            line = joined
            continue
        if line:
            lines.append(line)
        while _columns_of(word) > size:
            cut = next(n for n in range(len(word), 0, -1) if n == 1 or _columns_of(word[:n]) <= size)
            lines.append(word[:cut])
            word = word[cut:]
        line = word
    return [*lines, line]


#: Format name -> the function that writes it.
WRITERS: Final[dict[str, Callable[[Answer], str]]] = {
    "text": text,
    "csv": csv,
    "tsv": tsv,
    "json": json,
    "markdown": markdown,
    "html": html,
}
