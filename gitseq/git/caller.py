"""The git that called us, and whether it still waits for us.

When it dies, its hook lives on: what we wrote to the index then would land in nobody's commit, and a `git add` on
an `index.lock` that git's own clean-up has removed would make it anew, for ever (GIT.md section 5, case E1).
"""

import os

from gitseq.host import proctree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.git.repo import Repo
    from gitseq.host.proctree import Process


class Caller:
    """The nearest git above us, by pid and start time."""

    def __init__(self, process: "Process") -> None:
        self.process = process
        self.pidfd = proctree.open_pidfd(process)
        """Readable as soon as git has died, so that a poll notices at once; -1 where the system has no such thing."""

    @classmethod
    def find(cls) -> "Caller | None":
        """The git that called us, past shells and other shims in between; None when a person did.

        Under `git hook run`, a git alias or `rebase -x` there is a git above us too, and the same holds for it.
        """
        for process in proctree.climb():
            if process.is_git:
                return cls(process)
        return None

    def gone(self, repo: "Repo") -> bool:
        """Whether writing to index or work tree would be for nobody: ask before each write (some 50 microseconds).

        True when that git is no longer above us, even if it runs on: what lay between died, and git no longer waits
        for us. True as well when GIT_INDEX_FILE was a lock of its making (`commit -a`, `commit -- path`) and has
        vanished. A plain index says nothing: a first commit may do without one.
        """
        git = (self.process.pid, self.process.start)
        if not any((process.pid, process.start) == git for process in proctree.climb()):
            return True
        return repo.index.endswith(b".lock") and not os.path.lexists(repo.index)

    def amends(self) -> bool:
        """Whether it was told to amend a commit: then a tree equal to HEAD's need not be an empty commit."""
        return b"--amend" in proctree.command_line(self.process.pid)

    def close(self) -> None:
        """Give the descriptor back."""
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1
