"""Every kind of bad cell is rejected, alone and with its column named; the rows around it are loaded."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence_tables import CLAIMS, FINDING, ROW_FAULTS, STUDY, WORDS, Fault, Row, faults, write_table
from rescue_kg import tables
from rescue_kg.graph import load

if TYPE_CHECKING:
    from pathlib import Path

    from rescue_kg.graph import RescueGraph
    from rescue_kg.tables import Report

ALL = faults()
HEADERS = {kind: tables.schema(kind).names for kind in ("study", "finding", "claim")}


@pytest.fixture(scope="module")
def ontology() -> RescueGraph:
    return load(infer=False, evidence=False)


def test_the_catalogue_is_large_and_covers_every_column() -> None:
    assert len(ALL) >= 600
    assert len({fault.name for fault in ALL}) >= 400
    unspoilt = {
        (kind, column.name)
        for kind in HEADERS
        for column in tables.schema(kind).columns
        if not any(fault.kind == kind and column.name in fault.columns for fault in ALL)
    }
    # Free text of one value may be anything.
    assert all(tables.schema(kind)[name].is_free_text for kind, name in unspoilt)


def spoilt_tables(
    folder: Path, bad: list[Fault], rng: random.Random
) -> tuple[list[Path], dict[str, list[Row]]]:
    """Write a table of each kind, its bad rows among good ones, and return the paths and rows."""
    rows: dict[str, list[Row]] = {"study": [dict(STUDY)], "finding": [], "claim": []}
    for kind, goods in (("study", [STUDY]), ("finding", [FINDING, WORDS]), ("claim", [*CLAIMS.values()])):
        for place, fault in enumerate(fault for fault in bad if fault.kind == kind):
            row = dict(fault.row)
            # An id that is not itself at fault is one of its own.
            if fault.columns != {"id"}:
                row["id"] = f"bad-{place}"
            rows[kind].append(row)
            if rng.random() < 0.3:
                rows[kind].append({**rng.choice(goods), "id": f"more-{place}"})
    suffix = rng.choice([".tsv", ".csv"])
    paths = [
        write_table(folder / f"{name}{suffix}", HEADERS[kind], rows[kind])
        for kind, name in (("study", "studies"), ("finding", "findings"), ("claim", "claims"))
    ]
    return paths, rows


def lines_of(rows: list[Row]) -> list[int]:
    """Return the line on which each row begins."""
    numbers, line = [], 2
    for row in rows:
        numbers.append(line)
        line += 1 + sum(value.count("\n") for value in row.values())
    return numbers


def named(report: Report, path: Path) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for table in report.tables:
        if table.table == str(path) and table.rejects is not None:
            with open(table.rejects, encoding="utf-8", newline="") as stream:  # noqa: PTH123
                for reject in csv.DictReader(stream, delimiter="\t"):
                    found[int(reject["row"])].add(reject["column"])
    return found


def check(graph: RescueGraph, folder: Path, bad: list[Fault], rng: random.Random) -> None:
    paths, rows = spoilt_tables(folder, bad, rng)
    out = folder / "out.nt"
    report = tables.write(graph, paths, out, dataset="hostile")
    by_name = {kind: iter([fault for fault in bad if fault.kind == kind]) for kind in HEADERS}
    for path, kind in zip(paths, HEADERS, strict=True):
        expected = {
            number: set(next(by_name[kind]).columns)
            for number, row in zip(lines_of(rows[kind]), rows[kind], strict=True)
            if not row["id"].startswith(("more-", "good-"))
        }
        found = named(report, path)
        wrong = {
            number: (found.get(number), expected.get(number), rows[kind][lines_of(rows[kind]).index(number)])
            for number in {*found, *expected}
            if found.get(number) != expected.get(number)
        }
        assert not wrong, "\n".join(f"{n}: {w[0]} {w[1]} {list(w[2].values())}" for n, w in wrong.items())
    good = {kind: [row for row in rows[kind] if row["id"].startswith(("more-", "good-"))] for kind in HEADERS}
    alone = [
        write_table(folder / f"good-{kind}.tsv", HEADERS[kind], good[kind])
        for kind in HEADERS
        if kind == "study" or good[kind]
    ]
    expected_out = folder / "expected.nt"
    assert tables.write(graph, alone, expected_out, dataset="hostile").ok
    # To the byte what the good rows give alone.
    assert out.read_bytes() == expected_out.read_bytes()
    assert report.loaded == sum(map(len, good.values()))
    assert report.read == sum(map(len, rows.values()))
    assert report.rejected == len(bad)


@pytest.mark.slow
def test_every_kind_of_bad_cell_is_rejected(ontology: RescueGraph, tmp_path: Path) -> None:
    check(ontology, tmp_path, ALL, random.Random(7))


@pytest.mark.slow
@given(
    st.lists(st.sampled_from(ALL), max_size=60, unique_by=lambda fault: fault.name),
    st.randoms(use_true_random=False),
)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_tables(
    ontology: RescueGraph,
    tmp_path_factory: pytest.TempPathFactory,
    bad: list[Fault],
    rng: random.Random,
) -> None:
    check(ontology, tmp_path_factory.mktemp("hostile"), bad, rng)


def test_rows_that_are_none(ontology: RescueGraph, tmp_path: Path) -> None:
    path = write_table(tmp_path / "studies.tsv", HEADERS["study"], [STUDY])
    header, line = path.read_bytes().splitlines()
    lines = [header]
    for place, (_, spoil, _) in enumerate(ROW_FAULTS):
        lines += [spoil(line), line.replace(b"good-study", b"more-%d" % place)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    report = tables.check(ontology, [path])
    rows = [2 * (place + 1) for place in range(len(ROW_FAULTS))]
    assert [(reject.row, reject.column) for reject in report.first_rejects] == [
        (row, column) for row, (_, _, column) in zip(rows, ROW_FAULTS, strict=True)
    ]
    assert (report.read, report.rejected) == (2 * len(ROW_FAULTS), len(ROW_FAULTS))
