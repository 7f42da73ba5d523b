"""Values of records, made plain: text, DOI, PMID, year, pages, link, names and slugs."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from rescue_kg.importing.records import Creator

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["creator", "doi", "link", "nct", "pages", "plain", "pmid", "slug", "year"]

# Controls of ASCII and Latin-1, and the separators of Unicode, are white space; half a surrogate pair is no
# character at all and cannot be written.
_CONTROLS: Final = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029], " ")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
# Letters that have no decomposition.
_FOLDED: Final = str.maketrans(
    {
        **dict(zip("øØłŁđĐðÐħĦıŧŦ", "oOlLdDdDhHitT", strict=True)),
        "ß": "ss",
        "ẞ": "SS",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "þ": "th",
        "Þ": "Th",
        **dict.fromkeys("'\u2019\u2018\u02bc`\u00b4", ""),
    }
)
_RESOLVER: Final = re.compile(r"https?://(?:dx\.|www\.)?doi\.org/", re.IGNORECASE)
_DOI_PREFIX: Final = re.compile(r"(?:info:)?doi[:/]?\s*(?=10[.])", re.IGNORECASE)
_DOI: Final = re.compile(r"10[.][0-9]{4,9}/[^ ]+")
_PMID: Final = re.compile(r"(?:PMID:? ?)?0*([1-9][0-9]{0,8})", re.IGNORECASE)
_NCT: Final = re.compile(r"NCT[0-9]{8}")
_YEAR: Final = re.compile(r"([0-9]{4})(?=$|[ /.-])")
_FOUR_DIGITS: Final = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")
_DASHES: Final = re.compile("-{2,}|[\u2010-\u2015\u2212]")
_LINK: Final = re.compile(r"https?://[^ ]+", re.IGNORECASE)
_LONGEST_SLUG: Final = 40


def plain(text: str) -> str:
    """Return a text in Unicode NFC on one line: controls and runs of white space become one space."""
    text = unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", text))
    return " ".join(text.translate(_CONTROLS).split())


def doi(text: str) -> str | None:
    """Return a DOI as `10.x/suffix`, its case kept, less resolver or `doi:` before it; None for none."""
    found = plain(text)
    bare = _RESOLVER.sub("", found, count=1)
    if bare != found:
        from urllib.parse import unquote

        bare = plain(unquote(bare))
    bare = _DOI_PREFIX.sub("", bare, count=1)
    return bare if _DOI.fullmatch(bare) else None


def pmid(text: str) -> str | None:
    """Return the digits of a PubMed identifier, or None."""
    found = _PMID.fullmatch(plain(text))
    return found[1] if found else None


def nct(text: str) -> str | None:
    """Return an identifier of ClinicalTrials.gov, `NCT` and eight digits, or None."""
    found = plain(text).upper()
    return found if _NCT.fullmatch(found) else None


def year(text: str) -> str | None:
    """Return the year that a date begins with, from 1800 to 2100; None for none, or for more than one."""
    found = _YEAR.match(plain(text))
    if not found or set(_FOUR_DIGITS.findall(plain(text))) != {found[1]}:
        return None
    return found[1] if 1800 <= int(found[1]) <= 2100 else None


def pages(text: str) -> str:
    """Return pages as they are given, with a hyphen for each kind of dash."""
    return _DASHES.sub("-", plain(text))


def link(text: str) -> str | None:
    """Return an address of the web, or None."""
    found = plain(text)
    return found if _LINK.fullmatch(found) else None


def slug(text: str) -> str:
    """Return a text in small ASCII letters and digits with hyphens, at most 40 long; may be empty.

    Letters lose their marks by Unicode decomposition; those that have none (the Danish o, the German sharp s)
    are spelt out. What no Latin letter stands for is dropped.
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_FOLDED))
    ascii_text = decomposed.encode("ascii", "ignore").decode().lower()
    whole = "-".join(re.findall(r"[a-z0-9]+", ascii_text))
    if len(whole) <= _LONGEST_SLUG:
        return whole
    return (whole[: _LONGEST_SLUG + 1].rpartition("-")[0] or whole[:_LONGEST_SLUG]).strip("-")


def creator(family: str, before: Iterable[str] = (), after: Iterable[str] = ()) -> Creator | None:
    """Return an author of the family name, what stands before it and after it; None where all is empty."""
    called = plain(family)
    # The separator of a cell would make two authors of one.
    name = plain(" ".join([*before, called, *after])).replace("; ", ", ")
    return Creator(name, called or name) if name else None
