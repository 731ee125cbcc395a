"""`gitseq reap`: end processes that a dead run left behind, by proof, never by name."""

import argparse

from gitseq.cli import configuration
from gitseq.cli.telling import tell
from gitseq.core.caps import printable
from gitseq.core.stages import STAGES
from gitseq.core.units import format_size
from gitseq.engine import leftovers, settings, turn
from gitseq.engine.recorded import recorded
from gitseq.engine.request import Request, World
from gitseq.git import repo as git_repo
from gitseq.host.signals import Signals
from gitseq.model import Notice
from gitseq.ui import journal
from gitseq.ui.journal import Journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.cli.context import Context
    from gitseq.git.repo import Repo
    from gitseq.model import Event, Plan


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `gitseq reap`."""
    parser.add_argument("--dry-run", action="store_true", help="only list what would be ended")
    parser.epilog = "Example: gitseq reap --dry-run"


def run(options: argparse.Namespace, context: "Context") -> int:
    """End, or list, what dead runs of this repository left; raises Unkillable for what would not die.

    Whoever takes the lease ends what the dead runs before it left, so that is most of the work. Listing takes nothing.
    """
    repo = git_repo.discover(context.env, context.cwd)
    plan = configuration.plan_or_defaults(repo, context.env)
    if options.dry_run:
        found = bool(orphaned := leftovers.find(turn.queue_of(plan, repo, context.env), repo.state_dir))
        for one in orphaned:
            tell(f"would end: PID {one.pid} ({format_size(one.memory)}, by {one.proof}) '{printable(one.command)}'")
    else:
        found = bool(_end(repo, plan, context))
    if not found:
        tell("Nothing was left behind.")
    return 0


def _end(repo: "Repo", plan: "Plan", context: "Context") -> "list[Notice]":
    """Take the lease, end what is left, and answer what was told."""
    told: list[Notice] = []

    def note(event: "Event") -> None:
        if isinstance(event, Notice):
            told.append(event)
            tell(event.text)

    record = Journal(journal.place(repo.state_dir, repo.top, context.env), "reap", note)
    with Signals() as signals:
        world = World(context.env, repo, plan, signals, None, record, patience=settings.patience(plan, context.env))
        recorded("reap", world, lambda: _in_turn(world))
    return told


def _in_turn(world: World) -> int:
    with turn.take(Request(STAGES["manual"]), world, "reap"):
        leftovers.end(turn.place_of(world), (), world)
    return 0
