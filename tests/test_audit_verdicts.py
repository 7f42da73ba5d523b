"""Citations held against records: the fields, the verdicts, and how far apart real studies are."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import permutations

import pytest

from audit_services import Row, row, rows
from rescue_kg.answers import Iri
from rescue_kg.audit import THRESHOLDS, Verdict
from rescue_kg.audit.citation import Citation, citations
from rescue_kg.audit.compare import Comparison, Field, Title, compare, compare_titles
from rescue_kg.audit.normal import bare_doi, first_page, page_key, plain, same_journal, surnames
from rescue_kg.audit.records import Record
from rescue_kg.audit.verdicts import best, verdict
from rescue_kg.graph import RescueGraph

ROWS = rows()
#: Studies of whose record only the title, and at most one thing more, is known.
SPARSE = {"ontario-igum-ms", "hma-ven-ma-2026", "pserg-kd-2018", "maiti-dec10ven-vs-ic"}

ABBREVIATED = {
    "New England Journal of Medicine": "N Engl J Med",
    "Intensive Care Medicine": "Intensive Care Med",
    "Critical Care": "Crit Care",
    "JAMA": "Journal of the American Medical Association",
    "BMJ": "British Medical Journal",
    "Frontiers in Pharmacology": "Front Pharmacol",
    "American Journal of Respiratory and Critical Care Medicine": "Am J Respir Crit Care Med",
    "Cochrane Database of Systematic Reviews": "Cochrane Database Syst Rev",
    "Lancet": "The Lancet",
    "Lancet Respiratory Medicine": "Lancet Respir Med",
    "Multiple Sclerosis": "Mult. Scler.",
    "Alimentary Pharmacology & Therapeutics": "Aliment Pharmacol Ther",
    "Drug Design, Development and Therapy": "Drug Des Devel Ther",
    "Arthritis & Rheumatism": "Arthritis and rheumatism",
    "Annals of the Rheumatic Diseases": "Ann Rheum Dis",
    "Journal of Cardiovascular Medicine (Hagerstown)": "J Cardiovasc Med",
    "European Journal of Neurology": "European journal of neurology : the official journal of the EFNS",
    "Journal of Clinical Medicine": "J Clin Med",
    "SN Comprehensive Clinical Medicine": "SN Compr Clin Med",
}


def citation(study: Row) -> Citation:
    return Citation(
        study=Iri(f"https://w3id.org/rescue-kg/study/{study['study_id']}"),
        label=study["study_id"],
        title=study["title"],
        first_authors=(study["first_author"],) if study["first_author"] else (),
        year=int(study["year"]) if study["year"] else None,
        journal=study["journal"],
        volume=study["volume"],
        issue=study["issue"],
        pages=study["pages"],
        doi=bare_doi(study["doi"]),
        pmid=study["pmid"],
    )


def record(study: Row) -> Record:
    return Record(
        service="a service",
        titles=(study["title"],),
        first_author=study["first_author"],
        years=(int(study["year"]),) if study["year"] else (),
        journals=(study["journal"],) if study["journal"] else (),
        volume=study["volume"],
        issue=study["issue"],
        pages=(study["pages"],) if study["pages"] else (),
        doi=study["doi"],
        pmid=study["pmid"],
    )


def judge(cited: Citation, study: Row) -> Verdict:
    return verdict(compare(cited, record(study)))


# ------------------------------------------------------------------ the real studies


@pytest.mark.parametrize("study", ROWS, ids=lambda study: study["study_id"])
def test_a_study_verifies_itself(study: Row) -> None:
    expected = Verdict.NEAR_MATCH if study["study_id"] in SPARSE else Verdict.VERIFIED
    assert judge(citation(study), study) is expected


@pytest.mark.slow
def test_no_two_studies_verify_one_another() -> None:
    found = {
        (one["study_id"], other["study_id"]): compare(citation(one), record(other))
        for one, other in permutations(ROWS, 2)
    }
    assert len(found) == 80 * 79
    verdicts = {pair: verdict(comparison) for pair, comparison in found.items()}
    near = {frozenset(pair) for pair, one in verdicts.items() if one is not Verdict.NOT_FOUND}
    assert set(verdicts.values()) == {Verdict.NOT_FOUND, Verdict.NEAR_MATCH}
    assert near == {
        frozenset({"uniti-2016", "unifi-2019"}),
        frozenset({"prague-ohca-2022", "rob-2024-prague-longterm"}),
    }
    # The thresholds stand in a gap: other studies score up to 84.1, the same title with a misprint from 98.
    highest = max(one.title.score for one in found.values())
    lowest = min(
        compare(replace(citation(study), title=_swapped(study["title"])), record(study)).title.score
        for study in ROWS
    )
    assert highest < 84.1 < THRESHOLDS.same < 98 < lowest


def _swapped(title: str) -> str:
    """The longest word with two letters in its middle swapped."""
    word = max(re.findall(r"[A-Za-z]+", title), key=len)
    middle = len(word) // 2
    wrong = word[:middle] + word[middle + 1] + word[middle] + word[middle + 2 :]
    return title.replace(word, wrong, 1)


FULL = [study for study in ROWS if study["study_id"] not in SPARSE and "Group" not in study["first_author"]]


@pytest.mark.parametrize("study", FULL, ids=lambda study: study["study_id"])
def test_harmless_damage_still_verifies(study: Row) -> None:
    cited = citation(study)
    harmless = [
        replace(cited, journal=ABBREVIATED.get(study["journal"], study["journal"])),
        replace(cited, title=study["title"].upper() + "."),
        replace(cited, title=study["title"].replace("-", "\u2013").replace("'", "\u2019")),
        replace(cited, title=_swapped(study["title"])),
        replace(cited, first_authors=tuple(name.rsplit(" ", 1)[0] for name in cited.first_authors)),
        replace(cited, first_authors=tuple(_given_first(name) for name in cited.first_authors)),
        replace(cited, pages=first_page(cited.pages)),
        replace(cited, issue=""),
    ]
    assert [judge(one, study) for one in harmless] == [Verdict.VERIFIED] * len(harmless)


def _given_first(name: str) -> str:
    family, _, initials = name.rpartition(" ")
    return f"{' '.join(f'{initial}.' for initial in initials)} {family}" if family else name


@pytest.mark.parametrize("study", FULL, ids=lambda study: study["study_id"])
def test_wrong_data_never_verify(study: Row) -> None:
    cited = citation(study)
    wrong = [
        replace(cited, volume="999") if study["volume"] else None,
        replace(cited, pages="99999-99") if study["pages"] else None,
        replace(cited, journal="Artificial Journal") if study["journal"] else None,
        replace(cited, year=cited.year + 1) if cited.year else None,
        replace(cited, first_authors=("Nobody XY",)) if study["first_author"] else None,
        replace(cited, doi="10.5555/artificial") if study["doi"] else None,
    ]
    found = {judge(one, study) for one in wrong if one is not None}
    assert found <= {Verdict.METADATA_MISMATCH, Verdict.NEAR_MATCH}
    other_word = " ".join("wrongword" if n == 2 else word for n, word in enumerate(study["title"].split()))
    assert judge(replace(cited, title=other_word), study) in found | {
        Verdict.METADATA_MISMATCH,
        Verdict.NEAR_MATCH,
    }


def test_reference_five_is_near_what_it_resembles(packaged: RescueGraph) -> None:
    (cited,) = citations(packaged, ["study:ma-2021"])
    assert cited.first_authors == ("Hongling Ma",)
    resembled = Record(
        service="a service",
        titles=("Extracorporeal membrane oxygenation for COVID-19: a systematic review and meta-analysis",),
        first_author="Ramanathan",
        years=(2021,),
        journals=("Critical Care",),
        volume="25",
        pages=("211",),
    )
    comparison = compare(cited, resembled)
    assert verdict(comparison) is Verdict.NEAR_MATCH
    assert [name for name, _, _ in comparison.differences] == ["first author", "first page"]


# ------------------------------------------------------------------ the rule


def _compared(title: Title, **fields: Field) -> Comparison:
    names = ("first author", "journal", "year", "volume", "issue", "first page", "DOI", "PMID")
    every = {name: fields.get(name.replace(" ", "_"), Field.OPEN) for name in names}
    differs = tuple((name, "a", "b") for name, one in every.items() if one in (Field.DIFFERS, Field.NEAR))
    return Comparison(title, every, differs)


A, D, N = Field.AGREES, Field.DIFFERS, Field.NEAR
SAME, LIKE, ODD = Title(100.0), Title(85.0, ("odd",)), Title(95.0, ("odd",))
PART, OTHER = Title(50.0, ("odd",), part=True), Title(40.0, ("odd",))
RESEMBLES = Title(THRESHOLDS.resembles, ("odd",))

RULES: list[tuple[Title, dict[str, Field], Verdict]] = [
    (SAME, {"first_author": A, "year": A}, Verdict.VERIFIED),
    (SAME, {"journal": A, "year": A, "volume": A}, Verdict.VERIFIED),
    (SAME, {"journal": A, "first_page": A}, Verdict.VERIFIED),
    (SAME, {"DOI": A}, Verdict.VERIFIED),
    (SAME, {"PMID": A, "first_author": A}, Verdict.VERIFIED),
    (SAME, {"first_author": A, "year": N}, Verdict.METADATA_MISMATCH),
    (SAME, {"first_author": A, "year": A, "volume": D}, Verdict.METADATA_MISMATCH),
    (SAME, {"journal": A, "year": A, "first_author": D}, Verdict.METADATA_MISMATCH),
    (SAME, {"DOI": D, "first_author": A, "year": A}, Verdict.METADATA_MISMATCH),
    (LIKE, {"DOI": A, "first_author": D}, Verdict.METADATA_MISMATCH),
    (PART, {"PMID": A}, Verdict.METADATA_MISMATCH),
    (OTHER, {"PMID": A, "first_author": A, "journal": A}, Verdict.METADATA_MISMATCH),
    (LIKE, {"first_author": A, "journal": A, "year": A, "first_page": A}, Verdict.METADATA_MISMATCH),
    (ODD, {"first_author": A, "journal": A, "year": A}, Verdict.NEAR_MATCH),
    (SAME, {}, Verdict.NEAR_MATCH),
    (SAME, {"first_author": D, "journal": D, "year": D}, Verdict.NEAR_MATCH),
    (SAME, {"first_author": A}, Verdict.NEAR_MATCH),
    (LIKE, {"first_author": D}, Verdict.NEAR_MATCH),
    (PART, {"first_author": A}, Verdict.NEAR_MATCH),
    (RESEMBLES, {"journal": A, "year": A, "volume": A}, Verdict.NEAR_MATCH),
    (OTHER, {"first_author": A, "journal": A, "year": A, "first_page": A}, Verdict.NEAR_MATCH),
    (RESEMBLES, {"journal": A, "year": A, "volume": D}, Verdict.NOT_FOUND),
    (OTHER, {"first_author": A, "journal": A, "year": A}, Verdict.NOT_FOUND),
    (OTHER, {"DOI": A}, Verdict.NOT_FOUND),
    (Title(0.0), {}, Verdict.NOT_FOUND),
]


@pytest.mark.parametrize(("title", "fields", "expected"), RULES)
def test_rule(title: Title, fields: dict[str, Field], expected: Verdict) -> None:
    assert verdict(_compared(title, **fields)) is expected


def test_the_best_verdict_of_several_stands() -> None:
    assert best([Verdict.NOT_FOUND, Verdict.VERIFIED, Verdict.NEAR_MATCH]) is Verdict.VERIFIED
    assert best([Verdict.NOT_CHECKED, Verdict.NOT_FOUND]) is Verdict.NOT_FOUND
    assert best([]) is Verdict.NOT_CHECKED


# ------------------------------------------------------------------ the fields


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Randomised trial of haemofiltration", "Randomized trial of hemofiltration"),
        ("A metaanalysis of COVID19", "A meta-analysis of COVID-19"),
        ("<i>In vitro</i> effects of H<sub>2</sub>O &amp; salt", "In vitro effects of H2O and salt"),
        ("Étude de la méthémoglobinémie", "Etude de la methemoglobinemie"),
        ("Effects of i.v. immune globulin", "Effects of IV immune globulin"),
    ],
)
def test_the_same_title_written_otherwise(one: str, other: str) -> None:
    title = compare_titles(one, other)
    assert title.score >= THRESHOLDS.same
    assert title.odd == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ustekinumab for Crohn's disease: part I", "Ustekinumab for Crohn's disease: part II"),
        ("Follow-up of the trial at 3 years in adults", "Follow-up of the trial at 5 years in adults"),
        ("Hydrocortisone for septic shock", "Fludrocortisone for septic shock"),
        ("Treatment of hypotension in shock", "Treatment of hypertension in shock"),
    ],
)
def test_titles_that_differ_in_one_word_that_counts(one: str, other: str) -> None:
    assert compare_titles(one, other).odd


def test_a_title_without_its_subtitle_is_told() -> None:
    whole = "ECMO for severe ARDS: systematic review and individual patient data meta-analysis"
    assert compare_titles("ECMO for severe ARDS", whole).part
    assert compare_titles(whole, "ECMO for severe ARDS").part
    assert not compare_titles("ECMO", whole).part


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Russell JA", "russell"),
        ("Russell, James A.", "russell"),
        ("James A. Russell", "russell"),
        ("van Paassen J", "paassen"),
        ("J. van Paassen", "vanpaassen"),
        ("Fahad Al-Habash", "alhabash"),
        ("Peyrin-Biroulet L", "peyrinbiroulet"),
        ("Bréchot N", "brechot"),
        ("Martin Luther King Jr.", "king"),
        ("WHO REACT Working Group (Sterne JAC)", "sterne"),
        ("Ramanathan", "ramanathan"),
    ],
)
def test_surname(name: str, expected: str) -> None:
    assert expected in surnames(name)


def test_no_name_has_no_surname() -> None:
    assert surnames("") == set()


def test_groups_among_the_authors() -> None:
    study = row("recovery-dex-2021")
    people = replace(record(study), first_author="Horby", groups=())
    assert compare(citation(study), people)["first author"] is Field.OPEN
    named = replace(people, groups=("The RECOVERY Collaborative Group",))
    assert compare(citation(study), named)["first author"] is Field.AGREES


@pytest.mark.parametrize(("full", "short"), ABBREVIATED.items())
def test_short_and_full_names_of_journals(full: str, short: str) -> None:
    assert same_journal(full, short)
    assert same_journal(short, full)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lancet", "Lancet Respiratory Medicine"),
        ("Crit Care", "Critical Care Medicine"),
        ("J Clin Med", "Journal of Clinical Oncology"),
        ("BMJ", "BMJ Open"),
        ("Neurology", "Neurosurgery"),
        ("", "Lancet"),
    ],
)
def test_journals_that_are_not_one(one: str, other: str) -> None:
    assert not same_journal(one, other)


def test_the_years_of_print_and_online_both_agree() -> None:
    study = row("vanish-2016")
    answered = replace(record(study), years=(2016, 2015))
    years = {
        year: compare(replace(citation(study), year=year), answered)["year"] for year in range(2013, 2018)
    }
    assert years == {2013: D, 2014: N, 2015: A, 2016: A, 2017: N}


def test_pages_and_identifiers() -> None:
    assert page_key(first_page("509-518")) == page_key("0509")
    assert first_page("e068723") == "e068723"
    assert first_page("91") == "91"
    assert bare_doi("https://doi.org/10.1056/NEJMoa1705835") == bare_doi("doi:10.1056/nejmoa1705835")
    assert plain("  ") == ""
