"""Columns of texts made of whole numbers, a whole chunk at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Whole = NDArray[np.int64]
    Real = NDArray[np.float64]
    Truth = NDArray[np.bool_]
    #: Column -> an Arrow array of texts.
    Cells = dict[str, Any]

__all__ = ["chosen", "hashes", "numbered", "shared_out", "text", "zipf"]


def numbered(before: str, numbers: Whole) -> Any:
    """Return the texts of numbers behind another text."""
    return pc.binary_join_element_wise(before, pc.cast(pa.array(numbers), pa.string()), "")


def text(numbers: Whole, where: Truth | None = None) -> Any:
    """Return whole numbers as texts, and nothing outside `where`."""
    return pc.cast(pa.array(numbers, mask=None if where is None else ~where), pa.string())


def chosen(places: Whole, texts: Sequence[str], where: Truth | None = None) -> Any:
    """Return the texts at these places, and nothing outside `where`."""
    mask = None if where is None else ~where
    return pa.array(texts, pa.string()).take(pa.array(places, mask=mask))


def zipf(rng: np.random.Generator, size: int, count: int | Whole) -> Whole:
    """Return ranks from 0 below `count`; that of rank k comes about 1 / (k + 1) times as often as the first.

    The logarithm of the rank is uniform: no table of weights, whatever the count.
    """
    ranks: Whole = np.exp(rng.random(size) * np.log(count + 1)).astype(np.int64) - 1
    return np.clip(ranks, 0, count - 1)


def shared_out(rng: np.random.Generator, size: int, parts: Sequence[float]) -> Whole:
    """Return numbers from 0, each as often as its part of the whole says."""
    return np.searchsorted(np.cumsum(parts)[:-1], rng.random(size), side="right")


def hashes(numbers: Whole) -> Any:
    """Return 64 hexadecimal digits for each number, the same for the same one: what a SHA-256 looks like."""
    state: Any = numbers.astype(np.uint64)[:, None] * np.uint64(4) + np.arange(4, dtype=np.uint64)
    # The finalizer of splitmix64 (Steele et al. 2014, doi:10.1145/2660193.2660195).
    state = (state + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    digits = state.astype(">u8").tobytes().hex().encode()
    ends = np.arange(0, len(digits) + 1, 64, dtype=np.int32)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(ends.tobytes()), pa.py_buffer(digits))
