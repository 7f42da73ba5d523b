"""A figure: what is drawn where, in points, and its SVG and PNG."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from rescue_kg.errors import NotAvailableError, UnknownFormatError

if TYPE_CHECKING:
    import os

    from matplotlib.figure import Figure as Canvas

__all__ = ["Figure", "Line", "Shape", "Text", "text_width"]

#: matplotlib brings this font along, so the same text has the same width on every machine.
_FONT: Final = "DejaVu Sans"

#: A fixed salt makes the ids in an SVG the same in every run. Text is drawn as paths: the places of texts are
#: measured with the font above, and a reader without it would see them cut or overlapping.
_SETTINGS: Final[dict[str, object]] = {
    "svg.hashsalt": "rescue-kg",
    "svg.fonttype": "path",
    "font.family": [_FONT],
    "hatch.linewidth": 0.7,
    "path.simplify": False,
}
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DPI: Final = 200


@dataclass(frozen=True)
class Text:
    """A text on its baseline; `anchor` is left, center or right, `turn` in degrees."""

    x: float
    y: float
    words: str
    size: float = 9.0
    bold: bool = False
    italic: bool = False
    colour: str = "#1c2127"
    anchor: str = "left"
    turn: float = 0.0


@dataclass(frozen=True)
class Line:
    """A line through points; `dash` is a pattern of on and off lengths."""

    points: tuple[tuple[float, float], ...]
    width: float = 1.0
    colour: str = "#1c2127"
    dash: tuple[float, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Shape:
    """A closed shape; with `radius` a circle around its one point. `name` becomes the id in the SVG."""

    points: tuple[tuple[float, float], ...]
    fill: str = "none"
    edge: str = "#1c2127"
    width: float = 1.0
    hatch: str = ""
    radius: float = 0.0
    name: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure that can be shown and saved; places are in points from the upper left corner.

    `caption` is the text under it, `description` says in words what is seen.
    """

    title: str
    caption: str
    description: str
    width: float
    height: float
    parts: tuple[Text | Line | Shape, ...] = field(repr=False)

    def svg(self) -> str:
        """Return the text of an SVG file; the same graph gives the same bytes, whatever the day."""
        buffer = io.StringIO()
        # Without these four there is no metadata, and no date in it.
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        with _settings():
            self.canvas().savefig(buffer, format="svg", metadata=nothing)
        text = buffer.getvalue()
        start = text.index("<svg")
        end = text.index(">", start)
        name = re.sub(r"\W+", "-", self.title.casefold()).strip("-")
        head = (
            f'{text[start:end]} role="img" aria-labelledby="{name}-title {name}-desc">\n'
            f'<title id="{name}-title">{_escaped(self.title)}</title>\n'
            f'<desc id="{name}-desc">{_escaped(self.description)} {_escaped(self.caption)}</desc>'
        )
        return head + text[end + 1 :]

    def png(self, dpi: int = _DPI) -> bytes:
        """Return the bytes of a PNG file, `dpi` dots an inch."""
        buffer = io.BytesIO()
        with _settings():
            self.canvas().savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
        return buffer.getvalue()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file whole or not at all; its suffix, .svg or .png, decides the format.

        Raises UnknownFormatError for another suffix, OutputError where it cannot be written.
        """
        from rescue_kg.files import write_whole

        suffix = PurePath(path).suffix.lower()
        if suffix not in (".svg", ".png"):
            raise UnknownFormatError(f"{path}: found the suffix {suffix!r}, expected .svg or .png")
        write_whole(path, self.svg().encode() if suffix == ".svg" else self.png())

    def _repr_svg_(self) -> str:
        return self.svg()

    def canvas(self) -> Canvas:
        """Return the figure as a matplotlib Figure, apart from pyplot and its state."""
        with _settings():
            from matplotlib.figure import Figure as Canvas

            canvas = Canvas(figsize=(self.width / 72, self.height / 72), facecolor="white")
            axes = canvas.add_axes((0, 0, 1, 1), xlim=(0, self.width), ylim=(self.height, 0))
            axes.set_axis_off()
            for rank, part in enumerate(self.parts):
                _put(axes, part, rank)
        return canvas


def text_width(words: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is, in points. Raises NotAvailableError without matplotlib."""
    return _unit_width(words, bold) * size


@lru_cache(maxsize=4096)
def _unit_width(words: str, bold: bool) -> float:
    paths, fonts = _ruler()
    width, _, _ = paths.get_text_width_height_descent(words, fonts[bold], ismath=False)
    return float(width) / 100


@lru_cache(maxsize=1)
def _ruler() -> tuple[Any, tuple[Any, Any]]:
    """Return what measures texts, and the plain and the bold font at a hundred points."""
    with _settings():
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import TextToPath

        fonts = (FontProperties(family=[_FONT], size=100, weight=weight) for weight in ("normal", "bold"))
        return TextToPath(), (next(fonts), next(fonts))


def _settings() -> Any:
    """Return a context with matplotlib's own settings and ours, whatever a user's matplotlibrc says."""
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise NotAvailableError("matplotlib is not installed: pip install 'rescue-kg[plots]'") from error
    # The backend is no business of a figure without pyplot, and setting it would load one.
    settings: dict[Any, Any] = {key: mpl.rcParamsDefault[key] for key in mpl.rcParamsDefault}
    settings = {key: value for key, value in settings.items() if "backend" not in key} | _SETTINGS
    return mpl.rc_context(settings)


def _put(axes: Any, part: Text | Line | Shape, rank: int) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Circle, Polygon

    if isinstance(part, Text):
        axes.text(
            part.x,
            part.y,
            part.words,
            fontsize=part.size,
            fontweight="bold" if part.bold else "normal",
            fontstyle="italic" if part.italic else "normal",
            color=part.colour,
            ha=part.anchor,
            va="baseline",
            rotation=part.turn,
            rotation_mode="anchor",
            parse_math=False,
            zorder=rank,
        )
        return
    if isinstance(part, Line):
        xs, ys = zip(*part.points, strict=True)
        line = Line2D(xs, ys, linewidth=part.width, color=part.colour, zorder=rank, solid_capstyle="butt")
        if part.dash:
            line.set_dashes(part.dash)
        axes.add_line(line)
        line.set_gid(part.name or None)
        return
    look: dict[str, Any] = {
        "facecolor": part.fill,
        "edgecolor": part.edge,
        "linewidth": part.width,
        "zorder": rank,
    }
    patch = Circle(part.points[0], part.radius, **look) if part.radius else Polygon(part.points, **look)
    if part.hatch:
        patch.set_hatch(part.hatch)
    patch.set_gid(part.name or None)
    axes.add_patch(patch)


def _escaped(text: str) -> str:
    return escape(_NOT_XML.sub(" ", text))
