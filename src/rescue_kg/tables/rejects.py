"""The files that list rejected rows, one beside each table, or all in one folder."""

from __future__ import annotations

import csv
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from rescue_kg.errors import InputError, OutputError
from rescue_kg.files import whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

__all__ = ["Rejects", "paths"]

_COLUMNS: Final = ("row", "column", "value", "reason")
_SUFFIX: Final = ".rejects.tsv"


def paths(tables: Sequence[str], folder: str | os.PathLike[str] | None) -> list[str]:
    """Return the file of rejects of each table: TABLE.rejects.tsv beside it, or in a folder.

    Raises InputError where two tables would share a file, or one is a table itself.
    """
    place = None if folder is None else os.fspath(folder)
    found = [
        table + _SUFFIX if place is None else os.path.join(place, os.path.basename(table) + _SUFFIX)  # noqa: PTH118, PTH119
        for table in tables
    ]
    real = [os.path.realpath(path) for path in found]
    if len(set(real)) < len(real):
        raise InputError(
            f"found tables of the same name ({', '.join(tables)}) for one folder of rejects, expected names "
            "that differ; give them in two runs, or leave out the folder"
        )
    clash = set(real) & {os.path.realpath(table) for table in tables}
    if clash:
        raise InputError(f"{clash.pop()}: found a file of rejects as a table, expected a table of evidence")
    return found


class Rejects:
    """The rejects of one table, written to a temporary file until all are known."""

    def __init__(self, path: str, temporary: str) -> None:
        self.path = path
        self._temporary = temporary
        self._stream: TextIO | None = None

    def add(self, row: int, column: str, value: str, reason: str) -> None:
        """Add one line."""
        if self._stream is None:
            self._stream = open(self._temporary, "w", encoding="utf-8", newline="")  # noqa: PTH123, SIM115
            self._plain, self._quoted = (
                csv.writer(self._stream, delimiter="\t", lineterminator="\n", quoting=quoting)
                for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
            )
            self._plain.writerow(_COLUMNS)
        # Not every version of Python puts quotes around a lone carriage return.
        writer = self._quoted if "\r" in value else self._plain
        writer.writerow((row, column, value, reason))

    def finish(self) -> str | None:
        """Put the file in its place and return its path; without rejects, remove an old one and return None.

        Raises OutputError.
        """
        if self._stream is None:
            try:
                os.unlink(self.path)  # noqa: PTH108
            except FileNotFoundError:
                return None
            except OSError as error:
                raise OutputError(
                    f"{self.path}: the rejects of before cannot be removed ({error.strerror or error})"
                ) from error
            return None
        self._stream.close()
        folder = os.path.dirname(self.path)  # noqa: PTH120
        if folder:
            with suppress(OSError):
                os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        with open(self._temporary, "rb") as stream, whole(self.path) as target:  # noqa: PTH123
            shutil.copyfileobj(stream, target, 2**20)
        return self.path
