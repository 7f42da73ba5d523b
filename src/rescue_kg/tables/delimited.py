"""CSV and TSV, record by record: every line of the file is in a good row or in a faulty one."""

from __future__ import annotations

import csv
import os
from collections import deque
from typing import TYPE_CHECKING, Final

from rescue_kg.errors import InputError
from rescue_kg.tables import plain
from rescue_kg.tables.reading import Record, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    import pyarrow as pa

__all__ = ["read"]

_LINE: Final = 8 * 2**20
#: Bytes that are looked at as a whole before any line is looked at by itself.
_PIECE: Final = 4 * 2**20
_BOMS: Final = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_BOM: Final = b"\xef\xbb\xbf"


def read(file: str) -> Text:
    """Return the header and the rows of a CSV or TSV file in UTF-8, with or without a byte order mark.

    Cells may stand in double quotes, doubled inside, with line breaks (of any of the three kinds) in them. A
    row that is malformed, has too few or too many cells, or bytes that are no UTF-8 comes back with a fault,
    and reading goes on with the next line: also after a quote that is never closed. Lines without quotes or
    faults come as whole batches.

    Raises InputError for a file that cannot be read, in another encoding, or without a header.
    """
    lines = _Lines(file)
    header = None
    try:
        reader = _Records(lines, "," if file.lower().endswith(".csv") else "\t")
        header = _header(file, reader)
    finally:
        if header is None:
            lines.close()
    return Text(header, _rows(reader, header), lines.tell, lines.close)


def _header(file: str, reader: _Records) -> tuple[str, ...]:
    first = next((record for record in reader.all() if record[1] or record[2]), None)
    if first is None:
        raise InputError(f"{file}: found no header, expected the names of columns in the first line")
    if first[2] is not None:
        raise InputError(f"{file}:{first[0]}: the header cannot be read ({first[2]})")
    return tuple(first[1])


def _rows(reader: _Records, header: tuple[str, ...]) -> Iterator[Record | pa.RecordBatch]:
    for found in reader.below(header):
        if not isinstance(found, tuple):
            yield found
            continue
        row, cells, fault = found
        if fault is not None:
            yield Record(row, (), ("", "", fault))
            continue
        if not cells:
            continue
        bad = reader.unreadable(cells)
        if bad is not None:
            place, reason = bad
            shown = cells[place].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            yield Record(row, (), (header[place], shown.replace("\0", r"\x00"), reason))
        else:
            yield Record(row, cells)


