"""The signs of the picture: colours, patterns, one glyph for each kind of intervention, and the legend."""

from __future__ import annotations

from typing import Final

__all__ = ["GLYPHS", "INK", "KIND_NAMES", "LEGEND", "STYLE", "glyph"]

#: Colours, each at least 4.5 to 1 on the grounds it is used on.
INK: Final = {
    "text": "#1c2127",
    "note": "#505a65",
    "rule": "#c9d0d8",
    "failed": "#9c3413",
    "failed ground": "#fdf4f0",
    "rescue": "#0b5394",
    "rescue ground": "#eff6fc",
    "state": "#39424c",
    "state ground": "#f3f5f7",
}

STYLE: Final = f"""<defs><pattern id="pic-hatch" width="5" height="5" patternUnits="userSpaceOnUse" \
patternTransform="rotate(45)"><path d="M1 0v5" stroke="{INK["failed"]}" stroke-width="2"/></pattern></defs>
<style>
.picture text{{font-family:Helvetica,Arial,"Liberation Sans",sans-serif;font-size:14.5px;fill:{INK["text"]}}}
.picture .head{{font-size:17px;font-weight:700;text-anchor:middle}}
.picture .small{{font-size:12px;fill:{INK["note"]};text-anchor:middle}}
.picture .note{{font-size:12px;fill:{INK["note"]}}}
.picture .box rect,.picture .box>path{{stroke-width:1.5}}
.picture .state>path{{fill:{INK["state ground"]};stroke:{INK["state"]}}}
.picture .state text{{text-anchor:middle;font-weight:600}}
.picture .failed rect{{fill:{INK["failed ground"]};stroke:{INK["failed"]}}}
.picture .unnamed rect{{fill:#fff;stroke:{INK["failed"]};stroke-dasharray:6 4}}
.picture .unnamed text{{font-style:italic}}
.picture .rescue rect{{fill:{INK["rescue ground"]};stroke:{INK["rescue"]}}}
.picture .box .hatch{{fill:url(#pic-hatch);stroke:none}}
.picture .edge path{{fill:none;stroke-width:1.75}}
.picture .edge.failed path,.picture .edge.unnamed path{{stroke:{INK["failed"]}}}
.picture .edge.unnamed path:not(.bar){{stroke-dasharray:6 4}}
.picture .edge.rescue path{{stroke:{INK["rescue"]}}}
.picture .edge .tip{{fill:{INK["rescue"]};stroke:none}}
.picture .edge .bar{{stroke-width:3}}
.picture .glyph{{fill:{INK["text"]};stroke:{INK["text"]};stroke-width:1.6}}
.picture .glyph .open{{fill:#fff}}
.picture .glyph .q{{font-size:18px;text-anchor:middle;stroke:none}}
</style>"""

#: Kind of intervention -> its glyph, drawn around 0,0 within 16 by 16.
GLYPHS: Final = {
    "Drug": '<circle r="5.5"/>',
    "Biologic": '<path d="M0 -7L7 0L0 7L-7 0z"/>',
    "DrugClass": '<circle class="open" r="7"/><circle r="2.5"/>',
    "Procedure": '<path d="M0 -6.5L7 6H-7z"/>',
    "ExtracorporealSupport": '<path d="M-6 -6H6V6H-6z"/>',
    "VentilatorySupport": '<path class="open" d="M-6 -6H6V6H-6z"/>',
    "Resuscitation": '<path d="M-2.2 -7H2.2V-2.2H7V2.2H2.2V7H-2.2V2.2H-7V-2.2H-2.2z"/>',
    "DietaryTherapy": '<path class="open" d="M0 -7.5L6.5 -3.7V3.7L0 7.5L-6.5 3.7V-3.7z"/>',
    "Regimen": '<circle cx="-3.5" r="5" fill="none"/><circle cx="3.5" r="5" fill="none"/>',
    "UnnamedTherapy": '<text class="q" y="6">?</text>',
    "": '<path d="M-6 0H6"/>',
}

KIND_NAMES: Final = {
    "Drug": "drug",
    "Biologic": "biologic",
    "DrugClass": "drug class",
    "Procedure": "procedure",
    "ExtracorporealSupport": "extracorporeal support",
    "VentilatorySupport": "ventilatory support",
    "Resuscitation": "resuscitation",
    "DietaryTherapy": "dietary therapy",
    "Regimen": "regimen",
}

#: Form of a box, a small sample of it with its edge, and what it means.
LEGEND: Final = (
    (
        "failed",
        '<g class="box failed"><rect x="0" y="-8" width="22" height="16"/>'
        '<path class="hatch" d="M0 -8h5v16h-5z"/></g>'
        '<g class="edge failed"><path d="M22 0H38"/><path class="bar" d="M40 -6v12"/></g>',
        "therapy that failed",
    ),
    (
        "unnamed",
        '<g class="box unnamed"><rect x="0" y="-8" width="22" height="16"/></g>'
        '<g class="edge unnamed"><path d="M22 0H38"/><path class="bar" d="M40 -6v12"/></g>',
        "therapy that failed, not named by the source",
    ),
    (
        "state",
        '<g class="box state"><path d="M10 -8h24l6 8l-6 8h-24l-6 -8z"/></g>',
        "condition in which it failed",
    ),
    (
        "rescue",
        '<g class="edge rescue"><path d="M0 0H10"/><path class="tip" d="M17 0l-9 -5v10z"/></g>'
        '<g class="box rescue"><rect x="18" y="-8" width="22" height="16" rx="6"/></g>',
        "offered as rescue by a claim",
    ),
)


def glyph(kind: str, x: float, y: float) -> str:
    """Return the glyph of a kind of intervention, centred on a place."""
    return f'<g class="glyph" transform="translate({x:g} {y:.1f})">{GLYPHS.get(kind, GLYPHS[""])}</g>'
