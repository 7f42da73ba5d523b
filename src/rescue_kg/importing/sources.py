"""Files to import from: opened, decoded, told apart by suffix or content, handed to their reader."""

from __future__ import annotations

import io
import os
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from rescue_kg.errors import InputError, ParseError, UnknownFormatError, did_you_mean
from rescue_kg.importing.records import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.importing.records import Fault, Record

__all__ = ["Source", "opened", "reader"]

_SUFFIXES: Final = {".bib": "bibtex", ".bibtex": "bibtex", ".ris": "ris", ".xml": "pubmed"}
_JSON_SUFFIXES: Final = (".json", ".csljson")
_HEAD: Final = 1 << 16
_RIS: Final = re.compile(rb"^[ \t]*TY  -", re.MULTILINE)
_BIBTEX: Final = re.compile(rb"^[ \t]*@[A-Za-z]+[ \t]*[{(]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Source:
    """An open file, or standard input: `name` for messages, `stream` of its bytes, at the beginning."""

    name: str
    stream: IO[bytes]

    def head(self) -> bytes:
        """Return the first bytes, less byte order mark and white space before them; nothing is used up."""
        data = self.stream.read(_HEAD)
        self.stream.seek(0)
        return data.removeprefix(b"\xef\xbb\xbf").lstrip()

    def text(self) -> str:
        """Return the whole text, every line end as LF. Raises InputError for bytes that are not UTF-8."""
        return "".join(self.lines())

    def lines(self) -> Iterator[str]:
        """Yield the lines, each with LF. Raises InputError for bytes that are not UTF-8."""
        text = io.TextIOWrapper(self.stream, encoding="utf-8-sig")
        try:
            yield from text
        except UnicodeDecodeError as error:
            raise self._not_utf8(error) from error
        finally:
            text.detach()

    def json(self) -> Any:
        """Return the value of a JSON text. Raises ParseError."""
        import json

        text = self.text()
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            where = f"{self.name}:{error.lineno}:{error.colno}"
            raise ParseError(f"{where}: found a text that is no JSON ({error.msg}), expected JSON") from error
        except (ValueError, RecursionError) as error:
            # A number of thousands of digits, brackets thousands deep.
            raise ParseError(
                f"{self.name}: found JSON that cannot be held ({error}), expected less"
            ) from error

    def _not_utf8(self, error: UnicodeDecodeError) -> InputError:
        self.stream.seek(0)
        # The error counts from the start of a block, not of the file.
        for number, line in enumerate(self.stream, 1):
            try:
                line.decode()
            except UnicodeDecodeError as inner:
                byte = line[inner.start]
                return InputError(
                    f"{self.name}: line {number}: found the byte 0x{byte:02x}, which is no UTF-8, expected a "
                    f"text in UTF-8; convert it first, for example: iconv -f LATIN1 -t UTF-8 {self.name}"
                )
        return InputError(f"{self.name}: found bytes that are not UTF-8 ({error.reason}), expected UTF-8")


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[Source]:
    """Open a file, or standard input for `-`, for as long as the `with` lasts. Raises InputError."""
    name = os.fspath(path)
    if "\0" in name:
        raise InputError(f"found the file name {name!r}, expected one without NUL")
    try:
        if name == "-":
            yield Source("<standard input>", io.BytesIO(sys.stdin.buffer.read()))
        else:
            with Path(name).open("rb") as stream:
                # A pipe cannot be looked at first and read again.
                yield Source(name, stream if stream.seekable() else io.BytesIO(stream.read()))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{name}: cannot be read ({reason}); expected a file of references") from error


def reader(source: Source, format: str | None = None) -> Iterator[Record | Fault]:  # noqa: A002
    """Return the records of a source by the reader of its format. Raises UnknownFormatError, InputError."""
    if format is not None and format not in FORMATS:
        near = did_you_mean(format, FORMATS)
        raise UnknownFormatError(f"unknown format {format!r}, expected one of {', '.join(FORMATS)}{near}")
    if not source.head():
        raise InputError(f"{source.name}: found an empty file, expected records in {', '.join(FORMATS)}")
    match format or _format(source):
        case "bibtex":
            from rescue_kg.importing.bibtex import records
        case "ris":
            from rescue_kg.importing.ris import records
        case "csl-json":
            from rescue_kg.importing.csl import records
        case "pubmed":
            from rescue_kg.importing.pubmed import records
        case _:
            from rescue_kg.importing.trials import records
    return records(source)


def _format(source: Source) -> str:
    """Return the format that suffix or content tell. Raises UnknownFormatError."""
    suffix = Path(source.name).suffix.lower()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    head = source.head()
    if suffix in _JSON_SUFFIXES or head[:1] in (b"{", b"["):
        return "clinicaltrials" if b'"protocolSection"' in head else "csl-json"
    if head.startswith(b"<"):
        return "pubmed"
    if _RIS.search(head):
        return "ris"
    if _BIBTEX.search(head):
        return "bibtex"
    hint = "; this looks like MEDLINE (.nbib): get the records as XML" if head.startswith(b"PMID- ") else ""
    raise UnknownFormatError(
        f"{source.name}: found a text of unknown format, expected {', '.join(FORMATS)}{hint}; "
        "name the format with --from"
    )
