"""Spark against DuckDB: the same tables give the same parts, manifest and rejects, to the byte.

Needs pyspark, which the dependency group `spark` brings, and the variable RESCUE_KG_SPARK: what pyspark asks
of pandas is not what the other tests are run with.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evidence_tables import PLAIN_STUDY, write_table

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("RESCUE_KG_SPARK"), reason="RESCUE_KG_SPARK is not set"),
]

ROOT = Path(__file__).parents[1]
#: Texts in which a shell, SQL, a regular expression, JSON or N-Triples might see more than a text.
HOSTILE = (
    "it's `${spark.app.name}` $1 ${env:HOME} {{x}}",
    'back\\slash \\n \\u0041 \\ and "quotes" \\" end\\',
    "lines\nand\r\nmore\ttabs",
    "-- no comment /* none */ ; DROP %s %% _ .* [^a] \\d+",
    "\u2028\u2029\u0085\u000b\u001f e\u0301 \ufeff \U0001f9ec \U0010fffd \u202e",
    '<https://example.org/x> "a"@en ^^ _:b .',
    "null NaN true 1e5 \u0661\u0662",
)


def made_up(folder: Path) -> None:
    """Write tables with faults of every kind, and one of studies with texts of every kind."""
    generate = [sys.executable, str(ROOT / "benchmarks" / "generate.py"), str(folder), "--findings", "60"]
    generate += ["--claims", "110", "--studies", "24", "--terms", "12", "--faulty", "0.3"]
    subprocess.run(generate, check=True, capture_output=True)
    texts = ("title", "label", "journal", "editorial_note")
    rows = [
        {**PLAIN_STUDY, **dict.fromkeys(texts, text), "id": f"hostile-{place}"}
        for place, text in enumerate(HOSTILE)
    ]
    write_table(folder / "hostile.tsv", (*PLAIN_STUDY, *texts[1:]), rows)


def commands() -> list[str]:
    """Return the commands of docs/scale.md for the package, on a few rows in parts of still fewer."""
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [
        block.replace("studies.tsv", "hostile.tsv studies.tsv").replace("25000", "25")
        for block in blocks
        if not block.startswith("isql")
    ]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_job_for_spark_writes_what_duckdb_writes(tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    made_up(tmp_path)
    settings = tmp_path / "conf"
    settings.mkdir()
    (settings / "spark-defaults.conf").write_text(
        "spark.ui.enabled false\nspark.sql.shuffle.partitions 2\nspark.sql.adaptive.enabled false\n"
        # To compile well takes Java longer than it saves in a minute.
        "spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1\n"
    )
    found = []
    duckdb, spark, load = commands()
    for command, folder, status in ((duckdb, "quads", 1), (load, "my-store", 0), (spark, "quads-spark", 1)):
        run = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={
                **os.environ,
                "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
                "SPARK_CONF_DIR": str(settings),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == status, run.stderr
        if status:
            rejects = {path.name: path.read_bytes() for path in tmp_path.glob("*.rejects.tsv")}
            assert len(rejects) == 3
            found.append((contents(tmp_path / folder), rejects))
            for name in rejects:
                (tmp_path / name).unlink()
    assert found[0] == found[1]
    # New terms, hostile and other studies, three parts of findings and five of claims, all with good rows.
    assert sum(len(data) > 500 for name, data in found[0][0].items() if name.startswith("part-")) == 11
