"""What SHACL engines give: one result each, the same for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rescue_kg.answers import Iri, Value

__all__ = ["ShapeResult"]


@dataclass(frozen=True, slots=True)
class ShapeResult:
    """One thing that a shape found wrong.

    `shape` is the node or property shape, `focus` the node it looked at (the text `_:id` for a blank node),
    `path` the property and `value` the value where there is one; `severity` is error, warning or info.
    """

    shape: Iri
    focus: Value
    path: Iri | None
    value: Value | None
    severity: str
    message: str
