"""What a workload is, and what it is given to run."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from contenders import Contender, Installed
from measure import Row


class Trial(NamedTuple):
    """One run of one workload."""

    folder: Path
    """Empty, on the file system to be measured, removed afterwards."""
    installed: Installed
    quick: bool
    """Fewer rounds, fewer cases, smaller repositories."""
    rounds_wanted: "int | None" = None
    wanted: "frozenset[str]" = frozenset()
    """Names of contenders; all, when there are none."""

    def rounds(self, full: int, quick: int) -> int:
        return self.rounds_wanted or (quick if self.quick else full)

    def entrants(self, kinds: "Iterable[type[Contender]]") -> "list[Contender]":
        """Those of the kinds that are asked for and can be had."""
        found = self.installed.entrants(kinds, self.folder / "home")
        return [one for one in found if not self.wanted or one.name in self.wanted]


class Budget(NamedTuple):
    """What gitseq may take of a peer's time (median) in a case."""

    case: str
    peer: str
    ratio: float


class Workload(NamedTuple):
    """Something that is done with every contender, side by side."""

    name: str
    title: str
    about: str
    """What is done, for who reads the table; what to know before comparing."""
    run: "Callable[[Trial], list[Row]]"
    base: str = "prek"
    """The contender that ratios are to."""
    unit: str = "ms"
    wall: str = ""
    """What the seconds are, where they are not simply the command's."""
    budgets: "tuple[Budget, ...]" = ()
    outcomes: bool = False
    """The rows are told in words (column `outcome`), a table of cases and contenders."""
