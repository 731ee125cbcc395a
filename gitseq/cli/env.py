"""`gitseq env`: the repositories and environments of remote hooks."""

import json
import os

from gitseq.cli import preparing, progress
from gitseq.cli.telling import say, tell
from gitseq.core import units
from gitseq.core.text import counted, printable
from gitseq.engine import sweeping
from gitseq.engine.installer import Site
from gitseq.errors import EnvironmentProblem
from gitseq.git import repo as git_repo
from gitseq.host import files, terminal
from gitseq.host.signals import Signals
from gitseq.languages.store import GONE, Environment, Store, home
from gitseq.ui import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from gitseq.cli.context import Context

_EXAMPLES = """examples:
  gitseq env install   install what the hooks of this repository need, ahead of the first commit
  gitseq env list      what this user's repositories have installed, and where
  gitseq env gc        remove what none of them uses any more

Everything lies in $GITSEQ_HOME, or without it in the cache directory of this platform.
"""


def configure(parser: "argparse.ArgumentParser") -> None:
    """Options of the verb."""
    parser.add_argument("action", choices=("list", "install", "gc"), help="what to do")
    parser.add_argument("--json", action="store_true", help="with list: for programs")
    parser.epilog = _EXAMPLES


def run(options: "argparse.Namespace", context: "Context") -> int:
    """Do what was asked for."""
    if options.action == "install":
        return preparing.install_all(git_repo.discover(context.env, context.cwd), context)
    if options.action == "gc":
        return _sweep(context)
    return _list(context, as_json=options.json)


def _sweep(context: "Context") -> int:
    with Signals() as signals:
        shows = progress.consumer(context.env)
        swept = sweeping.sweep(Site(context.env, context.cwd, b"", signals, shows, terminal.is_terminal(2)))
    clones = counted(swept.clones, "repository", "repositories")
    tell(f"{clones} and {counted(swept.environments, 'environment')} removed, {units.format_size(swept.freed)} freed")
    if swept.left:
        plain.show_problem(_left(swept.left))
    return EnvironmentProblem.exit_code if swept.left else 0


def _left(errors: "tuple[OSError, ...]") -> "tuple[str, ...]":
    told = [f"{printable(os.fsencode(error.filename))}: {error.strerror or error}" for error in errors]
    return (
        "not everything could be removed",
        *told,
        "Nothing of it is used any more; the rest was removed.",
        "Once nothing holds it and you may write there, to try again: gitseq env gc",
    )


def _list(context: "Context", *, as_json: bool) -> int:
    store = Store(home(context.env))
    folders = [folder for folder in store.entries(b"environments") if not folder.endswith(GONE)]
    found = [_fields(Environment(folder), store) for folder in folders]
    if as_json:
        values = {"version": 1, "home": os.fsdecode(store.folder), "environments": found}
        say(json.dumps(values, indent=2) + "\n")
        return 0
    tell(f"{printable(store.folder)}: {len(found)} environments")
    for fields in found:
        needed = "".join(f" + {dependency}" for dependency in fields["dependencies"])
        state = "" if fields["ready"] else " (not ready: made again when it is needed)"
        tell(f"{fields['language']} {fields['language_version']}: {fields['repo']}{needed}")
        used = len(fields["used_by"])
        tell(f"    {units.format_size(fields['size'])}, used by {used} work tree{'s' if used != 1 else ''}{state}")
        tell(f"    {fields['path']}")
    return 0


def _fields(environment: Environment, store: Store) -> "dict[str, Any]":
    about = (files.read(environment.folder + b"/about") or b"\n\n").decode("utf-8", "replace").split("\n")
    name = b"environments/" + environment.name
    return {
        "language": about[0] or environment.name.partition(b"-")[0].decode("ascii", "replace"),
        "language_version": about[1],
        "repo": about[2],
        "dependencies": about[3:-1],
        "ready": environment.is_ready(),
        "size": sweeping.size(environment.folder),
        "path": os.fsdecode(environment.place),
        "used_by": sorted({os.fsdecode(top) for _record, top, _configuration, used in store.records() if name in used}),
    }
