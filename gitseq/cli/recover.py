"""`gitseq recover`: bring back unstaged work that a run which died had hidden."""

import argparse
import os

from gitseq.cli import configuration
from gitseq.cli.main import Context
from gitseq.cli.telling import shown, tell
from gitseq.core.stages import STAGES
from gitseq.engine import settings, turn, unstaged
from gitseq.engine.recorded import recorded
from gitseq.engine.request import Request, World
from gitseq.git import repo as git_repo
from gitseq.git.repo import Repo
from gitseq.guard import kept, recover, state
from gitseq.host import clock
from gitseq.host.signals import Signals
from gitseq.ui import journal
from gitseq.ui.journal import Journal
from gitseq.ui.plain import Plain, write_all

_EXAMPLES = """examples:
  gitseq recover --list    what was left hidden here, and what recovering would do
  gitseq recover           do it; nothing is overwritten, what does not go together is kept in both versions
  gitseq recover --patch RUN > work.patch    what a run has hidden or set aside, as a patch for `git apply`
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `gitseq recover`."""
    parser.epilog = _EXAMPLES
    parser.add_argument("--list", action="store_true", help="only show what there is to recover")
    parser.add_argument("--patch", metavar="RUN", help="write what that run has hidden or set aside to standard output")


def run(options: argparse.Namespace, context: Context) -> int:
    """Recover, or show what that would do; raises NotRestored for what cannot be brought back yet."""
    repo = git_repo.discover(context.env, context.cwd)
    plan = configuration.plan_or_defaults(repo, context.env)
    looks = options.list or options.patch is not None
    display = Plain(fd=2)
    consumer = display if looks else Journal(journal.place(repo.state_dir, repo.top, context.env), "recover", display)
    with Signals() as signals:
        world = World(context.env, repo, plan, signals, None, consumer, patience=settings.patience(plan, context.env))
        recorded("recover", world, lambda: _in_turn(options, context, world))
    return 0


def _in_turn(options: argparse.Namespace, context: Context, world: World) -> int:
    repo = world.repo
    with turn.take(Request(STAGES["manual"]), world, "recover"):
        if options.patch is not None:
            write_all(1, kept.export(repo.git_dir, os.fsencode(options.patch), unstaged.git_of(world)))
        elif options.list:
            _list(repo, context)
        else:
            _recover(world)
            kept.collect(repo.git_dir, clock.wall())
    return 0


def _list(repo: Repo, context: Context) -> None:
    """What is hidden, and what conflicts of earlier runs have set aside."""
    surveys = [found for found in recover.survey(repo.git_dir) if not unstaged.is_live(found.run)]
    for found in surveys:
        tell(f"run {found.run.decode()}, which died, left {len(found.actions)} files hidden; gitseq recover would:")
        for line in found.lines():
            tell("  " + line)
    for one in kept.listing(repo.git_dir):
        tell(f"run {one.run.decode()} set {len(one.conflicts)} files aside in {shown(one.folder, context)}")
    if not surveys:
        tell("Nothing is hidden.")


def _recover(world: World) -> None:
    if not [run for run in state.unfinished(world.repo.git_dir) if not unstaged.is_live(run)]:
        tell("Nothing is hidden.")
        return
    unstaged.bring_back(world)
