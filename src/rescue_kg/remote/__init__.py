"""Triple stores elsewhere: push graphs to them, pull graphs from them, ask them questions."""

from __future__ import annotations

from rescue_kg.remote.asking import ask, query
from rescue_kg.remote.endpoint import Endpoint, connect
from rescue_kg.remote.faults import EndpointError, UnreachableError, UnsettledError
from rescue_kg.remote.literals import canonical_literal, canonical_triples
from rescue_kg.remote.profiles import PROFILES, Profile
from rescue_kg.remote.pulling import pull
from rescue_kg.remote.pushing import PushedGraph, PushReport, push

__all__ = [
    "PROFILES",
    "Endpoint",
    "EndpointError",
    "Profile",
    "PushReport",
    "PushedGraph",
    "UnreachableError",
    "UnsettledError",
    "ask",
    "canonical_literal",
    "canonical_triples",
    "connect",
    "pull",
    "push",
    "query",
]
