"""Put a hook's fixes into the index, or into both where git uses two (docs: guard.md, GIT_INDEX_FILE).

`git commit PATH` builds the commit from `next-index-<pid>.lock`, which is what GIT_INDEX_FILE names, and leaves
`index.lock` behind as the index. A fix that reaches only the first shows as a staged reversal of itself afterwards.
"""

import os

from gitseq.core.text import printable
from gitseq.errors import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.guard.journal import Git


def stage(paths: "tuple[bytes, ...]", git: "Git", also: "bytes | None" = None) -> None:
    """After this returns, every index of the commit holds `paths` as they lie in the work tree now.

    Call it while unstaged work is hidden: then a partially staged file is its staged version with the fix, and nothing
    of the user's is swept in. git itself applies filters, modes and deletions. `also` is the second index, and only
    ever one that the calling git holds (the rule of index.lock). Raises Refused when an index is locked by somebody
    else, or the second one is gone with the git that called us: a lock that nobody would remove is never made. That
    the first is still there the caller has looked at.
    """
    if not paths:
        return
    for index in (None, also) if also else (None,):
        if index is not None and not os.path.lexists(index):
            raise _not_staged(paths, "the git that called us is gone, and its index with it")
        names = b"".join(path + b"\0" for path in paths)
        done = git([b"update-index", b"--add", b"--remove", b"-z", b"--stdin"], names, index)
        if done.rc != 0:
            raise _not_staged(paths, done.err.decode("utf-8", "backslashreplace").strip())


def is_emptied(git: "Git") -> bool:
    """Whether nothing is left to commit. git judged that before it called us, and would make an empty commit."""
    if git([b"rev-parse", b"--quiet", b"--verify", b"HEAD"]).rc != 0:
        return not git([b"ls-files", b"--cached", b"-z"]).out
    return git([b"diff-index", b"--cached", b"--quiet", b"HEAD", b"--"]).rc == 0


def emptied() -> Refused:
    """What a run fails with that fixed everything away."""
    return Refused(
        "after the hooks' fixes nothing is left to commit",
        kept="The fixes are in the work tree.",
        hint="If an empty commit is what you want: git commit --allow-empty --no-verify",
    )


def untracked(git: "Git") -> "frozenset[bytes]":
    """Untracked files that are not ignored; what a hook adds to them is reported, never staged."""
    listing = git([b"ls-files", b"--others", b"--exclude-standard", b"-z"])
    return frozenset(name for name in listing.out.split(b"\0") if name)


def _not_staged(paths: "tuple[bytes, ...]", why: str) -> Refused:
    names = ", ".join(printable(path) for path in paths)
    return Refused(
        f"the hooks' fixes could not be staged: {names}",
        why=why,
        kept="They are in the work tree.",
        hint="Add them and commit again.",
    )
