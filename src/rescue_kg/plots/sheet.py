"""A sheet to draw on: texts that are wrapped and measured, marks, axes, the heading and the caption."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from rescue_kg.plots.figure import Figure, Line, Shape, Text, text_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["FOOT", "INK", "MARKS", "Sheet", "plural", "short", "ticks", "wrapped"]

#: The last line of every figure.
FOOT: Final = "What sources say and measured; not medical advice."

#: Colours that differ in lightness as well as in hue, after the palette of Okabe and Ito.
INK: Final = {
    "text": "#1c2127",
    "note": "#505a65",
    "rule": "#c9d0d8",
    "ground": "#f3f5f7",
    "blue": "#0072b2",
    "red": "#d55e00",
    "green": "#009e73",
    "yellow": "#f0e442",
    "sky": "#9fd3f2",
    "white": "#ffffff",
}

#: Name of a mark -> the corners of its outline, in units of its radius; none for a circle.
MARKS: Final[dict[str, tuple[tuple[float, float], ...]]] = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "circle": (),
    "up": ((0, -1.15), (1.1, 0.85), (-1.1, 0.85)),
    "down": ((0, 1.15), (1.1, -0.85), (-1.1, -0.85)),
    "diamond": ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
    "hexagon": tuple((1.1 * math.cos(a * math.pi / 3), 1.1 * math.sin(a * math.pi / 3)) for a in range(6)),
}

_MARGIN: Final = 24.0
_LEADING: Final = 1.32


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def short(figure: float) -> str:
    """Return a number with three significant digits, without an exponent."""
    if not figure:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(figure))))
    text = f"{figure:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def wrapped(words: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Return a text in lines that fit a width; a word that is too long is broken."""
    lines: list[str] = []
    line = ""
    for word in words.split():
        for piece in _pieces(word, width, size, bold):
            longer = f"{line} {piece}".strip()
            if line and text_width(longer, size, bold=bold) > width:
                lines.append(line)
                line = piece
            else:
                line = longer
    return [*lines, line] if line else lines or [""]


def _pieces(word: str, width: float, size: float, bold: bool) -> list[str]:
    if text_width(word, size, bold=bold) <= width or len(word) < 2:
        return [word]
    cut = next((n for n in range(len(word) - 1, 1, -1) if text_width(word[:n], size, bold=bold) <= width), 1)
    return [word[:cut], *_pieces(word[cut:], width, size, bold)]


def ticks(low: float, high: float, *, log: bool) -> list[float]:
    """Return round values within a range, at most eight."""
    if log:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for steps in ((1, 2, 5), (1, 3), (1,)):
            found = [step * 10.0**decade for decade in decades for step in steps]
            inside = [one for one in found if low * 0.999 <= one <= high * 1.001]
            if len(inside) <= 8:
                return inside
        return inside
    span = high - low
    unit = 10.0 ** math.floor(math.log10(span))
    step = next(unit * one for one in (0.1, 0.2, 0.5, 1, 2) if span / (unit * one) <= 7)
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 10) for n in range(first, math.floor(high / step + 1e-9) + 1)]


class Sheet:
    """A page of a given width that grows downwards; `y` is where the next thing goes."""

    def __init__(self, width: float) -> None:
        self.width = width
        self.left, self.right = _MARGIN, width - _MARGIN
        self.y = _MARGIN
        self.parts: list[Text | Line | Shape] = []

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float = 9.0,
        *,
        bold: bool = False,
        italic: bool = False,
        colour: str = INK["text"],
        anchor: str = "left",
        turn: float = 0.0,
    ) -> None:
        """Put a text on its baseline."""
        self.parts.append(Text(x, y, words, size, bold, italic, colour, anchor, turn))

    def lines(
        self,
        x: float,
        y: float,
        words: Iterable[str],
        size: float = 9.0,
        *,
        bold: bool = False,
        italic: bool = False,
        colour: str = INK["text"],
    ) -> float:
        """Put lines of text below each other and return the baseline of the next one."""
        for one in words:
            self.text(x, y, one, size, bold=bold, italic=italic, colour=colour)
            y += size * _LEADING
        return y

    def line(
        self,
        points: Sequence[tuple[float, float]],
        width: float = 1.0,
        colour: str = INK["text"],
        dash: tuple[float, ...] = (),
        name: str = "",
    ) -> None:
        """Put a line through points."""
        self.parts.append(Line(tuple(points), width, colour, dash, name))

    def shape(
        self,
        points: Sequence[tuple[float, float]],
        *,
        fill: str = "none",
        edge: str = INK["text"],
        width: float = 1.0,
        hatch: str = "",
        name: str = "",
    ) -> None:
        """Put a closed shape."""
        self.parts.append(Shape(tuple(points), fill, edge, width, hatch, 0.0, name))

    def mark(
        self,
        kind: str,
        x: float,
        y: float,
        radius: float,
        *,
        fill: str = INK["text"],
        edge: str = INK["text"],
        width: float = 1.1,
        hatch: str = "",
        name: str = "",
    ) -> None:
        """Put one of MARKS, centred on a place."""
        corners = tuple((x + radius * dx, y + radius * dy) for dx, dy in MARKS[kind])
        if corners:
            self.parts.append(Shape(corners, fill, edge, width, hatch, 0.0, name))
        else:
            self.parts.append(Shape(((x, y),), fill, edge, width, hatch, radius, name))

    def rule(self, y: float, colour: str = INK["rule"], width: float = 0.8) -> None:
        """Put a thin line from margin to margin."""
        self.line([(self.left, y), (self.right, y)], width, colour)

    def heading(self, title: str, below: str = "") -> None:
        """Put the title, with a line of explanation below it."""
        self.y += 12
        self.y = self.lines(
            self.left, self.y, wrapped(title, self.right - self.left, 15, bold=True), 15, bold=True
        )
        if below:
            lines = wrapped(below, self.right - self.left, 10)
            self.y = self.lines(self.left, self.y, lines, 10, colour=INK["note"])
        self.y += 6

    def legend(self, items: Sequence[tuple[str, str, str]]) -> None:
        """Put marks with their meaning in rows: kind of mark, fill, words."""
        x = self.left
        self.y += 10
        for kind, fill, words in items:
            wide = 16 + text_width(words, 9) + 18
            if x + wide > self.right and x > self.left:
                x, self.y = self.left, self.y + 16
            self.mark(kind, x + 6, self.y - 3, 4.6, fill=fill)
            self.text(x + 16, self.y, words, 9, colour=INK["note"])
            x += wide
        self.y += 16

    def figure(self, title: str, caption: Sequence[str], description: str) -> Figure:
        """Return the figure, with the caption and the last line under it."""
        self.y += 4
        self.rule(self.y)
        self.y += 15
        for one in (*caption, FOOT):
            lines = wrapped(one, self.right - self.left, 9)
            self.y = self.lines(self.left, self.y, lines, 9, colour=INK["note"])
        words = " ".join((*caption, FOOT))
        return Figure(title, words, description, self.width, self.y + 8, tuple(self.parts))
