"""Which hook changed which files, without a `git diff` per hook.

Files that a hook was given are compared by their stat before and after it, and git is asked only when one differs.
What happens elsewhere in the work tree shows in one listing after the last hook (or after a hook that was given no
files), and the ctime of a changed file tells during which hook it changed: hooks run one at a time.
"""

import _imp
import os

from gitseq.git import status
from gitseq.git.unchanged import Index, is_unchanged
from gitseq.host import clock, files
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitseq.git.marks import Marks
    from gitseq.git.repo import Repo
    from gitseq.git.status import Listing
    from gitseq.host.env import Env
    from gitseq.host.files import Signature

FEW = 500
"""Up to so many files two stats of each are cheaper than one `git status` (5,000 files: 15 against 10 ms)."""


LARGEST = 1 << 20
"""A file larger than this (bytes) that differs from the index has changed when it was written, whatever was written."""


class Edits(Record):
    """Paths, by the number (in the order they ran) of the hook during which each changed."""

    by_hook: "dict[int, list[bytes]]"


class Changes:
    """Watches the work tree over a run. Call `before` and `after` around each hook, then `finish`.

    `listing` was begun when `marks` had been taken; `is_untouched` knows paths that were not written to, whatever git
    says of them.
    """

    def __init__(
        self,
        repo: "Repo",
        env: "Env",
        listing: "Listing",
        marks: "Marks",
        is_untouched: "Callable[[bytes], bool]" = lambda _path: False,
    ) -> None:
        self._is_untouched = is_untouched
        self._repo = repo
        self._env = env
        self._latest = listing
        self._index = Index(marks)
        self._contents = {path: self._content(path) for path in self._unclean(listing)}
        """Of files that differ from the index: git would not tell one edit of them from none."""
        self._ran: list[tuple[int, int]] = []
        self._began = 0
        self._paths: Sequence[bytes] | None = None
        """What the hook is given; None when `_given` would be out of date for another one that is given the same."""
        self._given: dict[bytes, Signature | None] = {}
        self._stale = False
        self._own: dict[bytes, Signature | None] = {}

    def wrote(self, paths: "Sequence[bytes]") -> None:
        """Built-in hooks have changed these (relative to the top), and have been found out already."""
        self._paths = None
        self._own.update({path: files.signature(os.path.join(self._repo.top, path)) for path in paths})

    def before(self, paths: "list[bytes]") -> None:
        """A hook is about to be run on `paths` (relative to the top)."""
        if paths is not self._paths:  # as we saw them after the last hook; what others wrote since shows after this one
            self._paths = paths
            self._given = self._signatures(paths if len(paths) <= FEW else [])
        self._began = clock.wall_ns()
        self._stale = True

    def look_ahead(self) -> None:
        """Find out, while a hook runs, what is needed to look at all files after the last one."""
        self._index.noted()

    def after(self, *, everywhere: bool = False) -> Edits:
        """What the hook, and perhaps an earlier one, is found to have changed; `everywhere` looks at all files now."""
        self._ran.append((self._began, clock.wall_ns()))
        before, self._given = self._given, {name: files.signature(name) for name in self._given}
        if before != self._given or everywhere or not self._given:
            return self._look()
        return Edits({})

    def settle(self, listing: "Listing", marks: "Marks") -> None:
        """What we changed ourselves is part of the picture from now on."""
        self._paths = None
        self._latest = listing
        self._index = Index(marks)
        self._contents = {path: self._content(path) for path in self._unclean(listing)}
        self._stale = False

    def finish(self) -> Edits:
        """What is found to have changed anywhere, after the last hook."""
        return self._look() if self._stale else Edits({})

    def _look(self) -> Edits:
        if is_unchanged(self._repo, self._index, self._latest.signatures):
            self._stale = False
            return Edits({})
        now = status.read(self._repo, self._env)
        edited = [
            path
            for path in status.edited_between(self._latest, now)
            if not self._is_untouched(path) and self._differs(path, now)
        ]
        self._latest = now
        self._stale = False
        by_hook: dict[int, list[bytes]] = {}
        for path in edited:
            if path in self._own and self._own[path] == now.signatures.get(path):
                continue
            by_hook.setdefault(self._hook_of(path), []).append(path)
        return Edits(by_hook)

    def _signatures(self, paths: "Sequence[bytes]") -> "dict[bytes, Signature | None]":
        top = self._repo.top + b"/"  # `os.path.join` costs as much as the lstat; git names a message by its whole path
        names = [path if path.startswith(b"/") else top + path for path in paths]
        return {name: files.signature(name) for name in names}

    def _unclean(self, listing: "Listing") -> "list[bytes]":
        return list(listing.signatures)[:FEW]

    def _content(self, path: bytes) -> "bytes | None":
        """What tells one content and mode of a file from another; None when it is too large to look."""
        name = os.path.join(self._repo.top, path)
        found = files.signature(name)
        if found is None or found[1] > LARGEST:
            return None
        content = files.read(name) if found[4] & 0o170000 != 0o120000 else os.readlink(name)
        return None if content is None else _imp.source_hash(found[4], content)

    def _differs(self, path: bytes, now: "Listing") -> bool:
        """Whether a file that was written is another one than before; it may have been written as it was."""
        known = self._contents.get(path)
        found = self._content(path) if path in now.signatures else None
        self._contents[path] = found
        return known is None or known != found

    def _hook_of(self, path: bytes) -> int:
        """The hook that was running when the file changed; a deleted file is told by its folder."""
        if len(self._ran) == 1:
            return 0
        name = os.path.join(self._repo.top, path)
        signature = files.signature(name) or files.signature(os.path.dirname(name))
        if signature is None:  # deleted with its folder
            return len(self._ran) - 1
        return longest_in(self._ran, signature[3], signature[3] + clock.file_tick())


def longest_in(spans: "list[tuple[int, int]]", begin: int, end: int) -> int:
    """The number of the span that shares most with begin..end; of the nearest one when none shares anything."""
    shared = [min(end, ended) - max(begin, began) for began, ended in spans]
    return shared.index(max(shared))
