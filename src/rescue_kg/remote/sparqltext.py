"""What must be known of a SPARQL text without parsing it: its form, and whether it names its own dataset."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["has_dataset", "query_form", "with_prefixes"]

# Long strings first, so that a quote inside one does not end it.
_SKIPPED: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*\'\'\''
    r'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|<[^<>"{}|^`\\\s]*>|#[^\n]*',
    re.DOTALL,
)
_FORM: Final = re.compile(r"\b(SELECT|ASK|CONSTRUCT|DESCRIBE)\b", re.IGNORECASE)
_FROM: Final = re.compile(r"(?<![?$:\w-])FROM\b(?!:)", re.IGNORECASE)
_PREFIX: Final = re.compile(r"\bPREFIX\s+([\w.-]*):", re.IGNORECASE)


def _bare(sparql: str) -> str:
    return _SKIPPED.sub(lambda match: " " if match[0][0] == "#" else "<>", sparql)


def query_form(sparql: str) -> str:
    """Return SELECT, ASK, CONSTRUCT or DESCRIBE; SELECT for a text that has none of them."""
    # A prefix may be called ask.
    found = _FORM.search(re.sub(r"(?i)\bPREFIX\s+[\w.-]*:", " ", _bare(sparql)))
    return found[1].upper() if found else "SELECT"


def has_dataset(sparql: str) -> bool:
    """Return whether the text has a FROM clause of its own."""
    return _FROM.search(_bare(sparql)) is not None


def with_prefixes(sparql: str, prefixes: Mapping[str, str]) -> str:
    """Return the text with those prefixes declared that it uses and does not declare itself."""
    bare = _bare(sparql)
    declared = set(_PREFIX.findall(bare))
    used = set(re.findall(r"(?<![\w?$:.-])([A-Za-z][\w.-]*):", bare)) - declared
    head = "".join(f"PREFIX {name}: <{prefixes[name]}>\n" for name in prefixes if name in used)
    return head + sparql
