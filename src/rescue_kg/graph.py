"""What a user holds: a loaded evidence graph that can be asked, shown, searched, checked and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pyoxigraph import QueryBoolean, QuerySolutions

from rescue_kg import questions, rules
from rescue_kg.answers import Answer
from rescue_kg.errors import ParseError
from rescue_kg.namespaces import EVIDENCE_GRAPH, ONTOLOGY_GRAPH, PREFIXES, contract
from rescue_kg.resources import data_path
from rescue_kg.store import Store

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from typing import Any, Self

    import networkx
    import rdflib
    from networkx import Graph as Network

    from rescue_kg.answers import Iri
    from rescue_kg.audit import AuditReport
    from rescue_kg.comparison import Comparison
    from rescue_kg.progress import Progress
    from rescue_kg.remote import Endpoint, PushReport
    from rescue_kg.tables import Report as TablesReport
    from rescue_kg.validation import Report

__all__ = ["RescueGraph", "load", "open"]

T = TypeVar("T")


def load(*files: str | os.PathLike[str], infer: bool = True, evidence: bool | None = None) -> RescueGraph:
    """Return the packaged review with the packaged evidence as a graph in memory, or that of the given files.

    Triples go to the named graph `graph:ontology`; N-Quads, TriG and JSON-LD keep the graph names they carry.
    The packaged evidence, what published studies measured on the topics of the review, is the dataset
    `evidence`; it comes with the review, unless `evidence` is False, and with files only where it is True.
    Unless `infer` is False, the closure is computed by the rules and stands in graphs of its own.

    Raises InputError or ParseError for a file that cannot be read, NotAvailableError without packaged data.
    """
    store = Store()
    for file in files or (data_path("ontology", "rescue.ttl"),):
        store.load_file(file, graph=ONTOLOGY_GRAPH)
    if evidence if evidence is not None else not files:
        store.load_file(data_path("evidence", "evidence.ttl"), graph=EVIDENCE_GRAPH)
    graph = RescueGraph(store)
    if infer:
        graph.infer()
    return graph


class RescueGraph:
    """An evidence graph in a store; made by `rescue_kg.load()` in memory, `rescue_kg.open()` on disk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, read_only: bool = False) -> Self:
        """Return the graph of a store in a folder; a missing or empty folder becomes an empty store.

        Nothing is loaded: load() does that, and the folder keeps it. What stood in the folder before a change
        that was broken off (by an error, Ctrl-C, a crash, kill -9, a full disk) is there as it was, and the
        start of the change is gone, which a warning of the logger `rescue_kg` says. Use it in a `with`, or
        close() it, so that others can open it.

        With `read_only` the graph is asked and not changed; any number of readers may hold it, in as many
        processes, as long as nobody writes.

        Raises StoreInUseError where a writer holds the folder (or, for a writer, a reader), InputError for a
        folder that holds something else, is damaged, or, to read, is missing.
        """
        return cls(Store(folder, read_only=read_only))

    def close(self) -> None:
        """Write everything to disk and give up the folder; a closed graph answers no more."""
        self._store.close()

    def __enter__(self) -> Self:
        """Return the graph itself, for a `with` that closes it."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the graph."""
        self.close()

    def datasets(self) -> tuple[str, ...]:
        """Return the names of the datasets that are loaded, sorted; the ontology is one of them."""
        return rules.datasets(self._store)

    def load(
        self,
        *files: str | os.PathLike[str] | bytes,
        dataset: str | None = None,
        infer: bool = True,
        progress: Progress | None = None,
    ) -> None:
        """Load files as a dataset, in the place of what it held, with closure and summary.

        A dataset is its graph `graph:<dataset>`, and below it `/inferred`, `/summary` and `/stance`. All of
        them change at once when everything is complete, or not at all; until then the old ones answer.
        Without `dataset` this is the ontology, from the packaged file when none is given, and formats that
        carry graph names keep them, as in `rescue_kg.load()`. A named dataset takes statements of its own
        graph or of none; `evidence` is the packaged evidence when no file is given.

        Loading the ontology rebuilds the closure of every dataset; a dataset's closure follows from it and
        the ontology, not from other datasets (`rescue_kg.rules.apply` says why). With `infer` off the dataset
        has no closure until infer() is called.

        A folder stands for the files of RDF in it. On disk the files may be of any size: memory does not grow
        with them. `progress` is called with a `rescue_kg.progress.Step`: bytes of the files read and triples,
        then rules run and triples found.

        Raises InputError or ParseError for a file or name that cannot be used, OutputError where the disk is
        full or the graph was opened read-only.
        """
        from rescue_kg import datasets

        datasets.load(self._store, *files, dataset=dataset, infer=infer, progress=progress)

    def add(
        self,
        *tables: str | os.PathLike[str],
        dataset: str | None = None,
        new_terms: str | os.PathLike[str] | None = None,
    ) -> TablesReport:
        """Load the good rows of evidence tables as one dataset and say what became of each table.

        Tables of studies, findings and claims, as CSV, TSV, Parquet or Excel; `rescue_kg.tables.template()`
        explains the columns, and `rescue_kg.tables.add()` what is checked and raised. Rejected rows stand in
        `TABLE.rejects.tsv` beside their table. A dataset is replaced as a whole; remove() takes it out.
        """
        from rescue_kg.tables import add

        return add(self, tables, dataset=dataset, new_terms=new_terms)

    def remove(self, dataset: str) -> None:
        """Take a dataset out, with its closure and summary, all at once.

        Raises UnknownNameError where it is not loaded, InputError for the ontology while others lean on it.
        """
        from rescue_kg import datasets

        datasets.remove(self._store, dataset)

    @property
    def store(self) -> Store:
        """The store that holds the graph."""
        return self._store

    def __repr__(self) -> str:
        return f"<RescueGraph: {len(self._store):,} statements in {len(self._store.graphs())} named graphs>"

    def ask(
        self,
        name: str,
        /,
        *,
        timeout: float | None = None,
        memory: int | str | None = None,
        **params: object,
    ) -> Answer:
        """Return the answer to a question of the catalogue, columns as its header says.

        IRI parameters take an IRI, a CURIE or a label. With a `timeout` (seconds) or a limit of `memory`
        (bytes, or a text such as `2GB`, for what the query takes beyond the graph) the query runs in a forked
        process, which is ended at the limit (docs/limits.md).

        Raises UnknownNameError for an unknown question or node, ParameterError for an unknown, missing or
        ill-typed parameter or limit, QueryTimeoutError and QueryMemoryError at a limit, NotAvailableError
        where the system has no such limits.
        """
        question = questions.read(name)
        sparql = questions.bind(question, params, self.resolve)

        def work() -> Answer:
            with self._store.reading():
                result = self._store.query(sparql, where=f"{name}.rq")
                if not isinstance(result, QuerySolutions):
                    raise ParseError(f"{name}.rq: found a query that is no SELECT, expected one")
                return Answer.from_solutions(result, question.title)

        return self._limited(work, name, timeout, memory)

    def query(
        self, sparql: str, *, timeout: float | None = None, memory: int | str | None = None
    ) -> Answer | bool:
        """Run any SPARQL query over the union of all named graphs; PREFIXES need no declaration.

        Returns the rows of a SELECT; the triples of a CONSTRUCT or DESCRIBE as (subject, predicate, object);
        True or False for an ASK. `timeout` and `memory` limit it as they do ask().

        Raises ParseError with line and column, and at a limit as ask() does.
        """

        def work() -> Answer | bool:
            with self._store.reading():
                result = self._store.query(sparql, prefixes=PREFIXES)
                if isinstance(result, QuerySolutions):
                    return Answer.from_solutions(result)
                if isinstance(result, QueryBoolean):
                    return bool(result)
                return Answer.from_triples(result)

        return self._limited(work, "query", timeout, memory)

    def _limited(
        self, work: Callable[[], T], what: str, timeout: float | None, memory: int | str | None
    ) -> T:
        if timeout is None and memory is None:
            return work()
        # Only a limit pays for this import.
        from rescue_kg.limits import limited

        return limited(work, self._store, what=what, timeout=timeout, memory=memory)

    def resolve(self, term: str, kind: str | None = None) -> Iri:
        """Return the IRI of the node that a term names: an IRI, a CURIE, a label, a synonym, or a slug.

        Case does not matter for names. `kind` (intervention, state, ...) leaves nodes of other kinds aside.
        Raises UnknownNameError where no node, or more than one, has the name.
        """
        from rescue_kg import terms

        with self._store.reading():
            return terms.resolve(self._store, term, kind)

    def label(self, iri: str) -> str:
        """Return the label of a node, or its CURIE where it has none."""
        from rescue_kg import terms

        with self._store.reading():
            return terms.label(self._store, iri) or contract(iri)

    def show(self, term: str) -> Answer:
        """Return every statement about the node that a term names: its own, then those that point to it.

        Columns: property (IRI, or the text `is PROPERTY of`), value (IRI or typed literal), label (text).
        Raises UnknownNameError as resolve() does.
        """
        from rescue_kg import terms

        with self._store.reading():
            return terms.show(self._store, self.resolve(term))

    def search(self, text: str) -> Answer:
        """Return the nodes whose label, synonym or definition holds a text, best first.

        Columns: node (IRI), kind (text), label (text), matched (text). Raises InputError for an empty text.
        """
        from rescue_kg import terms

        with self._store.reading():
            return terms.search(self._store, text)

    def infer(self) -> dict[str, int]:
        """Rebuild the closure of every dataset by the rules and return rule name -> triples found."""
        return rules.apply_to_all(self._store)

    def validate(
        self, *, engine: str = "reference", dataset: str | None = None, max_results: int | None = None
    ) -> Report:
        """Return the report of all shapes and checks on this graph, or of the shapes on one dataset.

        `engine` is `reference` (pySHACL) or `fast` (the extra `fast`), which finds the same. At most
        `max_results` findings of each shape and check are kept, and all are counted.
        `rescue_kg.validation.validate()` says more, and what is raised.
        """
        from rescue_kg.validation import validate

        with self._store.reading():
            return validate(self, engine=engine, dataset=dataset, max_results=max_results)

    def compare(self, term: str | None = None) -> Comparison:
        """Return claims beside what studies measured: one claim, those on a condition or therapy, or all.

        `term` is an IRI, a CURIE, a label or a synonym. Raises UnknownNameError as resolve() does, InputError
        for a node of another kind.
        """
        from rescue_kg.comparison import compare

        return compare(self, term)

    def audit(self, *studies: str, **options: Any) -> AuditReport:
        """Check citations of all studies, or of the given ones, against Crossref, PubMed and OpenAlex.

        The graph is not changed; `rescue_kg.audit.write(graph, report)` adds the checks to it.
        `rescue_kg.audit.audit()` has the options and says what is raised.
        """
        from rescue_kg.audit import audit

        return audit(self, *studies, **options)

    def rdflib(self) -> rdflib.Dataset:
        """Return a copy as an rdflib Dataset with the same named graphs; its default graph is their union."""
        from rescue_kg.dataset import to_dataset

        return to_dataset(self._store)

    def networkx(self, *, limit: int = 1_000_000) -> networkx.MultiDiGraph[str]:
        """Return a copy as a networkx MultiDiGraph of the named nodes, with labels and kinds.

        A small graph is seen whole so; of a large one, projection() gives a part. Raises InputError where the
        graph holds more than `limit` statements.
        """
        from rescue_kg.export.networks import to_networkx

        return to_networkx(self, limit=limit)

    def projection(self, name: str, *, limit: int = 5_000_000) -> Network[str]:
        """Return a chosen part of the graph as a small networkx Graph with weights, such as `failed-rescue`.

        `rescue_kg.projections.PROJECTIONS` says what the nodes, edges and weights of each are;
        `rescue_kg.analytics` measures them. Raises UnknownNameError for an unknown name, InputError
        where there is no edge, or more than `limit`.
        """
        from rescue_kg.projections import projection

        return projection(self, name, limit=limit)

    def export(self, path: str | os.PathLike[str], format: str | None = None) -> None:  # noqa: A002
        """Write the graph to a file; the format is taken from the suffix unless named.

        Raises UnknownFormatError, and OutputError where the file cannot be written.
        """
        from rescue_kg.export import write

        write(self, path, format)

    def push(self, endpoint: Endpoint) -> PushReport:
        """Put the named graphs of this graph into a triple store, in place of those that it has.

        `endpoint` comes from `rescue_kg.remote.connect()`; `rescue_kg.remote.push()` has the options and says
        what is raised.
        """
        from rescue_kg.remote import push

        return push(self, endpoint)


open = RescueGraph.open  # noqa: A001 - read as rescue_kg.open
