"""Study import of any input: an error of ours, or a report whose numbers add up and whose rows hold."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescue_kg.errors import RescueKgError
from rescue_kg.importing import COLUMNS, FORMATS, ImportReport
from rescue_kg.importing.assembly import Assembly
from rescue_kg.importing.sources import Source, reader

_TEXT = st.text(max_size=20)
_BIBTEX = (
    *(
        "@article{",
        "@string{x = ",
        "@comment",
        "@preamble(",
        "key",
        ",",
        "\n",
        "title = ",
        "author = {",
        "{",
        "}",
    ),
    *(
        '"',
        " # ",
        "year = 2001",
        "doi = {10.5555/x}",
        "A and B",
        "and others",
        "\\'e",
        "\\",
        "$",
        "%",
        "&",
        "~",
    ),
    *(
        "\\href{",
        "\\begin{",
        "\\end{x}",
        "\\frac",
        "\\item[",
        "\\verb|",
        "^",
        "_",
        "url = {\\url{",
        "=",
        "()",
    ),
)
_RIS = (
    *(
        "TY  - JOUR\n",
        "ER  - \n",
        "TI  - ",
        "AU  - ",
        "PY  - 2001",
        "SP  - 1",
        "EP  - ",
        "UR  - ",
        "ZZ  - ",
        "UK  - ",
    ),
    *(
        "\n",
        "A, B",
        ",",
        ";",
        "AN  - 1",
        "DB  - PubMed",
        "DO  - 10.5555/x",
        "  continued",
        "\r",
        "TY  -",
        "C7  - e1",
    ),
)
_XML = (
    *(
        "<PubmedArticleSet>",
        "</PubmedArticleSet>",
        "<PubmedArticle>",
        "</PubmedArticle>",
        "<MedlineCitation>",
    ),
    *(
        "</MedlineCitation>",
        "<Article>",
        "</Article>",
        "<ArticleTitle>",
        "</ArticleTitle>",
        "<i>x</i>",
        "<PMID/>",
    ),
    *(
        "&amp;",
        "&x;",
        "<!DOCTYPE x [",
        "<!ENTITY x 'y'>",
        "]>",
        "<!--",
        "-->",
        "<?x?>",
        "<PubmedBookArticle/>",
        ".",
    ),
    *(
        "<PMID>1</PMID>",
        "<AuthorList><Author><LastName>A</LastName></Author></AuthorList>",
        "\n",
        "<x xmlns='y'/>",
    ),
)
_KEYS = (
    *(
        "id",
        "type",
        "title",
        "author",
        "family",
        "given",
        "literal",
        "issued",
        "date-parts",
        "raw",
        "DOI",
        "PMID",
    ),
    *(
        "URL",
        "page",
        "items",
        "studies",
        "protocolSection",
        "identificationModule",
        "nctId",
        "briefTitle",
        "count",
    ),
    *(
        "designModule",
        "enrollmentInfo",
        "designInfo",
        "conditionsModule",
        "conditions",
        "armsInterventionsModule",
    ),
    *("interventions", "name", "acronym", "secondaryIdInfos", "volume", "container-title", "studyType"),
)
_MODULES = ("designModule", "conditionsModule", "armsInterventionsModule")
_ATOMS = (
    *(
        "NCT99999901",
        "NCT99999902",
        "10.5555/x",
        "ACTUAL",
        "INTERVENTIONAL",
        "REGISTRY",
        "2001",
        "chapter",
        "; ",
    ),
    *("An example study", "<i>x</i>", "\ud800", "\x00", "\u2028", "https://example.org"),
)


def joined(parts: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(parts) | _TEXT, max_size=40).map("".join)


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(_ATOMS) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=6),
    max_leaves=30,
)
_TRIALS = st.lists(
    st.fixed_dictionaries(
        {
            "protocolSection": st.fixed_dictionaries(
                {"identificationModule": st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=5)},
                optional=dict.fromkeys(_MODULES, _JSON),
            )
        }
    ),
    max_size=4,
)
_CSL = st.lists(st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=8), max_size=4)
_ANY = st.binary(max_size=200) | st.text(max_size=200).map(str.encode)


def imported(data: bytes, form: str | None) -> ImportReport | None:
    assembly = Assembly()
    source = Source("some file", io.BytesIO(data))
    try:
        assembly.add(source.name, reader(source, form))
    except RescueKgError:
        return None
    return assembly.report()


def holds(report: ImportReport | None) -> None:
    if report is None:
        return
    assert report.read == report.written + report.left_out
    assert all("\n" not in str(problem) for problem in report.problems)
    header, *rows = csv.reader(io.StringIO(report.to_tsv(), newline=""), delimiter="\t")
    assert tuple(header) == COLUMNS
    assert rows == [list(astuple(row)) for row in report.rows]
    report.to_tsv().encode()
    assert (
        len({row.id for row in report.rows})
        == len({row.label.casefold() for row in report.rows})
        == len(rows)
    )
    for row in report.rows:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row.id)
        assert row.title
        assert all(cell == " ".join(cell.split()) for cell in astuple(row))
        assert re.fullmatch(r"(10[.][0-9]{4,9}/[^ ]+)?", row.doi)
        assert re.fullmatch(r"([1-9][0-9]{0,8})?", row.pmid)
        assert re.fullmatch(r"((1[89]|20)[0-9]{2}|2100)?", row.year)
        assert re.fullmatch(r"(https?://[^ ]+)?", row.link, re.IGNORECASE)
        assert re.fullmatch(r"([1-9][0-9]*)?", row.participants)


@pytest.mark.parametrize("form", [None, *FORMATS])
@given(data=_ANY)
@settings(max_examples=100, deadline=None)
def test_any_bytes(form: str | None, data: bytes) -> None:
    holds(imported(data, form))


@pytest.mark.parametrize(
    ("form", "texts"),
    [
        ("bibtex", joined(_BIBTEX)),
        ("bibtex", joined(_BIBTEX).map(lambda text: f"@a{{k, title = {{{text}}}, author = {{{text}}}}}")),
        ("bibtex", joined(_BIBTEX).map(lambda text: f'@a{{k, title = "{text}", doi = {{{text}}}}}')),
        ("ris", joined(_RIS)),
        ("ris", joined(_RIS).map(lambda text: f"TY  - JOUR\n{text}\nTI  - x\nER  - \n")),
        ("pubmed", joined(_XML)),
        ("pubmed", joined(_XML).map(lambda text: f"<PubmedArticleSet>{text}</PubmedArticleSet>")),
    ],
)
def test_any_text_of_the_parts_of_a_format(form: str, texts: st.SearchStrategy[str]) -> None:
    check: Callable[[], None] = settings(max_examples=200, deadline=None)(
        given(texts)(lambda text: holds(imported(text.encode("utf-8", "replace"), form)))
    )
    check()


@given(_JSON | _CSL | _TRIALS)
@settings(max_examples=100, deadline=None)
def test_any_json(value: Any) -> None:
    data = json.dumps(value).encode()
    for form in ("csl-json", "clinicaltrials"):
        holds(imported(data, form))


@given(st.lists(_TEXT.filter(str.strip), min_size=1, max_size=5), st.integers(1800, 2100))
@settings(max_examples=100, deadline=None)
def test_csl_and_ris_give_the_same_names(families: list[str], year: int) -> None:
    """Family names without what RIS gives a meaning to come through both formats alike."""
    names = [" ".join(re.sub(r"[\W_]+", " ", name).split()) for name in families]
    names = [name for name in names if name and name != "others"]
    item = {
        "title": "An example study",
        "author": [{"family": name} for name in names],
        "issued": {"raw": str(year)},
    }
    ris = "".join(f"AU  - {name}\n" for name in names)
    text = f"TY  - JOUR\nTI  - An example study\n{ris}PY  - {year}\nER  - \n"
    one = imported(json.dumps([item]).encode(), "csl-json")
    other = imported(text.encode(), "ris")
    assert one is not None
    assert other is not None
    assert one.rows == other.rows
