"""How far a long piece of work is, as those who do it tell those who wait for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["Progress", "Step"]


class Step(NamedTuple):
    """`done` of `total` of `what` (bytes, rules, triples), and how many triples were read or sent by now."""

    what: str
    done: int
    total: int
    triples: int = 0


#: What is called now and then with how far the work is.
Progress = Callable[[Step], object]
