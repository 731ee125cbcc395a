"""`gitseq uninstall`: our shims out of the hooks folder, what was there before back into it."""

import argparse
import os

from gitseq.cli.context import Context
from gitseq.cli.telling import shown, tell
from gitseq.core.installing import Removal
from gitseq.core.stages import GIT_STAGES
from gitseq.engine import unstaged
from gitseq.git import hookdir, shims
from gitseq.git import repo as git_repo
from gitseq.git.repo import Repo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_EXAMPLES = """examples:
  gitseq uninstall            remove the shims, put the hooks back that were there before
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `gitseq uninstall`."""
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "-f", "--force", action="store_true", help="also out of a hooks folder that other repositories share"
    )


def run(options: argparse.Namespace, context: Context) -> int:
    """Uninstall, and say a line for each stage; nothing to do is no failure."""
    repo = git_repo.discover(context.env, context.cwd)
    lines = list(_uninstall(options, context, repo))
    for line in lines or ["nothing to do: git finds no shim of gitseq here"]:
        tell(line)
    if lines and os.path.isdir(repo.state_dir):
        if unstaged.hidden_by_dead(repo.git_dir):
            tell("note: unstaged work of a run that died is still hidden; to bring it back: gitseq recover")
        tell(f"note: records of earlier runs and the plan cache stay in {shown(repo.state_dir, context)}")
    return 0


def _uninstall(options: argparse.Namespace, context: Context, repo: Repo) -> "Iterator[str]":
    """Where git looks, and in the repository's own folder: core.hooksPath may have been set since."""
    used = hookdir.locate(repo, context.env)
    folders = [hookdir.own(repo)]
    if os.path.realpath(used.path) != os.path.realpath(folders[0]) and not used.is_off:
        if used.is_own or options.force:
            folders.append(used.path)
        elif shims.installed(used.path):
            yield f"left the shims in {shown(used.path, context)}: other repositories use them (--force removes them)"
    for folder in folders:
        yield from _clear(folder, context)
    if hookdir.disclaim(repo, context.env):
        yield "core.hooksPath, set by gitseq install --git-dir, is unset again"


def _clear(folder: bytes, context: Context) -> "Iterator[str]":
    for stage in GIT_STAGES:
        try:
            step = shims.remove(folder, stage)
        except OSError as error:
            raise hookdir.unwritable(folder, error) from None
        if step is not None:
            yield _told(stage, step, shown(os.path.join(folder, stage.encode()), context))


def _told(stage: str, step: Removal, path: str) -> str:
    if step.put_back:
        return f"uninstalled {stage}; the hook that was there before is back ({path})"
    if step.drop_hook:
        return f"uninstalled {stage} ({path})"
    return f"uninstalled {stage}.legacy, where another hook manager had moved our shim ({path}.legacy)"
