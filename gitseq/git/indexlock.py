"""Asking before we start whether somebody else holds the index. A lock is looked at, never removed.

The common answer, no lock at all, costs one readlink and one lstat; everything else lives in `lockowner`, which is
loaded when there is a lock.
"""

import os

from gitseq.git.repo import lock_of
from gitseq.host import clock
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.core.lockrule import Lock
    from gitseq.git.repo import Repo
    from gitseq.host.env import Env


class Waiting(Record):
    """How long to wait for a foreign lock, and how."""

    tell: "Callable[[str], None]"
    """Called once, with a line for the user, when the wait becomes long enough to notice."""
    seconds: float = 10.0
    pause: "Callable[[float], None]" = clock.pause
    """Sleeps. It may raise instead, when a signal has come or the git that called us has died."""


def check(repo: "Repo", env: "Env") -> "Lock | None":
    """Whose lock is on the index in use, now; None when there is none.

    FOREIGN is a first word: many such locks are gone a moment later, and `require_free` is who searches for an owner.
    """
    if not repo.index.endswith(b".lock") and not os.path.lexists(lock_of(repo.index)):
        return None
    from gitseq.core import lockrule
    from gitseq.git import lockowner

    return lockrule.decide(lockowner.gather(repo, env))


def require_free(repo: "Repo", env: "Env", waiting: Waiting, *, in_commit_hook: bool = False) -> "Lock | None":
    """After this returns, the index in use is not locked (None) or locked for us (the lock); else Refused is raised.

    A foreign lock is waited for, `waiting.seconds` at most, and then told with its owner where one can be found.
    No lock is ever removed, and no file is written. `in_commit_hook`: git itself called us as pre-commit,
    prepare-commit-msg, commit-msg or pre-merge-commit. A plain GIT_INDEX_FILE then proves that the gits above us
    hold nothing, so they are not taken for the owner.
    """
    lock = check(repo, env)
    if lock is None or lock.state == "ours":
        return lock
    from gitseq.git import lockowner

    spare_ancestors = in_commit_hook and b"GIT_INDEX_FILE" in env
    wait = lockowner.Wait(repo, lambda: check(repo, env), waiting, spare_ancestors=spare_ancestors)
    return wait.until_free(lock)
