"""Where passes are kept, and the two questions put to them: which of these keys passed; these passed.

One file for each hook (`ns` below: its definition, tool and inputs), a row of 16-byte keys that is only ever appended
to. Nothing in it needs a lock or a checksum: keys are digests, so a torn write, two writes at once or rubbish can only
make a key that matches nothing. A file that has grown full becomes the older of two generations; what is still used is
copied out of it when it is met, the rest leaves with it. All of it may be deleted at any time.
"""

import errno
import os

from gitseq import __version__
from gitseq.core.ledger_keys import SIZE, digest
from gitseq.host import clock, files
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FORMAT = 1
GENERATION = 2 << 20
"""Bytes after which a hook's file becomes the older generation: 131,072 keys."""
MOST_BYTES = 64 << 20
"""Of all files together; the least recently used leave."""
MOST_TREES = 64
"""States of a whole tree that are remembered."""
_OLDER = b".old"
_FEW = 24
"""Up to so many keys are looked for one by one, which is cheaper than making a set of all."""
_STRETCHES = (128, 8)
"""So many keys are compared at once."""
_MISSES = 16
"""After so many stretches in another place nobody looks where the next ones are."""
_COUNT = 4
_ENTRY = SIZE + _COUNT + _COUNT
_DAY = 86_400


class Stats(Record):
    """What the ledger holds."""

    passes: int
    hooks: int
    trees: int
    size: int
    """Bytes."""


class Ledger:
    """The passes of one repository, shared by all of its work trees. OSError comes out of `add` and `clear` only."""

    def __init__(self, state_dir: bytes) -> None:
        self._root = state_dir + b"/ledger"
        self._folder = self._root + b"/%d-%s" % (FORMAT, __version__.encode())

    # --- the two questions

    def left(self, ns: bytes, keys: "Sequence[bytes]") -> "list[bytes]":
        """Which of these keys did not pass, in their order."""
        path = self._path(ns)
        left = _left(files.read(path) or b"", keys)
        if left:
            older = files.read(path + _OLDER)
            if older:
                still = _left(older, left)
                self._rescue(ns, set(left).difference(still))
                left = still
        if len(left) < len(keys):
            self._touch(path)
        return left

    def add(self, ns: bytes, keys: "Iterable[bytes]") -> None:
        """These passed. After this returns, or dies, every key that is found later is one that was added once."""
        new = b"".join(keys)
        if not new:
            return
        path = self._path(ns)
        self._make_room(os.path.dirname(path))
        signature = files.signature(path)
        if signature is not None and signature[1] + len(new) > max(GENERATION, 2 * len(new)):
            _retire(path)
        _append(path, new, SIZE)

    # --- the same for a whole tree at once: which hooks have passed all of it

    def knows_tree(self, tree: bytes) -> bool:
        """Whether any hook may have passed all of a tree."""
        return os.path.exists(self._tree_path(tree))

    def passed_tree(self, tree: bytes, hooks: "Sequence[bytes]") -> "dict[bytes, int]":
        """Which of these hooks passed all of a tree, and how many files of it they had."""
        content = files.read(self._tree_path(tree)) or b""
        known = {}
        for at in range(0, len(content) - _ENTRY + 1, _ENTRY):
            entry = content[at : at + _ENTRY]
            if entry[-_COUNT:] == digest(entry[:-_COUNT])[:_COUNT]:
                known[entry[:SIZE]] = int.from_bytes(entry[SIZE:-_COUNT], "big")
        return {hook: known[hook] for hook in hooks if hook in known}

    def add_tree(self, tree: bytes, hooks: "dict[bytes, int]") -> None:
        """These hooks passed all of a tree; with the number of files each of them had."""
        path = self._tree_path(tree)
        self._make_room(os.path.dirname(path))
        said = [hook + count.to_bytes(_COUNT, "big") for hook, count in hooks.items()]
        _append(path, b"".join(part + digest(part)[:_COUNT] for part in said), _ENTRY)

    # --- for people

    def stats(self) -> Stats:
        """What it holds now."""
        hooks, trees = self._listed(self._path(b"")), self._listed(self._tree_path(b""))
        size = sum(one.st_size for one in (*hooks.values(), *trees.values()))
        return Stats(
            sum(one.st_size for one in hooks.values()) // SIZE,
            sum(not name.endswith(_OLDER) for name in hooks),
            len(trees),
            size,
        )

    def clear(self) -> int:
        """Forget everything, also what other versions left; how many files that were."""
        return _remove_below(self._root)

    # --- inside

    def _path(self, ns: bytes) -> bytes:
        return self._folder + b"/hooks/" + ns.hex().encode()

    def _tree_path(self, tree: bytes) -> bytes:
        return self._folder + b"/trees/" + tree.hex().encode()

    def _rescue(self, ns: bytes, keys: "set[bytes]") -> None:
        """What is still used does not leave with its generation."""
        if not keys:
            return
        try:
            _append(self._path(ns), b"".join(keys), SIZE)
        except OSError:
            return

    def _touch(self, path: bytes) -> None:
        try:
            if os.stat(path).st_mtime < clock.wall() - _DAY:
                os.utime(path)
        except OSError:
            return

    def _make_room(self, folder: bytes) -> None:
        """Make the folder; throw away what other versions of gitseq left, and what was not used for longest."""
        if not os.path.isdir(folder):
            files.ensure_dir(folder, 0o700)
            for name in os.listdir(self._root):
                if name != os.path.basename(self._folder):
                    _remove_below(self._root + b"/" + name)
        listed = self._listed(folder + b"/")
        most = MOST_TREES - 1 if folder.endswith(b"/trees") else len(listed)
        size = sum(one.st_size for one in listed.values())
        if len(listed) <= most and size <= MOST_BYTES:
            return
        for name, one in sorted(listed.items(), key=lambda item: item[1].st_mtime_ns):
            if len(listed) <= most // 2 or (len(listed) <= most and size <= MOST_BYTES // 2):
                return
            files.remove(folder + b"/" + name)
            size -= one.st_size
            del listed[name]

    def _listed(self, beginning: bytes) -> "dict[bytes, os.stat_result]":
        folder = os.path.dirname(beginning)
        found = {}
        try:
            for entry in os.scandir(folder):
                found[entry.name] = entry.stat(follow_symlinks=False)
        except OSError:
            pass  # none yet, or removed by somebody else meanwhile
        return found


