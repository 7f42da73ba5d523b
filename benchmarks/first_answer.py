"""Time from the prompt to the first answer: `rescue-kg ask` against bare scripts with the same query.

All contenders run as whole processes, in turn within each round, and print the same rows (asserted before
anything is timed). The closure is shipped to the bare scripts inside the Turtle file that they parse;
`rescue-kg` parses the shorter `ontology/rescue.ttl` and computes the closure. Run it with `make bench`.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measuring

import rescue_kg
from rescue_kg import questions

QUESTION = "recurring-interventions"
ROUNDS = 9
COLUMNS = ("contender", "median, s", "least, s", "most, s", "times rescue-kg")

# Compiled modules are what an installed package has; some shells keep Python from writing them.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

PYOXIGRAPH = """
import sys
from pyoxigraph import RdfFormat, Store
store = Store()
store.bulk_load(path=sys.argv[1], format=RdfFormat.TURTLE)
for row in store.query(open(sys.argv[2]).read()):
    print(*(cell.value for cell in row), sep="\\t")
"""

RDFLIB = """
import sys
from rdflib import Graph
for row in Graph().parse(sys.argv[1], format="turtle").query(open(sys.argv[2]).read()):
    print(*row, sep="\\t")
"""


def run(command: list[str]) -> tuple[float, str]:
    """Run a command and return its wall time in seconds and what it printed."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    return time.perf_counter() - start, done.stdout


def main() -> None:
    """Print the medians of all contenders and their ratios to `rescue-kg`."""
    with tempfile.TemporaryDirectory() as folder:
        closed = Path(folder, "closed.ttl")
        rescue_kg.load().export(closed)
        query = Path(folder, "question.rq")
        query.write_text(questions.read(QUESTION).text, encoding="utf-8")
        files = [str(closed), str(query)]
        contenders = {
            "rescue-kg ask": [f"{Path(sys.executable).parent}/rescue-kg", "ask", QUESTION, "-f", "tsv"],
            "bare pyoxigraph": [sys.executable, "-c", PYOXIGRAPH, *files],
            "bare rdflib": [sys.executable, "-c", RDFLIB, *files],
        }
        answers = {name: run(command)[1].splitlines() for name, command in contenders.items()}
        expected = answers["rescue-kg ask"][1:]  # after the line of column names
        for name, lines in answers.items():
            if name != "rescue-kg ask" and lines != expected:
                raise SystemExit(f"{name} gives other rows than rescue-kg: {lines} and {expected}")
        times: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(ROUNDS):
            for name, command in contenders.items():
                times[name].append(run(command)[0])
    ours = statistics.median(times["rescue-kg ask"])
    rows = [
        (name, statistics.median(own), min(own), max(own), statistics.median(own) / ours)
        for name, own in times.items()
    ]
    print(measuring.machine("pyoxigraph", "rdflib", "click"))
    print(f"{QUESTION}, {ROUNDS} rounds", end="\n\n")
    print(measuring.table(COLUMNS, rows))


if __name__ == "__main__":
    main()
