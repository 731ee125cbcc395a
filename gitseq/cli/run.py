"""`gitseq run`: the hooks of a stage, by hand or in CI."""

import os

from gitseq.cli import configuration
from gitseq.core import colour, select
from gitseq.core.stages import LEGACY_NAMES, MESSAGE, STAGES
from gitseq.core.text import printable
from gitseq.engine import request as asked
from gitseq.engine import run as engine
from gitseq.engine import settings
from gitseq.engine.request import Request, World, skip_list
from gitseq.errors import UsageError
from gitseq.git import call
from gitseq.git import repo as git_repo
from gitseq.git.repo import Repo
from gitseq.host import env as host_env
from gitseq.host import terminal
from gitseq.host.signals import Signals
from gitseq.model import Notice
from gitseq.ui import journal, plain
from gitseq.ui.journal import Journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from gitseq.cli.context import Context
    from gitseq.git.content import Comparison
    from gitseq.model import Event, Report

_EXAMPLES = """examples:
  gitseq run                               what `git commit` would run now
  gitseq run --all-files                   every tracked file
  gitseq run ruff --files src/a.py         one hook, on one file
  gitseq run packages/api/                 the hooks of nested configurations in that folder
  gitseq run pre-push --from-ref origin/main --to-ref HEAD
"""
_FORMATS = ("text", "json", "github", "junit", "sarif", "gitlab")
_LINES = ("text", "github")
"""Formats for people; the others are one document on standard output."""


def configure(parser: "argparse.ArgumentParser") -> None:
    """The options of `gitseq run`."""
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "what",
        nargs="*",
        metavar="STAGE | HOOK-ID",
        help="a stage (default: pre-commit), or hooks: ID, FOLDER:ID, FOLDER/",
    )
    parser.add_argument("--stage", "--hook-stage", metavar="STAGE", help="the stage whose hooks are run")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("-a", "--all-files", action="store_true", help="every tracked file, not what is staged")
    which.add_argument("--files", nargs="+", metavar="F", help="these files")
    which.add_argument("--files0-from", metavar="F", help="the NUL-separated names in F (`-`: standard input)")
    which.add_argument("--last-commit", action="store_true", help="the files of the last commit")
    parser.add_argument(
        "-s", "--from-ref", "--source", metavar="A", help="with --to-ref: the files changed since A ..."
    )
    parser.add_argument("-o", "--to-ref", "--origin", metavar="B", help="... in B")
    parser.add_argument(
        "--commit-msg-filename", metavar="F", help="the message file, for the stages that are about one"
    )
    parser.add_argument("--skip", action="append", default=[], metavar="ID", help="leave this hook out (repeatable)")
    parser.add_argument("--group", action="append", default=[], metavar="G", help="only hooks of this group")
    parser.add_argument("--fail-fast", action="store_true", help="stop at the first hook that fails")
    waiting = parser.add_mutually_exclusive_group()
    waiting.add_argument("--wait", metavar="D", help="wait at most so long for our turn (such as 10m)")
    waiting.add_argument("--no-wait", action="store_true", help="do not wait for our turn; end with 75")
    parser.add_argument("--no-cache", action="store_true", help="run every hook on every file, passed before or not")
    parser.add_argument("--dry-run", action="store_true", help="show what would run, and run nothing")
    parser.add_argument("--show-diff-on-failure", action="store_true", help="when a hook fails, show `git diff`")
    told = "how the outcome is told (default: text, in a GitHub workflow github)"
    parser.add_argument("--format", choices=_FORMATS, help=told)
    parser.add_argument("--color", choices=colour.CHOICES, help="default: auto, or GITSEQ_COLOR")
    parser.add_argument("--config", "-c", metavar="FILE", help="this configuration file")
    configuration.add_profile_option(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="also show the output of hooks that pass")


def run(options: "argparse.Namespace", context: "Context") -> int:
    """Run the hooks that were asked for."""
    env = configuration.environment(options, context.env)
    repo = git_repo.discover(env, context.cwd)
    explicit = os.path.join(context.cwd, os.fsencode(options.config)) if options.config else None
    plan = settings.overridden(configuration.current_plan(repo, env, explicit), env)
    patience = 0.0 if options.no_wait else settings.patience(plan, env, options.wait)
    is_terminal = terminal.is_terminal(1)
    options.format = _format(options, env)
    choice = options.color or host_env.text(env, "GITSEQ_COLOR", "auto")
    coloured = colour.wanted(choice, env, is_terminal) and options.format in _LINES
    request = _request(options, context, repo).replace(tty=coloured)
    live = is_terminal and options.format == "text"
    shown = _consumer(options, repo.top, coloured, live)
    if summary := env.get(b"GITHUB_STEP_SUMMARY"):
        from gitseq.ui.summary import Summary

        shown = Summary(summary, shown)
    name, tell = request.stage.name, shown
    if not options.dry_run:  # which is no run, and would be one that died
        tell = Journal(journal.place(repo.state_dir, repo.top, env), name, shown, what=f"run {name}")
    with Signals() as signals:
        world = World(env, repo, plan, signals, None, tell, wants_progress=live, patience=patience)
        _warn_of_unknown(options.skip, world)
        if options.dry_run:
            return _dry_run(options, request, world)
        comparison = _comparison(request, world)
        try:
            report = engine.execute(request, world.replace(tree=comparison))
        finally:
            if comparison is not None:
                comparison.end()
    if options.format == "text":
        plain.write_all(1, _why_nothing_ran(request, report, repo.top).encode())
    if options.show_diff_on_failure and any(told.modified for told in report.verdicts):
        _show_diff(repo, context, coloured, as_document=options.format not in _LINES)
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


def _format(options: "argparse.Namespace", env: "host_env.Env") -> str:
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


