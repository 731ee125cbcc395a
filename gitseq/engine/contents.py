"""What each file holds that hooks are about to see: the keys that passes are kept under.

A file's key is made of its path, its mode and the blob id of the bytes in the work tree. Few files are read for it.
Of many, git's index is believed for those that `git.content` says it may be believed for, and the others are read.
"""

import os
import stat

from gitseq.core import gitobjects, ledger_keys
from gitseq.host import clock, files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from gitseq.engine.request import World
    from gitseq.git.content import Comparison, Conversions, Tracked
    from gitseq.host import procs

FEW = 150
"""Up to so many files are read sooner than git's three answers about all of them are."""
_BLOCK = 1 << 20
_TICKS = 4
"""A file younger than so many ticks of the file system's clock could be written again and look the same."""
_REGULAR = b"10"
"""The first digits of a regular file's mode, as git writes it."""
_FILES = (0o100644, 0o100755, 0o120000)


class Contents:
    """The keys of files as they are now; after a command has run, `forget` what was known before it."""

    def __init__(self, world: "World", oid_length: int) -> None:
        self._world = world
        self._hasher = gitobjects.hasher(oid_length)
        self._keys: dict[bytes, bytes | None] = {}
        self._read: dict[bytes, tuple[int, ...] | None] = {}
        self.links: set[bytes] = set()
        """Symbolic links among them: what they lead to counts, and need not be in the index."""
        self._tracked: Tracked | None = None
        self._listing: procs.Reader | None = None
        self._conversions: Conversions | None = None
        self._comparison: Comparison | None = None
        self._latest: Comparison | None = None
        self._coming: Comparison | None = None
        """Begun for `confirmed`, which ends it."""
        self._stale = world.tree is None

    def keys(self, paths: "Sequence[bytes]") -> "list[bytes | None]":
        """The key of each path (relative to the top); None for what has no content: a folder, a missing file."""
        known = self._keys
        try:
            return [known[path] for path in paths]
        except KeyError:
            pass
        missing = [path for path in paths if path not in known]
        if len(missing) > FEW:
            missing = self._from_index(missing)
        for path in missing:
            known[path] = self._look(path)
        return [known[path] for path in paths]

    def begin(self) -> None:
        """All tracked files will be asked for: git may start to list them."""
        from gitseq.git import content

        self._listing = content.begin_entries(self._world.repo, self._world.env)

    def end(self) -> None:
        """Nobody wants to know any more; afterwards no git that was begun here is left running."""
        self._end_listing()
        for begun in (self._comparison, self._latest, self._coming):
            if begun is not None:
                begun.end()

    def _end_listing(self) -> None:
        if self._listing is not None:
            self._listing.finish()
        if self._conversions is not None:
            self._conversions.end()
        self._listing = self._conversions = None

    def tracked(self) -> "list[bytes]":
        """Every path in the index."""
        return list(self._index().lines)

    def whole_tree_is_plain(self) -> bool:
        """Whether git was told to look at every file."""
        return not self._index().hidden

    def modes(self) -> "dict[bytes, int] | None":
        """The mode of every tracked file, where the whole work tree is as the index says; else None."""
        tracked = self._index()  # while git compares
        self._begin_conversions(tracked)
        modes = {line: int(line, 8) for line in {line[:6] for line in tracked.lines.values()}}
        if tracked.hidden or any(mode not in _FILES for mode in modes.values()):
            return None  # a submodule need not be there
        found = {path: modes[line[:6]] for path, line in tracked.lines.items()}
        compared = self._current()
        return found if compared.is_clean and compared.still_stands() and tracked is self._tracked else None

    def forget(self, paths: "Sequence[bytes] | None" = None) -> None:
        """These have been written to; without paths, anything may have."""
        for path in list(self._keys) if paths is None else paths:
            self._keys.pop(path, None)
            self._read.pop(path, None)
        self._stale = True
        self._latest = None
        if paths is None:
            self._tracked = None

    def begin_confirming(self) -> None:
        """Files whose keys were taken from the index have been read: git may start to compare, for `confirmed`."""
        if self._comparison is not None and self._comparison.still_stands():
            self._coming = self._compare()

    def confirmed(self, paths: "Sequence[bytes]") -> "frozenset[bytes]":
        """Which of these files nobody has written to since their keys were made."""
        top, read = self._world.repo.top, self._read
        coming, self._coming = self._coming, None
        own = [path for path in paths if path in read]
        same = {path for path in own if read[path] and _signature(os.path.join(top, path)) == read[path]}
        before = self._comparison
        if len(own) == len(paths) or before is None or not before.still_stands():
            if coming is not None:
                coming.end()
            return frozenset(same)
        now = coming or self._compare()
        if now.state != before.state:
            now.end()
            return frozenset(same)
        self._latest = now
        return frozenset(same.union(frozenset(paths).difference(read, now.differing)))

    def is_still(self, before: "Comparison") -> bool:
        """Whether the whole work tree is what it was: clean against the same index."""
        if not before.is_clean or not before.still_stands():
            return False
        now = self._latest or self._compare()
        return now.is_clean and now.still_stands() and now.state == before.state

    # --- inside

    def _from_index(self, missing: "list[bytes]") -> "list[bytes]":
        """Take the keys of those that the index is right about; the others."""
        from gitseq.git import content

        tracked = self._index()
        compared, lines = self._current(), tracked.lines
        if self._world.tree is not None:  # a run on all files: the next hook will ask for the rest
            self._begin_conversions(tracked)
        conversions = self._conversions or content.Conversions(self._world.repo, self._world.env, missing)
        self._conversions = None
        doubtful = compared.differing | tracked.hidden | conversions.finish()
        if tracked is not self._tracked or not compared.still_stands():
            return missing
        if len(conversions.paths) < len(lines):
            lines = {path: lines[path] for path in conversions.paths if path in lines}
        if doubtful or any(line[:2] != _REGULAR for line in lines.values()):
            lines = {path: line for path, line in lines.items() if path not in doubtful and line[:2] == _REGULAR}
        self._keys.update(zip(lines, ledger_keys.file_keys(lines.values()), strict=True))
        return [path for path in missing if path not in self._keys]

    def _begin_conversions(self, tracked: "Tracked") -> None:
        if self._conversions is None and len(tracked.lines) > FEW:
            from gitseq.git import content

            self._conversions = content.Conversions(self._world.repo, self._world.env, list(tracked.lines))

    def _index(self) -> "Tracked":
        if self._tracked is None:
            from gitseq.git import content

            self._current()
            listing = self._listing or content.begin_entries(self._world.repo, self._world.env)
            self._listing = None
            self._tracked = content.entries(listing)
        return self._tracked

    def _current(self) -> "Comparison":
        """A comparison made since anything was written to."""
        if self._comparison is None and not self._stale:
            self._comparison = self._world.tree
        if self._comparison is not None and not self._comparison.still_stands():  # the index has other stats now
            self._keys = {path: key for path, key in self._keys.items() if path in self._read}
            self._stale = True
        if self._comparison is None or self._stale:
            if self._comparison is not None and self._comparison is not self._world.tree:
                self._comparison.end()
            self._comparison = self._compare()
            self._tracked = None
            self._stale = False
            self._end_listing()  # what was begun is about another index
        return self._comparison

    def _compare(self) -> "Comparison":
        from gitseq.git import content

        return content.Comparison(self._world.repo, self._world.env)

    def _look(self, path: bytes) -> "bytes | None":
        location = os.path.join(self._world.repo.top, path)
        signature = _signature(location)
        if signature is None:
            return None
        kind = stat.S_IFMT(signature[4])
        oid = self._blob(location, kind)
        if oid is None or _signature(location) != signature:
            return None
        if kind == stat.S_IFLNK:
            self.links.add(path)
        young = clock.wall_ns() - max(signature[2:4] + signature[7:9]) < _TICKS * clock.file_tick()
        self._read[path] = None if young else signature
        mode = kind if kind != stat.S_IFREG else 0o100755 if signature[4] & 0o100 else 0o100644
        return ledger_keys.file_key(ledger_keys.file_line(mode, oid, path))

    def _blob(self, location: bytes, kind: int) -> "bytes | None":
        try:
            if kind == stat.S_IFLNK:
                target = os.readlink(location)
                behind = self._hash_file(location) if os.path.isfile(location) else b""
                return None if behind is None else _finished(self._hasher(target + b"\0" + behind))
            return self._hash_file(location) if kind == stat.S_IFREG else None
        except OSError:
            return None

    def _hash_file(self, location: bytes) -> "bytes | None":
        """The id git would give to these bytes; None when their number changes while they are read."""
        fd = os.open(location, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            size = left = os.fstat(fd).st_size
            made = self._hasher(b"blob %d\0" % size)
            while part := os.read(fd, min(_BLOCK, left + 1)):
                made.update(part)
                left -= len(part)
            return _finished(made) if left == 0 else None
        finally:
            os.close(fd)


def _signature(location: bytes) -> "tuple[int, ...] | None":
    """Of a symbolic link also that of what it leads to: who opens the one reads the other."""
    own = files.signature(location)
    if own is None or not stat.S_ISLNK(own[4]):
        return own
    return (*own, *(files.signature(os.path.realpath(location)) or ()))


def _finished(made: "Any") -> bytes:
    return bytes(made.hexdigest().encode())
