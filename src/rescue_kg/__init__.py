"""rescue-kg: an evidence graph of what is tried when the usual treatment has failed.

>>> import rescue_kg
>>> graph = rescue_kg.load()
>>> answer = graph.ask("recurring-interventions", minimum=2)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rescue_kg._version import __version__
    from rescue_kg.answers import Answer, Iri
    from rescue_kg.errors import (
        ChecksFailedError,
        InputError,
        NotAvailableError,
        OutputError,
        ParameterError,
        ParseError,
        QueryMemoryError,
        QueryTimeoutError,
        ReasonerTimeoutError,
        RescueKgError,
        StoreInUseError,
        UnknownFormatError,
        UnknownNameError,
    )
    from rescue_kg.graph import RescueGraph, load, open  # noqa: A004 - read as rescue_kg.open
    from rescue_kg.owl_objects import owl

__all__ = [
    "Answer",
    "ChecksFailedError",
    "InputError",
    "Iri",
    "NotAvailableError",
    "OutputError",
    "ParameterError",
    "ParseError",
    "QueryMemoryError",
    "QueryTimeoutError",
    "ReasonerTimeoutError",
    "RescueGraph",
    "RescueKgError",
    "StoreInUseError",
    "UnknownFormatError",
    "UnknownNameError",
    "__version__",
    "load",
    "open",
    "owl",
]

_MODULE_OF = {
    "Answer": "answers",
    "Iri": "answers",
    "RescueGraph": "graph",
    "load": "graph",
    "open": "graph",
    "owl": "owl_objects",
    "__version__": "_version",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for (PEP 562), so that `import rescue_kg` costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'rescue_kg' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"rescue_kg.{_MODULE_OF.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names, imported or not."""
    return sorted({*globals(), *__all__})
