"""A record: what a bibliographic service answers about one publication."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Record"]


@dataclass(frozen=True)
class Record:
    """One publication as a service describes it; an empty text or tuple is what it leaves open.

    `titles` has the title, and the title with its subtitle; `first_author` a surname or the name of a group;
    `groups` the groups among the authors; `years` those of print, of the first publication online, and as
    given; `journals` the full and short names; `pages` the first page, and the article number.
    `retraction` says in words that the publication was retracted, and `notice` that this record is itself the
    notice of a retraction.
    """

    service: str
    titles: tuple[str, ...]
    first_author: str = ""
    groups: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    journals: tuple[str, ...] = ()
    volume: str = ""
    issue: str = ""
    pages: tuple[str, ...] = ()
    doi: str = ""
    pmid: str = ""
    retraction: str = ""
    notice: bool = False

    @property
    def title(self) -> str:
        """The title as answered, in its longest form."""
        return max(self.titles, key=len, default="")

    def in_words(self) -> str:
        """Return the record as a reference in one line, as answered."""
        place = ":".join(part for part in (self.volume, next(iter(self.pages), "")) if part)
        year = str(self.years[0]) if self.years else ""
        parts = [self.first_author, f'"{self.title}"' if self.title else "", next(iter(self.journals), "")]
        parts += [f"{year};{place}" if year and place else year or place]
        parts += [f"doi:{self.doi}" if self.doi else "", f"PMID {self.pmid}" if self.pmid else ""]
        return ", ".join(part for part in parts if part)
