"""A large table, in bounded memory: RESCUE_KG_STUDIES=50000 makes it a million findings."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

#: Studies, findings of each, every how many findings one is bad.
STUDIES, EACH, BAD = int(os.environ.get("RESCUE_KG_STUDIES", "5000")), 20, 1_000
_COLUMNS = (
    *("id", "stated_by", "about_state", "about_intervention", "comparator", "about_outcome", "timepoint"),
    *("direction", "figure_seen_in", "editorial_note", "measure", "value", "comparator_value", "unit"),
    *("ci_low", "ci_high", "ci_level", "p_value", "events_intervention", "total_intervention"),
    *("events_comparator", "total_comparator"),
)

# In a process of its own, so that its memory is its own.
_SCRIPT = """
import resource, sys
from rescue_kg import load, tables

studies, findings, out = sys.argv[1:]
graph = load(infer=False, evidence=False)
report = tables.write(graph, [studies, findings], out, dataset="big")
print(report.read, report.loaded, report.rejected, report.statements)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def made_up(folder: Path, studies: int) -> list[Path]:
    rng = random.Random(20)
    paths = [folder / "studies.tsv", folder / "findings.tsv"]
    with paths[0].open("w") as stream:
        stream.write("id\ttitle\tyear\tdesign\n")
        for n in range(studies):
            stream.write(f"trial-{n}\tTrial \\ number {n}\t{1990 + n % 30}\trandomized-controlled-trial\n")
    with paths[1].open("w") as stream:
        stream.write("\t".join(_COLUMNS) + "\n")
        for n in range(studies * EACH):
            events = [rng.randint(0, 100), rng.randint(0, 100)]
            row = [f"f-{n}", f"trial-{n % studies}", "refractory OHCA", "ECPR", "usual care"]
            row += [
                rng.choice(["survival", "mortality"]),
                "28 days",
                "mixed",
                "primary-source",
                f"note {n}; two",
            ]
            if n % 2:
                row += ["proportion", f"{events[0]:.1f}", f"{events[1]:.1f}", "%", "", "", "", "0.04"]
            else:
                row += ["risk-ratio", "0.80", "", "", "0.70", "0.90", "95", "<0.001"]
            row += [str(events[0]), "100", str(events[1]), "100"]
            if n % BAD == BAD - 1:
                row[1] = "nobody"
            stream.write("\t".join(row) + "\n")
    return paths


@pytest.mark.slow
def test_a_large_table(tmp_path: Path) -> None:
    paths = made_up(tmp_path, STUDIES)
    out = tmp_path / "out.nt"
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *map(str, paths), str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    first, memory = run.stdout.splitlines()
    findings = STUDIES * EACH
    bad = findings // BAD
    read, loaded, rejected, statements = map(int, first.split())
    assert (read, loaded, rejected) == (STUDIES + findings, STUDIES + findings - bad, bad)
    with out.open("rb") as stream:
        assert sum(1 for _ in stream) == statements
    with (tmp_path / "findings.tsv.rejects.tsv").open() as stream:
        lines = stream.read().splitlines()
    assert [line.split("\t")[:3] for line in lines[1:]] == [
        [str(row), "stated_by", "nobody"] for row in range(BAD + 1, findings + 2, BAD)
    ]
    # A million findings have 170 MB, and 4 GB of statements; a gigabyte is what the engine is given.
    assert int(memory) < 2.5 * 2**20
