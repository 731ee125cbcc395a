"""A run by hand, from its plan to its exit code.

Apart from `run` so that git is comparing the work tree with the index while this module, and with it the engine, is
being loaded.
"""

import os

from gitseq.core import colour, select
from gitseq.core.text import printable
from gitseq.engine import request as asked
from gitseq.engine import run as engine
from gitseq.engine.request import Request, World
from gitseq.errors import UsageError
from gitseq.git import call
from gitseq.git.repo import Repo
from gitseq.host import env as host_env
from gitseq.host import terminal
from gitseq.host.signals import Signals
from gitseq.model import Notice, Plan, Record
from gitseq.ui import journal, plain
from gitseq.ui.journal import Journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from gitseq.git.content import Comparison
    from gitseq.host.env import Env
    from gitseq.model import Event, Report

_LINES = ("text", "github")
"""Formats for people; the others are one document on standard output."""


class Place(Record):
    """Where the run happens, as far as that was found out."""

    env: "Env"
    repo: Repo
    plan: Plan
    patience: float
    """Seconds to wait for our turn."""
    tree: "Comparison | None"
    """See `World`."""


def perform(options: "argparse.Namespace", request: Request, place: Place) -> int:
    """Run the hooks, or only say which would run, and return the exit code."""
    env, repo = place.env, place.repo
    options.format = _format(options, env)
    is_terminal = terminal.is_terminal(1)
    choice = options.color or host_env.text(env, "GITSEQ_COLOR", "auto")
    coloured = colour.wanted(choice, env, is_terminal) and options.format in _LINES
    request = request.replace(tty=coloured)
    live = is_terminal and options.format == "text"
    shown = _consumer(options, repo.top, coloured, live)
    if summary := env.get(b"GITHUB_STEP_SUMMARY"):
        from gitseq.ui.summary import Summary

        shown = Summary(summary, shown)
    name, tell = request.stage.name, shown
    if not options.dry_run:  # which is no run, and would be one that died
        tell = Journal(journal.place(repo.state_dir, repo.top, env), name, shown, what=f"run {name}")
    with Signals() as signals:
        world = World(env, repo, place.plan, signals, None, tell, wants_progress=live, patience=place.patience)
        _warn_of_unknown(options.skip, world)
        if options.dry_run:
            return _dry_run(options, request, world)
        report = engine.execute(request, world.replace(tree=place.tree))
    if options.format == "text":
        plain.write_all(1, _why_nothing_ran(request, report, repo.top).encode())
    if options.show_diff_on_failure and any(told.modified for told in report.verdicts):
        _show_diff(place, coloured, as_document=options.format not in _LINES)
    return report.exit_code


def _warn_of_unknown(skipped: "list[str]", world: World) -> None:
    """What is typed is meant for this run; SKIP in an environment may be about hooks of other repositories."""
    for name in (part.strip() for text in skipped for part in text.split(",")):
        if name and not any(name in select.names_of(hook) for hook in world.plan.hooks):
            from gitseq.config.explain import nearest

            known = nearest(name, [hook.id for hook in world.plan.hooks])
            world.tell(Notice("warning", f"--skip {name}: no hook has that id{known}"))


def _why_nothing_ran(request: Request, report: "Report", top: bytes) -> str:
    """A line for who expected something to run; '' when something did, or a problem was told."""
    if report.exit_code or any(told.reason != "no files to check" for told in report.verdicts):
        return ""
    if not report.verdicts:
        groups = f" in group {' or '.join(request.groups)}" if request.groups else ""
        return f"note: no hook is configured for {request.stage.name}{groups}; to see what there is: gitseq list\n"
    if request.select == asked.ALL_FILES:
        return "note: none of the tracked files is for these hooks; a new file is tracked after: git add FILE\n"
    if request.select == asked.NAMED_FILES:
        return _why_no_file(request, top)
    if request.select != asked.BY_STAGE:
        return ""
    stage = "" if request.stage.name == "pre-commit" else f" {request.stage.name}"
    return f"note: nothing that these hooks look at is staged; for every tracked file: gitseq run{stage} --all-files\n"


def _why_no_file(request: Request, top: bytes) -> str:
    """A line about a name that was mistyped; '' when all of them are there."""
    missing = [name for name in request.files if not os.path.lexists(os.path.join(top, name))]
    more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
    return f"note: there is no file {printable(missing[0])} in this work tree{more}\n" if missing else ""


def _format(options: "argparse.Namespace", env: "Env") -> str:
    """Who runs in a GitHub workflow and chooses nothing gets annotations: lines that only its runner reads."""
    chosen: str = options.format or ("github" if env.get(b"GITHUB_ACTIONS") == b"true" else "text")
    if options.dry_run and chosen not in (*_LINES, "json"):
        raise UsageError(f"--dry-run has nothing to tell as {chosen}", hint="It knows --format text and json.")
    return chosen


def _consumer(options: "argparse.Namespace", top: bytes, coloured: bool, live: bool) -> "Callable[[Event], None]":
    if options.format == "json":
        from gitseq.ui import json

        return json.Json()
    if options.format == "github":
        from gitseq.ui.github import GitHub

        return GitHub(top, colour=coloured, verbose=options.verbose)
    if options.format not in _LINES:
        return _document(options.format, top)
    if live:
        from gitseq.ui.live import Live

        return Live(colour=coloured, verbose=options.verbose)
    return plain.Plain(colour=coloured, verbose=options.verbose)


def _document(name: str, top: bytes) -> "Callable[[Event], None]":
    if name == "junit":
        from gitseq.ui.junit import JUnit

        return JUnit(top)
    if name == "sarif":
        from gitseq.ui.sarif import Sarif

        return Sarif(top)
    from gitseq.ui.gitlab import GitLab

    return GitLab(top)


def _dry_run(options: "argparse.Namespace", request: Request, world: World) -> int:
    """Show the plan of a run."""
    from gitseq.engine import dry

    planned = dry.plan(request, world)
    if options.format == "json":
        from gitseq.ui import json

        plain.write_all(1, json.dump(dry.document(request, planned)))
    else:
        plain.write_all(
            1, "".join(line + "\n" for line in dry.lines(request, planned)).encode("utf-8", "backslashreplace")
        )
    return 0


def _show_diff(place: Place, coloured: bool, as_document: bool) -> None:
    """What hooks changed, for a log where nobody can look at the work tree; on stderr when stdout is a document."""
    fd = 2 if as_document else 1
    arguments = [b"--no-pager", b"diff", b"--no-ext-diff", b"--color=" + (b"always" if coloured else b"never")]
    plain.write_all(fd, b"All changes made by hooks:\n" + call.output(arguments, place.env, place.repo.top))