class _Lines:
    """The lines of a file as text, with line breaks as they are; lines can be given back."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.number = 0
        #: Lines that the record under way has taken.
        self.taken: list[str] = []
        #: Whether one of them holds NUL or bytes that are no UTF-8.
        self.unclean = False
        self._back: deque[str] = deque()
        try:
            self._stream: BinaryIO = open(file, "rb")  # noqa: PTH123, SIM115 - closed at the end of the rows
        except OSError as error:
            raise InputError(f"{file}: cannot be read ({error.strerror or error})") from error
        done = False
        try:
            self._begin()
            done = True
        finally:
            if not done:
                self.close()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        if "\0" in line or (not line.isascii() and any("\udc80" <= sign <= "\udcff" for sign in line)):
            self.unclean = True
        return line

    def begin(self) -> None:
        """Begin a new record."""
        self.taken.clear()
        self.unclean = False

    def give_back(self) -> None:
        """Give back all lines of the record but its first."""
        rest = self.taken[1:]
        self._back.extendleft(reversed(rest))
        self.number -= len(rest)

    def piece(self) -> bytes:
        """Return whole lines at once, or nothing where lines were given back or the file has ended.

        They must be taken or put_back().
        """
        if self._back or self._stream.closed:
            return b""
        try:
            data = self._stream.read(_PIECE)
            return data if data.endswith(b"\n") else data + self._stream.readline(_LINE)
        except OSError as error:
            raise InputError(f"{self.file}: cannot be read ({error.strerror or error})") from error

    def put_back(self, piece: bytes) -> None:
        """Give back a piece, to be read line by line."""
        lines = piece.split(b"\n")
        last = lines.pop()
        for line in lines:
            self._back.append(self._text(line + b"\n"))
        if last:
            self._back.append(self._text(last))

    def tell(self) -> int:
        """Return how many bytes have been read."""
        return os.path.getsize(self.file) if self._stream.closed else self._stream.tell()  # noqa: PTH202

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _begin(self) -> None:
        """Skip the byte order mark and the comments at the top."""
        start = self._stream.read(3)
        for bom, name in _BOMS.items():
            if start.startswith(bom):
                raise InputError(f"{self.file}: found {name}, expected UTF-8; save the table as UTF-8")
        if start != _BOM:
            self._stream.seek(0)
        while True:
            line = self._read()
            # A spreadsheet puts quotes around a comment that has commas in it.
            if not line.lstrip('"').startswith("#"):
                self._back.append(line)
                return
            self.number += 1

    def _read(self) -> str:
        try:
            line = self._stream.readline(_LINE)
        except OSError as error:
            raise InputError(f"{self.file}: cannot be read ({error.strerror or error})") from error
        return self._text(line)

    def _text(self, line: bytes) -> str:
        if len(line) >= _LINE and not line.endswith(b"\n"):
            row = self.number + len(self._back) + 1
            raise InputError(f"{self.file}:{row}: found a line of more than {_LINE:,} bytes, expected a row")
        return line.decode("utf-8", "surrogateescape")


class _Records:
    """Records from lines: (number of the first line, cells, what is wrong with its form)."""

    def __init__(self, lines: _Lines, delimiter: str) -> None:
        self.lines = lines
        self.delimiter = delimiter

    def all(self) -> Iterator[tuple[int, list[str], str | None]]:
        """Yield records of any width. Can be begun again."""
        return (record for record in self._all(()) if isinstance(record, tuple))

    def below(self, header: Sequence[str]) -> Iterator[tuple[int, list[str], str | None] | pa.RecordBatch]:
        """Yield records as wide as a header, those of another width with a fault; plain lines as batches."""
        return self._all(header)

    def _all(self, header: Sequence[str]) -> Iterator[tuple[int, list[str], str | None] | pa.RecordBatch]:
        lines = self.lines
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        while True:
            lines.begin()
            row = lines.number + 1
            if header and (piece := lines.piece()):
                batch = plain.batch(piece, header, self.delimiter, row)
                if batch is not None:
                    lines.number += piece.count(b"\n") + (not piece.endswith(b"\n"))
                    yield batch
                    continue
                lines.put_back(piece)
            try:
                cells = next(reader)
            except StopIteration:
                lines.close()
                return
            except csv.Error as error:
                lines.give_back()
                reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
                yield row, [], _reason(str(error))
                continue
            if header and cells and len(cells) != len(header):
                if not any(cells):
                    continue
                # Two quotes that were never closed swallow all lines between them.
                lines.give_back()
                yield row, [], f"found {len(cells)} cells, expected {len(header)} as in the header"
                continue
            yield row, cells, None

    def unreadable(self, cells: list[str]) -> tuple[int, str] | None:
        """Return the first cell with NUL or bytes that are no UTF-8, and what it is, or None."""
        if not self.lines.unclean:
            return None
        for place, cell in enumerate(cells):
            if "\0" in cell:
                return place, "found a NUL character, which no text has"
            if any("\udc80" <= sign <= "\udcff" for sign in cell):
                return place, "found bytes that are not UTF-8; save the table as UTF-8"
        return None


def _reason(error: str) -> str:
    if "field limit" in error:
        return (
            f"found a cell of more than {csv.field_size_limit():,} characters, or a quote that is not closed"
        )
    if "end of data" in error:
        return 'found a quote that is not closed; write " inside a cell twice, and the cell between quotes'
    if "expected after" in error:
        return (
            "found text after the quote that ends a cell; write a quote inside a cell twice, and the cell "
            "between quotes"
        )
    return f"found what is no row ({error})"
