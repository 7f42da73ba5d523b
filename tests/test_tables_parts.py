"""A dataset in parts: the same statements as in one file, whole parts only, and none made twice."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from evidence_tables import PLAIN_FINDING, PLAIN_STUDY, write_table
from rescue_kg import tables
from rescue_kg.cli import app
from rescue_kg.errors import InputError, UnknownFormatError
from rescue_kg.graph import load
from rescue_kg.parquet_quads import COLUMNS
from rescue_kg.tables import duckdb, parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rescue_kg.graph import RescueGraph
    from rescue_kg.tables.parts import Part

#: Rows of findings; every fifth has a fault.
ROWS = 23

TERMS = """@prefix rescue: <https://w3id.org/rescue-kg/> .
<https://w3id.org/rescue-kg/outcome/made-up> a rescue:Outcome ;
    <http://www.w3.org/2000/01/rdf-schema#label> "made up\u2028with a line separator"@en .
"""


@pytest.fixture(scope="module")
def ontology() -> RescueGraph:
    return load(infer=False, evidence=False)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    rows = [
        {**PLAIN_FINDING, "id": f"f-{n}", "direction": "up" if n % 5 == 4 else "increases"}
        for n in range(ROWS)
    ]
    return [
        write_table(tmp_path / "studies.tsv", tuple(PLAIN_STUDY), [PLAIN_STUDY]),
        write_table(tmp_path / "findings.tsv", tuple(PLAIN_FINDING), rows),
    ]


def lines(folder: Path, form: str) -> list[str]:
    """Return the lines of all parts, in their order."""
    found = []
    for path in sorted(folder.glob("part-*")):
        if form == "parquet":
            rows = pq.read_table(path).to_pylist()
            found += [" ".join(row[name] for name in COLUMNS) + " ." for row in rows]
            continue
        data = path.read_bytes()
        if form == "nq.gz":
            data = gzip.decompress(data)
        elif form == "nq.zst":
            with pa.input_stream(str(path), compression="zstd") as stream:
                data = stream.read()
        found += data.decode().split("\n")[:-1]
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("form", parts.FORMS)
def test_parts_hold_what_one_file_holds(
    ontology: RescueGraph, tmp_path: Path, paths: list[Path], form: str
) -> None:
    terms = tmp_path / "terms.ttl"
    terms.write_text(TERMS, encoding="utf-8")
    whole = tmp_path / "all.nq"
    one = tables.write(ontology, paths, whole, dataset="d", new_terms=terms)
    out = tmp_path / "out"
    report = tables.write(ontology, paths, f"{out}/", dataset="d", new_terms=terms, parts=form, part_rows=10)
    found = lines(out, form)
    assert sorted(set(found)) == whole.read_text(encoding="utf-8").split("\n")[:-1]
    assert (report.statements, report.faults) == (len(found), one.faults)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["complete"]
    assert [(part["file"], part["of"], part["first_row"], part["rows"]) for part in manifest["parts"]] == [
        (f"part-00000.{form}", "terms", 0, 0),
        (f"part-00001.{form}", "study", 0, 1),
        (f"part-00002.{form}", "finding", 0, 10),
        (f"part-00003.{form}", "finding", 10, 10),
        (f"part-00004.{form}", "finding", 20, 3),
    ]
    assert sum(part["statements"] for part in manifest["parts"]) == len(found)


def test_new_terms_with_blank_nodes_are_written_the_same_each_time(
    ontology: RescueGraph, tmp_path: Path, paths: list[Path]
) -> None:
    terms = tmp_path / "terms.ttl"
    terms.write_text(TERMS + "[] a <urn:x:a> ; <urn:x:p> [] , [ a <urn:x:b> ] , 1 .")
    found = []
    for name in ("one", "two"):
        out = tmp_path / name
        tables.write(ontology, paths, f"{out}/", dataset="d", new_terms=terms, parts="nq")
        found.append((out / "part-00000.nq").read_text())
    assert found[0] == found[1]
    graph = "<https://w3id.org/rescue-kg/graph/d> ."
    said = found[0].split("\n")[:-1]
    assert len(set(said)) == 7
    assert all(line.endswith(graph) for line in said)
    assert sum(line.startswith("_:") for line in said) == 5


def test_rows_out_of_order_are_sorted(
    ontology: RescueGraph, tmp_path: Path, paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = duckdb._read

    def reverse(*given: Any) -> Iterator[pa.RecordBatch]:
        for batch in reversed(list(read(*given))):
            yield batch.take(pa.array(range(batch.num_rows - 1, -1, -1)))

    tables.write(ontology, paths, f"{tmp_path / 'one'}/", dataset="d", parts="nq")
    monkeypatch.setattr(duckdb, "_read", reverse)
    tables.write(ontology, paths, f"{tmp_path / 'two'}/", dataset="d", parts="nq")
    found = [contents(tmp_path / name) for name in ("one", "two")]
    assert found[0] == found[1]


def test_only_missing_parts_are_made_and_they_are_the_same(
    ontology: RescueGraph, tmp_path: Path, paths: list[Path]
) -> None:
    out = tmp_path / "out"
    first = tables.write(ontology, paths, f"{out}/", part_rows=10)
    before = contents(out)
    (out / "part-00002.nq.gz").unlink()
    (out / ".part-00002.nq.gz.x.tmp").write_bytes(b"half")
    kept = (out / "part-00001.nq.gz").stat().st_mtime_ns
    # What a killed run leaves behind: a manifest that has not heard of all parts.
    manifest = json.loads(before["manifest.json"])
    (out / "manifest.json").write_text(json.dumps({"made_of": manifest["made_of"], "complete": False}))
    again = tables.write(ontology, paths, out, part_rows=10)
    assert again.statements == first.statements
    assert (out / "part-00001.nq.gz").stat().st_mtime_ns == kept
    after = contents(out)
    after.pop(".part-00002.nq.gz.x.tmp", None)
    assert after == before


def test_parts_of_something_else_are_left_alone(
    ontology: RescueGraph, tmp_path: Path, paths: list[Path]
) -> None:
    out = tmp_path / "out"
    tables.write(ontology, paths, f"{out}/", part_rows=10)
    before = contents(out)
    with pytest.raises(InputError, match=r"part_rows: found 10, expected 20.*name another folder"):
        tables.write(ontology, paths, out, part_rows=20)
    with pytest.raises(InputError, match="dataset: found"):
        tables.write(ontology, paths, out, dataset="other", part_rows=10)
    with paths[1].open("a") as stream:
        stream.write("\n")
    with pytest.raises(InputError, match="tables: found"):
        tables.write(ontology, paths, out, part_rows=10)
    assert contents(out) == before
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="found other files"):
        tables.write(ontology, paths, other)
    (other / "letter.txt").rename(other / "manifest.json")
    with pytest.raises(InputError, match="found no manifest of parts"):
        tables.write(ontology, paths, other)
    with pytest.raises(UnknownFormatError, match=r"expected one of nq\.gz"):
        tables.write(ontology, paths, f"{out}/", parts="nt")
    with pytest.raises(InputError, match="expected at least 1"):
        tables.write(ontology, paths, f"{out}/", part_rows=0)


def test_a_broken_part_is_named(ontology: RescueGraph, tmp_path: Path, paths: list[Path]) -> None:
    out = tmp_path / "out"
    tables.write(ontology, paths, f"{out}/", part_rows=10)
    part = out / "part-00001.nq.gz"
    part.write_bytes(part.read_bytes()[:40])
    manifest = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps({"made_of": manifest["made_of"], "complete": False}))
    with pytest.raises(InputError, match=r"part-00001\.nq\.gz: cannot be read .*remove it and run again"):
        tables.write(ontology, paths, out, part_rows=10)


def test_the_command(tmp_path: Path, paths: list[Path]) -> None:
    out = tmp_path / "out"
    run = CliRunner().invoke(
        app, ["add", *map(str, paths), "--out", f"{out}/", "--parts", "nq", "--part-rows", "10"]
    )
    assert run.exit_code == 1, run.output
    assert f"statements written to {out}/" in run.stderr
    assert len(list(out.glob("part-*.nq"))) == 4
    wrong = CliRunner().invoke(app, ["add", *map(str, paths), "--parts", "nq"])
    assert wrong.exit_code == 2
    assert "found --parts or --part-rows without --out FOLDER/" in wrong.stderr


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on(ontology: RescueGraph, tmp_path: Path) -> None:
    rows = [{**PLAIN_FINDING, "id": f"f-{n}"} for n in range(20_000)]
    paths = [
        write_table(tmp_path / "studies.tsv", tuple(PLAIN_STUDY), [PLAIN_STUDY]),
        write_table(tmp_path / "findings.tsv", tuple(PLAIN_FINDING), rows),
    ]
    whole, out = tmp_path / "whole", tmp_path / "out"
    tables.write(ontology, paths, f"{whole}/", dataset="d", part_rows=500)
    command = [sys.executable, "-m", "rescue_kg", "add", *map(str, paths), "--dataset", "d"]
    command += ["--out", f"{out}/", "--part-rows", "500"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + 120
        while len(list(out.glob("part-*"))) < 5 and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    made = {path.name: path.stat().st_mtime_ns for path in out.glob("part-*")}
    assert 5 <= len(made) < 41
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert {name: (out / name).stat().st_mtime_ns for name in made} == made
    expected = {path.name: path.read_bytes() for path in whole.glob("part-*")}
    assert {path.name: path.read_bytes() for path in out.glob("part-*")} == expected


def test_parts_that_follow_each_other_come_from_one_query(
    ontology: RescueGraph, tmp_path: Path, paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    runs = duckdb._runs
    for most in (1, 3):

        def at_most(parts: Sequence[Part], _: int, most: int = most) -> list[list[Part]]:
            return runs(parts, most)

        monkeypatch.setattr(duckdb, "_runs", at_most)
        out = tmp_path / str(most)
        tables.write(ontology, paths, f"{out}/", dataset="d", parts="nq", part_rows=4)
        found.append(contents(out))
    assert found[0] == found[1]
    # The manifest, the study, and the findings.
    assert len(found[0]) == 1 + 1 + ROWS // 4 + 1
