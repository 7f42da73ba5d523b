"""A table of changes between sections in a few lines: how often each change occurs on each way."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, Final

from rescue_kg.answers import Answer

if TYPE_CHECKING:
    from rescue_kg.answers import Value

__all__ = ["changes"]

_ARROW: Final = " → "
_NEEDED: Final = ("from_section", "to_section", "change")


def changes(answer: Answer, sections: list[str]) -> Answer | None:
    """Return a table of ways between sections: the way, one column for each change, and claims.

    `answer` needs the columns claim, from_section, to_section and change. Ways stand in the order of the
    sections. None where a column is missing or there is no row.
    """
    if not answer or not {*_NEEDED, "claim"} <= set(answer.columns):
        return None
    rows = answer.to_dicts()
    kinds = sorted({str(row["change"]) for row in rows})
    counts = Counter((_way(row), str(row["change"])) for row in rows)
    claims: dict[str, set[Value | None]] = {}
    for row in rows:
        claims.setdefault(_way(row), set()).add(row["claim"])
    order = {f"{one}{_ARROW}{other}": place for place, (one, other) in enumerate(product(sections, sections))}
    ways = sorted(claims, key=lambda way: (order.get(way, len(order)), way))
    return Answer(
        ("from one section to the next that has it", *kinds, "claims"),
        [(way, *(counts[way, kind] for kind in kinds), len(claims[way])) for way in ways],
    )


def _way(row: dict[str, Value | None]) -> str:
    return f"{row['from_section']}{_ARROW}{row['to_section']}"
