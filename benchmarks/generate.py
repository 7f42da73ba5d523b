r"""Makes up evidence tables of any size: studies, findings, claims, and the terms that they name.

Published evidence fills a few hundred rows; how the package does with millions is measured, and tested, on
these. The columns are those that `rescue-kg add` reads, the nodes those of the packaged ontology. Good rows
are accepted and faulty ones rejected, each for the one fault that its note names; `facts.json` says how many
there are. Links follow Zipf's law: what is named most often is named twice as often as the second, three
times as often as the third. That holds within a field of study, whose terms and studies are its own: their
number grows with the rows (`made_up_fields` says why); `--fields 1` makes one of all. How often there is what
is made up as well. The same arguments give the same bytes with the same numpy and pyarrow, in every process.
Rows are made in chunks, so that the memory does not depend on their number.

    python benchmarks/generate.py FOLDER --findings 1000000 --claims 1000000 --faulty 0.01
    python benchmarks/generate.py FOLDER --triples 200000
    rescue-kg add FOLDER/studies.tsv FOLDER/findings.tsv FOLDER/claims.tsv --new-terms FOLDER/terms.ttl \
        --store my-store
"""

from __future__ import annotations

import argparse
import json
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import made_up_nodes
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq
from made_up_arrays import numbered
from made_up_cells import Findings, study_cells
from made_up_claims import Claims
from made_up_faults import FAULTS
from made_up_fields import Fields, Sizes

from rescue_kg import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from made_up_arrays import Cells, Whole

FORMATS: Final = ("tsv", "parquet")
#: Rows that are made at a time; each chunk has random numbers of its own.
CHUNK: Final = 65_536
_NAMES: Final = {"study": "studies", "finding": "findings", "claim": "claims"}
#: Rows of findings and claims for each field, about as many as the packaged review and evidence have.
ROWS_OF_A_FIELD: Final = 250
#: Findings and claims of a study, of a review and for a term, where no other number is asked for.
_FINDINGS_OF_A_STUDY: Final = 20
_CLAIMS_OF_A_REVIEW: Final = 50
_ROWS_OF_A_TERM: Final = 5
#: Statements that as many claims as findings make, with their studies and terms, divided by the claims:
#: measured at 2,000 to 2,000,000 statements, and what test_generate.py holds them to.
STATEMENTS_OF_A_PAIR: Final = 51.9


