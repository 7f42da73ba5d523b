"""The figure of the references: what a check of each found, and how many claims lean on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rescue_kg.answers import Answer
from rescue_kg.errors import InputError
from rescue_kg.namespaces import contract
from rescue_kg.plots.sheet import INK, Sheet, plural, ticks, wrapped

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph
    from rescue_kg.plots.figure import Figure

__all__ = ["draw"]

_TITLE: Final = "References and what leans on them"
_QUERY: Final = """
SELECT ?study ?number ?label ?title ?verdict ?verdict_label (COUNT(DISTINCT ?claim) AS ?claims) WHERE {
  ?study rescue:citationNumber ?number ; rdfs:label ?label .
  OPTIONAL { ?study dcterms:title ?title }
  OPTIONAL { ?study rescue:citationStatus ?verdict . ?verdict rdfs:label ?verdict_label }
  OPTIONAL { ?claim rescue:citesStudy ?study }
}
GROUP BY ?study ?number ?label ?title ?verdict ?verdict_label ORDER BY ?number ?study
"""
#: Verdict -> mark, and fill and hatch of mark and bar.
_LOOKS: Final = {
    "rescue:verified": ("circle", INK["blue"], ""),
    "rescue:near-match": ("diamond", INK["sky"], ""),
    "rescue:metadata-mismatch": ("hexagon", INK["yellow"], "////"),
    "rescue:not-found": ("down", INK["red"], "xxxx"),
    "rescue:not-checked": ("square", INK["white"], ""),
}


def draw(graph: RescueGraph) -> Figure:
    """Return the figure; raises InputError where no study has a citation number."""
    answer = graph.query(_QUERY)
    rows = answer.to_dicts() if isinstance(answer, Answer) else []
    if not rows:
        raise InputError("found no study with a citation number, so there are no references to draw")
    sheet = Sheet(860)
    sheet.heading(
        _TITLE, "One row a reference, by its number in the list; the bar is the number of claims citing it."
    )
    bar_left, bar_right = 470.0, 760.0
    most = max(int(str(row["claims"])) for row in rows)
    scale = (bar_right - bar_left) / max(most, 1)
    sheet.y += 14
    top = sheet.y
    for x, words in (
        (sheet.left, "no."),
        (60, "reference"),
        (345, "verdict"),
        (bar_left, "claims that cite it"),
    ):
        sheet.text(x, sheet.y, words, 9.5, bold=True)
    sheet.y += 8
    sheet.rule(sheet.y)
    verdicts: dict[str, int] = {}
    for row in rows:
        verdict = contract(str(row["verdict"] or "rescue:not-checked"))
        words = str(row["verdict_label"] or "not checked")
        verdicts[words] = verdicts.get(words, 0) + 1
        kind, fill, hatch = _LOOKS.get(verdict, ("square", INK["white"], ".."))
        title = wrapped(str(row["title"] or ""), 270, 8) if row["title"] else []
        height = 14 + 10.6 * len(title[:2]) + 8
        middle = sheet.y + height / 2
        sheet.text(sheet.left + 16, middle + 3, str(row["number"]), 10, bold=True, anchor="right")
        line = sheet.y + 15
        sheet.text(60, line, str(row["label"]), 10)
        if len(title) > 2:
            title = [title[0], wrapped(title[1] + " …", 270, 8)[0] if title[1] else "…"]
            title[1] = title[1] if title[1].endswith("…") else f"{title[1]} …"
        sheet.lines(60, line + 11.5, title, 8, colour=INK["note"])
        sheet.mark(kind, 352, middle, 5, fill=fill, hatch=hatch)
        sheet.text(366, middle + 3, words, 9.5)
        claims = int(str(row["claims"]))
        right = bar_left + claims * scale
        if claims:
            box = [(bar_left, middle - 6), (right, middle - 6), (right, middle + 6), (bar_left, middle + 6)]
            name = contract(str(row["study"])).replace(":", "-")
            sheet.shape(box, fill=fill, hatch=hatch, name=name)
        sheet.text(right + 6, middle + 3, str(claims), 9.5)
        sheet.y += height
        sheet.rule(sheet.y, INK["ground"])
    sheet.line([(bar_left, top + 8), (bar_left, sheet.y)], 1)
    for value in [one for one in ticks(0, max(most, 1), log=False) if one == int(one)]:
        x = bar_left + value * scale
        sheet.line([(x, sheet.y), (x, sheet.y + 4)])
        sheet.text(x, sheet.y + 14, f"{value:g}", 8.5, anchor="center")
    sheet.y += 18
    found = ", ".join(f"{count} {words}" for words, count in sorted(verdicts.items()))
    caption = [
        f"{plural(len(rows), 'reference')}: {found}. A claim that cites two references counts for both."
    ]
    description = " ".join(
        f"{row['number']}. {row['label']}: {row['verdict_label'] or 'not checked'}, "
        f"{plural(int(str(row['claims'])), 'claim')}."
        for row in rows
    )
    return sheet.figure(_TITLE, caption, description)
