"""Study import: what each format gives, what is left out and said, encodings, safety, the command."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rescue_kg import importing
from rescue_kg.cli import app
from rescue_kg.errors import InputError, NotAvailableError, ParseError, UnknownFormatError
from rescue_kg.graph import RescueGraph
from rescue_kg.importing import COLUMNS, ImportReport, StudyRow, values

FOLDER = Path(__file__).parent / "fixtures" / "importing"
REAL = ("real.bib", "real.ris", "real.json", "real.xml")
BROKEN = ("broken.bib", "broken.ris", "broken.json", "broken.xml", "trials.json")


def read(name: str) -> ImportReport:
    return importing.read(FOLDER / name)


def filled(row: StudyRow) -> dict[str, str]:
    return {name: getattr(row, name) for name in COLUMNS if getattr(row, name)}


def by_id(report: ImportReport) -> dict[str, StudyRow]:
    return {row.id: row for row in report.rows}


def lines(report: ImportReport) -> list[str]:
    return [str(problem).partition(": ")[2] for problem in report.problems]


def written(tmp_path: Path, name: str, data: bytes | str) -> Path:
    file = tmp_path / name
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return file


def run(*args: str | os.PathLike[str], stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["import", *map(str, args)], input=stdin, catch_exceptions=False)


# ---- the same studies in every format ----


@pytest.mark.parametrize("name", REAL)
def test_the_same_study_is_the_same_row_in_every_format(name: str) -> None:
    row = by_id(read(name))["brechot-2020"]
    assert filled(row) | {"label": ""} == {
        "id": "brechot-2020",
        "label": "",
        "title": "Venoarterial extracorporeal membrane oxygenation to rescue sepsis-induced cardiogenic "
        "shock: a retrospective, multicentre, international cohort study",
        "creator": "N Bréchot",
        "year": "2020",
        "journal": "Lancet",
        "volume": "396",
        "issue": "10250",
        "pages": "545-552",
        "doi": "10.1016/S0140-6736(20)30733-9",
        "design": "design-not-stated",
        "pmid": "32828186",
    }
    # RIS cannot say that there are more authors.
    assert row.label == ("Bréchot 2020" if name == "real.ris" else "Bréchot et al. 2020")


@pytest.mark.parametrize("name", REAL)
def test_titles_lose_markup_braces_and_line_breaks_and_a_group_is_one_author(name: str) -> None:
    report = read(name)
    rows = by_id(report)
    assert rows["gordon-2016"].title == (
        "Effect of Early Vasopressin vs Norepinephrine on Kidney Failure in Patients With Septic Shock: The "
        "VANISH Randomized Clinical Trial"
    )
    assert rows["gordon-2016"].pages == "509-518"
    group = rows["recovery-collaborative-group-2023"]
    assert group.label == "RECOVERY Collaborative Group 2023"
    assert group.creator == "RECOVERY Collaborative Group"
    assert (group.pages, group.pmid) == ("1499-1507", "37060915")
    assert not report.problems
    assert report.read == report.written == len(report.rows)


@pytest.mark.parametrize("name", REAL[:3])
def test_a_particle_belongs_to_the_name_and_a_doi_loses_what_stands_before_it(name: str) -> None:
    row = by_id(read(name))["van-paassen-2020"]
    assert (row.creator, row.doi) == ("J van Paassen", "10.1186/s13054-020-03400-9")


def test_only_pubmed_says_a_design_and_registry_ids() -> None:
    rows = by_id(read("real.xml"))
    assert rows["gordon-2016"].design == "randomized-controlled-trial"
    # "Observational Study" does not say which design it was.
    assert rows["brechot-2020"].design == "design-not-stated"
    assert rows["recovery-collaborative-group-2023"].registry_id == "ISRCTN50189673; NCT04381936"
    assert not any(row.link for row in rows.values())
    assert by_id(read("real.bib"))["gordon-2016"].link == "https://doi.org/10.1001/jama.2016.10485"


def test_files_are_one_table_and_a_study_of_an_earlier_file_is_left_out() -> None:
    report = importing.read_all([FOLDER / "real.bib", FOLDER / "real.xml"])
    assert (report.read, report.written, report.left_out) == (7, 4, 3)
    assert lines(report)[1] == (
        "article 2 (PMID 32828186): found the DOI 10.1016/S0140-6736(20)30733-9 of an earlier record "
        f"(brechot-2020, {FOLDER / 'real.bib'}, entry 2 (Brechot2020)), expected each study once; left out"
    )


# ---- what is left out ----


@pytest.mark.parametrize("name", BROKEN)
def test_the_numbers_add_up(name: str) -> None:
    report = read(name)
    assert report.left_out
    assert report.read == report.written + report.left_out
    assert len({row.id for row in report.rows}) == len({row.label for row in report.rows}) == report.written


def test_bibtex_problems() -> None:
    report = read("broken.bib")
    assert filled(report.rows[0]) == {
        "id": "author",
        "label": "Author and Author (no year)",
        "title": "An example study of H_2O & 50% more at 37°C",
        "creator": "Example Author; Second Author",
        "doi": "10.5555/example_1",
        "design": "design-not-stated",
    }
    assert report.rows[1].title == "An example study at $5: of \\nosuchmacro things"
    assert lines(report) == [
        "entry 1 (untitled): found no title, expected one; left out",
        "entry 2, line 8: found a broken entry (Unexpected block start: `@article`. Was still looking for "
        "field-value closing `}`), expected @type{key, field = {value}, ...}; left out",
        "entry 3 (good): found the year 'in press', expected one year from 1800 to 2100; its cell stays "
        "empty",
        "entry 4, line 21: found the key 'good' of an earlier entry, expected each key once; left out",
        "entry 5, line 25: found a broken entry (Duplicate field keys on entry: 'title'), expected "
        "@type{key, field = {value}, ...}; left out",
        "entry 6 (no-such-string): found journal = nosuchjournal, expected a text in braces or quotes, or "
        "the name of one @string; its cell stays empty",
        "entry 7 (same-doi): found the DOI 10.5555/EXAMPLE_1 of an earlier record "
        f"(author, {FOLDER / 'broken.bib'}, entry 3 (good)), expected each study once; left out",
        "entry 8 (bad-latex): found LaTeX that cannot be read ('\\\\href{https://example.org}{An example}'), "
        "expected a text with balanced braces and complete macros; its cell stays empty",
        "entry 8 (bad-latex): found no title, expected one; left out",
    ]


def test_ris_problems() -> None:
    report = read("broken.ris")
    study, chapter = report.rows
    assert (study.id, study.label) == ("author-2001", "Author et al. 2001")
    assert study.creator == "Example Author Jr; Second Author; Third Author"
    assert (study.journal, study.pages, study.year) == ("Journal of Examples", "e101", "2001")
    assert study.link == "https://example.org/a;b"
    assert (chapter.id, chapter.label) == ("author-2001-2", "Author et al. 2001 (2)")
    assert chapter.journal == ""
    assert lines(report) == [
        "record 1, line 1: found 'AU - Author, Example' outside a record, expected the tag TY at the start "
        "of a record; left out",
        "record 2, line 4: found no end of the record, expected the tag ER at its end; left out",
        "record 4, line 17: found the DOI 'not yet known', expected 10.NNNN/suffix; its cell stays empty",
        "record 5, line 26: found no title, expected one; left out",
        "record 6, line 29: found no end of the record, expected the tag ER at its end; left out",
    ]


def test_csl_problems() -> None:
    report = read("broken.json")
    chapter, study, other = report.rows
    assert chapter.title == "An example chapter, p<0.05 and x>2"
    # The separator of a cell cannot stand within a name.
    assert chapter.creator == "Example de Author Jr; Example group, and others"
    assert (study.id, study.title) == ("oe", "An example study")
    # No Latin letter stands for this name, nor for this title.
    assert (other.id, other.label) == ("study-2001", "例 2001")
    assert lines(report) == [
        "item 1 (no-title): found no title, expected one; left out",
        "item 2: found a value that is no object, expected a CSL item with a title; left out",
        "item 3 (chapter): found the year '2001-2002', expected one year from 1800 to 2100; its cell "
        "stays empty",
        "item 4: found the PMID 'PMC1', expected digits; its cell stays empty",
        "item 4: found the year 'circa 2001', expected one year from 1800 to 2100; its cell stays empty",
        "item 4: found the link 'example.org', expected an address with http or https; its cell stays empty",
    ]


def test_pubmed_problems_designs_registers_and_retractions() -> None:
    report = read("broken.xml")
    study, notice, two = report.rows
    assert study.title == "[An example study of x2 and y]"
    assert study.creator == "Example Author Jr; Second Müller"
    assert study.doi == "10.5555/right"
    assert study.registry_id == "UMIN999999999"
    assert study.design == "systematic-review-with-meta-analysis"
    assert study.editorial_note == (
        "Retracted according to PubMed (notice: J Examples. 2001 Jan;1(1):2, PMID 999999902).; "
        "An expression of concern was published according to PubMed (J Examples. 2000)."
    )
    assert notice.editorial_note == "This record is itself the notice of a retraction according to PubMed."
    assert (notice.id, notice.design) == ("retraction-of-an-example-study", "design-not-stated")
    assert two.design == "design-not-stated"
    assert two.editorial_note == "Retracted according to PubMed (no notice is linked)."
    assert lines(report) == [
        "article 1 (PMID 999999901): found the year '1998 Dec-1999 Jan', expected one year from 1800 to "
        "2100; its cell stays empty",
        "article 4 (PMID 999999904): found a book (PubmedBookArticle), expected an article (PubmedArticle); "
        "left out",
        "article 5 (PMID 999999905): found no title, expected one; left out",
        "article 6 (PMID 999999902): found the PMID 999999902 of an earlier record "
        f"(retraction-of-an-example-study, {FOLDER / 'broken.xml'}, article 2 (PMID 999999902)), "
        "expected each study once; left out",
    ]


def test_publications_of_one_trial_share_its_registry_id_and_are_two_studies(tmp_path: Path) -> None:
    text = (FOLDER / "real.xml").read_text()
    bank = re.search(r"<DataBankList.*?</DataBankList>", text, re.DOTALL)
    assert bank
    both = text.replace("<Language>eng</Language>", f"<Language>eng</Language>{bank[0]}", 1)
    report = importing.read(written(tmp_path, "two.xml", both))
    assert [row.registry_id for row in report.rows].count("ISRCTN50189673; NCT04381936") == 2
    assert not report.problems


# ---- registrations ----


def test_registrations() -> None:
    report = read("trials.json")
    assert [filled(row) for row in report.rows] == [
        {
            "id": "nct99999901",
            "label": "EXAMPLE",
            "alt_label": "NCT99999901",
            "title": "An Example of a Randomized Trial",
            "design": "randomized-controlled-trial",
            "participants": "40",
            "registry_id": "NCT99999901; EXAMPLE-2001-1",
        },
        {
            "id": "nct99999902",
            "label": "NCT99999902",
            "title": "An example of a single group",
            # Its number of people was an estimate.
            "design": "single-arm-trial",
            "registry_id": "NCT99999902",
        },
        {
            "id": "nct99999903",
            "label": "EXAMPLE (2)",
            "alt_label": "NCT99999903",
            "title": "An example of observation",
            "design": "design-not-stated",
            "registry_id": "NCT99999903",
        },
        {
            "id": "nct99999904",
            "label": "NCT99999904",
            "title": "An example that contradicts itself",
            "design": "design-not-stated",
            "registry_id": "NCT99999904",
        },
    ]
    assert [line.partition(": ")[2] for line in lines(report)] == [
        f"found the registry id NCT99999901 of an earlier record (nct99999901, {FOLDER / 'trials.json'}, "
        "study 1 (NCT99999901)), expected each study once; left out",
        "found the nctId 'ISRCTN1', expected NCT and eight digits; left out",
        "found no title, expected one; left out",
        "found no protocolSection, expected a study of the ClinicalTrials.gov API, version 2; left out",
    ]


@pytest.mark.parametrize("wrap", [lambda page: page["studies"][0], lambda page: page["studies"]])
def test_one_registration_and_an_array_of_them_are_read(wrap: object, tmp_path: Path) -> None:
    page = json.loads((FOLDER / "trials.json").read_text())
    assert callable(wrap)
    report = importing.read(written(tmp_path, "x.json", json.dumps(wrap(page))))
    assert report.rows[0].id == "nct99999901"


def test_what_is_registered_is_mapped_by_name_only(packaged: RescueGraph) -> None:
    answer = read("trials.json").mappings(packaged)
    assert answer.columns == ("study", "kind", "text", "node", "near")
    assert set(answer.column("study")) == {"nct99999901"}
    rows = {row[2]: row[1:2] + row[3:] for row in answer}
    assert list(rows) == [
        *("Septic Shock", "Septick shock", "An unheard-of example"),
        *("Corticosteroids", "Placebo", "ecmo machine"),
    ]
    assert rows["Septic Shock"] == ("condition", "condition:septic-shock", None)
    kind, node, near = rows["Septick shock"]
    assert (kind, node) == ("condition", None)
    assert "septic shock" in str(near)
    assert rows["Corticosteroids"] == ("intervention", "intervention:corticosteroids", None)
    assert rows["Placebo"] == ("intervention", "comparator:placebo", None)
    assert rows["ecmo machine"][1] is None


# ---- values ----


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("10.1001/jama.2016.10485", "10.1001/jama.2016.10485"),
        ("https://doi.org/10.1016/S0140-6736%2820%2930733-9", "10.1016/S0140-6736(20)30733-9"),
        ("HTTP://DX.DOI.ORG/10.5555/X", "10.5555/X"),
        ("doi: 10.5555/x", "10.5555/x"),
        ("DOI:10.5555/x%20y", "10.5555/x%20y"),
        ("10.5555/x y", None),
        ("10.5/x", None),
        ("none", None),
    ],
)
def test_doi(given: str, expected: str | None) -> None:
    assert values.doi(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        *(("2016", "2016"), ("2016///", "2016"), ("2016-05-01", "2016"), ("2016 Nov-Dec", "2016")),
        *(("2016-05/2016-06", "2016"), ("2016-2017", None), ("2016a", None), ("in 2016", None)),
        *(("1066", None), ("3016", None), ("20160501", None), ("", None), ("२०१६", None)),
    ],
)
def test_year(given: str, expected: str | None) -> None:
    assert values.year(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        *(
            ("van Paassen", "van-paassen"),
            ("Bréchot", "brechot"),
            ("O\u2019Brien", "obrien"),
            ("Ørsted", "orsted"),
        ),
        *(("Großmann", "grossmann"), ("Łukasz-Żak", "lukasz-zak"), ("例", ""), ("--", "")),
        ("a very long name of a working group of many", "a-very-long-name-of-a-working-group-of"),
        ("x" * 60, "x" * 40),
    ],
)
def test_slug(given: str, expected: str) -> None:
    assert values.slug(given) == expected


def test_plain_text_has_one_line_and_can_be_written() -> None:
    assert values.plain(" a\t b\r\nc\u2028d\x00e\ud800 e\u0301 ") == "a b c d e\ufffd é"


def test_many_equal_names_do_not_take_long(tmp_path: Path) -> None:
    items = [{"title": f"An example study {number}", "issued": {"raw": "2001"}} for number in range(5_000)]
    report = importing.read(written(tmp_path, "many.json", json.dumps(items)))
    assert report.rows[-1].id == "an-example-study-4999-2001"
    same = [{"title": "An example study", "author": [{"family": "Author"}]}] * 5_000
    report = importing.read(written(tmp_path, "many.json", json.dumps(same)))
    assert (report.rows[0].id, report.rows[-1].id) == ("author", "author-5000")


# ---- files ----


@pytest.mark.parametrize("name", REAL)
def test_byte_order_mark_and_line_ends_make_no_difference(name: str, tmp_path: Path) -> None:
    data = (FOLDER / name).read_bytes()
    for changed in (b"\xef\xbb\xbf" + data, data.replace(b"\n", b"\r\n"), data.replace(b"\n", b"\r")):
        assert importing.read(written(tmp_path, name, changed)).rows == read(name).rows


@pytest.mark.parametrize("name", REAL[:3])
def test_latin_1_is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    data = (FOLDER / name).read_bytes().replace(rb"Br{\'e}chot", "Bréchot".encode())
    file = written(tmp_path, name, data.decode().replace("\u2013", "-").encode("latin-1"))
    line = data[: data.index("é".encode())].count(b"\n") + 1
    with pytest.raises(InputError) as raised:
        importing.read(file)
    assert str(raised.value) == (
        f"{file}: line {line}: found the byte 0xe9, which is no UTF-8, expected a text in UTF-8; convert it "
        f"first, for example: iconv -f LATIN1 -t UTF-8 {file}"
    )


@pytest.mark.parametrize("name", [*REAL, "x.txt"])
@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf \r\n"])
def test_an_empty_file_is_refused(name: str, data: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found an empty file, expected records"):
        importing.read(written(tmp_path, name, data))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(
            ("x.bib", "nothing here"),
            ("x.ris", "nothing here"),
            ("x.json", "[]"),
            ("x.json", '{"items": []}'),
        ),
        *(("x.json", '{"studies": []}'), ("x.xml", "<PubmedArticleSet/>")),
    ],
)
def test_a_file_without_records_is_refused(name: str, text: str, tmp_path: Path) -> None:
    form = "clinicaltrials" if "studies" in text else None
    with pytest.raises(InputError, match=r"found no (RIS )?record"):
        importing.read(written(tmp_path, name, text), form)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.json", '[{"title": }]', r"x\.json:1:12: found a text that is no JSON \(Expecting value\)"),
        ("x.json", "[" * 100_000, "found JSON that cannot be held"),
        ("x.json", "[" + "9" * 5000 + "]", "found JSON that cannot be held"),
        ("x.json", '"text"', "neither an array nor an object"),
        ("x.xml", "<PubmedArticleSet>\n<PubmedArticle>", r"x\.xml:2: found a text that is no XML"),
        ("x.xml", "<html/>", "found the element 'html', expected PubmedArticleSet"),
        ("x.txt", "nothing here", "found a text of unknown format"),
        ("x.txt", "PMID- 999999901\nTI  - An example study\n", "get the records as XML"),
    ],
)
def test_a_file_that_is_no_such_thing_is_refused(name: str, text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as raised:
        importing.read(written(tmp_path, name, text))
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, ParseError) == ("no XML" in message or "JSON" in message)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.bib", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            importing.read(path)
    with pytest.raises(InputError, match="without NUL"):
        importing.read("a\0b")


def test_an_unknown_format_is_refused_and_near_ones_are_offered() -> None:
    with pytest.raises(
        UnknownFormatError, match=r"unknown format 'bibtext', expected one of .*did you mean bibtex"
    ):
        importing.read(FOLDER / "real.bib", "bibtext")


@pytest.mark.parametrize("name", [*REAL, "trials.json"])
def test_content_tells_the_format_where_the_suffix_does_not(name: str, tmp_path: Path) -> None:
    file = written(tmp_path, "export.txt", (FOLDER / name).read_bytes())
    assert importing.read(file).rows == read(name).rows


def test_a_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=((FOLDER / "real.ris").read_bytes(),))
    writer.start()
    assert importing.read(pipe).rows == read("real.ris").rows
    writer.join()


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">',
        '<!ENTITY b SYSTEM "file:///etc/hostname">',
    ],
)
def test_entities_are_not_expanded(declared: str, tmp_path: Path) -> None:
    xml = (
        f"<!DOCTYPE PubmedArticleSet [{declared}]><PubmedArticleSet><PubmedArticle><MedlineCitation><Article>"
        "<ArticleTitle>An example &b;</ArticleTitle></Article></MedlineCitation></PubmedArticle>"
        "</PubmedArticleSet>"
    )
    with pytest.raises(InputError, match="found declarations of entities"):
        importing.read(written(tmp_path, "x.xml", xml))


@pytest.mark.parametrize(
    ("name", "module"), [("real.bib", "bibtexparser"), ("real.ris", "rispy"), ("real.xml", "lxml")]
)
def test_a_missing_parser_is_named_with_the_way_to_get_it(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for loaded in (module, *(name for name in sys.modules if name.startswith(f"{module}."))):
        monkeypatch.setitem(sys.modules, loaded, None)
    with pytest.raises(NotAvailableError) as raised:
        read(name)
    assert str(raised.value) == f"{module} is not installed: pip install 'rescue-kg[import]'"
    assert run(FOLDER / name).exit_code == 3


# ---- the command ----


def test_the_command_writes_tsv_to_standard_output() -> None:
    result = run(FOLDER / "real.bib")
    assert result.exit_code == 0
    header, *rows = csv.reader(io.StringIO(result.stdout), delimiter="\t")
    assert tuple(header) == COLUMNS
    assert len(rows) == 4
    assert "\r" not in result.stdout
    assert result.stderr == f"{FOLDER / 'real.bib'}: 4 read, 4 written, 0 left out\n"


def test_the_command_says_what_is_left_out_and_exits_1() -> None:
    result = run(FOLDER / "broken.ris")
    assert result.exit_code == 1
    *problems, summary = result.stderr.splitlines()
    assert len(problems) == 5
    assert summary == f"{FOLDER / 'broken.ris'}: 6 read, 2 written, 4 left out; 1 value left out"


def test_the_command_writes_a_second_file_for_what_is_to_map(tmp_path: Path) -> None:
    out = tmp_path / "studies.tsv"
    result = run(FOLDER / "trials.json", "--out", out)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert out.read_bytes() == read("trials.json").to_tsv().encode()
    to_map = (tmp_path / "studies.to-map.tsv").read_text()
    assert to_map.startswith(
        "study\tkind\ttext\tnode\tnear\nnct99999901\tcondition\tSeptic Shock\tcondition:septic-shock\t"
    )
    assert "6 conditions and interventions to map, 3 of them known by name" in result.stderr
    assert (
        "6 conditions and interventions to map; name a file with --out" in run(FOLDER / "trials.json").stderr
    )


def test_the_command_reads_standard_input_and_takes_a_format() -> None:
    data = (FOLDER / "real.ris").read_bytes()
    assert (
        run("-", "--from", "ris", stdin=data).stdout
        == run("-", stdin=data).stdout
        == run(FOLDER / "real.ris").stdout
    )
    assert run("-", "--from", "bibtex", stdin=data).exit_code == 2


@pytest.mark.parametrize("args", [(), ("-", "-"), ("missing.bib",), ("real.bib", "--from", "word")])
def test_unusable_input_exits_2_with_one_line(args: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    result = run(*args)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_nothing_is_written_when_one_file_is_unusable(tmp_path: Path) -> None:
    out = tmp_path / "studies.tsv"
    assert run(FOLDER / "real.bib", written(tmp_path, "x.json", "[}"), "--out", out).exit_code == 2
    assert not out.exists()


# ---- the page about it ----


def test_the_page_names_every_column_and_format_and_shows_what_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = (Path(__file__).parents[1] / "docs" / "importing.md").read_text(encoding="utf-8")
    named = [
        name
        for cell in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", page, re.MULTILINE)
        for name in cell.split(", ")
    ]
    assert [name.strip("`") for name in named] == list(COLUMNS)
    assert all(f"| `{name}` |" in page for name in importing.FORMATS)
    (shown,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(FOLDER)
    said = run("broken.ris").stderr.splitlines()
    assert [line for line in said if line in shown.splitlines()] == shown.splitlines()


# ---- what becomes of the rows ----


def test_the_rows_are_good_rows_of_a_table_of_studies(tmp_path: Path, packaged: RescueGraph) -> None:
    from rescue_kg import tables

    report = importing.read_all(FOLDER / name for name in (*REAL, *BROKEN))
    file = written(tmp_path, "studies.tsv", report.to_tsv())
    (table,) = tables.check(packaged, [file], dataset="mine", rejects=tmp_path).tables
    assert (table.read, table.rejected) == (report.written, 0)
