"""What the README says works as it says: its commands, its Python, its SPARQL and its list of questions."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rescue_kg
from rescue_kg import questions

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def transcripts() -> list[tuple[str, str]]:
    """Return (command, what it prints) for every `$` line of the console blocks."""
    found = [re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE) for block in blocks("console")]
    return [pair for pairs in found for pair in pairs]


@pytest.mark.parametrize(("command", "printed"), transcripts(), ids=[pair[0] for pair in transcripts()])
def test_command(command: str, printed: str, tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == printed


def test_python() -> None:
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks("python")), {}, "README", str(README), 0)
    assert len(examples.examples) == 6
    assert doctest.DocTestRunner().run(examples).failed == 0


@pytest.mark.parametrize("query", blocks("sparql"))
def test_sparql(query: str) -> None:
    answer = rescue_kg.load().query(query)
    assert isinstance(answer, rescue_kg.Answer)
    assert len(answer) > 0


def test_the_make_targets_exist() -> None:
    targets = re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets == ["run", "test"]
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_the_questions_are_all_listed() -> None:
    lines = [f"| `{asked.name}` | {asked.question} |" for asked in questions.catalogue()]
    table = "\n".join(["| name | question |", "| --- | --- |", *lines])
    found = re.search(r"<!-- questions: begin -->\n(.*?)\n<!-- questions: end -->", TEXT, re.DOTALL)
    assert found is not None
    assert found[1] == table, f"put this between the two comments of the README:\n{table}"


def test_the_links_to_files_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT)
    assert len(links) >= 5
    assert [link for link in links if not (ROOT / link).exists()] == []
