"""Good rows of evidence tables, ways to spoil each cell of them, and tables written in every kind of file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final, NamedTuple

from rescue_kg.tables import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from rescue_kg.tables import Column

__all__ = [
    "CLAIM",
    "CLAIMS",
    "FINDING",
    "KIND_FAULTS",
    "PLAIN_FINDING",
    "PLAIN_STUDY",
    "ROW_FAULTS",
    "STUDY",
    "WORDS",
    "Fault",
    "Row",
    "faults",
    "write_table",
]

Row = dict[str, str]

STUDY: Final[Row] = {
    "id": "good-study",
    "label": "A good study",
    "alt_label": "GOOD; Good trial",
    "title": "Of extracorporeal resuscitation",
    "creator": "Doe J; Roe R",
    "year": "2020",
    "journal": "Journal of Examples",
    "volume": "12",
    "issue": "3",
    "pages": "1-9",
    "doi": "10.1000/182",
    "bibliographic_citation": "Doe J, Roe R. J Ex 2020.",
    "license": "https://creativecommons.org/licenses/by/4.0/",
    "design": "randomized-controlled-trial",
    "participants": "134",
    "registry_id": "NCT00000000; ISRCTN00",
    "citation_number": "7",
    "citation_status": "not-checked",
    "text_length": "1000",
    "text_hash": "0123456789abcdef" * 4,
    "editorial_note": "One note; another note",
    "pmid": "123456",
    "included_studies": "3",
    "included_design": "cohort-study; rescue:registry-study",
    "includes_study": "study:kumar-2023",
    "population_as_worded": "adults",
    "setting": "one city",
    "link": "https://example.org/page?a=1",
    "tier": "core",
}

FINDING: Final[Row] = {
    "id": "good-finding",
    "label": "",
    "stated_by": "good-study",
    "about_state": "state:cpr-refractory-ohca",
    "population": "",
    "about_intervention": "ECPR",
    "comparator": "usual care",
    "background_therapy": "comparator:usual-care; vasopressin",
    "about_outcome": "outcome:survival",
    "timepoint": "30 days",
    "direction": "increases",
    "result_in_words": "",
    "figure_seen_in": "primary-source",
    "editorial_note": "Seen in a table",
    "timepoint_days": "30",
    "analysis": "main-analysis",
    "recommendation": "",
    "outcome_change": "improved",
    "state_as_worded": "arrest",
    "intervention_as_worded": "E-CPR",
    "comparator_as_worded": "CPR",
    "outcome_as_worded": "alive",
    "tier": "core",
    "measure": "risk-ratio",
    "value": "1.20",
    "comparator_value": "1.0",
    "unit": "",
    "ci_low": "0.90",
    "ci_high": "+1.60",
    "ci_level": "95",
    "p_value": "<0.001",
    "events_intervention": "6",
    "total_intervention": "14",
    "events_comparator": "1",
    "total_comparator": "15",
    "contrast": "intervention-against-comparator",
}

CLAIM: Final[Row] = {
    "id": "good-claim",
    "kind": "efficacy",
    "label": "",
    "notation": "C-1",
    "stated_by": "good-study",
    "cites_study": "good-study; study:kumar-2023",
    "about_state": "state:cpr-refractory-ohca",
    "population": "",
    "about_intervention": "ECPR",
    "offers_rescue": "intervention:ecpr",
    "about_outcome": "outcome:survival",
    "direction": "increases",
    "comparator": "comparator-not-stated",
    "background_therapy": "comparator:usual-care; vasopressin",
    "credited_jointly_with": "",
    "alternative_outcome_to": "",
    "editorial_note": "Stands in a table",
    "about_mechanism": "",
    "modified_by": "",
    "line_position": "",
    "about_condition": "",
    "section": "Introduction",
    "paragraph": "2",
    "sentence": "1",
    "start": "10",
    "end": "40",
    "passage_hash": "0123456789abcdef" * 4,
    "strength": "hedged",
    "strength_cue": "may; might",
    "refractory_qualifier": "full",
}
_NO_EFFECT: Final[Row] = {
    **CLAIM,
    **dict.fromkeys(("offers_rescue", "about_outcome", "direction", "comparator", "background_therapy"), ""),
}
#: A good claim of each kind.
CLAIMS: Final[dict[str, Row]] = {
    "efficacy": CLAIM,
    "positioning": {**_NO_EFFECT, "kind": "positioning", "offers_rescue": "ECPR"},
    "mechanism": {**_NO_EFFECT, "kind": "mechanism", "about_mechanism": "mechanism:metabolic-shift"},
    "modifier": {**_NO_EFFECT, "kind": "modifier", "modified_by": "timing; patient-profile"},
    "line-of-therapy": {
        **_NO_EFFECT,
        "kind": "rescue:LineOfTherapyClaim",
        "line_position": "last-resort",
        "offers_rescue": "ECPR",
    },
    "normative": {**_NO_EFFECT, "kind": "Normative claim"},
    "context": {
        **_NO_EFFECT,
        "kind": "ContextClaim",
        "about_condition": "septic shock; condition:out-of-hospital-cardiac-arrest",
        "about_state": "",
        "about_intervention": "",
        "refractory_qualifier": "",
    },
}
#: What no claim of a kind may do: the kind, the changed cells, the column that is at fault.
KIND_FAULTS: Final[tuple[tuple[str, Row, str], ...]] = (
    *(
        ("efficacy", {name: ""}, name)
        for name in ("about_state", "about_intervention", "about_outcome", "direction", "comparator")
    ),
    *(
        (kind, {name: ""}, name)
        for kind in ("positioning", "mechanism", "modifier", "line-of-therapy", "normative")
        for name in ("about_state", "about_intervention")
    ),
    ("positioning", {"offers_rescue": ""}, "offers_rescue"),
    ("positioning", {"direction": "increases"}, "direction"),
    ("mechanism", {"about_mechanism": ""}, "about_mechanism"),
    ("modifier", {"modified_by": ""}, "modified_by"),
    ("line-of-therapy", {"line_position": ""}, "line_position"),
    *(
        (kind, {"offers_rescue": "ECPR"}, "offers_rescue")
        for kind in ("mechanism", "modifier", "normative", "context")
    ),
    *(
        (kind, {name: value}, name)
        for name, value, own in (
            ("about_mechanism", "mechanism:metabolic-shift", "mechanism"),
            ("modified_by", "timing", "modifier"),
            ("line_position", "next-line", "line-of-therapy"),
            ("about_condition", "septic shock", "context"),
        )
        for kind in CLAIMS
        if kind != own
    ),
    ("normative", {"start": "40"}, "start"),
    ("context", {"section": ""}, "section"),
    ("modifier", {"strength": ""}, "strength"),
)

_FIGURES: Final = [column.name for column in schema("finding").columns if column.subject == "estimate"]

#: A finding without figures.
WORDS: Final[Row] = {**FINDING, **dict.fromkeys(_FIGURES, ""), "result_in_words": "more survived"}

#: Rows with little in them: a table takes as long as it has columns.
PLAIN_STUDY: Final[Row] = {name: STUDY[name] for name in ("id", "title", "year", "design")}
PLAIN_FINDING: Final[Row] = {
    name: WORDS[name]
    for name in (
        "id",
        "stated_by",
        "about_state",
        "about_intervention",
        "comparator",
        "about_outcome",
        "direction",
        "result_in_words",
        "figure_seen_in",
    )
}


class Fault(NamedTuple):
    """A way to spoil a row: its kind of table, the row, and the columns that must be named for it."""

    kind: str
    name: str
    row: Row
    columns: frozenset[str]


#: What is no number in any column of numbers.
NO_NUMBERS: Final = (
    "abc",
    "1,5",
    "1.234,5",
    "\u22121",
    "\u20131",
    "1e5",
    "NaN",
    "INF",
    "-inf",
    "1.2.3",
    "5%",
    "1 000",
    "1\u00a0000",
    "0x1F",
    "\u0661\u0662",
    "\uff11",
    "--5",
    "+-5",
    "5-",
    "\u00bd",
    ".",
    "+",
    "1/2",
    "~5",
    "<5",
    "5 days",
    "9" * 19,
)
NO_WHOLE_NUMBERS: Final = ("1.5", "1.0", "1.", ".5")
NO_DECIMALS: Final = ("0." + "1" * 19,)

_OUT_OF_BOUNDS: Final = {
    "year": ("1799", "2101", "-2020", "0"),
    "participants": ("0", "-1"),
    "citation_number": ("0", "-7"),
    "text_length": ("0", "-1"),
    "included_studies": ("0", "-3"),
    "timepoint_days": ("-1",),
    "ci_level": ("0", "100", "-95", "100.0", "0.95e2"),
    "events_intervention": ("-1",),
    "events_comparator": ("-1",),
    "paragraph": ("0", "-1"),
    "sentence": ("0",),
    "start": ("-1", "40", "41"),
    "end": ("0",),
}
_NO_PATTERN: Final = {
    "doi": ("https://doi.org/10.1000/1", "doi:10.1000/1", "10.1/x", "10.1000", "10.1000/ 1", "11.1000/1"),
    "pmid": ("012", "PMID 5", "12a", "1234567890", "-5", "1.0"),
    "passage_hash": ("0123", "G" * 64, "A" * 64),
    "text_hash": ("0123", "G" * 64, "A" * 64, "0" * 63, "0" * 65),
    "link": ("example.org", "ftp://example.org/a", "https://", "https://a b", "https://a/<b>", "doi:10.1/2"),
    "license": ("CC BY", "creativecommons.org", "https://a b", "https://a/{b}", 'https://a/"b"', "cc:by"),
    "tier": ("Core", "main", "core; extra", "1"),
    "p_value": ("0,05", "p=0.05", "< 0.001", "NS", "1.5", "-0.1", "5%", "\u22640.05", "0.05*", "<<0.1", "2"),
}
#: Columns whose faults show elsewhere too: an arm with nobody in it.
_ELSEWHERE: Final = {
    ("total_intervention", "0"): {"events_intervention"},
    ("total_comparator", "0"): {"events_comparator"},
    ("total_intervention", "-5"): {"events_intervention"},
    ("total_comparator", "-5"): {"events_comparator"},
    ("end", "0"): {"start"},
}
_NO_SLUGS: Final = (
    "",
    "Bad",
    "bad id",
    "bad_id",
    "-bad",
    "bad-",
    "bad--id",
    "study:bad",
    "https://w3id.org/rescue-kg/study/bad",
    "b\u00e4d",
    "bad/id",
    "bad.id",
    "bad\nid",
    "bad\u200bid",
)
#: 6 of 14 are 42.86 %, 1 of 15 is 6.67 %.
_SHARE: Final[Row] = {"measure": "proportion", "unit": "%", "ci_low": "40", "ci_high": "50"}
#: Changes of several cells of a finding, with the columns that are at fault.
_ACROSS: Final[tuple[tuple[Row, set[str]], ...]] = (
    ({"ci_low": "2"}, {"ci_low"}),
    ({"value": "0.8999"}, {"value"}),
    ({"value": "1.6001"}, {"value"}),
    ({"value": "-1.2"}, {"value"}),
    ({"ci_low": "", "ci_high": ""}, {"ci_level"}),
    ({"events_intervention": "15"}, {"events_intervention"}),
    ({"events_comparator": "16"}, {"events_comparator"}),
    ({"measure": ""}, {"measure"}),
    ({"about_outcome": ""}, {"about_outcome"}),
    ({"recommendation": "recommended-for"}, {"recommendation"}),
    ({**_SHARE, "value": "42", "comparator_value": "7"}, {"value"}),
    ({**_SHARE, "value": "42.9", "comparator_value": "7.2"}, {"comparator_value"}),
    ({**_SHARE, "unit": "percent", "value": "45", "comparator_value": "9"}, {"value", "comparator_value"}),
)
_ACROSS_WORDS: Final[tuple[tuple[Row, set[str]], ...]] = (
    ({"result_in_words": "", "outcome_change": ""}, {"result_in_words"}),
    ({"result_in_words": "", "outcome_change": "", "measure": "risk-ratio"}, {"result_in_words"}),
    ({"result_in_words": "", "outcome_change": "", "total_intervention": "12"}, {"result_in_words"}),
    ({"unit": "%"}, {"unit"}),
    ({"ci_level": "95"}, {"ci_level"}),
    ({"ci_high": "1.5"}, {"ci_high"}),
    ({"comparator_value": "1.5"}, {"comparator_value"}),
    ({"contrast": "intervention-against-comparator"}, {"contrast"}),
    ({"total_comparator": "13"}, {"total_comparator"}),
    ({"events_comparator": "12"}, {"events_comparator"}),
    ({"result_in_words": " \t ", "outcome_change": ""}, {"result_in_words"}),
)

#: A line of a TSV file that is no row, between good ones, and the column that is named for it.
ROW_FAULTS: Final[tuple[tuple[str, Callable[[bytes], bytes], str], ...]] = (
    ("too few cells", lambda line: line.rpartition(b"\t")[0], ""),
    ("too many cells", lambda line: line + b"\tmore", ""),
    ("NUL", lambda line: line.replace(b"Journal", b"Jour\x00nal"), "journal"),
    ("Latin-1", lambda line: line.replace(b"Journal", b"Journ\xe9e"), "journal"),
    ("a surrogate", lambda line: line.replace(b"Journal", b"\xed\xa0\x80"), "journal"),
    ("an open quote", lambda line: line.replace(b"Journal", b"\tJournal").replace(b"\t\t", b'\t"'), ""),
    ("text after a quote", lambda line: line.replace(b"adults", b'"adults" only'), ""),
    ("a carriage return", lambda line: line.replace(b"adults", b"ad\rults"), ""),
)


def faults() -> list[Fault]:
    """Return every kind of bad cell: for each column what its kind, bounds, pattern and place forbid."""
    found: list[Fault] = []
    for kind, base in (("study", STUDY), ("finding", FINDING), ("claim", CLAIM)):
        for column in schema(kind).columns:
            found += [
                _spoilt(kind, base, column.name, value, *_ELSEWHERE.get((column.name, value), ()))
                for value in _bad_values(column)
            ]
        found += [_spoilt(kind, base, "id", value) for value in _NO_SLUGS]
    found += [
        Fault("finding", f"together {changes}", {**base, **changes}, frozenset(columns))
        for base, several in ((FINDING, _ACROSS), (WORDS, _ACROSS_WORDS))
        for changes, columns in several
    ]
    found += [
        Fault("claim", f"{kind} {changes}", {**CLAIMS[kind], **changes}, frozenset({column}))
        for kind, changes, column in KIND_FAULTS
    ]
    return found


def write_table(path: Path, header: Sequence[str], rows: Iterable[Row]) -> Path:
    """Write rows to a file of the kind that its suffix says, and return its path."""
    cells = [[row.get(name, "") for name in header] for row in rows]
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = {
            name: pa.array([line[place] or None for line in cells], pa.string())
            for place, name in enumerate(header)
        }
        pq.write_table(pa.table(columns), path)
    elif path.suffix == ".xlsx":
        import openpyxl

        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for line in [header, *cells]:
            sheet.append(line)
        book.save(path)
    else:
        delimiter = "," if path.suffix == ".csv" else "\t"
        with path.open("w", encoding="utf-8", newline="") as stream:
            plain, quoted = (
                csv.writer(stream, delimiter=delimiter, lineterminator="\n", quoting=quoting)
                for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
            )
            for line in [header, *cells]:
                # Python before 3.13 leaves a lone carriage return without quotes.
                (quoted if any("\r" in cell for cell in line) else plain).writerow(line)
    return path


def _spoilt(kind: str, base: Row, column: str, value: str, *others: str) -> Fault:
    return Fault(kind, f"{column} {value!r}", {**base, column: value}, frozenset({column, *others}))


def _bad_values(column: Column) -> list[str]:
    found: list[str] = []
    if column.is_number:
        found += NO_NUMBERS
        found += NO_WHOLE_NUMBERS if column.kind == "integer" else NO_DECIMALS
        found += _OUT_OF_BOUNDS.get(column.name, ())
        if column.name.startswith("total_"):
            found += ["0", "-5"]
    if column.is_reference:
        found += [
            "no such node at all",
            "condition:septic-shock",
            "rescue:Drug",
            "nosuchprefix:x",
            "state:nope",
            "https://example.org/nope",
            "https://w3id.org/rescue-kg/intervention/nope",
            "a; b" if column.repeatable else "increases; decreases",
            "\u00e9",
            '"',
            "<https://w3id.org/rescue-kg/intervention/ecpr>",
        ]
    if column.repeatable:
        good = (STUDY | FINDING | CLAIM)[column.name].partition("; ")[0] or "nobody"
        found += [f"{good}; ; {good}", f"; {good}"]
    if column.required and column.subject != "estimate":
        found += ["", " ", "\t\n"]
    found += _NO_PATTERN.get(column.name, ())
    return found
