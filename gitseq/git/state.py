"""Which operation of git's is in progress, from the files it leaves in the work tree's git directory."""

import os

from gitseq.git import call
from gitseq.host import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.git.repo import Repo
    from gitseq.host.env import Env

MERGE, REBASE, CHERRY_PICK, REVERT, AM, BISECT = "merge", "rebase", "cherry-pick", "revert", "am", "bisect"


def operations(repo: "Repo", env: "Env") -> "frozenset[str]":
    """What `git status` would call in progress: MERGE, REBASE, CHERRY_PICK, REVERT, AM, BISECT.

    In `pre-merge-commit` a merge is not yet among them: git writes MERGE_HEAD only after that hook. A rebase hides
    the CHERRY_PICK_HEAD of the commit it is at.
    """
    git_dir = repo.git_dir
    found = set()
    if os.path.lexists(git_dir + b"/MERGE_HEAD"):
        found.add(MERGE)
    if os.path.lexists(git_dir + b"/BISECT_LOG"):
        found.add(BISECT)
    replaying = _replaying_patches(git_dir)
    if replaying:
        found.add(replaying)
    if REBASE not in found:
        found |= _picking(repo, env)
    return frozenset(found)


def _replaying_patches(git_dir: bytes) -> str:
    """`rebase-merge` is today's rebase; `rebase-apply` is `am`, or `rebase --apply`, which runs it."""
    if os.path.isdir(git_dir + b"/rebase-merge"):
        return REBASE
    if os.path.isdir(git_dir + b"/rebase-apply"):
        return AM if os.path.lexists(git_dir + b"/rebase-apply/applying") else REBASE
    return ""


def _picking(repo: "Repo", env: "Env") -> "set[str]":
    found = {
        name
        for name, head in ((CHERRY_PICK, b"CHERRY_PICK_HEAD"), (REVERT, b"REVERT_HEAD"))
        if _exists(repo, env, head)
    }
    todo = files.read(repo.git_dir + b"/sequencer/todo")
    if not found and todo:  # between two picks of a series, after the user committed the first by hand
        found.add(REVERT if todo.lstrip().startswith(b"revert") else CHERRY_PICK)
    return found


def _exists(repo: "Repo", env: "Env", head: bytes) -> bool:
    """These heads are refs: where refs are no files (reftable), only git knows."""
    if os.path.isdir(repo.git_dir + b"/reftable"):
        return call.ask([b"rev-parse", b"--quiet", b"--verify", head], env, repo.top).rc == 0
    return os.path.lexists(repo.git_dir + b"/" + head)
