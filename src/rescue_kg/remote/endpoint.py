"""An endpoint: the query, update and graph store services of one triple store."""

from __future__ import annotations

import time
from secrets import token_hex
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pyoxigraph
from pyoxigraph import Literal, NamedNode, RdfFormat

from rescue_kg.errors import InputError
from rescue_kg.namespaces import GRAPH
from rescue_kg.remote.faults import EndpointError
from rescue_kg.remote.profiles import Profile, profile_of
from rescue_kg.remote.results import Rows, malformed, read_results
from rescue_kg.remote.sparqltext import has_dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

    from pyoxigraph import Triple

    from rescue_kg.remote.transport import Transport

__all__ = ["STAGING", "Endpoint", "connect"]

#: What follows the name of a graph in the name of its staging graphs.
STAGING: Final = "#rescue-kg-push-"

_JSON: Final = "application/sparql-results+json"
_NTRIPLES: Final = "application/n-triples"
# How Virtuoso answers ASK: one row for true, none for false.
_ASK_COLUMN: Final = "__ASK_RETVAL"


class Endpoint:
    """The services of a triple store at a URL.

    `url` is the address that the profile names (`Profile.url`), or that of its query service; without a
    profile it is a query service of which nothing else is known. `query`, `update` and `graph_store` are full
    URLs that take the place of the profile's paths. `graphs` are the named graphs that questions are asked
    over; by default those below `https://w3id.org/rescue-kg/graph/` that the store holds. `timeout` is in
    seconds, for one request; `swap_timeout` for the one that swaps graphs in.

    Credentials come from the environment or a netrc file: see `credentials.find`.
    """

    def __init__(
        self,
        url: str,
        profile: str | Profile | None = None,
        *,
        query: str | None = None,
        update: str | None = None,
        graph_store: str | None = None,
        graphs: Sequence[str] | None = None,
        timeout: float = 60.0,
        swap_timeout: float = 900.0,
        retries: int = 4,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.profile = profile if isinstance(profile, Profile) else profile_of(profile)
        base = _checked(url)
        if self.profile.open_query and base.endswith(self.profile.open_query):
            # The query service that needs no credentials, beside the one that does.
            query = query or base
            base = base.removesuffix(self.profile.open_query)
        for path in (self.profile.query, self.profile.update, self.profile.graph_store):
            base = base.removesuffix((path or "").rstrip("/"))
        self.url = base
        self.query_url = _checked(query) if query else base + self.profile.query
        self.update_url = self._service(update, self.profile.update)
        self.graph_store_url = self._service(graph_store, self.profile.graph_store)
        for other in (self.query_url, self.update_url, self.graph_store_url):
            # Credentials are looked up for one host and must not go to another.
            if other is not None and urlsplit(other)[:2] != urlsplit(base)[:2]:
                raise InputError(f"found {other} beside {base}, expected the services of one server")
        if timeout <= 0 or retries < 0:
            raise InputError(
                f"found timeout {timeout:g} and retries {retries}, expected more than 0 s and 0 or more"
            )
        self.timeout = timeout
        self.swap_timeout = max(swap_timeout, timeout)
        self.retries = retries
        self._graphs = None if graphs is None else tuple(graphs)
        self._pause = pause
        self._transport: Transport | None = None

    def __repr__(self) -> str:
        return f"<Endpoint {self.url} as {self.profile.title}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    @property
    def transport(self) -> Transport:
        """The HTTP connection, made when it is first needed.

        Raises NotAvailableError without httpx2, InputError for credentials that cannot be used.
        """
        if self._transport is None:
            from rescue_kg.remote import credentials
            from rescue_kg.remote.transport import Transport

            auth = self.profile.auth
            parts = urlsplit(self.url)
            found = None if auth == "none" else credentials.find(parts.hostname or "")
            self._transport = Transport(
                found,
                auth,
                encrypted=parts.scheme == "https",
                timeout=self.timeout,
                retries=self.retries,
                pause=self._pause,
            )
        return self._transport

    def graphs(self) -> tuple[str, ...]:
        """Return the named graphs that questions are asked over, without staging graphs."""
        if self._graphs is not None:
            return self._graphs
        return tuple(name for name in self.graphs_below(GRAPH) if STAGING not in name)

    def graphs_below(self, start: str) -> list[str]:
        """Return the named graphs of the store whose name begins with a text, sorted."""
        # A filter, or DISTINCT, makes Virtuoso read all quads; without, it looks at an index.
        found = self.select(f"SELECT ?g WHERE {{ GRAPH ?g {{ {self.profile.any_triple} }} }} GROUP BY ?g")
        names = (row[0].value for row in found.rows if isinstance(row[0], NamedNode))
        return sorted(name for name in names if name.startswith(start))

    def count(self, graph: str) -> int:
        """Return the number of triples in a named graph of the store; 0 where there is no such graph."""
        sparql = f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH {NamedNode(graph)} {{ ?s ?p ?o }} }}"
        rows = self.select(sparql).rows
        value = rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else None
        if isinstance(value, Literal) and value.value.isdecimal():
            return int(value.value)
        raise EndpointError(
            f"POST {self.query_url}: found {value} as the number of triples in {graph}, expected a number"
        )

    def select(self, sparql: str, graphs: Sequence[str] = ()) -> Rows:
        """Run a SELECT query, over the union of the given graphs, and return its rows.

        Raises EndpointError for an answer that is none, and what the transport raises.
        """
        result = self._results(sparql, graphs)
        if isinstance(result, Rows):
            return result
        raise EndpointError(f"POST {self.query_url}: found true or false, expected rows")

    def truth(self, sparql: str, graphs: Sequence[str] = ()) -> bool:
        """Run an ASK query."""
        result = self._results(sparql, graphs)
        if isinstance(result, bool):
            return result
        if result.columns == (_ASK_COLUMN,):
            return bool(result.rows)
        raise EndpointError(f"POST {self.query_url}: found rows, expected true or false")

    def triples(self, sparql: str, graphs: Sequence[str] = ()) -> list[Triple]:
        """Run a CONSTRUCT or DESCRIBE query."""
        body = self._ask(sparql, graphs, _NTRIPLES)
        return self._triples(body, f"POST {self.query_url}")

    def update(self, sparql: str, *, repeat: bool = True, timeout: float | None = None) -> None:
        """Run a SPARQL update. Raises InputError where the endpoint has no update service."""
        self.transport.send(
            "POST",
            self._required(self.update_url, "update"),
            form={"update": self.profile.update_prologue + sparql},
            repeat=repeat,
            timeout=timeout,
        )

    def put(self, graph: str, body: bytes, *, replace: bool, bulk: bool = False) -> None:
        """Send triples to a named graph, in place of what it holds or beside it; `bulk` as in `push`."""
        self.transport.send(
            "PUT" if replace else "POST",
            self._required(self.graph_store_url, "graph store"),
            params={"graph": graph, **(self.profile.bulk_parameters if bulk else {})},
            body=body,
            headers={"Content-Type": self.profile.media_type},
            packed=self.profile.gzip,
        )

    def get(self, graph: str) -> list[Triple]:
        """Return the triples of a named graph; none where there is no such graph."""
        if self.graph_store_url is None:
            return self.triples(
                f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {NamedNode(graph)} {{ ?s ?p ?o }} }}"
            )
        response = self.transport.send(
            "GET", self.graph_store_url, params={"graph": graph}, headers={"Accept": _NTRIPLES}, accept=(404,)
        )
        if response.status == 404:
            return []
        return self._triples(response.body, f"GET {self.graph_store_url}")

    def _ask(self, sparql: str, graphs: Sequence[str], accept: str) -> bytes:
        new = f"\n# {token_hex(4)}" if self.profile.fresh_plans else ""
        form: dict[str, str | Sequence[str]] = {"query": sparql + new}
        # A dataset in the request would overrule the one that a query names itself.
        if graphs and not has_dataset(sparql):
            form |= {"default-graph-uri": list(graphs), "named-graph-uri": list(graphs)}
        response = self.transport.send("POST", self.query_url, form=form, headers={"Accept": accept})
        most = response.headers.get("x-sparql-maxrows")
        if most is not None:
            raise EndpointError(
                f"POST {self.query_url}: the answer was cut off at {most} rows; raise ResultSetMaxRows there"
            )
        return response.body

    def _results(self, sparql: str, graphs: Sequence[str]) -> Rows | bool:
        body = self._ask(sparql, graphs, _JSON)
        found = read_results(body)
        if isinstance(found, str):
            where, clean = f"POST {self.query_url}", self.transport.clean
            raise EndpointError(malformed(where, body, found, "SPARQL results in JSON", clean))
        return found

    def _triples(self, body: bytes, where: str) -> list[Triple]:
        try:
            return [quad.triple for quad in pyoxigraph.parse(body, format=RdfFormat.N_TRIPLES)]
        except (SyntaxError, ValueError) as error:
            clean = self.transport.clean
            raise EndpointError(malformed(where, body, str(error), "N-Triples", clean)) from None

    def _service(self, given: str | None, path: str | None) -> str | None:
        if given:
            return _checked(given)
        return None if path is None else self.url + path

    def _required(self, service: str | None, name: str) -> str:
        if service is None:
            raise InputError(
                f"{self.url}: no {name} service is known for it; name the kind of store, or give its URL"
            )
        return service


def connect(
    url: str,
    *,
    profile: str | Profile | None = None,
    query: str | None = None,
    update: str | None = None,
    graph_store: str | None = None,
    graphs: Sequence[str] | None = None,
    timeout: float = 60.0,
    swap_timeout: float = 900.0,
    retries: int = 4,
) -> Endpoint:
    """Return an Endpoint; nothing is sent yet. The options are those of Endpoint."""
    return Endpoint(
        url,
        profile,
        query=query,
        update=update,
        graph_store=graph_store,
        graphs=graphs,
        timeout=timeout,
        swap_timeout=swap_timeout,
        retries=retries,
    )


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise InputError(
            f"found a URL that cannot be read ({error}), expected http://HOST:PORT/..."
        ) from None
    if "@" in parts.netloc:
        # The URL itself is not shown: the credentials are in it.
        raise InputError(
            f"found credentials in the URL of {parts.hostname}; take them out and set RESCUE_KG_USER and "
            "RESCUE_KG_PASSWORD, or name them in a netrc file"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"found {url!r} as an endpoint, expected http://HOST:PORT/... or https://...")
    if parts.query or parts.fragment:
        raise InputError(f"found {url!r} as an endpoint, expected a URL without ? and #")
    return url.rstrip("/")
