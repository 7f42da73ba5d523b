"""The first sheet of an Excel workbook, row by row, as text."""

from __future__ import annotations

import os
import re
import warnings
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import ParseError as XmlError
from zipfile import BadZipFile

from rescue_kg.errors import InputError
from rescue_kg.tables.reading import Record, Text, missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

__all__ = ["read"]

_FIXED: Final = re.compile(r"0\.(0+)")
_ERRORS: Final = (BadZipFile, KeyError, ValueError, XmlError, EOFError)


def read(file: str) -> Text:
    """Return the header and the rows of the first sheet; formulas count as what they showed when saved.

    A number is written as short as it can be, with the zeros that its format shows (0.10 for the format
    0.00): format cells as text where the digits matter. Cells that show an error (#REF!) or a percentage are
    faults, since what they hold is not what they show.

    Raises InputError for a file that is no workbook, NotAvailableError without openpyxl.
    """
    try:
        import openpyxl  # noqa: F401
    except ImportError as error:
        raise missing("openpyxl") from error
    try:
        stream = open(file, "rb")  # noqa: PTH123, SIM115 - closed at the end of the rows
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error})") from error
    header: tuple[str, ...] = ()
    try:
        cells = _cells(file, _sheet(file, stream), stream)
        header = _header(cells)
        if not header:
            raise InputError(f"{file}: found no header, expected the names of columns in the first row")
    finally:
        # openpyxl does not close all that it opens.
        if not header:
            stream.close()

    def done() -> int:
        return os.path.getsize(file) if stream.closed else stream.tell()  # noqa: PTH202

    return Text(header, _rows(cells, header), done, stream.close)


def _sheet(file: str, stream: BinaryIO) -> Any:
    import openpyxl

    try:
        with warnings.catch_warnings():
            # What openpyxl leaves aside (validations, styles) has no bearing on the cells.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error})") from error
    except _ERRORS as error:
        raise InputError(
            f"{file}: found no Excel workbook ({error}), expected .xlsx; save it as .xlsx"
        ) from error
    if not book.worksheets:
        raise InputError(f"{file}: found no sheet with cells, expected a table on the first sheet")
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    return sheet


def _header(cells: Iterator[tuple[int, Sequence[Any]]]) -> tuple[str, ...]:
    """Return the names in the first row that is neither empty nor a comment; none where there is none."""
    for _, found in cells:
        names = [_text(cell) for cell in found]
        while names and not names[-1]:
            names.pop()
        if names and not names[0].startswith("#"):
            return tuple(names)
    return ()


def _rows(cells: Iterator[tuple[int, Sequence[Any]]], header: tuple[str, ...]) -> Iterator[Record]:
    width = len(header)
    for row, found in cells:
        texts = [_text(cell) for cell in found]
        while len(texts) > width and not texts[-1]:
            texts.pop()
        if len(texts) > width:
            yield Record(
                row, (), ("", texts[-1], f"found {len(texts)} cells, expected {width} as in the header")
            )
            continue
        fault = next((fault for fault in map(_fault, header, found) if fault is not None), None)
        texts += [""] * (width - len(texts))
        yield Record(row, texts, fault)


def _cells(file: str, sheet: Any, stream: BinaryIO) -> Iterator[tuple[int, Sequence[Any]]]:
    try:
        yield from enumerate(sheet.iter_rows(), 1)
    except _ERRORS as error:
        raise InputError(f"{file}: the sheet is damaged ({error}); save the workbook anew") from error
    finally:
        stream.close()


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format))
    return value if isinstance(value, str) else str(getattr(value, "isoformat", value.__str__)())


def _number(value: float, form: str) -> str:
    from decimal import Decimal

    plain = Decimal(repr(value))
    text = f"{plain.normalize():f}" if plain.is_finite() else str(value)
    fixed = _FIXED.fullmatch(form)
    if fixed:
        whole, _, digits = text.partition(".")
        text = f"{whole}.{digits.ljust(len(fixed[1]), '0')}"
    return text


def _fault(name: str, cell: Any) -> tuple[str, str, str] | None:
    value = cell.value
    if cell.data_type == "e":
        return name, str(value), "found an error of the spreadsheet, expected a value; mend the formula"
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in str(cell.number_format):
        return (
            name,
            str(value),
            "found a cell with a percentage format, which holds another number than it shows; format it as "
            "text, and give the unit in its column",
        )
    if isinstance(value, str) and "\0" in value:
        return name, value.replace("\0", r"\x00"), "found a NUL character, which no text has"
    return None