class Rows(NamedTuple):
    """How many rows and terms there are; the last `reviews` of the studies are those that state claims."""

    findings: int
    claims: int
    studies: int
    reviews: int
    terms: int
    fields: int

    @classmethod
    def of(
        cls,
        findings: int,
        claims: int,
        studies: int | None = None,
        terms: int | None = None,
        fields: int | None = None,
    ) -> Rows:
        """Return the numbers, those that are None in proportion to the findings and claims."""
        reviews = max(1, claims // _CLAIMS_OF_A_REVIEW) if claims else 0
        if studies is None:
            studies = max(1, findings // _FINDINGS_OF_A_STUDY) + reviews
        elif studies <= reviews:
            reviews = studies // 2
        rows = findings + claims
        terms = rows // _ROWS_OF_A_TERM if terms is None else terms
        return cls(findings, claims, studies, reviews, terms, fields or max(1, rows // ROWS_OF_A_FIELD))


def for_triples(folder: Path, triples: int, form: str = "parquet", seed: int = 0) -> dict[str, object]:
    """Write tables without faults that make about so many statements, terms included; return the facts.

    There are as many claims as findings, and studies, reviews, terms and fields in proportion, the same for
    every size. The packaged ontology is not counted.
    """
    pairs = max(1, round(triples / STATEMENTS_OF_A_PAIR))
    return generate(folder, Rows.of(pairs, pairs), form, Fraction(0), seed)


class Table(NamedTuple):
    """A table to be made: `cells` gives the columns of the rows of some numbers, but for id and note."""

    kind: str
    rows: int
    faulty: int
    cells: Callable[[np.random.Generator, Whole], Cells]

    def facts(self, form: str) -> dict[str, object]:
        """Return what a reader of the table has to find: its rows, and how many have which fault, where."""
        faults = FAULTS[self.kind]
        of = len(faults)
        return {
            "file": f"{_NAMES[self.kind]}.{form}",
            "rows": self.rows,
            "faulty": self.faulty,
            "faults": {
                fault.kind: {"column": fault.column, "rows": (self.faulty - turn + of - 1) // of}
                for turn, fault in enumerate(faults)
            },
        }

    def batches(self, seed: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows in chunks, the columns in the order of the schema."""
        for start in range(0, self.rows, CHUNK):
            end = min(start + CHUNK, self.rows)
            cells = self._chunk(np.random.default_rng([seed, *self.kind.encode(), start]), start, end)
            names = [name for name in tables.schema(self.kind).names if name in cells]
            yield pa.record_batch([cells[name] for name in names], names=names)

    def _chunk(self, rng: np.random.Generator, start: int, end: int) -> Cells:
        # Whole numbers all the way, so that the faults add up to what was asked for.
        before, after = (place * self.faulty // self.rows for place in (start, end))
        # The first row of all is good: a duplicate needs a row above it.
        first = 0 if start else 1
        places = np.sort(first + rng.permutation(end - start - first)[: after - before])
        good = np.ones(end - start, np.bool_)
        good[places] = False
        # Good rows are numbered through, and faulty ones after them, so that a link can name a good one.
        above = start - before + np.cumsum(good)
        numbers = above.copy()
        numbers[places] = self.rows - self.faulty + 1 + np.arange(before, after)
        cells = {
            "id": numbered("made-up-", numbers),
            "editorial_note": pa.array(["made up"] * len(good)),
            **self.cells(rng, numbers),
        }
        self._spoil(cells, places, before, above)
        return cells

    def _spoil(self, cells: Cells, places: Whole, before: int, above: Whole) -> None:
        """Put faults into the rows at these places; `before` counts the faulty rows of earlier chunks."""
        faults = FAULTS[self.kind]
        changed: dict[str, dict[int, str | None]] = {}
        for number, place in enumerate(places.tolist(), start=before):
            fault = faults[number % len(faults)]
            changes = {"editorial_note": f"made up, with a fault: {fault.kind}", **fault.cells}
            for name, cell in changes.items():
                text = cell and cell.format(n=number + 1, earlier=f"made-up-{above[place]}")
                changed.setdefault(name, {})[place] = text
        for name, texts in changed.items():
            mask = np.zeros(len(above), np.bool_)
            mask[list(texts)] = True
            new = pa.array(list(texts.values()), pa.string())
            cells[name] = pc.replace_with_mask(cells[name], pa.array(mask), new)


@contextmanager
def writer(path: Path, schema: pa.Schema) -> Iterator[Any]:
    """Open a table for batches, in the format that its suffix names."""
    if path.suffix == ".parquet":
        with pq.ParquetWriter(path, schema, compression="zstd") as parquet:
            yield parquet
        return
    options = pv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    with path.open("wb") as stream:
        # pyarrow would put the names between quotes.
        stream.write("\t".join(schema.names).encode() + b"\n")
        with pv.CSVWriter(stream, schema, write_options=options) as text:
            yield text


def write(path: Path, batches: Iterator[pa.RecordBatch]) -> None:
    """Write the batches of a table, of which there is at least one."""
    first = next(batches)
    with writer(path, first.schema) as table:
        table.write_batch(first)
        for batch in batches:
            table.write_batch(batch)


def generate(folder: Path, rows: Rows, form: str, faulty: Fraction, seed: int) -> dict[str, object]:
    """Write the tables, the terms and the facts into a folder, and return the facts."""
    folder.mkdir(parents=True, exist_ok=True)
    nodes = made_up_nodes.packaged(seed)
    states = rows.terms // 3
    asked = {"study": rows.studies, "finding": rows.findings, "claim": rows.claims}
    bad = {kind: int(faulty * number) for kind, number in asked.items()}
    primary = rows.studies - rows.reviews - bad["study"]
    # Each field has something of everything.
    count = min(rows.fields, primary, states + 1, *([rows.reviews] if rows.reviews else []))
    fields = Fields(nodes, Sizes(count, primary, rows.reviews, rows.terms - states, states))
    cells: dict[str, Callable[[np.random.Generator, Whole], Cells]] = {
        "study": partial(study_cells, fields=fields),
        "finding": Findings(fields).cells,
        "claim": Claims(fields).cells,
    }
    made = [Table(kind, number, bad[kind], cells[kind]) for kind, number in asked.items() if number]
    facts: dict[str, object] = {"seed": seed, "terms": rows.terms, "fields": count}
    if rows.terms:
        with (folder / "terms.ttl").open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(made_up_nodes.terms(nodes, rows.terms - states, states, count, seed))
    for table in made:
        name = _NAMES[table.kind]
        write(folder / f"{name}.{form}", table.batches(seed))
        facts[name] = table.facts(form)
    (folder / "facts.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return facts


def _number(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        found = int(text)
        if found < least:
            raise argparse.ArgumentTypeError(f"found {found}, expected a whole number from {least}")
        return found

    return number


def _part(text: str) -> Fraction:
    found = Fraction(text)
    if not 0 <= found < 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected a part such as 0.01, from 0 and below 1")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, and print the facts."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where to write; files of the same names are replaced")
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--findings", type=_number(1), help="rows of the table of findings")
    size.add_argument(
        "--triples",
        type=_number(100),
        help="about so many statements, half the rows findings and half claims",
    )
    parser.add_argument("--claims", type=_number(0), help="rows of the table of claims; else none")
    parser.add_argument("--studies", type=_number(2), help="rows of that of studies, reviews among them")
    parser.add_argument("--format", choices=FORMATS, default="tsv")
    parser.add_argument("--faulty", type=_part, help="part of the rows with a fault; else none")
    parser.add_argument("--terms", type=_number(0), help="new terms, two interventions to a state")
    parser.add_argument("--fields", type=_number(1), help="fields of study, at most; else one for 250 rows")
    parser.add_argument("--seed", type=_number(0), default=0)
    given = parser.parse_args(arguments)
    if given.triples is not None:
        for name in ("claims", "studies", "faulty", "terms", "fields"):
            if getattr(given, name) is not None:
                parser.error(f"found --{name} beside --triples, which works it out; expected one of them")
        facts = for_triples(given.folder, given.triples, given.format, given.seed)
    else:
        rows = Rows.of(given.findings, given.claims or 0, given.studies, given.terms, given.fields)
        facts = generate(given.folder, rows, given.format, given.faulty or Fraction(0), given.seed)
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
