"""Agents at the queue."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.agents import Agent

MakeAgent = Callable[..., Agent]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[MakeAgent]:
    """Makes agents, by default at the queue of `tmp_path`; all are gone at the end, with all they started."""
    made: list[Agent] = []

    def make(what: str = "agent", **options: object) -> Agent:
        made.append(Agent(options.pop("folder", tmp_path), what, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
