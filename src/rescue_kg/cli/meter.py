"""Shows on a terminal how far a long piece of work is: part done, time left, and triples a second."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.progress import Step

__all__ = ["Meter", "meter"]


class Meter:
    """Takes the steps of a piece of work and keeps the last of each kind; draws bars where `shown`."""

    def __init__(self, *, shown: bool) -> None:
        self.last: dict[str, Step] = {}
        self._shown = shown
        self._bar: Any = None
        self._what = ""
        self._began = 0.0

    def __call__(self, step: Step) -> None:
        """Take a step."""
        self.last[step.what] = step
        if not self._shown:
            return
        if step.what != self._what or step.done < self._bar.pos:
            self.close()
            self._what, self._began = step.what, time.monotonic()
            self._bar = click.progressbar(
                length=max(step.total, 1), label=step.what, file=sys.stderr, item_show_func=str
            )
            self._bar.__enter__()
        seconds = time.monotonic() - self._began
        rate = f", {step.triples / seconds:,.0f} a second" if seconds > 1 else ""
        said = f"{step.triples:,} triples{rate}" if step.triples else ""
        self._bar.update(step.done - self._bar.pos, said)

    def close(self) -> None:
        """End the bar that is drawn."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
            self._what = ""


@contextmanager
def meter() -> Iterator[Meter]:
    """Give what shows progress where standard error is a terminal, for a `with`."""
    one = Meter(shown=sys.stderr.isatty())
    try:
        yield one
    finally:
        one.close()
