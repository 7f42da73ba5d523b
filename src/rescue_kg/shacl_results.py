"""What SHACL engines give: one result each, the same for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rescue_kg.namespaces import PREFIXES

if TYPE_CHECKING:
    from rescue_kg.answers import Iri, Value

__all__ = ["ShapeResult", "severity_of"]

_SEVERITIES: Final = {
    PREFIXES["sh"] + name: severity
    for name, severity in (("Violation", "error"), ("Warning", "warning"), ("Info", "info"))
}


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


def severity_of(iri: str) -> str:
    """Return what a severity of SHACL is called here.

    A shape may carry a severity of its own making; nothing milder than an error is safe to assume.
    """
    return _SEVERITIES.get(iri, "error")
