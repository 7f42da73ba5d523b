"""The description of all files of a release as an RO-Crate."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from rescue_kg.release.files import FILES, media_type, query_titles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rescue_kg.release.header import Header

__all__ = ["METADATA", "metadata"]

METADATA: Final = "ro-crate-metadata.json"
_SPECIFICATION: Final = "https://w3id.org/ro/crate/1.2"
_LICENCES: Final = {
    "https://creativecommons.org/licenses/by/4.0/": "Creative Commons Attribution 4.0 International"
}
_FOLDERS: Final = {
    "evidence/": "what published studies measured on the topics of the graph, with its tables",
    "queries/": "the catalogue of questions, one SPARQL query a file",
    "queries/checks/": "check queries: a row is a fault",
    "queries/rules/": "CONSTRUCT rules that write the closure",
}
_DEVELOPERS: Final = "#developers"


def metadata(header: Header, files: Mapping[str, bytes], unmeasured: tuple[str, ...]) -> bytes:
    """Return ro-crate-metadata.json for the files; `unmeasured` are those written after it.

    RO-Crate 1.2: https://w3id.org/ro/crate/1.2
    """
    told = {**FILES, **{name: question for name, (_, question) in query_titles(files).items()}}
    names = [*(name for name in told if name in files), *unmeasured]
    entities = [_file(name, told[name], files.get(name)) for name in names]
    entities += [
        {
            "@id": folder,
            "@type": "Dataset",
            "name": folder,
            "description": what,
            "hasPart": [{"@id": name} for name in names if f"{PurePosixPath(name).parent}/" == folder],
        }
        for folder, what in _FOLDERS.items()
        if any(name.startswith(folder) for name in names)
    ]
    parts: list[dict[str, object]] = [{"@id": entity["@id"]} for entity in entities]
    graph = [_descriptor(), _root(header, parts), *entities, *_context(header)]
    document = {"@context": f"{_SPECIFICATION}/context", "@graph": graph}
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def _descriptor() -> dict[str, object]:
    return {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": {"@id": _SPECIFICATION},
        "about": {"@id": "./"},
    }


def _root(header: Header, parts: list[dict[str, object]]) -> dict[str, object]:
    found = [{"@id": source.doi} for source in header.sources]
    # JSON-LD compacts a list of one.
    sources = found[0] if len(found) == 1 else found
    return {
        "@id": "./",
        "@type": "Dataset",
        "identifier": header.version_iri,
        "name": f"{header.title}, release {header.version}",
        "description": header.description,
        "version": header.version,
        "datePublished": header.issued,
        "license": {"@id": header.licence},
        "author": {"@id": _DEVELOPERS},
        "publisher": {"@id": _DEVELOPERS},
        "isBasedOn": sources,
        "citation": sources,
        "mainEntity": {"@id": "rescue.ttl"},
        "hasPart": parts,
    }


def _file(name: str, what: str, data: bytes | None) -> dict[str, object]:
    found: dict[str, object] = {
        "@id": name,
        "@type": "File",
        "name": PurePosixPath(name).name,
        "description": what,
        "encodingFormat": media_type(name),
    }
    if data is not None:
        found |= {"contentSize": str(len(data)), "sha256": sha256(data).hexdigest()}
    return found


def _context(header: Header) -> list[dict[str, object]]:
    """Return the entities that the others refer to: licence, makers and sources."""
    sources: list[dict[str, object]] = [
        {
            "@id": source.doi,
            "@type": "ScholarlyArticle",
            "name": source.title,
            "author": source.creator,
            "datePublished": source.year,
        }
        for source in header.sources
    ]
    return [
        {
            "@id": header.licence,
            "@type": "CreativeWork",
            "name": _LICENCES.get(header.licence, header.licence),
            "description": "The licence of the data in this release.",
        },
        {"@id": _DEVELOPERS, "@type": "Organization", "name": ", ".join(header.creators)},
        *sources,
    ]
