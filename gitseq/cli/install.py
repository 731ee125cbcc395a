"""`gitseq install`: shims into the folder where git looks for hooks."""

import argparse
import os

from gitseq.cli import configuration, preparing
from gitseq.cli.context import Context
from gitseq.cli.telling import shown, tell
from gitseq.core import installing
from gitseq.core.installing import Placing
from gitseq.core.text import printable
from gitseq.errors import EnvironmentProblem, NoConfiguration
from gitseq.git import hookdir, shims
from gitseq.git import repo as git_repo
from gitseq.git.hookdir import HookDir
from gitseq.git.repo import Repo
from gitseq.host import package

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_EXAMPLES = """examples:
  gitseq install                      shims for the stages that the configuration uses
  gitseq install pre-commit pre-push  for these stages
  gitseq install --environments       ... and what the hooks need, so that the first commit does not wait for it
  gitseq install --git-dir            here, although core.hooksPath points elsewhere for all of your repositories

A hook that is there already is kept as STAGE.legacy: it runs first, and its exit code counts.
"""

_UNCONFIGURED = "there is no configuration yet; to write a first one: gitseq init"


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `gitseq install`."""
    parser.epilog = _EXAMPLES
    parser.add_argument("stages", nargs="*", metavar="STAGE", help="default: the stages that the configuration uses")
    parser.add_argument(
        "-f",
        "--force",
        action="store_true",
        help="install also into a folder that other repositories share; set a hook aside when its place is taken",
    )
    parser.add_argument(
        "--git-dir",
        action="store_true",
        help="install into this repository's own hooks folder, and make git look there if it does not",
    )
    parser.add_argument(
        "--environments",
        "--install-hooks",
        action="store_true",
        help="also install what the hooks need, now instead of at the first run",
    )


def run(options: argparse.Namespace, context: Context) -> int:
    """Install, and say a line for each stage."""
    repo = git_repo.discover(context.env, context.cwd)
    stages, notes = _stages(options, context, repo)
    folder, other = _folder(options, context, repo)
    for line in _install(folder.path, stages, options.force, context):
        tell(line)
    if other is not None:
        hookdir.claim(repo, context.env)
        notes.append(
            f"core.hooksPath was set for this repository: hooks in {shown(other.path, context)} do not run here"
        )
    for note in notes + _notes(folder, stages, context, repo):
        tell("note: " + note)
    code = preparing.install_all(repo, context) if options.environments else 0
    if code == 0 and _UNCONFIGURED not in notes:
        tell("next: git commit, as ever; to try the hooks on every file now: gitseq run --all-files")
    return code


def _stages(options: argparse.Namespace, context: Context, repo: Repo) -> "tuple[tuple[str, ...], list[str]]":
    """The stages to install, and what to know about the choice."""
    if options.stages:
        return installing.stages_named(options.stages), []
    try:
        return installing.stages_of(configuration.current_plan(repo, context.env)), []
    except NoConfiguration:
        return ("pre-commit",), [_UNCONFIGURED]
    except EnvironmentProblem as problem:
        return ("pre-commit",), [f"{problem.what}, so other stages are not known; later: gitseq install"]


def _folder(options: argparse.Namespace, context: Context, repo: Repo) -> "tuple[HookDir, HookDir | None]":
    """Where to install; and the folder, if any, that git must be told to look into no more."""
    if not options.git_dir:
        return hookdir.usable(repo, context.env, force=options.force), None
    used = hookdir.locate(repo, context.env)
    return HookDir(hookdir.own(repo)), used if hookdir.must_claim(repo, used) else None


def _install(folder: bytes, stages: "tuple[str, ...]", force: bool, context: Context) -> "Iterator[str]":
    """Place the shims; shims of other stages are renewed too, for they name the same interpreter."""
    template, python, library = package.template(b"shim.sh"), package.interpreter(), package.library()
    try:
        others = tuple(stage for stage in shims.installed(folder) if stage not in stages)
        texts = {stage: installing.shim(template, stage, python, library) for stage in stages + others}
        for stage, text in texts.items():
            installing.placing(shims.look(folder, stage), text, force=force)  # a refusal comes before any change
        for stage, text in texts.items():
            step, kept = shims.place(folder, stage, text, force=force)
            if stage in stages or step.word == "updated":
                yield from _told(stage, step, kept, shown(os.path.join(folder, stage.encode()), context))
    except OSError as error:
        raise hookdir.unwritable(folder, error) from None


def _told(stage: str, step: Placing, kept: bytes, path: str) -> "Iterator[str]":
    yield f"{step.word} {stage} ({path})"
    if step.drop_legacy:
        yield f"  {stage}.legacy was a gitseq shim that another hook manager had moved there; it is removed"
    if step.told:
        yield f"  the hook that was there {step.told}" + (f": {printable(kept)}" if step.numbered else "")


def _notes(folder: HookDir, stages: "tuple[str, ...]", context: Context, repo: Repo) -> "list[str]":
    """What the user would otherwise find out by accident."""
    notes = [*_about_folder(folder, context), *_about_package()]
    for name, event in hookdir.configured_hooks(repo, context.env):
        if event in stages:
            notes.append(f"git also runs `hook.{name}` of your git configuration at {event}, before the shim")
    return notes


def _about_folder(folder: HookDir, context: Context) -> "Iterator[str]":
    path = shown(folder.path, context)
    if folder.is_husky:
        yield (
            f"{path} is husky's: it is written anew at each `npm install`, and husky's own hooks do not run meanwhile; "
            "to leave husky: git config --local --unset-all core.hooksPath && gitseq install"
        )
    elif not folder.is_in_repo:
        yield (
            f"{path} is shared: every repository that uses it runs these shims, "
            "and one without a configuration for gitseq refuses to commit"
        )
    elif folder.is_in_work_tree:
        yield (
            f"{path} lies in the work tree: whoever gets these files by a commit gets paths of this machine, "
            "and needs `gitseq` on PATH or an install of their own"
        )
    if folder.is_per_worktree:
        yield "core.hooksPath is set so that each linked work tree has its own hooks folder: run gitseq install in each"


def _about_package() -> "Iterator[str]":
    if installing.is_temporary(package.interpreter()):
        yield (
            "this gitseq runs out of a cache that will be swept, and the shims with it; "
            "to install it for good: pipx install gitseq && gitseq install"
        )
    if not package.cache_bytecode():
        yield (
            "Python cannot keep bytecode of gitseq where it is installed, so every hook starts slower; "
            f"as a user who may write there: python -m compileall {printable(package.library())}/gitseq"
        )
