"""Quads in a file of Parquet, read as N-Quads: columns subject, predicate, object and graph, a term each."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Final

from rescue_kg.errors import InputError, NotAvailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer

__all__ = ["COLUMNS", "Lines"]

#: The columns: terms as N-Triples writes them, with no graph where the last is empty.
COLUMNS: Final = ("subject", "predicate", "object", "graph")

_ROWS: Final = 50_000


class Lines(io.RawIOBase):
    """The rows of a file of Parquet as a stream of N-Quads, some at a time.

    Raises NotAvailableError without pyarrow, InputError for a file that is not such a table.
    """

    def __init__(self, file: IO[bytes], path: str) -> None:
        self._lines = _lines(file, path)
        self._rest = b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """Put the next bytes into a buffer and return how many; 0 at the end."""
        while not self._rest:
            more = next(self._lines, None)
            if more is None:
                return 0
            self._rest = more
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _lines(file: IO[bytes], path: str) -> Iterator[bytes]:
    try:
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet as pq
    except ImportError as error:
        raise NotAvailableError(
            f"{path}: Parquet needs {error.name}, which is not installed; pip install 'rescue-kg[tables]'"
        ) from error
    try:
        table = pq.ParquetFile(file)
        missing = [name for name in COLUMNS if name not in table.schema_arrow.names]
        if missing:
            raise InputError(
                f"{path}: found the columns {', '.join(table.schema_arrow.names)}, expected "
                f"{', '.join(COLUMNS)}, with a term of N-Triples each"
            )
        for batch in table.iter_batches(batch_size=_ROWS, columns=list(COLUMNS)):
            terms = [pc.fill_null(batch.column(name).cast(pa.string()), "") for name in COLUMNS]
            joined = pc.binary_join_element_wise(*terms, ".\n", " ")
            yield "".join(joined.to_pylist()).encode()
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: found damaged or no Parquet ({error}), expected quads in it") from error
