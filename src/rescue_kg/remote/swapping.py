"""Swap: staging graphs take the place of their targets, once, also where the answer gets lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from rescue_kg.remote.faults import EndpointError, UnreachableError, UnsettledError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rescue_kg.remote.endpoint import Endpoint

__all__ = ["swap"]


def swap(endpoint: Endpoint, staged: Mapping[str, str], expected: Mapping[str, int]) -> None:
    """Move each staging graph over its target in one update, and see that it happened.

    `staged` maps target -> staging graph, `expected` target -> number of triples. A swap must not run twice:
    moving a staging graph that is gone would empty the target. So the update is sent again only where the
    server said that it did nothing (429, 503, no connection), and the staging graphs are still whole;
    where no answer came, the state is looked at until it tells. Raises UnsettledError where it does not.
    """
    operation = _operation(endpoint, staged)
    deadline = time.monotonic() + endpoint.swap_timeout
    attempt = 0
    while True:
        lost: UnreachableError
        try:
            endpoint.update(operation, repeat=False, timeout=endpoint.swap_timeout)
        except UnsettledError as error:
            _settle(endpoint, staged, expected, error, deadline)
            return
        except UnreachableError as error:
            lost = error
        else:
            _confirm(endpoint, staged, expected)
            return
        if attempt >= endpoint.retries or time.monotonic() + (lost.wait or 0.0) > deadline:
            raise lost
        endpoint.transport.wait(attempt, lost.wait)
        attempt += 1
        if any(endpoint.count(staged[name]) != number for name, number in expected.items()):
            _settle(endpoint, staged, expected, lost, deadline)
            return


def _confirm(endpoint: Endpoint, staged: Mapping[str, str], expected: Mapping[str, int]) -> None:
    try:
        done = _done(endpoint, staged, expected)
    except UnreachableError as error:
        raise UnsettledError(
            f"{error}; the server had answered that the graphs are swapped in; look, or push again"
        ) from None
    except EndpointError as error:
        raise EndpointError(f"{error}; the graphs were swapped in before that") from None
    if not done:
        raise UnsettledError(
            f"{endpoint.url}: the swap was answered and the graphs are not what was sent; is another push "
            "under way? push again"
        )


def _operation(endpoint: Endpoint, staged: Mapping[str, str]) -> str:
    operations = []
    for name, staging in staged.items():
        target, source = str(NamedNode(name)), str(NamedNode(staging))
        if endpoint.profile.swap == "move":
            operations.append(f"MOVE GRAPH {source} TO GRAPH {target}")
        else:
            operations += [
                f"DELETE WHERE {{ GRAPH {target} {{ ?s ?p ?o }} }}",
                f"INSERT {{ GRAPH {target} {{ ?s ?p ?o }} }} WHERE {{ GRAPH {source} {{ ?s ?p ?o }} }}",
                f"DELETE WHERE {{ GRAPH {source} {{ ?s ?p ?o }} }}",
            ]
    return " ;\n".join(operations)


def _done(endpoint: Endpoint, staged: Mapping[str, str], expected: Mapping[str, int]) -> bool:
    return all(
        endpoint.count(staged[name]) == 0 and endpoint.count(name) == number
        for name, number in expected.items()
    )


def _settle(
    endpoint: Endpoint,
    staged: Mapping[str, str],
    expected: Mapping[str, int],
    lost: UnreachableError,
    deadline: float,
) -> None:
    """Look at the state until the swap is seen to be done; raise UnsettledError where that does not come."""
    for attempt in range(endpoint.retries + 1):
        if attempt and time.monotonic() > deadline:
            break
        endpoint.transport.wait(attempt)
        try:
            if _done(endpoint, staged, expected):
                return
        except UnreachableError as error:
            lost = error
    raise UnsettledError(
        f"{lost}; the graphs were being swapped in, each is the old or the new one; push again"
    ) from None
