"""The axis of a group in a forest plot, log for ratios and linear for the rest, and what stands on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rescue_kg.plots.sheet import INK, ticks, wrapped
from rescue_kg.pooling.effects import RATIOS, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rescue_kg.plots.findings import Row
    from rescue_kg.plots.sheet import Sheet
    from rescue_kg.pooling import Pool

__all__ = ["Axis", "axis_of"]

#: Ratios beyond these are cut off, with an arrow.
_LEAST, _MOST = 0.02, 50.0
_RADIUS: Final = 4.0


@dataclass(frozen=True)
class Axis:
    """A scale between two places across; `null` is the value of no difference, None for proportions."""

    low: float
    high: float
    left: float
    right: float
    log: bool
    null: float | None

    def place(self, value: float) -> float:
        """Return where a value is across, held within the axis."""
        low, high, one = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, one = math.log(low), math.log(high), math.log(one)
        return self.left + (one - low) / (high - low) * (self.right - self.left)

    def ground(self, sheet: Sheet, top: float, height: float) -> None:
        """Put the line of no difference behind the rows."""
        if self.null is not None:
            x = self.place(self.null)
            sheet.line([(x, top), (x, top + height)], 1, INK["note"], (3, 2))

    def put(self, sheet: Sheet, row: Row, y: float, fill: str, name: str) -> None:
        """Put the mark of a row, with its interval or with that of the other arm."""
        if row.low is not None and row.high is not None:
            self._reach(sheet, row.low, row.high, y, 1.4)
        if row.value is None:
            return
        x = self.place(row.value)
        if self.null is None and row.other is not None:
            other = self.place(row.other)
            sheet.line([(other, y), (x, y)], 1.4, INK["note"])
            sheet.mark("circle", other, y, 3.6, fill=INK["white"])
        sheet.mark(row.mark, x, y, _RADIUS, fill=fill, name=name)

    def diamond(self, sheet: Sheet, pool: Pool, y: float, name: str) -> None:
        """Put the diamond of a pool, as wide as its interval, over its prediction interval."""
        if pool.prediction_low is not None and pool.prediction_high is not None:
            self._reach(sheet, pool.prediction_low, pool.prediction_high, y, 0.9)
        left, middle, right = self.place(pool.low), self.place(pool.estimate), self.place(pool.high)
        corners = [(left, y), (middle, y - 6), (right, y), (middle, y + 6)]
        sheet.shape(corners, fill=INK["yellow"], width=1.1, name=name)
        for cut, x, way in ((pool.low < self.low, left, -1), (pool.high > self.high, right, 1)):
            if cut:
                _arrow(sheet, x, y, way)

    def _reach(self, sheet: Sheet, low: float, high: float, y: float, width: float) -> None:
        left, right = self.place(low), self.place(high)
        sheet.line([(left, y), (right, y)], width)
        for value, x, way in ((low, left, -1), (high, right, 1)):
            if value < self.low or value > self.high:
                _arrow(sheet, x, y, way)
            else:
                sheet.line([(x, y - 3), (x, y + 3)], width)

    def scale(self, sheet: Sheet, less: str, more: str) -> None:
        """Put the line with its figures, and what its two sides mean, below the rows."""
        y = sheet.y + 3
        sheet.line([(self.left, y), (self.right, y)])
        for value in ticks(self.low, self.high, log=self.log):
            x = self.place(value)
            sheet.line([(x, y), (x, y + 4)])
            sheet.text(x, y + 13, f"{value:g}", 8, anchor="center")
        sheet.y = y + 18
        if self.null is None:
            if more:
                sheet.text(
                    (self.left + self.right) / 2, sheet.y + 8, more, 8, anchor="center", colour=INK["note"]
                )
                sheet.y += 12
            return
        middle = self.place(self.null)
        # Each side has the room on its side of the line of no difference, and what lies beyond the axis.
        before = wrapped(f"← {less}", middle - self.left + 90, 8)
        after = wrapped(f"{more} →", self.right - middle + 180, 8)
        for place, words in enumerate(before):
            sheet.text(middle - 8, sheet.y + 8 + 10.5 * place, words, 8, anchor="right", colour=INK["note"])
        for place, words in enumerate(after):
            sheet.text(middle + 8, sheet.y + 8 + 10.5 * place, words, 8, colour=INK["note"])
        sheet.y += 10.5 * max(len(before), len(after)) + 4


def axis_of(first: Row, rows: Sequence[Row], pools: Sequence[Pool], left: float, right: float) -> Axis:
    """Return the axis that holds the figures of some rows and pools of one kind of measure."""
    null = number(first.cells["null"])
    log = first.text("measure") in RATIOS
    values = [one for row in rows for one in (row.value, row.low, row.high) if one is not None]
    values += [one for pool in pools for one in (pool.low, pool.high)]
    if null is None:
        values += [row.other for row in rows if row.other is not None]
        percent = first.text("unit") == "%" and all(0 <= one <= 100 for one in values)
        low, high = (0.0, 100.0) if percent else (min(0.0, *values), max(0.0, *values) or 1.0)
        return Axis(low, high, left, right, log=False, null=None)
    values.append(null)
    if log:
        low = max(_LEAST, min(one for one in values if one > 0) / 1.15)
        high = min(_MOST, max(values) * 1.15)
        # A scale of less than a factor of two on either side says more than the figures do.
        return Axis(min(low, 0.5), max(high, 2.0), left, right, log=True, null=null)
    low, high = min(values), max(values)
    room = (high - low or 1.0) * 0.08
    return Axis(low - room, high + room, left, right, log=False, null=null)


def _arrow(sheet: Sheet, x: float, y: float, way: int) -> None:
    """Put the head of an arrow where something goes on beyond the axis."""
    sheet.shape([(x + way * 5, y), (x - way * 2, y - 4), (x - way * 2, y + 4)], fill=INK["text"], width=0.5)
