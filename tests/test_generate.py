"""Made-up tables: good rows are accepted, faulty ones rejected for their fault, the same made again."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.parquet as pq
import pytest

from rescue_kg import load, resources, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Generate = Callable[..., Path]

BENCHMARKS = resources.data_dir() / "benchmarks"
ARGUMENTS = (
    *("--findings", "1500", "--claims", "1500", "--studies", "300", "--faulty", "0.03", "--terms", "120"),
)
NAMES = ("studies", "findings", "claims")


class Made(NamedTuple):
    folder: Path
    facts: dict[str, Any]
    studies: list[dict[str, str]]
    findings: list[dict[str, str]]
    claims: list[dict[str, str]]


@pytest.fixture(scope="module")
def generate() -> Iterator[Generate]:
    """What runs the command line in this process, where the imports are done."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        script = import_module("generate")

        def run(folder: Path, *arguments: str, chunk: int = script.CHUNK) -> Path:
            with pytest.MonkeyPatch.context() as smaller:
                smaller.setattr(script, "CHUNK", chunk)
                script.main([str(folder), *arguments])
            return folder

        yield run


def rows(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def read(folder: Path) -> Made:
    facts = json.loads((folder / "facts.json").read_text())
    return Made(folder, facts, *(rows(folder / f"{name}.tsv") for name in NAMES))


@pytest.fixture(scope="module")
def made(generate: Generate, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return read(generate(tmp_path_factory.mktemp("made"), *ARGUMENTS))


def test_faulty_rows_are_rejected_for_their_fault_and_no_other_row_is(
    generate: Generate, tmp_path: Path
) -> None:
    # In chunks that faults and ids have to go across.
    made = read(generate(tmp_path / "made", *ARGUMENTS, chunk=64))
    paths = [made.folder / f"{name}.tsv" for name in NAMES]
    report = tables.check(
        load(infer=False, evidence=False), paths, new_terms=made.folder / "terms.ttl", rejects=tmp_path
    )
    for name, table in zip(NAMES, report.tables, strict=True):
        facts = made.facts[name]
        assert (table.read, table.rejected) == (facts["rows"], facts["faulty"])
        expected = []
        for number, row in enumerate(getattr(made, name), start=2):
            note, _, fault = row["editorial_note"].partition(", with a fault: ")
            assert note == "made up"
            if fault:
                expected.append((str(number), facts["faults"][fault]["column"], fault))
        assert table.rejects is not None
        found = [(row["row"], row["column"]) for row in rows(Path(table.rejects))]
        assert found == [(number, column) for number, column, _ in expected]
        of_kind = Counter(fault for _, _, fault in expected)
        assert of_kind == {kind: fault["rows"] for kind, fault in facts["faults"].items()}
        assert all(of_kind.values())
    assert report.faults == report.rejected == 99


def test_the_same_bytes_in_every_process_and_others_for_another_seed(
    made: Made, generate: Generate, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    subprocess.run(
        [sys.executable, str(BENCHMARKS / "generate.py"), str(again), *ARGUMENTS],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert contents(again) == contents(made.folder)
    other = contents(generate(tmp_path / "other", *ARGUMENTS, "--seed", "1"))
    assert not [name for name, data in contents(made.folder).items() if other[name] == data]


def test_parquet_holds_the_same_rows(made: Made, generate: Generate, tmp_path: Path) -> None:
    folder = generate(tmp_path, *ARGUMENTS, "--format", "parquet")
    assert sorted(path.name for path in folder.iterdir()) == [
        *("claims.parquet", "facts.json", "findings.parquet", "studies.parquet", "terms.ttl")
    ]
    for name, expected in zip(NAMES, made[2:], strict=True):
        found = pq.read_table(folder / f"{name}.parquet").to_pylist()
        assert [{column: cell or "" for column, cell in row.items()} for row in found] == expected


def test_in_one_field_a_few_nodes_have_most_of_the_rows(generate: Generate, tmp_path: Path) -> None:
    made = read(generate(tmp_path, *ARGUMENTS, "--fields", "1"))
    assert made.facts["fields"] == 1
    for table in (made.findings, made.claims):
        for column in ("stated_by", "about_state", "about_intervention", "about_outcome"):
            filled = [row[column] for row in table if row[column]]
            counts = sorted(Counter(filled).values(), reverse=True)
            assert counts[0] > len(filled) / 10
            assert sum(counts[: len(counts) // 4]) > len(filled) / 2
        used = {row[column] for row in table for column in ("about_state", "about_intervention")}
        for kind in ("state", "intervention"):
            assert sum(name.startswith(f"{kind}:made-up-") for name in used) > 10


def test_with_the_rows_grow_the_fields_and_not_what_is_said_of_one_node(
    generate: Generate, tmp_path: Path
) -> None:
    most: dict[str, dict[int, int]] = {}
    for size in (2_000, 8_000):
        folder = generate(tmp_path / str(size), "--findings", str(size), "--claims", str(size))
        made = read(folder)
        assert made.facts["fields"] == size // 125
        for name, table in (("findings", made.findings), ("claims", made.claims)):
            for column in ("stated_by", "about_state", "about_intervention"):
                counts = Counter(row[column] for row in table if row[column])
                most.setdefault(f"{name} {column}", {})[size] = max(counts.values())
    assert all(counts[8_000] < 2 * counts[2_000] for counts in most.values()), most


def test_claims_are_of_every_kind_and_stated_by_reviews(made: Made) -> None:
    good = [row for row in made.claims if "fault" not in row["editorial_note"]]
    kinds = Counter(row["kind"] for row in good)
    assert set(kinds) == set(tables.schema("claim")["kind"].short)
    assert min(kinds.values()) > len(good) / 50
    designs = {f"study:{row['id']}": row["design"] for row in made.studies}
    assert {designs[row["stated_by"]] for row in good} == {"rescue:narrative-review"}
    assert "rescue:narrative-review" not in {
        designs[row["stated_by"]] for row in made.findings if "fault" not in row["editorial_note"]
    }
    assert not any(row["offers_rescue"] not in ("", row["about_intervention"]) for row in good)


@pytest.mark.slow
def test_as_many_statements_as_asked_for(generate: Generate, tmp_path: Path) -> None:
    graph = load(infer=False, evidence=False)
    for triples in (2_000, 20_000):
        folder = generate(tmp_path / str(triples), "--triples", str(triples))
        paths = [folder / f"{name}.tsv" for name in NAMES]
        report = tables.write(graph, paths, tmp_path / "out.nt", new_terms=folder / "terms.ttl")
        assert report.ok
        assert report.statements == pytest.approx(triples, rel=0.05)


def test_without_faults_and_terms_and_more_than_one_chunk(generate: Generate, tmp_path: Path) -> None:
    folder = generate(
        tmp_path, *("--findings", "70000", "--studies", "3", "--terms", "0", "--format", "parquet")
    )
    assert not (folder / "claims.parquet").exists()
    assert not (folder / "terms.ttl").exists()
    found = pq.ParquetFile(folder / "findings.parquet")
    assert [found.metadata.row_group(n).num_rows for n in range(2)] == [65_536, 70_000 - 65_536]
    ids = pq.read_table(folder / "findings.parquet", columns=["id", "stated_by"]).to_pydict()
    assert ids["id"] == [f"made-up-{n}" for n in range(1, 70_001)]
    assert set(ids["stated_by"]) == {f"study:made-up-{n}" for n in range(1, 4)}


@pytest.mark.parametrize(
    "wrong",
    [["--faulty", "1"], ["--findings", "0"], ["--seed", "-1"], ["--format", "xlsx"], ["--triples", "5"]],
)
def test_arguments_that_cannot_be_used(
    generate: Generate, tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        generate(tmp_path, "--findings", "9", *wrong)
    assert caught.value.code == 2
    assert f"argument {wrong[0]}: " in capsys.readouterr().err


@pytest.mark.slow
def test_what_is_loaded_passes_every_check(generate: Generate, tmp_path: Path) -> None:
    folder = generate(tmp_path, "--findings", "300", "--claims", "300", "--faulty", "0.1")
    graph = load()
    new = [folder / f"{name}.tsv" for name in NAMES]
    report = graph.add(*new, dataset="made-up", new_terms=folder / "terms.ttl")
    assert (report.read, report.rejected) == (621, 62)
    # Whether what is offered had failed in the very state before is left to chance.
    found = graph.validate()
    assert {check.name for check in found.checks if check.severity != "info" and len(check.rows)} <= {
        "failed-therapy-offered-as-rescue"
    }
    assert found.passes("error")