def _request(options: "argparse.Namespace", context: "Context", repo: Repo) -> Request:
    stage, words = _stage_and_ids(options)
    ids = tuple(_from_top(word, context, repo) for word in words)
    select, files, revisions = _selection(options, context, repo)
    return Request(
        STAGES[stage],
        _message_file(options, context, repo, stage, select),
        select=select,
        files=files,
        revisions=revisions,
        ids=ids,
        groups=tuple(options.group),
        skip=skip_list(context.env, tuple(options.skip)),
        fail_fast=options.fail_fast,
        no_cache=options.no_cache or bool(context.env.get(b"GITSEQ_NO_CACHE")),
    )


def _message_file(
    options: "argparse.Namespace", context: "Context", repo: Repo, stage: str, select: str
) -> "tuple[bytes, ...]":
    """The argument that git would hand to a hook about a message."""
    if options.commit_msg_filename is None:
        if select == asked.BY_STAGE and STAGES[stage].files == MESSAGE:
            raise UsageError(
                f"`--commit-msg-filename` is required for `--hook-stage {stage}`",
                hint=f"For example: gitseq run {stage} --commit-msg-filename .git/COMMIT_EDITMSG",
            )
        return ()
    return (os.path.relpath(os.path.join(context.cwd, os.fsencode(options.commit_msg_filename)), repo.top),)


def _stage_and_ids(options: "argparse.Namespace") -> "tuple[str, tuple[str, ...]]":
    """Positional names are stages or hook ids; a stage by option leaves them all to be ids."""
    if options.stage is not None:
        return known_stage(options.stage), tuple(options.what)
    stages = [name for name in options.what if name in STAGES]
    if len(stages) > 1:
        raise UsageError(f"one stage at a time: {', '.join(stages)}", hint="Run gitseq once for each.")
    return (stages or ["pre-commit"])[0], tuple(name for name in options.what if name not in STAGES)


def _from_top(word: str, context: "Context", repo: Repo) -> str:
    """A folder of hooks as typed (relative to where the user stands) as the top knows it; other words as they are."""
    folder = os.path.join(context.cwd, os.fsencode(word))
    if not (word.endswith("/") or word in (".", "..")) or not os.path.isdir(folder):
        return word
    return os.fsdecode(os.path.relpath(os.path.realpath(folder), repo.top)) + "/"


def known_stage(name: str) -> str:
    """The stage a person means. UsageError when there is none of that name."""
    name = LEGACY_NAMES.get(name, name)
    if name not in STAGES:
        from gitseq.config.explain import nearest  # it takes `re`, and half as long to load as all of a plain run

        raise UsageError(f"there is no stage `{name}`{nearest(name, STAGES)}", hint="Stages: " + ", ".join(STAGES))
    return name


def _selection(
    options: "argparse.Namespace", context: "Context", repo: Repo
) -> "tuple[str, tuple[bytes, ...], tuple[bytes, ...]]":
    """(which files, their names, the two ends of a range)."""
    if options.from_ref is not None or options.to_ref is not None:
        return asked.REVISIONS, (), _revisions(options)
    if options.all_files:
        return asked.ALL_FILES, (), ()
    if options.last_commit:
        return asked.LAST_COMMIT, (), ()
    if options.files is not None:
        return asked.NAMED_FILES, _below_top([os.fsencode(name) for name in options.files], context, repo), ()
    if options.files0_from is not None:
        return asked.NAMED_FILES, _below_top(_names_from(options.files0_from), context, repo), ()
    return asked.BY_STAGE, (), ()


def _revisions(options: "argparse.Namespace") -> "tuple[bytes, ...]":
    if options.from_ref is None or options.to_ref is None:
        raise UsageError(
            "--from-ref and --to-ref go together", hint="For example: --from-ref origin/main --to-ref HEAD"
        )
    if options.all_files or options.last_commit or options.files is not None or options.files0_from is not None:
        raise UsageError("--from-ref and --to-ref choose the files; leave the other choice of files out")
    return os.fsencode(options.from_ref), os.fsencode(options.to_ref)


def _names_from(source: str) -> "list[bytes]":
    try:
        with open(0 if source == "-" else source, "rb", closefd=source != "-") as stream:
            content = stream.read()
    except OSError as error:
        raise UsageError(f"--files0-from: cannot read {source}: {error.strerror}") from None
    return [name for name in content.split(b"\0") if name]


def _below_top(names: "list[bytes]", context: "Context", repo: Repo) -> "tuple[bytes, ...]":
    """Names as typed (relative to where the user stands) as paths relative to the top of the work tree."""
    below = []
    for name in names:
        folder, base = os.path.split(os.path.join(context.cwd, name))
        path = os.path.relpath(os.path.join(os.path.realpath(folder), base), repo.top)
        if path == b".." or path.startswith(b"../"):
            raise UsageError(f"outside of this work tree: {name.decode('utf-8', 'backslashreplace')}")
        below.append(path)
    return tuple(below)


def _comparison(request: Request, world: World) -> "Comparison | None":
    """Begin to compare the work tree with the index, where that may spare us everything else."""
    if request.select != asked.ALL_FILES or request.no_cache or not any(hook.cache for hook in world.plan.hooks):
        return None
    from gitseq.git.content import Comparison

    return Comparison(world.repo, world.env)


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


def _show_diff(repo: Repo, context: "Context", coloured: bool, as_document: bool) -> None:
    """What hooks changed, for a log where nobody can look at the work tree; on stderr when stdout is a document."""
    fd = 2 if as_document else 1
    arguments = [b"--no-pager", b"diff", b"--no-ext-diff", b"--color=" + (b"always" if coloured else b"never")]
    plain.write_all(fd, b"All changes made by hooks:\n" + call.output(arguments, context.env, repo.top))
