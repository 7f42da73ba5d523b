"""PubMed XML (PubmedArticleSet), streamed by lxml; entities are not resolved and nothing is fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rescue_kg.errors import InputError, NotAvailableError, ParseError
from rescue_kg.importing import values
from rescue_kg.importing.records import DESIGN_NOT_STATED, Fault, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.importing.records import Creator
    from rescue_kg.importing.sources import Source

__all__ = ["records"]

#: The registers of trials among the data banks (https://www.nlm.nih.gov/bsd/medline_databank_source.html);
#: the others hold sequences, structures and data sets.
_REGISTERS: Final = frozenset(
    (
        *("anzctr", "chictr", "clinicaltrials.gov", "cris", "ctri", "drks", "eudract", "irct", "isrctn"),
        *("japiccti", "jmacct", "jprn", "jrct", "lbctr", "ntr", "pactr", "phrr", "rebec", "repec", "rpcec"),
        *("slctr", "tctr", "umin"),
    )
)
#: Publication types that name a design. "Observational Study" is none: it does not say which.
_DESIGNS: Final = {
    "Randomized Controlled Trial": "randomized-controlled-trial",
    "Meta-Analysis": "meta-analysis",
    "Systematic Review": "systematic-review",
    "Practice Guideline": "guideline",
    "Guideline": "guideline",
}
_BOTH: Final = {"meta-analysis", "systematic-review"}
_RETRACTED: Final = ("RetractionIn", "RetractedandRepublishedIn")
_NOTICES: Final = ("Retraction of Publication", "Retraction Notice")


def records(source: Source) -> Iterator[Record | Fault]:
    """Yield the articles of a PubmedArticleSet.

    Raises NotAvailableError without lxml, InputError, ParseError.

    Elements: https://dtd.nlm.nih.gov/ncbi/pubmed/doc/out/190101/index.html
    """
    try:
        from lxml import etree
    except ImportError as error:
        raise NotAvailableError("lxml is not installed: pip install 'rescue-kg[import]'") from error
    parsing = etree.iterparse(
        source.stream,
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    number = 0
    root = None
    try:
        for event, element in parsing:
            if root is None:
                root = element
                _look_at_root(root, source.name)
            if event == "start" or element.getparent() not in (root, None):
                continue
            if element.tag == "PubmedArticle":
                number += 1
                yield _record(element, number)
            elif element.tag == "PubmedBookArticle":
                number += 1
                yield Fault(
                    _entry(element, number), "a book (PubmedBookArticle)", "an article (PubmedArticle)"
                )
            # What is done with is given up, so that a file may be larger than the memory.
            element.clear()
            while element.getprevious() is not None:
                del root[0]
    except etree.XMLSyntaxError as error:
        line = f":{error.lineno}" if error.lineno else ""
        reason = values.plain(str(error.msg or error))
        raise ParseError(
            f"{source.name}{line}: found a text that is no XML ({reason}), expected XML"
        ) from error


def _look_at_root(root: Any, name: str) -> None:
    if root.tag not in ("PubmedArticleSet", "PubmedArticle"):
        raise InputError(f"{name}: found the element {str(root.tag)[:80]!r}, expected PubmedArticleSet")
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and next(iter(dtd.iterentities()), None) is not None:
        raise InputError(
            f"{name}: found declarations of entities, which PubMed does not write, expected none"
        )


def _record(article: Any, number: int) -> Record:
    title = _text(article, "MedlineCitation/Article/ArticleTitle")
    # PubMed closes every title with a full stop that is not printed.
    if title.endswith(".") and not title.endswith(".."):
        title = title[:-1]
    issue = "MedlineCitation/Article/Journal/JournalIssue/"
    types = {_text(kind) for kind in article.iterfind(".//PublicationTypeList/PublicationType")}
    return Record(
        entry=_entry(article, number),
        title=title,
        creators=tuple(_creators(article)),
        others=article.find("MedlineCitation/Article/AuthorList[@CompleteYN='N']") is not None,
        year=_text(article, issue + "PubDate/Year") or _text(article, issue + "PubDate/MedlineDate"),
        journal=_text(article, "MedlineCitation/Article/Journal/Title")
        or _text(article, "MedlineCitation/Article/Journal/ISOAbbreviation"),
        volume=_text(article, issue + "Volume"),
        issue=_text(article, issue + "Issue"),
        pages=_pages(article),
        doi=_doi(article),
        pmid=_text(article, "MedlineCitation/PMID"),
        registry_ids=tuple(_registry_ids(article)),
        design=_design(types),
        notes=tuple(_notes(article, types)),
    )


def _entry(article: Any, number: int) -> str:
    pmid = _text(article, "MedlineCitation/PMID") or _text(article, "BookDocument/PMID")
    return f"article {number} (PMID {pmid})" if pmid else f"article {number}"


def _text(element: Any, path: str = ".") -> str:
    """Return the text of the first element at a path, that of markup within it (italics, formulas) too."""
    found = element.find(path)
    return "" if found is None else values.plain("".join(found.itertext()))


def _creators(article: Any) -> Iterator[Creator]:
    for author in article.iterfind("MedlineCitation/Article/AuthorList/Author"):
        if author.get("ValidYN", "Y") != "Y":
            continue
        given = _text(author, "ForeName") or _text(author, "Initials")
        creator = values.creator(_text(author, "LastName"), [given], [_text(author, "Suffix")])
        creator = creator or values.creator(_text(author, "CollectiveName"))
        if creator:
            yield creator


def _pages(article: Any) -> str:
    path = "MedlineCitation/Article/Pagination/"
    first, last = _text(article, path + "StartPage"), _text(article, path + "EndPage")
    given = _text(article, path + "MedlinePgn")
    return given or (f"{first}-{last}" if first and last and first != last else first)


def _doi(article: Any) -> str:
    for location in article.iterfind("MedlineCitation/Article/ELocationID[@EIdType='doi']"):
        if location.get("ValidYN", "Y") == "Y":
            return _text(location)
    return _text(article, "PubmedData/ArticleIdList/ArticleId[@IdType='doi']")


def _registry_ids(article: Any) -> Iterator[str]:
    for bank in article.iterfind("MedlineCitation/Article/DataBankList/DataBank"):
        if _text(bank, "DataBankName").lower().removesuffix(" ctr").removesuffix("-ctr") in _REGISTERS:
            yield from map(_text, bank.iterfind("AccessionNumberList/AccessionNumber"))


def _design(types: set[str]) -> str:
    designs = {_DESIGNS[kind] for kind in types if kind in _DESIGNS}
    if designs == _BOTH:
        return "systematic-review-with-meta-analysis"
    # Two that do not go together, such as a trial and a meta-analysis in one paper, say neither.
    return designs.pop() if len(designs) == 1 else DESIGN_NOT_STATED


def _notes(article: Any, types: set[str]) -> Iterator[str]:
    """Yield what PubMed says about retraction, a sentence each."""
    path = "MedlineCitation/CommentsCorrectionsList/CommentsCorrections"
    linked: dict[str, list[str]] = {}
    for comment in article.iterfind(path):
        pmid = _text(comment, "PMID")
        source = _text(comment, "RefSource")
        named = ", ".join(filter(None, (source.rstrip("."), f"PMID {pmid}" if pmid else "")))
        linked.setdefault(comment.get("RefType", ""), []).append(named or "source not given")
    notices = [named for kind in _RETRACTED for named in linked.get(kind, ())]
    if notices:
        yield f"Retracted according to PubMed (notice: {' and '.join(notices)})."
    elif "Retracted Publication" in types:
        yield "Retracted according to PubMed (no notice is linked)."
    if linked.get("ExpressionOfConcernIn"):
        named = " and ".join(linked["ExpressionOfConcernIn"])
        yield f"An expression of concern was published according to PubMed ({named})."
    if types.intersection(_NOTICES):
        yield "This record is itself the notice of a retraction according to PubMed."
