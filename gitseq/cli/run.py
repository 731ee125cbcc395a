"""`gitseq run`: the hooks of a stage, by hand or in CI. Here what was asked for is understood; `perform` does it."""

import os

from gitseq.cli import configuration
from gitseq.core import colour
from gitseq.core.stages import LEGACY_NAMES, MESSAGE, STAGES
from gitseq.engine import request as asked
from gitseq.engine import settings
from gitseq.engine.request import Request, skip_list
from gitseq.errors import UsageError
from gitseq.git import repo as git_repo
from gitseq.git.repo import Repo

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from gitseq.cli.context import Context
    from gitseq.git.content import Comparison
    from gitseq.host.env import Env
    from gitseq.model import Plan

_EXAMPLES = """examples:
  gitseq run                               what `git commit` would run now
  gitseq run --all-files                   every tracked file
  gitseq run ruff --files src/a.py         one hook, on one file
  gitseq run packages/api/                 the hooks of nested configurations in that folder
  gitseq run pre-push --from-ref origin/main --to-ref HEAD
"""
_FORMATS = ("text", "json", "github", "junit", "sarif", "gitlab")


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
    request = _request(options, context, repo)
    tree = _comparison(request, plan, repo, env) if not options.dry_run else None
    try:
        from gitseq.cli import perform  # and with it the engine, while git compares

        return perform.perform(options, request, perform.Place(env, repo, plan, patience, tree))
    finally:
        if tree is not None:
            tree.end()


def _comparison(request: Request, plan: "Plan", repo: Repo, env: "Env") -> "Comparison | None":
    """Begin to compare the work tree with the index, where that may spare us everything else."""
    if request.select != asked.ALL_FILES or request.no_cache or not any(hook.cache for hook in plan.hooks):
        return None
    from gitseq.git.content import Comparison

    return Comparison(repo, env)


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
