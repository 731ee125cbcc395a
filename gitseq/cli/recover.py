"""`gitseq recover`: bring back unstaged work that a dead run had hidden, and look after what conflicts set aside."""

import argparse
import datetime
import os

from gitseq.cli import configuration
from gitseq.cli.context import Context
from gitseq.cli.telling import shown, tell
from gitseq.core.stages import STAGES
from gitseq.core.text import printable
from gitseq.engine import settings, turn, unstaged
from gitseq.engine.recorded import recorded
from gitseq.engine.request import Request, World
from gitseq.errors import UsageError
from gitseq.git import repo as git_repo
from gitseq.guard import copies, kept, recover, state
from gitseq.host import clock, files
from gitseq.host.signals import Signals
from gitseq.ui import journal
from gitseq.ui.journal import Journal
from gitseq.ui.plain import Plain, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.guard.journal import Git

_EXAMPLES = """examples:
  gitseq recover --list    what was left hidden here, and what recovering would do
  gitseq recover           do it; nothing is overwritten, what does not go together is kept in both versions
  gitseq recover --patch RUN > work.patch    what a run has hidden or set aside, as a patch for `git apply`
  gitseq recover --drop RUN    throw away what a run has set aside, here and in git; hidden work is not dropped
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `gitseq recover`."""
    parser.epilog = _EXAMPLES
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--list", action="store_true", help="only show what there is to recover")
    choice.add_argument("--patch", metavar="RUN", help="write what that run has hidden or set aside to standard output")
    choice.add_argument("--drop", metavar="RUN", help="throw away what conflicts of that run have set aside")


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
    with turn.take(Request(STAGES["manual"]), world, "recover"):
        _act(options, world, context)
    return 0


def _act(options: argparse.Namespace, world: World, context: Context) -> None:
    if options.patch is not None:
        write_all(1, _patch(world, os.fsencode(options.patch)))
    elif options.drop is not None:
        _drop(world, os.fsencode(options.drop), context)
    elif options.list:
        _list(world, context)
    else:
        _recover(world)
        unstaged.copy_what_is_kept(world)
        kept.collect(world.repo.git_dir, clock.wall())


def _patch(world: World, run: bytes) -> bytes:
    """From what lies here if it does, else from the copy in git."""
    git_dir, git = world.repo.git_dir, unstaged.git_of(world)
    copy = None if _lies_here(git_dir, run) else _copy(run, git)
    if copy is None:
        return kept.export(git_dir, run, git)
    files.ensure_dir(state.own_dir(git_dir), 0o700)
    return copies.export(copy, git, state.own_dir(git_dir))


def _lies_here(git_dir: bytes, run: bytes) -> bool:
    return run in state.unfinished(git_dir) or any(one.run == run for one in kept.listing(git_dir))


def _copy(run: bytes, git: "Git") -> "copies.Copy | None":
    return next((copy for copy in copies.listing(git) if copy.run == run), None)


def _list(world: World, context: Context) -> None:
    """What is hidden, and what conflicts of earlier runs have set aside."""
    git_dir = world.repo.git_dir
    surveys = [found for found in recover.survey(git_dir, world.repo.top) if not unstaged.is_live(found.run)]
    for found in surveys:
        files = "1 file" if len(found.actions) == 1 else f"{len(found.actions)} files"
        tell(f"run {found.run.decode()}, which died, left {files} hidden; gitseq recover would:")
        for line in found.lines():
            tell("  " + line)
    for one in kept.listing(git_dir):
        tell(f"run {one.run.decode()} set {len(one.conflicts)} files aside in {shown(one.folder, context)}")
    for copy in copies.listing(unstaged.git_of(world)):
        when = datetime.datetime.fromtimestamp(copy.since).astimezone().isoformat(" ", "seconds")
        tell(f"git has a copy of what run {printable(copy.run)} set aside in {printable(copy.top)} on {when}")
    if not surveys:
        tell("Nothing is hidden.")


def _drop(world: World, run: bytes, context: Context) -> None:
    """Say what goes before it does, and how to have it back while git still has it."""
    git_dir, git = world.repo.git_dir, unstaged.git_of(world)
    copy = _copy(run, git)
    here = next((one for one in kept.listing(git_dir) if one.run == run), None)
    _refuse_to_drop(world, run, copy, here)
    if here is not None:
        for conflict in here.conflicts:
            tell(f"dropped: {printable(conflict.path)}, kept as {shown(conflict.edited, context)}")
        kept.drop(here)
    if copy is not None:
        for name in copies.paths(copy, git):
            tell(f"dropped from git: {printable(name)}")
        copies.drop(copy, git)
        ref, oid = printable(copy.ref), copy.oid.decode()
        tell(f"Until git's next garbage collection this brings git's copy back: git update-ref {ref} {oid}")


def _refuse_to_drop(world: World, run: bytes, copy: "copies.Copy | None", here: "kept.Kept | None") -> None:
    if run in state.unfinished(world.repo.git_dir):
        raise UsageError(
            f"run {printable(run)} still has unstaged work hidden, which is not dropped",
            hint="To bring it back: gitseq recover",
        )
    if copy is None and here is None:
        raise kept.unknown(run)
    if copy is not None and here is None and os.path.lexists(state.kept_dir(copy.git_dir) + b"/" + run):
        top = printable(copy.top)
        raise UsageError(
            f"run {printable(run)} set files aside in another work tree, {top}",
            hint=f"To drop them: cd '{top}' && gitseq recover --drop {printable(run)}",
        )


def _recover(world: World) -> None:
    if not unstaged.hidden_by_dead(world.repo.git_dir):
        tell("Nothing is hidden.")
        return
    unstaged.bring_back(world)
