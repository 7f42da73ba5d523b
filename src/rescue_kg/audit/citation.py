"""The citations of a graph: what the record of a study says of where it was published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rescue_kg.answers import Answer, Iri
from rescue_kg.audit.normal import bare_doi
from rescue_kg.errors import InputError
from rescue_kg.namespaces import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rescue_kg.graph import RescueGraph

__all__ = ["Citation", "citations"]

#: Property -> the field of a Citation that it fills.
_FIELDS: Final = {
    "rdfs:label": "label",
    "dcterms:title": "title",
    "dcterms:creator": "creator",
    "dcterms:bibliographicCitation": "printed",
    "rescue:year": "year",
    "rescue:journal": "journal",
    "bibo:volume": "volume",
    "bibo:issue": "issue",
    "bibo:pages": "pages",
    "bibo:doi": "doi",
    "bibo:pmid": "pmid",
}


@dataclass(frozen=True)
class Citation:
    """What is known of a publication; an empty text, or None, is what the record leaves open.

    `first_authors` are the names of which one is the first author: one name where the record tells which,
    else all of them.
    """

    study: Iri
    label: str
    title: str
    first_authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    doi: str = ""
    pmid: str = ""


def citations(graph: RescueGraph, studies: Iterable[str] = ()) -> tuple[Citation, ...]:
    """Return the citations of the studies of a graph, or of the given ones (IRI, CURIE, label), by IRI.

    Raises UnknownNameError for a study that is not there, InputError for one that is no study, and for a
    graph without studies.
    """
    wanted = [graph.resolve(term, "study") for term in studies]
    properties = " ".join(_FIELDS)
    rows = graph.query(
        f"SELECT DISTINCT ?study ?property ?value WHERE {{ VALUES ?property {{ {properties} }} "
        "?study a rescue:Study ; ?property ?value }"
    )
    found: dict[Iri, dict[str, set[str]]] = {}
    names = _full_names()
    for study, name, value in rows if isinstance(rows, Answer) else ():
        if isinstance(study, Iri):
            found.setdefault(study, {}).setdefault(names[str(name)], set()).add(str(value))
    for iri in wanted:
        if iri not in found:
            raise InputError(
                f"found {iri.curie}, expected a study that has a label; rescue-kg show tells more"
            )
    if not found:
        raise InputError("found no study in the graph, expected at least one; load a graph that holds some")
    return tuple(_citation(study, found[study]) for study in sorted(set(wanted) or set(found)))


def _full_names() -> dict[str, str]:
    from rescue_kg.namespaces import expand

    return {expand(name): field for name, field in _FIELDS.items()}


def _citation(study: Iri, values: dict[str, set[str]]) -> Citation:
    def text(field: str) -> str:
        return min(values.get(field, {""}))

    year = text("year")
    return Citation(
        study=study,
        label=text("label") or (study.rpartition("/")[2] if kind_of(study) else str(study)),
        title=text("title"),
        first_authors=_first(values.get("creator", set()), text("printed")),
        year=int(year) if year.lstrip("-").isdigit() else None,
        journal=text("journal"),
        volume=text("volume"),
        issue=text("issue"),
        pages=text("pages"),
        doi=bare_doi(text("doi")),
        pmid=text("pmid").strip(),
    )


def _first(creators: set[str], printed: str) -> tuple[str, ...]:
    """Return the author that the printed reference begins with; all where none stands there.

    The authors of a study are values of one property, which keep no order.
    """
    head = printed.lstrip()
    return tuple(sorted(name for name in creators if head.startswith(name)) or sorted(creators))
