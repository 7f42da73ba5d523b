"""The embedded triple store: a thin layer over pyoxigraph with named graphs, formats and clear errors."""

from __future__ import annotations

import os
from _thread import RLock
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pyoxigraph
from pyoxigraph import NamedNode, Quad, QuerySolutions

from rescue_kg.bulk import MANY, extend, ticking
from rescue_kg.errors import InputError, OutputError, RescueKgError, StoreInUseError
from rescue_kg.formats import FORMATS, SUFFIXES, format_of, opened, quads
from rescue_kg.sparql_errors import sparql_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Self

    from pyoxigraph import QueryBoolean, QueryTriples, Triple

    from rescue_kg.disk import Folder

__all__ = ["FORMATS", "SUFFIXES", "Store", "format_of"]

# How pyoxigraph begins what it passes on from RocksDB: an OSError, and a RuntimeError.
_ROCKSDB: Final = ("IO error: ", "Corruption: ")


class Store:
    """A set of named graphs, in memory, or in a folder on disk when a path is given.

    Each call that writes is all or nothing, also when the process is killed; several calls are made so by
    transaction(). Queries see the union of all graphs as their default graph; a triple that stands in two
    graphs is seen twice there.

    A folder is made where there is none, unless it is opened with `read_only`. It has one writer, or any
    number of readers. Raises StoreInUseError where another writer holds it (or, for a writer, a reader),
    InputError for a folder that is no store, is damaged or cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, read_only: bool = False) -> None:
        self._path = None if path is None else os.fspath(path)
        self._folder: Folder | None = None
        self._read_only = read_only
        # Whether a transaction is under way, and whether this is the store that it writes to.
        self._changing = False
        self._is_change = False
        # Held while something is written here, so that no worker is forked in the middle of it.
        self._busy = RLock()
        self._native: pyoxigraph.Store | None
        if self._path is None:
            if read_only:
                raise InputError("found read_only without a folder, expected the folder of a store")
            self._native = pyoxigraph.Store()
        else:
            # A store in memory does without it.
            from rescue_kg.disk import Folder

            self._folder = Folder(self._path, read_only=read_only)
            self._native = None
            try:
                self._native = self._folder.open()
            finally:
                if self._native is None:
                    self._folder.close()

    @property
    def native(self) -> pyoxigraph.Store:
        """The pyoxigraph store underneath; another one after a transaction. Raises InputError once closed."""
        if self._native is None:
            raise InputError(
                f"{self._path or 'the store'}: found it closed, expected an open store; open it again"
            )
        return self._native

    @property
    def path(self) -> str | None:
        """The folder on disk, or None for a store in memory."""
        return self._path

    def close(self) -> None:
        """Write everything to disk and give up the folder, for others to open; once is enough."""
        if self._native is None or self._folder is None or self._is_change:
            self._native = None
            return
        try:
            if not self._read_only:
                with self.writing():
                    self._native.flush()
                self._folder.tidy()
        finally:
            self._native = None
            self._folder.close()

    def __enter__(self) -> Self:
        """Return the store itself, for a `with` that closes it."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the store."""
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Store]:
        """Give a store to write to, for a `with`; at its end all changes become visible at once, or none.

        Until then this store answers as before and takes no changes. An error, Ctrl-C or the end of the
        process in between leaves everything as it was. On disk the changes are made in a copy of hard links,
        which takes milliseconds whatever the size; in memory the copy takes time and room as the store does.
        A transaction in a transaction is part of the outer one.

        Raises OutputError where the disk is full or the store read-only, StoreInUseError where another thread
        is changing the store.
        """
        if self._is_change:
            yield self
            return
        change = Store()
        change._is_change, change._path = True, self._path
        with self.writing():
            before = self.native
        self._changing = True
        done = False
        try:
            with change.writing():
                if self._folder is None:
                    change.native.extend(before)
                else:
                    self._folder.tidy()
                    copy = self._folder.new_path()
                    before.backup(copy)
                    change._folder, change._native = self._folder, self._folder.open_database(copy)
            yield change
            with change.writing():
                change.native.flush()
            if self._folder is not None:
                self._folder.commit()
            self._native = change._native
            done = True
        finally:
            self._changing = False
            if not done:
                change._native = None
                if self._folder is not None:
                    self._folder.tidy()

    @contextmanager
    def whole_on_disk(self) -> Iterator[Store]:
        """Give what several calls may write to, for a `with`: on disk a transaction, in memory this store.

        Raises as transaction() does.
        """
        if self._path is None:
            yield self
            return
        with self.transaction() as change:
            yield change

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Refuse to write where this store cannot, and turn what the disk says into our errors."""
        if self._read_only:
            raise OutputError(
                f"{self._path}: the store was opened read-only; open it without read_only to change it"
            )
        if self._changing:
            raise StoreInUseError(
                f"{self._path or 'the store'}: a transaction is under way; write to the store that it gave, "
                "or wait for its end"
            )
        try:
            with self._busy:
                yield
        except RescueKgError:
            raise
        # pyoxigraph passes on what RocksDB says: OSError "IO error: ...", RuntimeError "Corruption: ...".
        except (OSError, RuntimeError) as error:
            if not str(error).startswith(_ROCKSDB):
                raise
            raise OutputError(
                f"{self._path}: cannot be written, and is as it was before ({error}); make room or mend the "
                "disk, then open the store again"
            ) from error

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn what a damaged disk says while results are read into an InputError."""
        try:
            yield
        except (OSError, RuntimeError) as error:
            if isinstance(error, RescueKgError) or not str(error).startswith(_ROCKSDB):
                raise
            raise InputError(
                f"{self._path}: the store is damaged ({error}); restore the folder from a copy, or load "
                "the data into a new one"
            ) from error

    @contextmanager
    def for_worker(self) -> Iterator[Callable[[], None]]:
        """Give what a forked process has to call before it reads from this store, for a `with`.

        In memory the process has the store already. A folder it opens again, read-only, since RocksDB does
        not outlive a fork; where this store writes to it, that is a copy of hard links.
        """
        if self._folder is None:
            yield lambda: None
            return
        copy: str | None = None
        try:
            if not self._read_only:
                copy = self._folder.queried_path()
                with self.reading():
                    self.native.backup(copy)
            yield lambda: self._open_again(copy)
        finally:
            if copy is not None:
                self._folder.remove(copy)

    @contextmanager
    def still(self, deadline: float | None = None) -> Iterator[None]:
        """Keep other threads from writing to this store, for a `with`; wait for one that writes.

        Raises OutOfTimeError where it writes until the `deadline` (of time.monotonic()).
        """
        from time import monotonic

        from rescue_kg.worker import OutOfTimeError

        if not self._busy.acquire(timeout=-1 if deadline is None else max(deadline - monotonic(), 0)):
            raise OutOfTimeError
        try:
            yield
        finally:
            self._busy.release()

    def _open_again(self, copy: str | None) -> None:
        """Take the place of a store of the parent process, in a forked one."""
        folder = self._folder
        if folder is None or self._native is None:
            return
        # Both are kept, since to let go of the first would close what the parent has open.
        self._natives = self._native, folder.open_again(copy)
        self._native = self._natives[1]

    def __len__(self) -> int:
        return len(self.native)

    def __repr__(self) -> str:
        where = "" if self._path is None else repr(self._path)
        return f"<rescue_kg.store.Store({where}): {len(self)} quads in {len(self.graphs())} named graphs>"

    def graphs(self) -> list[str]:
        """Return the IRIs of the named graphs, sorted."""
        return sorted(graph.value for graph in self.native.named_graphs() if isinstance(graph, NamedNode))

    def count(self, graph: str) -> int:
        """Return the number of triples in one named graph; 0 where there is no such graph."""
        # On disk this is ten times quicker than to read the triples.
        return self._counted(f"SELECT (COUNT(*) AS ?n) {{ GRAPH {_node(graph)} {{ ?s ?p ?o }} }}")

    def _counted(self, sparql: str) -> int:
        found = self.native.query(sparql)
        return int(next(found)["n"].value) if isinstance(found, QuerySolutions) else 0

    def quads(self, graph: str | None = None) -> Iterator[Quad]:
        """Return an iterator over the quads of one named graph, or of all graphs."""
        return self.native.quads_for_pattern(None, None, None, None if graph is None else _node(graph))

    def drop(self, *graphs: str) -> None:
        """Remove named graphs with all their triples, all at once; a graph that is not there is no error."""
        names = {_node(graph) for graph in graphs}
        with self.whole_on_disk() as change, change.writing():
            if change._folder is not None and change._is_cheaper_to_copy(names):
                change._native = change._folder.copy_without(change.native, names)
                return
            for name in names:
                change.native.remove_graph(name)

    def _is_cheaper_to_copy(self, names: set[NamedNode]) -> bool:
        """Return whether to copy the rest of a database on disk, or to delete these graphs in it.

        To delete a triple takes RocksDB four times as long as to write it to a new database, and for the time
        being more room.
        """
        dropped = sum(self.count(name.value) for name in names)
        if dropped < MANY:
            return False
        # To count all takes as long as the store is large; only so many matter.
        enough = 5 * dropped
        some = f"SELECT * {{ GRAPH ?g {{ ?s ?p ?o }} }} LIMIT {enough}"
        return self._counted(f"SELECT (COUNT(*) AS ?n) {{ {{ {some} }} }}") < enough

    def load_quads(self, statements: Iterable[Quad | Triple], graph: str) -> None:
        """Add triples (or the triples of quads) to one named graph: all of them, or none."""
        name = _node(graph)
        quads = (Quad(item.subject, item.predicate, item.object, name) for item in statements)
        with self.whole_on_disk() as change, change.writing():
            if self._path is None:
                change.native.extend(quads)
            else:
                extend(change.native, quads)

    def add(self, quads: list[Quad]) -> None:
        """Add quads that are in memory already, each to its own graph, in one call."""
        with self.writing():
            if self._path is None:
                self.native.extend(quads)
            else:
                extend(self.native, quads, least=MANY)

    def load_file(
        self,
        source: str | os.PathLike[str] | bytes,
        *,
        graph: str,
        format: str | None = None,  # noqa: A002
        keep_graphs: bool = True,
        progress: Callable[[int, int], object] | None = None,
    ) -> None:
        """Load a file, or bytes, in one call: all of it, or nothing.

        `source` is a path, `-` for standard input, or the bytes themselves; the format is taken from the
        suffix (`.gz` is unpacked), and is Turtle for `-` and bytes unless `format` names another. Triples go
        to the named graph `graph`; formats that carry graph names keep those, and their default graph goes to
        `graph`. Without `keep_graphs`, a statement in any other graph is an error. On disk a file of any size
        takes the same memory; `progress` is then called with the statements and the bytes read by now.

        Raises ParseError (file and line), InputError (missing, unreadable, not a file, another graph),
        UnknownFormatError, OutputError where the store cannot be written.
        """
        target = _node(graph)
        with self.whole_on_disk() as change, opened(source, format) as file, change.writing():
            if self._path is None and (keep_graphs or not file.format.supports_datasets):
                change.native.load(file.data, format=file.format, to_graph=target)
                return
            statements = quads(file, target, keep_graphs=keep_graphs)
            if progress is not None:
                place = file.place
                statements = ticking(
                    statements, lambda triples: progress(triples, 0 if place is None else place())
                )
            if self._path is None:
                change.native.bulk_extend(statements)
            else:
                extend(change.native, statements)

    def query(
        self,
        sparql: str,
        *,
        where: str = "query",
        prefixes: Mapping[str, str] | None = None,
        graphs: Sequence[str] | None = None,
    ) -> QuerySolutions | QueryBoolean | QueryTriples:
        """Run a SPARQL query over the union of all graphs, or of `graphs`, and return pyoxigraph's result.

        `where` names the query in an error; `prefixes` are known without being declared in the text.
        Raises ParseError with the line and column of the first thing that cannot be read.
        """
        try:
            with sparql_errors(sparql, where):
                return self.native.query(
                    sparql,
                    use_default_graph_as_union=graphs is None,
                    default_graph=None if graphs is None else [_node(graph) for graph in graphs],
                    prefixes=None if prefixes is None else dict(prefixes),
                )
        except OSError as error:
            raise InputError(
                f"{where}: the query cannot be run ({error}); a SERVICE must be within reach"
            ) from error

    def update(self, sparql: str, *, where: str = "update") -> None:
        """Run a SPARQL update, all or nothing. Raises ParseError as query() does."""
        with sparql_errors(sparql, where), self.writing():
            self.native.update(sparql)


def _node(iri: str) -> NamedNode:
    try:
        return NamedNode(iri)
    except ValueError as error:
        raise InputError(
            f"found {iri!r} as the name of a graph ({error}), expected an absolute IRI"
        ) from error
