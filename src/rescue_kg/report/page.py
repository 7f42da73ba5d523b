"""The page: the contents laid out by the templates, with nothing that a browser would have to fetch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyoxigraph
from markupsafe import Markup

from rescue_kg._version import __version__
from rescue_kg.answers import Answer, Iri
from rescue_kg.namespaces import contract
from rescue_kg.pages import environment
from rescue_kg.report.asking import readable
from rescue_kg.report.claims import anchor
from rescue_kg.report.drift import changes
from rescue_kg.report.evidence import SIGNS
from rescue_kg.report.picture import in_words
from rescue_kg.validation_report import findings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rescue_kg.answers import Value
    from rescue_kg.report.contents import Contents
    from rescue_kg.report.evidence import Evidence
    from rescue_kg.report.figures import Drawn

__all__ = ["LONG", "evidence_page", "page"]

#: Tables with more rows than this are folded.
LONG: Final = 12
#: Texts longer than this get a column that is wide enough to read; short ones are not broken.
_LONG_TEXT: Final = 32
_SHORT_TEXT: Final = 22
_WORDS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def page(contents: Contents, files: Mapping[str, int]) -> str:
    """Return the report as one HTML page; `files` maps the files beside it to their sizes in bytes.

    The page works without scripts and loads nothing. Links lead to places on the page, to the files beside
    it, and to DOIs and licences.
    """
    templates = environment("rescue_kg.report")
    anchors = {anchor(claim.iri) for claim in contents.claims}
    anchors |= {anchor(group.state.iri) for group in contents.groups if group.state}
    anchors |= {anchor(study.iri) for study in contents.studies}

    def link(iri: str) -> str:
        """Return the place of a node on the page, or an empty text."""
        return f"#{anchor(iri)}" if anchor(iri) in anchors else ""

    def table(answer: Answer) -> list[tuple[str, int, int | None]]:
        return [(column.heading, column.text, column.node) for column in readable(answer, contents.facts)]

    def forms(answer: Answer) -> list[str]:
        """Return for each column the class that sets its width: num, node, long, short or none."""
        return [_form(answer.column(name)) for name in answer.columns]

    templates.filters |= {
        "curie": contract,
        "cell": _cell,
        "count": _count,
        "in_words": in_words,
        "link": link,
        "word": lambda number: _WORDS[number] if number < len(_WORDS) else f"{number:,}",
        "anchor": anchor,
    }
    templates.tests |= {"iri": lambda value: isinstance(value, Iri), "figure": _is_figure}
    templates.tests["in_figures"] = lambda name: name.startswith("figures/")
    template = templates.get_template("report.html")
    return template.render(
        it=contents,
        facts=contents.facts,
        files=sorted(files.items()),
        findings=list(findings(contents.validation)),
        changes=lambda answer: changes(answer, contents.sections),
        columns=table,
        forms=forms,
        long=LONG,
        picture=Markup(contents.picture),  # noqa: S704 - made here, every text in it escaped
        engine=pyoxigraph.__version__,
        version=__version__,
    )


def evidence_page(contents: Contents, evidence: Evidence, figures: Sequence[Drawn] | None) -> str:
    """Return the page on claims and evidence; `figures` is None where there is nothing to draw them with.

    It is empty where none were wanted. The page works without scripts and loads only its figures, which lie
    beside it.
    """
    templates = environment("rescue_kg.report")
    templates.filters |= {"curie": contract, "cell": _cell, "count": _count, "anchor": anchor}
    return templates.get_template("evidence.html").render(
        it=contents,
        evidence=evidence,
        figures=figures,
        forests={figure.claim: figure for figure in figures or () if figure.claim},
        signs=SIGNS,
        version=__version__,
    )


def _cell(value: Value | None) -> str:
    """Return a value for a reader."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if hasattr(value, "as_tuple"):
        return format(value, "f")
    return str(value)


def _form(cells: Sequence[Value | None]) -> str:
    told = [cell for cell in cells if cell is not None]
    if told and all(_is_figure(cell) for cell in told):
        return "num"
    if any(isinstance(cell, Iri) for cell in told):
        return "node"
    longest = max((len(_cell(cell)) for cell in told), default=0)
    return "long" if longest > _LONG_TEXT else "short" if longest <= _SHORT_TEXT else ""


def _is_figure(value: object) -> bool:
    return not isinstance(value, bool) and (isinstance(value, int | float) or hasattr(value, "as_tuple"))


def _count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
