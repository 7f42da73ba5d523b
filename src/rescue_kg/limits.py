"""Limits of time and memory for one query: it runs in a process of its own, which is ended at the limit."""

from __future__ import annotations

import math
import re
import time
from typing import TYPE_CHECKING, Final, TypeVar

from rescue_kg import worker
from rescue_kg.errors import ParameterError, QueryMemoryError, QueryTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rescue_kg.store import Store

__all__ = ["limited", "to_bytes"]

T = TypeVar("T")

_UNITS: Final = {"": 1, **{unit: 10 ** (3 * n) for n, unit in enumerate(("b", "kb", "mb", "gb", "tb"))}}
_BINARY: Final = {unit: 1024**n for n, unit in enumerate(("kib", "mib", "gib", "tib"), 1)}
_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)", re.IGNORECASE | re.ASCII)


def to_bytes(size: int | str) -> int:
    """Return a size in bytes: a number of bytes, or a text such as `500 MB`, `2GB` (10^9) or `2GiB` (2^30).

    Raises ParameterError for anything else, and for a size below one byte.
    """
    match = _SIZE.fullmatch(size.strip()) if isinstance(size, str) else None
    unit = {**_UNITS, **_BINARY}.get(match[2].lower()) if match else None
    number = 0
    if match and unit:
        number = int(float(match[1]) * unit)
    elif isinstance(size, int) and not isinstance(size, bool):
        number = size
    if number < 1:
        raise ParameterError(f"found memory {size!r}, expected a size above 0 such as 500MB, 2GB or 2GiB")
    return number


def limited(
    work: Callable[[], T],
    store: Store,
    *,
    what: str,
    timeout: float | None = None,
    memory: int | str | None = None,
) -> T:
    """Return what `work` returns; at a limit it is ended, whatever the engine is doing.

    `work` reads from `store`. With no limit it is called here and now. With one it is called in a forked
    process that sees the store as it is at that moment: the memory of this process, or the folder on disk
    opened read-only; what it returns or raises comes back pickled. `timeout` is in seconds, for everything
    from this call to its return; `memory` is what the query and its answer may take beyond the graph itself,
    as to_bytes() reads it. `what` names the query in an error.

    Raises QueryTimeoutError, QueryMemoryError, ParameterError for a limit that is none, NotAvailableError
    where the system cannot fork, or cannot limit memory.
    """
    if timeout is None and memory is None:
        return work()
    number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if timeout is not None and not (number and math.isfinite(timeout) and timeout > 0):
        raise ParameterError(f"found timeout {timeout!r}, expected a number of seconds above 0")
    size = None if memory is None else to_bytes(memory)
    worker.require(memory=size is not None)
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        with store.for_worker() as prepare:
            return worker.run(work, prepare, store.still(deadline), deadline=deadline, memory=size)
    except worker.OutOfTimeError:
        raise QueryTimeoutError(
            f"{what}: found no answer within {timeout:g} s, the timeout that was set; give it more time, or "
            "ask for less"
        ) from None
    except worker.OutOfMemoryError:
        raise QueryMemoryError(
            f"{what}: found it to need more than {size:,} bytes beyond the graph, the memory that was set; "
            "give it more, or ask for less"
        ) from None
