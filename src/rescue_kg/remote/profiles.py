"""What differs between triple stores: where their services are, and what they do and do not hold to."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from rescue_kg.errors import UnknownNameError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DOCUMENTED", "PROFILES", "TESTED", "Profile", "profile_of"]

TESTED: Final = "tested here"
DOCUMENTED: Final = "from the documentation"


class Profile(NamedTuple):
    """One store: `query`, `update` and `graph_store` are paths below the URL that a user gives.

    `auth` is how credentials are sent: `challenge` waits for the server to say Basic or Digest.
    `open_query` is the path of a second query service, which is open to all. `swap` is how a staging graph
    takes the place of its target: `move` by MOVE GRAPH, `modify` by DELETE and INSERT, for stores without the
    graph management operations; `update_prologue` stands before an update; `readers` says what a reader can
    see of a swap. `gzip` is whether packed request bodies are taken. `part` is how many triples go into a
    request. `any_triple` stands in GRAPH ?g { } where graphs are listed: nothing, where that is quick and
    works. `fresh_plans` has a comment at the end of each query that makes it a new one. `bare_integers`
    has whole numbers written without their datatype. `unsortable` is what an error says where rows are
    too long to be sorted. `holds_all_literals` is False where some numbers and durations would be changed
    silently (see `literals.unstorable`). `bulk` is how the store's own loader is called,
    `bulk_parameters` are what a bulk load over HTTP adds to the URL of the graph store. `sources` are the
    pages that the entries rest on.
    """

    name: str
    title: str
    url: str
    query: str
    update: str | None
    graph_store: str | None
    auth: Literal["challenge", "basic", "digest", "bearer", "none"]
    default_graph: str
    readers: str
    bulk: str
    tested: str
    sources: tuple[str, ...]
    swap: Literal["move", "modify"] = "move"
    update_prologue: str = ""
    open_query: str | None = None
    any_triple: str = "?s ?p ?o"
    media_type: str = "application/n-triples"
    gzip: bool = False
    part: int = 50_000
    fresh_plans: bool = False
    bare_integers: bool = False
    unsortable: str | None = None
    holds_all_literals: bool = True
    bulk_parameters: Mapping[str, str] = MappingProxyType({})


_PROFILES: Final = (
    Profile(
        name="oxigraph",
        title="Oxigraph",
        url="http://HOST:7878",
        query="/query",
        update="/update",
        graph_store="/store",
        # The server has no credentials of its own; a proxy in front of it may ask for some.
        auth="challenge",
        default_graph="empty; the union of all graphs with --union-default-graph",
        readers="the old graphs or the new ones: an update is one transaction, a query sees one state",
        bulk="oxigraph load --location FOLDER --file FILE.nq, while no server has the folder open",
        tested=TESTED,
        sources=("https://github.com/oxigraph/oxigraph/blob/main/cli/README.md",),
        gzip=True,
        any_triple="",
        # Written to new files of its database at once, instead of through a transaction held in memory.
        bulk_parameters=MappingProxyType({"no_transaction": ""}),
    ),
    Profile(
        name="virtuoso",
        title="Virtuoso",
        url="http://HOST:8890",
        query="/sparql-auth",
        update="/sparql-auth",
        graph_store="/sparql-graph-crud-auth",
        auth="digest",
        default_graph="the union of all graphs",
        readers="the old graph or the new one; a query that runs while the swap is committed may mix both",
        bulk="ld_dir_all('FOLDER', '*.nq', 'GRAPH'); rdf_loader_run(); checkpoint; in isql",
        tested=TESTED,
        sources=(
            "https://vos.openlinksw.com/owiki/wiki/VOS/VirtGraphUpdateProtocol",
            "https://ods.openlinksw.com/dataspace/owiki/wiki/ODS/OdsSPARQLAuth",
            "https://vos.openlinksw.com/owiki/wiki/VOS/VirtBulkRDFLoader",
            "https://github.com/openlink/virtuoso-opensource/issues/540",
            "https://github.com/openlink/virtuoso-opensource/issues/842",
        ),
        # It guesses the format from the first bytes, whatever the header says; an @prefix line settles it.
        media_type="text/turtle",
        part=20_000,
        open_query="/sparql",
        # Logged, and without commits in between: one transaction, whatever the server's default is.
        update_prologue="DEFINE sql:log-enable 1 ",
        # "2147483648"^^xsd:integer becomes a decimal there, and 2147483648 stays what it is.
        bare_integers=True,
        # "Value of ANY type column too long": a row with a text of some 4,000 bytes.
        unsortable="SR478",
        # A plan made for an empty graph is kept for the same text, and takes minutes once the graph is full.
        fresh_plans=True,
        holds_all_literals=False,
    ),
    Profile(
        name="fuseki",
        title="Apache Jena Fuseki",
        url="http://HOST:3030/DATASET",
        query="/query",
        update="/update",
        graph_store="/data",
        auth="challenge",
        default_graph="empty; the union with tdb2:unionDefaultGraph true",
        readers="the old graphs or the new ones, where the dataset has transactions, as TDB2 has",
        bulk="tdb2.tdbloader --loc FOLDER FILE.nq, while no server has the folder open",
        tested=DOCUMENTED,
        sources=(
            "https://jena.apache.org/documentation/fuseki2/fuseki-config-endpoint.html",
            "https://jena.apache.org/documentation/tdb2/tdb2_cmds.html",
        ),
        open_query="/sparql",
    ),
    Profile(
        name="graphdb",
        title="GraphDB",
        url="http://HOST:7200/repositories/NAME",
        query="",
        update="/statements",
        graph_store="/rdf-graphs/service",
        auth="basic",
        default_graph="the union of all graphs",
        readers="the old graphs or the new ones before and after the commit: read committed",
        bulk="loadrdf -i NAME -m parallel FILE.nq, while the server is stopped; it overwrites the repository",
        tested=DOCUMENTED,
        sources=(
            "https://graphdb.ontotext.com/documentation/9.11/enterprise/sparql-compliance.html",
            "https://graphdb.ontotext.com/documentation/9.11/enterprise/"
            "loading-data-using-the-loadrdf-tool.html",
            "https://graphdb.ontotext.com/documentation/8.2/free/query-behaviour.html",
            "https://www.ontotext.com/blog/graphdb-users-ask-what-isolation-levels-does-graphdb-support/",
        ),
    ),
    Profile(
        name="rdf4j",
        title="Eclipse RDF4J",
        url="http://HOST:8080/rdf4j-server/repositories/NAME",
        query="",
        update="/statements",
        graph_store="/rdf-graphs/service",
        auth="basic",
        default_graph="the union of all graphs",
        readers="the old graphs or the new ones, as far as the isolation level of the repository goes",
        bulk="POST FILE.nq as application/n-quads to /statements, which is one transaction",
        tested=DOCUMENTED,
        sources=("https://rdf4j.org/documentation/reference/rest-api/",),
    ),
    Profile(
        name="qlever",
        title="QLever",
        url="http://HOST:7001",
        query="",
        update="",
        graph_store="",
        auth="bearer",
        default_graph="the union of all graphs",
        readers="perhaps a half-swapped graph for a moment: the swap is three operations, with no promise",
        bulk="qlever index, with FORMAT = nq in the Qleverfile",
        tested=DOCUMENTED,
        sources=(
            "https://docs.qlever.dev/update/",
            "https://docs.qlever.dev/qleverfile/",
            "https://hexdocs.pm/gno/Gno.Store.Adapters.Qlever.html",
        ),
        swap="modify",
    ),
    Profile(
        name="neptune",
        title="Amazon Neptune",
        url="https://CLUSTER:8182",
        query="/sparql",
        update="/sparql",
        graph_store="/sparql/gsp/",
        # Requests signed for IAM are not made here.
        auth="none",
        default_graph="the union of all graphs",
        readers="the old graphs or the new ones: one request is one transaction, queries read a snapshot",
        bulk="the bulk loader at /loader, from N-Quads in S3",
        tested=DOCUMENTED,
        sources=(
            "https://docs.aws.amazon.com/neptune/latest/userguide/sparql-graph-store-protocol.html",
            "https://docs.aws.amazon.com/neptune/latest/userguide/transactions-neptune.html",
            "https://docs.aws.amazon.com/neptune/latest/userguide/load-api-reference-load.html",
            "https://aws.amazon.com/blogs/database/"
            "introducing-graph-store-protocol-support-for-amazon-neptune/",
        ),
    ),
    Profile(
        name="stardog",
        title="Stardog",
        url="http://HOST:5820/DATABASE",
        query="/query",
        update="/update",
        graph_store="",
        auth="basic",
        default_graph="empty; the union with query.all.graphs",
        readers="the old graphs or the new ones: transactions read from a snapshot",
        bulk="stardog-admin db create -n DATABASE FILE.nq",
        tested=DOCUMENTED,
        sources=(
            "https://docs.stardog.com/developing/http-api",
            "https://docs.stardog.com/operating-stardog/database-administration/transactions",
            "https://docs.stardog.com/operating-stardog/database-administration/adding-data",
        ),
        gzip=True,
    ),
)

#: Profile name -> profile.
PROFILES: Final[dict[str, Profile]] = {profile.name: profile for profile in _PROFILES}

#: A SPARQL endpoint of which nothing is known but the URL of its query service.
_PLAIN: Final = Profile(
    name="sparql",
    title="a SPARQL endpoint",
    url="the URL of its query service",
    query="",
    update=None,
    graph_store=None,
    auth="challenge",
    default_graph="unknown",
    readers="unknown",
    bulk="",
    tested=DOCUMENTED,
    sources=("https://www.w3.org/TR/sparql11-protocol/",),
)


def profile_of(name: str | None) -> Profile:
    """Return a profile by name; None gives that of a plain endpoint, which can be read but not pushed to.

    Raises UnknownNameError with near names.
    """
    if name is None:
        return _PLAIN
    known = PROFILES.get(name.lower())
    if known is None:
        near = did_you_mean(name, PROFILES)
        raise UnknownNameError(f"unknown store {name!r}, expected one of {', '.join(PROFILES)}{near}")
    return known
