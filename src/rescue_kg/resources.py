"""Where the ontology, the shapes and the queries are: in the installed package, else in the checkout."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rescue_kg.errors import NotAvailableError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "alignments_file",
    "checks_dir",
    "context_file",
    "data_dir",
    "data_path",
    "evidence_files",
    "ontology_file",
    "queries_dir",
    "rules_dir",
    "shape_files",
]


def data_path(*parts: str) -> str:
    """Return the path of a packaged file or folder as text.

    The same as data_dir() with the parts added, without importing pathlib: a first answer waits for this.
    Raises NotAvailableError where there is neither packaged data nor a checkout.
    """
    package = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    checkout = os.path.dirname(os.path.dirname(package))  # noqa: PTH120
    for root in (os.path.join(package, "data"), checkout):  # noqa: PTH118
        if os.path.isdir(os.path.join(root, "ontology")):  # noqa: PTH112, PTH118
            return os.path.join(root, *parts)  # noqa: PTH118
    raise NotAvailableError(
        f"no ontology folder in {package}/data or {checkout}: "
        "install rescue-kg from its wheel, or run it from a complete checkout"
    )


def data_dir() -> Path:
    """Return the folder that holds ontology/, shapes/ and queries/.

    Raises NotAvailableError where there is neither packaged data nor a checkout.
    """
    from pathlib import Path

    return Path(data_path())


def ontology_file() -> Path:
    """Return the path of the ontology with the review's graph, a Turtle file."""
    return data_dir() / "ontology" / "rescue.ttl"


def alignments_file() -> Path:
    """Return the path of the alignments with other vocabularies, an SSSOM file."""
    return data_dir() / "ontology" / "alignments.sssom.tsv"


def evidence_files() -> list[Path]:
    """Return the packaged evidence: the graph, a Turtle file, then the tables that it was built from."""
    return [data_dir() / "evidence" / name for name in ("evidence.ttl", "studies.tsv", "findings.tsv")]


def context_file() -> Path:
    """Return the path of the JSON-LD context."""
    return data_dir() / "ontology" / "context.jsonld"


def shape_files() -> list[Path]:
    """Return the SHACL files, by name."""
    return sorted((data_dir() / "shapes").glob("*.ttl"))


def queries_dir() -> Path:
    """Return the folder of the question catalogue."""
    return data_dir() / "queries"


def checks_dir() -> Path:
    """Return the folder of the check queries."""
    return queries_dir() / "checks"


def rules_dir() -> Path:
    """Return the folder of the CONSTRUCT rules."""
    return queries_dir() / "rules"
