"""What several test files share: the packaged graph with its closure, and what HermiT makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rescue_kg.graph import load

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph
    from rescue_kg.reasoning import Inference


@pytest.fixture(scope="session")
def packaged() -> RescueGraph:
    """The packaged review with its closure; a test that changes it loads one of its own."""
    return load(evidence=False)


@pytest.fixture(scope="session")
def whole(packaged: RescueGraph) -> Inference:
    """What HermiT finds in the packaged graph, run once."""
    from rescue_kg.reasoning import reason

    return reason(packaged)
