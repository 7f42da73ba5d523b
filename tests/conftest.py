"""What several test files share: the packaged graph with its closure, and what HermiT makes of it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from rescue_kg.graph import load

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph
    from rescue_kg.reasoning import Inference

# A shell starts a job in the background without Ctrl-C, which all processes of it inherit; tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def packaged() -> RescueGraph:
    """The packaged review with its closure; a test that changes it loads one of its own."""
    return load(evidence=False)


@pytest.fixture(scope="session")
def whole(packaged: RescueGraph) -> Inference:
    """What HermiT finds in the packaged graph, run once."""
    from rescue_kg.reasoning import reason

    return reason(packaged)
