"""The map of interventions by conditions: how many claims offer a rescue, and where a therapy had failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rescue_kg.report.claims import Named
    from rescue_kg.report.pathways import Pathway, Therapy

__all__ = ["SHADES", "Cell", "HeatMap", "Row", "heat_map"]

#: How many shades of grey-blue a count is shown in, besides empty.
SHADES: Final = 5


@dataclass(frozen=True)
class Cell:
    """One intervention in one condition; all zero and False is an empty cell."""

    claims: int = 0
    efficacy_claims: int = 0
    failed: bool = False
    named: bool = True
    shade: int = 0


@dataclass(frozen=True)
class Row:
    """One therapy across the conditions."""

    therapy: Therapy
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class HeatMap:
    """The map: conditions as columns, therapies as rows, in groups with a heading."""

    conditions: tuple[Named, ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    most: int

    @property
    def claims(self) -> int:
        """The sum of all cells; a claim that is about a state of one condition counts once."""
        return sum(cell.claims for _, rows in self.groups for row in rows for cell in row.cells)

    @property
    def failures(self) -> int:
        """The number of cells with a failed therapy."""
        return sum(cell.failed for _, rows in self.groups for row in rows for cell in row.cells)


def heat_map(paths: list[Pathway]) -> HeatMap:
    """Return the map of some pathways; conditions and therapies in the order in which the pathways come."""
    from rescue_kg.report.claims import Named

    conditions = {path.condition: path.condition_label for path in paths if path.condition}
    therapies: dict[str, Therapy] = {}
    offers: dict[tuple[str, str], list[int]] = {}
    failures: set[tuple[str, str]] = set()
    # Rescues first: a therapy that is also a failed one stands in one row, with both.
    for path in paths:
        for offer in path.offers:
            therapies.setdefault(offer.therapy.iri, offer.therapy)
            if path.condition:
                counts = offers.setdefault((offer.therapy.iri, path.condition), [0, 0])
                counts[0] += offer.claims
                counts[1] += offer.efficacy_claims
    offered = set(therapies)
    for path in paths:
        for therapy in path.failed:
            therapies.setdefault(therapy.iri, therapy)
            if path.condition:
                failures.add((therapy.iri, path.condition))
    most = max((claims for claims, _ in offers.values()), default=0)

    def cell(therapy: Therapy, condition: str) -> Cell:
        claims, efficacy = offers.get((therapy.iri, condition), (0, 0))
        failed = (therapy.iri, condition) in failures
        return Cell(claims, efficacy, failed, therapy.named, -(-claims * SHADES // most) if claims else 0)

    rows = [Row(therapy, tuple(cell(therapy, one) for one in conditions)) for therapy in therapies.values()]
    groups = (
        ("Offered as rescue", [row for row in rows if row.therapy.iri in offered]),
        (
            "Named as failed, not offered",
            [row for row in rows if row.therapy.iri not in offered and row.therapy.named],
        ),
        (
            "Failed, not named by the source",
            [row for row in rows if row.therapy.iri not in offered and not row.therapy.named],
        ),
    )
    return HeatMap(
        conditions=tuple(Named(iri, label) for iri, label in conditions.items()),
        groups=tuple((title, tuple(found)) for title, found in groups if found),
        most=most,
    )
