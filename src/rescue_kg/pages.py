"""What the HTML pages of reports and releases share: the template environment and its common filters."""

from __future__ import annotations

import re
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

__all__ = ["LICENCES", "environment"]

#: Licence IRI -> the name to show.
LICENCES: Final = {"https://creativecommons.org/licenses/by/4.0/": "CC BY 4.0"}


def environment(package: str) -> Environment:
    """Return an environment for the templates of a package: escaped, and strict about unknown names.

    Filters: breakable (a CURIE), licence (an IRI as a name, where it has one), number and size (in bytes).
    """
    made = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "breakable": _breakable,
        "licence": lambda iri: LICENCES.get(iri, iri),
        "number": lambda value: f"{value:,}",
        "size": _size,
    }
    return made


def _breakable(curie: str) -> Markup:
    """Return a CURIE that may be broken after its colon, besides after its hyphens."""
    return Markup("<wbr>").join(Markup.escape(part) for part in re.split(r"(?<=:)", curie, maxsplit=1))


def _size(size: int) -> str:
    return f"{size / 1024:,.0f} KB" if size >= 1024 else f"{size} bytes"
