"""`gitseq reap`: end processes that a dead run left behind, by proof, never by name."""

import argparse

from gitseq.cage import orphans
from gitseq.core.caps import printable
from gitseq.core.units import format_size
from gitseq.git import repo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.cage.orphans import Belongs, Reaped
    from gitseq.cli.main import Context


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("--dry-run", action="store_true", help="only list what would be ended")
    parser.epilog = "Example: gitseq reap --dry-run"


def run(options: argparse.Namespace, context: "Context", belongs: "Belongs | None" = None) -> int:
    """End, or list, what dead runs of this repository left; 5 when something would not die.

    `belongs` knows the tokens of dead runs; without it, only leaves and marks prove anything.
    """
    state_dir = repo.discover(context.env, context.cwd).state_dir
    reaped = orphans.reap_orphans(belongs or _no_token, dry_run=options.dry_run, state_dir=state_dir)
    for line in lines(reaped):
        print(line)
    return 0


def _no_token(_environ: "dict[bytes, bytes]", _start: int) -> bool:
    return False


def lines(reaped: "list[Reaped]") -> "list[str]":
    """What a person is told: each process with its command line, memory and proof."""
    if not reaped:
        return ["Nothing was left behind."]
    return [
        f"{'ended' if one.ended else 'would end'}: PID {one.pid} ({format_size(one.memory)}, by {one.proof}) "
        f"'{printable(one.command)}'"
        for one in reaped
    ]
