"""Where the guard keeps things, and the cheap question of every start: did a run die in the middle?"""

import os

JOURNAL = b"journal"
DONE = b"done"
LIST = b"list"
STORES = b"stores"
TRIALS = (b"plain", b"executable")
"""Files that are made, swapped and removed again, to see what this file system can and what modes files get."""
LOCKED = b"locked"
"""A file in a linked work tree's git directory that keeps `git worktree remove`, `move` and `prune` from it
(gitrepository-layout(5))."""


def own_dir(git_dir: bytes) -> bytes:
    """Where a work tree keeps what is its own; `git_dir` is its own git directory."""
    return git_dir + b"/gitseq"


def guards_dir(git_dir: bytes) -> bytes:
    """The folder with one folder per unfinished run; `git_dir` is the work tree's own git directory."""
    return own_dir(git_dir) + b"/guard"


def kept_dir(git_dir: bytes) -> bytes:
    """The folder with what conflicts set aside, one folder per run."""
    return own_dir(git_dir) + b"/kept"


def stock_dir(git_dir: bytes) -> bytes:
    """The folder with index versions that the next run may use again."""
    return own_dir(git_dir) + b"/stock"


def unfinished(git_dir: bytes) -> "list[bytes]":
    """Names of runs whose unstaged work may still be set aside, oldest first; one listing, no process.

    Call it, and everything that acts on the answer, only while holding the lease: the folder of a run that is alive
    looks the same.
    """
    try:
        found = os.listdir(guards_dir(git_dir))
    except FileNotFoundError:
        return []
    return sorted(name for name in found if os.path.isdir(guards_dir(git_dir) + b"/" + name))


def lock_reason(run: bytes) -> bytes:
    """What the lock says that a run puts on its linked work tree; by it the run knows its own."""
    return b"gitseq: unstaged work is set aside (run %s); to bring it back: gitseq recover\n" % run
