"""`gitseq update`: newer revs for the repositories that a configuration takes hooks from."""

import os

from gitseq.cli import progress
from gitseq.cli.telling import tell
from gitseq.config import kept, manifest, pins
from gitseq.core import units
from gitseq.engine import settings, updating
from gitseq.engine.fetching import Locks, located
from gitseq.engine.installer import Site
from gitseq.errors import EnvironmentProblem, GitseqError, UsageError
from gitseq.git import clone
from gitseq.git import repo as git_repo
from gitseq.host import clock, files, terminal
from gitseq.host.signals import Signals
from gitseq.languages.store import Store, home

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from gitseq.cli.context import Context
    from gitseq.config.pins import Pin, Pinned
    from gitseq.engine.updating import Newest
    from gitseq.git.repo import Repo

_EXAMPLES = """examples:
  gitseq update                          the newest tag of every repository
  gitseq update --cooldown 14d           ... that is two weeks old
  gitseq update --freeze                 commits instead of tags, which stand beside them in a comment
  gitseq update --repo URL               only this one; also accepts a tag of it that has moved

Comments and layout of the configuration stay as they are. gitseq.lock is brought up to date.
"""


def configure(parser: "argparse.ArgumentParser") -> None:
    """Options of the verb."""
    parser.add_argument("--repo", action="append", default=[], metavar="URL", help="only this one (repeatable)")
    parser.add_argument("--freeze", action="store_true", help="write the commit instead of the tag")
    parser.add_argument("--cooldown", metavar="D", help="leave out what is younger than this (such as 14d)")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    parser.add_argument("--config", "-c", metavar="FILE", help="this configuration file")
    parser.epilog = _EXAMPLES


def run(options: "argparse.Namespace", context: "Context") -> int:
    """Update, and say a line for each repository; 1 when one of them could not be."""
    repo = git_repo.discover(context.env, context.cwd)
    explicit = os.path.join(context.cwd, os.fsencode(options.config)) if options.config else None
    pinned = pins.find(kept.Where(repo.top, context.env, explicit))
    wanted = _wanted(pinned, options.repo)
    if not wanted:
        tell(f"{pinned.name} names no repository of hooks, so there is nothing to update")
    cooldown = settings.parsed(options.cooldown, "--cooldown", units.parse_duration) if options.cooldown else None
    choice = updating.Choice(options.freeze, clock.wall() - cooldown if cooldown is not None else 0.0)
    with Signals() as signals:
        shows = progress.consumer(context.env)
        site = Site(context.env, repo.top, repo.state_dir, signals, shows, terminal.is_terminal(2))
        found = {pin: _look(pin, choice, site) for pin in wanted}
    newest = {pin: new for pin, new in found.items() if new is not None}
    locks = Locks(repo.top, repo.state_dir)
    for pin, new in newest.items():
        _tell(pin, new, locks)
    if not options.dry_run:
        _write(pinned, newest, repo, locks, context)
    return 0 if len(newest) == len(wanted) else 1


def _wanted(pinned: "Pinned", urls: "list[str]") -> "list[Pin]":
    known = {pin.url for pin in pinned.pins}
    for url in urls:
        if url not in known:
            told = "It has: " + ", ".join(sorted(known)) if known else "It has none."
            raise UsageError(f"{pinned.name} has no repository {url}", why=told)
    return [pin for pin in pinned.pins if not urls or pin.url in urls]


def _look(pin: "Pin", choice: updating.Choice, site: Site) -> "Newest | None":
    """What is newest; None, and why, when that cannot be used."""
    try:
        new = updating.newest(pin.url, pin.rev, choice, site)
        offer = manifest.parse(new.manifest, f"{pin.url}@{new.rev}: .pre-commit-hooks.yaml")
    except GitseqError as error:
        if error.exit_code not in (EnvironmentProblem.exit_code, UsageError.exit_code):
            raise
        tell(f"[{pin.url}] cannot be updated: " + "\n    ".join(error.lines()))
        return None
    gone = sorted(set(pin.ids) - set(offer.hooks))
    if gone:
        tell(f"[{pin.url}] Cannot update because the update target is missing these hooks: {', '.join(gone)}")
        return None
    return new


def _tell(pin: "Pin", new: "Newest", locks: Locks) -> None:
    before = locks.commit(pin.url, pin.rev)
    if new.rev != pin.rev:
        tell(f"[{pin.url}] updating {pin.rev} -> {f'{new.frozen} (frozen)' if new.frozen else new.rev}")
    elif before and before != new.commit:
        tell(f"[{pin.url}] {pin.rev} has moved: {before} -> {new.commit}")
    else:
        tell(f"[{pin.url}] already up to date!")


def _write(pinned: "Pinned", newest: "dict[Pin, Newest]", repo: "Repo", locks: Locks, context: "Context") -> None:
    """The lock first: a configuration with a rev that is not in it yet asks for the commit the rev means then."""
    revs = {pin: newest[pin].rev if pin in newest else pin.rev for pin in pinned.pins}
    noted = {(pin.url, new.rev): new.commit for pin, new in newest.items() if not clone.is_commit(new.rev)}
    current = {(pin.url, rev) for pin, rev in revs.items()}
    store = Store(home(context.env))
    for (url, rev), commit in noted.items():
        store.remember_commit(located(url, repo.top), rev, commit)
    locks.note(noted, frozenset(locks.entries()) - current)
    changes = {pin: (new.rev, new.frozen) for pin, new in newest.items() if new.rev != pin.rev}
    text = pins.rewritten(pinned.text, changes)
    if text != pinned.text:
        mode = files.mode(pinned.path) & 0o777
        files.write_whole(os.path.realpath(pinned.path), text.encode("utf-8"), mode, whatever_umask=True)
