"""What the ontology says about itself: names, version, date and sources of a release."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final, cast

from rescue_kg._version import __version__
from rescue_kg.errors import ChecksFailedError, InputError
from rescue_kg.namespaces import PREFIXES

if TYPE_CHECKING:
    from pyoxigraph import QuerySolutions

    from rescue_kg.store import Store

__all__ = ["Header", "Source", "read"]

_HEADER: Final = """
SELECT ?ontology ?property ?value WHERE { ?ontology a owl:Ontology ; ?property ?value }
ORDER BY ?ontology ?property ?value
"""
_SOURCES: Final = """
SELECT DISTINCT ?study ?doi ?title ?creator ?year WHERE {
  ?claim rescue:hasMention ?mention ; rescue:statedBy ?study . ?study bibo:doi ?doi .
  OPTIONAL { ?study dcterms:title ?title }
  OPTIONAL { ?study dcterms:creator ?creator }
  OPTIONAL { ?study rescue:year ?year }
} ORDER BY ?study ?doi ?title ?creator ?year
"""


@dataclass(frozen=True)
class Source:
    """A text that the claims were read in; `doi` is its full IRI."""

    study: str
    doi: str
    title: str
    creator: str
    year: str


@dataclass(frozen=True)
class Header:
    """The header of the ontology; IRIs in full, `issued` an ISO date."""

    ontology: str
    version_iri: str
    version: str
    title: str
    description: str
    creators: tuple[str, ...]
    licence: str
    citation: str
    prefix: str
    namespace: str
    issued: str
    sources: tuple[Source, ...]

    def place(self, name: str) -> str:
        """Return the IRI of a file, or of another part, of this release."""
        return f"{self.version_iri}/{name}"


def read(store: Store, where: str) -> Header:
    """Return the header of the one ontology in a store; `where` names it in errors.

    The date is the header's dcterms:issued, else that of SOURCE_DATE_EPOCH
    (https://reproducible-builds.org/specs/source-date-epoch/): never that of the clock.

    Raises ChecksFailedError for a version that is not that of this package, InputError for a missing entry.
    """
    found: dict[str, list[str]] = {}
    ontologies = set()
    for row in cast("QuerySolutions", store.query(_HEADER, prefixes=PREFIXES)):
        ontologies.add(row["ontology"].value)
        found.setdefault(row["property"].value, []).append(row["value"].value)
    if len(ontologies) != 1:
        raise InputError(f"{where}: found {len(ontologies)} ontology headers, expected one owl:Ontology")

    def first(curie: str) -> str:
        prefix, _, local = curie.partition(":")
        values = found.get(PREFIXES[prefix] + local)
        if not values:
            raise InputError(f"{where}: found no {curie} in the ontology header, expected one to release it")
        return values[0]

    version, version_iri = first("owl:versionInfo"), first("owl:versionIRI")
    if version != __version__:
        raise ChecksFailedError(
            f"{where}: found owl:versionInfo {version!r}, expected {__version__!r}, the version of this "
            "package; change one of them"
        )
    if not version_iri.endswith(f"/{version}"):
        raise ChecksFailedError(
            f"{where}: found owl:versionIRI <{version_iri}>, expected one that ends in /{version}"
        )
    return Header(
        ontology=ontologies.pop(),
        version_iri=version_iri,
        version=version,
        title=first("dcterms:title"),
        description=first("dcterms:description"),
        creators=tuple(found.get(PREFIXES["dcterms"] + "creator", ())),
        licence=first("dcterms:license"),
        citation=first("dcterms:bibliographicCitation"),
        prefix=first("vann:preferredNamespacePrefix"),
        namespace=first("vann:preferredNamespaceUri"),
        issued=_issued(found.get(PREFIXES["dcterms"] + "issued"), where),
        sources=_sources(store),
    )


def _issued(values: list[str] | None, where: str) -> str:
    if values:
        try:
            return date.fromisoformat(values[0]).isoformat()
        except ValueError as error:
            raise InputError(
                f"{where}: found dcterms:issued {values[0]!r}, expected a date such as 2026-11-23"
            ) from error
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if re.fullmatch(r"[0-9]{1,11}", epoch):
        return datetime.fromtimestamp(int(epoch), UTC).date().isoformat()
    found = f"SOURCE_DATE_EPOCH={epoch!r}" if epoch else "no SOURCE_DATE_EPOCH"
    raise InputError(
        f"{where}: found no dcterms:issued in the ontology header and {found}, expected the date of the "
        "release in one of them (SOURCE_DATE_EPOCH in seconds since 1970)"
    )


def _sources(store: Store) -> tuple[Source, ...]:
    found: dict[str, Source] = {}
    for row in cast("QuerySolutions", store.query(_SOURCES, prefixes=PREFIXES)):
        study, doi, title, creator, year = (
            row[name] for name in ("study", "doi", "title", "creator", "year")
        )
        source = Source(
            study=study.value,
            doi=f"https://doi.org/{doi.value}",
            title=title.value if title else "",
            creator=creator.value if creator else "",
            year=year.value if year else "",
        )
        found.setdefault(source.study, source)
    return tuple(found.values())
