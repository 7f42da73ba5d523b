"""What the benchmarks share: runs in processes of their own, medians, growth, and tables in Markdown."""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import statistics
import time
from importlib.metadata import version
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from multiprocessing.connection import Connection

__all__ = ["Measured", "alone", "growth", "machine", "median", "peak", "table"]


class Measured(NamedTuple):
    """What a function returned, the seconds by the clock and of the processors, and the peak memory in MiB.

    Processor time and memory are those of the whole process, start and imports included; children of it count
    for the time.
    """

    value: Any
    seconds: float
    cpu: float
    peak: float


def alone(function: Callable[..., Any], *arguments: object) -> Measured:
    """Run a function of a module in a new process, so that its memory is its own. Raises RuntimeError."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(there, function, arguments))
    process.start()
    there.close()
    try:
        found = here.recv()
    except EOFError:
        found = None
    process.join()
    if not isinstance(found, Measured):
        raise RuntimeError(f"{function.__qualname__}: the process ended with status {process.exitcode}")
    return found


def _run(pipe: Connection, function: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    start = time.perf_counter()
    value = function(*arguments)
    seconds = time.perf_counter() - start
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in used)
    pipe.send(Measured(value, seconds, cpu, peak()))


def peak() -> float:
    """Return the most memory that this process has had, in MiB, on Linux.

    The figure of getrusage is handed down by the parent, be it larger than all that the process ever had.
    """
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def median(function: Callable[[], object], runs: int = 5) -> float:
    """Return the median of the seconds that a function takes, run after run in this process."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def growth(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the exponent with which time grows with size: the slope of a line through the logarithms.

    1 is linear, 2 quadratic. Raises StatisticsError for fewer than two sizes.
    """
    return statistics.linear_regression([log(size) for size in sizes], [log(one) for one in seconds]).slope


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown; numbers with three digits that count, nothing for None."""
    lines = [columns, ["---"] * len(columns), *([_cell(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def machine(*packages: str) -> str:
    """Return in one line what this was measured on: processors, memory, Python, packages."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{os.cpu_count()} processors, {memory:.0f} GiB, {platform.system()} {platform.machine()}, Python "
        f"{platform.python_version()}, {names}"
    )
