"""Writes statements of any number to a database on disk, in bounded memory."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyoxigraph
    from pyoxigraph import Quad

__all__ = ["MANY", "extend", "ticking"]

#: From so many on, statements are worth new files of RocksDB; fewer are quicker written to its log.
MANY: Final = 10_000

# pyoxigraph sorts what it gets in one call in memory, up to a million statements for each processor: about
# 900 MB for one million. Smaller parts take less, and more time, as RocksDB merges the files of each with
# those before.
_PART: Final = 1_000_000
_TICK: Final = 100_000


def extend(native: pyoxigraph.Store, statements: Iterable[Quad], *, least: int = 1) -> None:
    """Add statements, in parts that are written one after another: all of them only in a transaction.

    A part of fewer than `least` statements is written to the log.
    """
    rest = iter(statements)
    try:
        while head := list(islice(rest, least)):
            if len(head) < least:
                native.extend(head)
            else:
                native.bulk_extend(chain(head, islice(rest, _PART - least)))
    finally:
        # Whoever keeps the traceback of an error would keep the database open.
        del native


def ticking(statements: Iterable[Quad], progress: Callable[[int], object]) -> Iterator[Quad]:
    """Yield statements, and call `progress` with their number now and then, and at the end."""
    count = 0
    for statement in statements:
        yield statement
        count += 1
        if not count % _TICK:
            progress(count)
    progress(count)