def _left(content: bytes, keys: "Sequence[bytes]") -> "list[bytes]":
    """Those of `keys` that do not stand in a row of keys.

    Nearly always they stand there in the order in which they are asked for, so whole stretches are compared before a
    set is made of all that is stored, which takes ten times as long.
    """
    left = list(keys)
    if not content:
        return left
    for length in _STRETCHES:
        if len(left) > _FEW:
            left = _not_in_order(content, left, length)
    if len(left) <= _FEW:
        return [key for key in left if not _holds(content, key)]
    stored = {content[at : at + SIZE] for at in range(0, len(content), SIZE)}
    return [key for key in left if key not in stored]


def _not_in_order(content: bytes, keys: "list[bytes]", length: int) -> "list[bytes]":
    """Without those that stand there in stretches of this length, one after the other."""
    left: list[bytes] = []
    at = 0
    for start in range(0, len(keys), length):
        some = keys[start : start + length]
        stretch = b"".join(some)
        if not content.startswith(stretch, at):
            there = content.find(some[0]) if len(left) < _MISSES * length else -1
            if there < 0 or there % SIZE or not content.startswith(stretch, there):
                left += some
                continue
            at = there
        at += len(stretch)
    return left


def _holds(content: bytes, key: bytes) -> bool:
    at = content.find(key)
    while at > 0 and at % SIZE:  # by accident across two keys
        at = content.find(key, at + 1)
    return at >= 0


def _retire(path: bytes) -> None:
    """A full file becomes the older generation, unless another writer that found it full has just done it."""
    try:
        os.replace(path, path + _OLDER)
    except FileNotFoundError:
        return


def _append(path: bytes, new: bytes, size: int) -> None:
    """One write at the end; rubbish that a death in the middle of one has left is filled up to whole entries."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        torn = os.fstat(fd).st_size % size
        os.write(fd, (bytes(size - torn) if torn else b"") + new)
    finally:
        os.close(fd)


def _remove_below(folder: bytes) -> int:
    """Remove a folder with all in it; how many files there were."""
    removed = 0
    for place, folders, names in os.walk(folder, topdown=False):
        for name in names:
            removed += files.remove(os.path.join(place, name))
        for name in folders:
            _remove_folder(os.path.join(place, name))
    _remove_folder(folder)
    return removed


def _remove_folder(folder: bytes) -> None:
    """Unless it is gone, or a run of another work tree has noted a pass in it meanwhile."""
    try:
        os.rmdir(folder)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
            raise
