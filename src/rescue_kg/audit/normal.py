"""Titles, names, journals and pages as they are compared: without case, accents, markup and punctuation."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

__all__ = ["bare_doi", "bare_number", "first_page", "page_key", "plain", "same_journal", "surnames", "words"]

#: Words that carry no meaning of their own; a title may lose or gain one.
STOP_WORDS: Final = frozenset(
    (
        *("a", "an", "and", "as", "at", "by", "de", "der", "des", "die", "during", "et", "for", "from", "in"),
        *("into", "la", "le", "of", "on", "or", "per", "the", "to", "und", "versus", "via", "vs", "with"),
        "within",
    )
)
# No letter of theirs decomposes into a base letter and an accent.
_LETTERS: Final = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "đ": "d",
        "ł": "l",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "þ": "th",
        "ð": "d",
        "&": " and ",
    }
)
_TAG: Final = re.compile(r"</?[A-Za-z][A-Za-z0-9:]*(?:\s[^<>]*)?/?>")
_INITIALS: Final = re.compile(r"(?:[A-Z][.]?[- ]?){1,4}")
_SUFFIXES: Final = frozenset(("jr", "sr", "ii", "iii", "iv", "phd", "md"))
_PARTICLES: Final = frozenset(
    (
        *("al", "ap", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "la"),
        *("le", "ter", "ten", "van", "vande", "vander", "von", "zu", "zur"),
    )
)
# `Des` and `Per` also shorten Design and Perspectives.
_JOURNAL_STOP: Final = STOP_WORDS - {"des", "die", "per"} | {"del", "dell", "e", "y", "fur"}


def plain(text: str) -> str:
    """Return a text in small letters, without accents, markup and punctuation, words one space apart."""
    text = _TAG.sub("", html.unescape(text))
    # i.v. and IV are one word.
    text = re.sub(r"\b(?:[A-Za-z][.]){2,}", lambda found: found[0].replace(".", ""), text)
    text = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    # An apostrophe joins (Crohn's), every other sign parts.
    text = re.sub("['\u2019\u2018\u02bc`\u00b4]", "", text)
    return " ".join(re.findall(r"[^\W_]+", text))


def words(text: str) -> list[str]:
    """Return the words of a text as plain() leaves them."""
    return plain(text).split()


def surnames(name: str) -> set[str]:
    """Return what the surname of an author may be, plain and in one word; empty for an empty name.

    Read are `Russell JA`, `Russell, James A.`, `James A. Russell`, `van Paassen J` and a name alone; a name
    in brackets, as behind a working group, counts too.
    """
    inside = re.findall(r"\(([^()]*)\)", name)
    name = re.sub(r"\([^()]*\)", " ", name).strip()
    found = {surname for part in inside for surname in surnames(part)}
    if not name:
        return found
    family, comma, _ = name.partition(",")
    if comma:
        return found | _forms(family)
    parts = name.split()
    while len(parts) > 1 and plain(parts[-1]) in _SUFFIXES and not parts[-1].isupper():
        parts.pop()
    if len(parts) > 1 and _INITIALS.fullmatch(parts[-1]):
        return found | _forms(" ".join(parts[:-1]))
    start = len(parts) - 1
    while start > 0 and plain(parts[start - 1]) in _PARTICLES:
        start -= 1
    return found | _forms(" ".join(parts[start:])) | _forms(name)


def _forms(family: str) -> set[str]:
    """Return a surname in one word, with and without the particles before it."""
    parts = words(family)
    bare = parts[next((n for n, part in enumerate(parts) if part not in _PARTICLES), 0) :]
    return {"".join(parts), "".join(bare)} - {""}


def same_journal(one: str, other: str) -> bool:
    """Return whether two names may be those of one journal: equal, short and full, or initials and full.

    A short name has the words of the full one in order, each cut (`Crit` for Critical) or contracted (`Natl`
    for National), without articles and prepositions, as ISO 4 shortens them.
    """
    a, b = _journal_words(one), _journal_words(other)
    if not a or not b:
        return False
    if a == b:
        return True
    if len(a) == len(b):
        return all(_shortens(x, y) or _shortens(y, x) for x, y in zip(a, b, strict=True))
    return _initials(one, other) or _initials(other, one)


def _journal_words(name: str) -> list[str]:
    # Places in brackets, and MEDLINE's subtitle after a colon between spaces, are no part of it.
    name = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", " ", name).partition(" : ")[0]
    return [word for word in words(name.replace("&amp;", "&")) if word not in _JOURNAL_STOP]


def _shortens(short: str, full: str) -> bool:
    if full.startswith(short):
        return True
    if len(short) < 3 or len(short) >= len(full) or short[:2] != full[:2]:
        return False
    rest = iter(full)
    return all(sign in rest for sign in short)


def _initials(short: str, full: str) -> bool:
    every = words(re.sub(r"\([^()]*\)", " ", full).partition(" : ")[0])
    letters = {
        "".join(word[0] for word in every),
        "".join(word[0] for word in every if word not in _JOURNAL_STOP),
    }
    parts = words(short)
    return len(parts) == 1 and len(parts[0]) >= 3 and parts[0] in letters


def first_page(pages: str) -> str:
    """Return the first page, or the article number, of a range of pages."""
    return re.split(r"[-\u2010\u2011\u2013\u2014,;]", pages.strip(), maxsplit=1)[0].strip()


def page_key(page: str) -> str:
    """Return a page or article number as it is compared."""
    return re.sub(r"[^a-z0-9]", "", page.casefold()).lstrip("0")


def bare_number(value: str) -> str:
    """Return a volume or an issue as it is compared: without `Vol.`, blanks and leading zeros."""
    return re.sub(r"^(volume|vol|issue|no|number)", "", re.sub(r"[^a-z0-9]", "", value.casefold())).lstrip(
        "0"
    )


def bare_doi(value: str) -> str:
    """Return a DOI in small letters, without a resolver or `doi:` before it."""
    return re.sub(r"^(https?://(dx[.])?doi[.]org/|doi:\s*)", "", value.strip().casefold())
