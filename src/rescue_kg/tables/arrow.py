"""Arrow arrays of Python values, made without pandas.

`pyarrow.array()` and `pyarrow.scalar()` load pandas, where it is there, to see whether what they get is one
of its objects. That takes longer than all that is done with a table of some hundred rows.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

__all__ = ["numbers", "texts"]

#: From so many values on it is quicker to load pandas.
_MANY: Final = 10_000


def texts(values: Sequence[str | None]) -> pa.Array:
    """Return texts, or null, as an array of strings."""
    import pyarrow as pa

    if len(values) > _MANY:
        return pa.array(values, pa.string())
    builder = pa.lib.StringBuilder()
    builder.append_values(values)
    return builder.finish()


def numbers(values: Iterable[int]) -> pa.Array:
    """Return whole numbers as an array of 64 bits each."""
    import pyarrow as pa

    data = array("q", values)
    return pa.Array.from_buffers(pa.int64(), len(data), [None, pa.py_buffer(data)])
