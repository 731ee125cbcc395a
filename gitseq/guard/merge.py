"""Two versions of one path: are they the same after all, and can they be merged?"""

import os
import stat

from gitseq.guard import look
from gitseq.guard.journal import Item, Journal
from gitseq.host.fileops import FileOps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.guard.journal import Git
    from gitseq.host.procs import Completed

_LARGEST = 32 << 20
"""Bytes. `git merge-file` reads all three versions into memory; of larger files both versions are kept."""
_PIECE = 1 << 20
_ANYBODY_EXECUTES = 0o111
_REGULAR = (0o100644, 0o100755)
_SYMLINK = 0o120000


def merge(journal: Journal, item: Item, edited: bytes, git: "Git", ops: FileOps) -> bool:
    """After this returns True, the merge of `edited` and the user's file is on the disk, whole, as `kept/<n>.merged`.

    False: they cannot be merged, or need not, and the user's file should go back. What it has in it already is no edit
    any longer: it gets the ending of a file of ours.
    """
    user = journal.user(item)
    if is_nothing_new(journal, item, edited, git, user):
        ops.rename(edited, journal.kept(item, b"same.ours"))
        return False
    if not _mergeable(item, edited, user):
        return False
    base, result = journal.kept(item, b"base"), journal.kept(item, b"tmp")
    for leftover in (base, result):
        if look.lstat(leftover) is not None:
            ops.unlink(leftover)
    before = _base(item, git)
    if before is None:
        return False
    ops.write(base, before)
    ops.copy(user, result)
    if git([b"merge-file", b"-q", result, base, edited]).rc != 0:
        if not _holds_changes(before, _read(user), _read(edited)):
            return False
        ops.unlink(result)  # the user went on where the unstaged change was, and saved: that is the merge
        ops.copy(edited, result)
    mode = _merged_mode(item, edited, user)
    if mode == stat.S_IMODE(os.lstat(user).st_mode) and same_content(result, user):
        ops.rename(edited, journal.kept(item, b"same.ours"))
        return False
    ops.copy_attributes(user, result)  # where that cannot be, the bytes are worth more
    ops.chmod(result, mode)
    ops.sync(result)
    ops.rename(result, journal.kept(item, b"merged"))
    return True


def is_saved_over(journal: Journal, item: Item, git: "Git") -> bool:
    """Whether what lies in the work tree now has the user's unstaged changes in it, and more: no hook can know them.

    Exactly the user's version may be a hook's as well: a formatter that the user has run, too.
    """
    there, user = journal.at(item.path), journal.user(item)
    if not item.places or not _mergeable(item, there, user):
        return False
    before = _base(item, git)
    mine, now = _read(user), _read(there)
    return before is not None and mine != now and _holds_changes(before, mine, now)


def _holds_changes(before: bytes, mine: bytes, now: bytes) -> bool:
    """Whether every line that `mine` adds to `before`, or takes from it, was added or taken by `now` as well."""
    from collections import Counter

    old, one, other = (Counter(content.splitlines()) for content in (before, mine, now))
    added, taken = one - old, old - one
    return bool(added or taken) and added <= other - old and taken <= old - other


def _read(file: bytes) -> bytes:
    with open(file, "rb") as stream:
        return stream.read()


def is_nothing_new(journal: Journal, item: Item, edited: bytes, git: "Git", user: bytes = b"") -> bool:
    """Whether `edited` need not be kept: it is the index's version written again, or equals the user's own."""
    st = look.lstat(edited)
    mine = look.lstat(user or journal.at(item.path))
    if st is None or stat.S_ISDIR(st.st_mode):
        return False
    if mine is not None and _same_file(edited, st, user or journal.at(item.path), mine):
        return True
    if stat.S_ISLNK(st.st_mode):
        return item.mode == _SYMLINK and _oid(git([b"hash-object", b"--stdin"], os.readlink(edited))) == item.oid
    if not item.places:  # git writes an empty file for an intent-to-add path that it is told to check out
        return st.st_size == 0
    if not stat.S_ISREG(st.st_mode) or item.mode not in _REGULAR:
        return False
    if bool(item.mode & stat.S_IXUSR) != bool(st.st_mode & stat.S_IXUSR):
        return False
    same_blob = _oid(git([b"hash-object", b"--path=" + item.path, b"--", edited])) == item.oid
    return same_blob and _differs_in_line_endings_at_most(item, edited, git)


def _differs_in_line_endings_at_most(item: Item, edited: bytes, git: "Git") -> bool:
    """Whether what became the index's blob also holds its bytes: a filter may leave out what nobody else has, such as
    the results in a notebook. Of what is too large to look at the blob decides."""
    before = _base(item, git)
    if before is None:
        return True
    return _read(edited).replace(b"\r\n", b"\n") == before.replace(b"\r\n", b"\n")


def same_content(one: bytes, other: bytes) -> bool:
    """Whether two regular files hold the same bytes; in pieces, files may be huge."""
    if os.stat(one).st_size != os.stat(other).st_size:
        return False
    with open(one, "rb") as first, open(other, "rb") as second:
        while part := first.read(_PIECE):
            if part != second.read(_PIECE):
                return False
    return True


def _same_file(one: bytes, st: os.stat_result, other: bytes, other_st: os.stat_result) -> bool:
    if st.st_mode != other_st.st_mode:
        return False
    if stat.S_ISLNK(st.st_mode):
        return os.readlink(one) == os.readlink(other)
    return stat.S_ISREG(st.st_mode) and same_content(one, other)


def _mergeable(item: Item, edited: bytes, user: bytes) -> bool:
    if item.places and item.mode not in _REGULAR:
        return False
    found = [look.lstat(edited), look.lstat(user)]
    return all(st is not None and stat.S_ISREG(st.st_mode) and st.st_size <= _LARGEST for st in found)


def _base(item: Item, git: "Git") -> "bytes | None":
    """What both versions began as; None when git cannot tell."""
    if not item.places:
        return b""
    size = git([b"cat-file", b"-s", item.oid.encode()])
    if size.rc != 0 or int(size.out) > _LARGEST:
        return None
    content = git([b"cat-file", b"--filters", b"--path=" + item.path, item.oid.encode()])
    return content.out if content.rc == 0 else None


def _merged_mode(item: Item, edited: bytes, user: bytes) -> int:
    """The user's mode; but executable or not as `edited` is, if that was changed."""
    mine = stat.S_IMODE(os.lstat(user).st_mode)
    theirs = stat.S_IMODE(os.lstat(edited).st_mode)
    before = item.mode if item.places else theirs
    if bool(before & stat.S_IXUSR) == bool(theirs & stat.S_IXUSR):
        return mine
    return mine | (theirs & _ANYBODY_EXECUTES) if theirs & stat.S_IXUSR else mine & ~_ANYBODY_EXECUTES


def _oid(done: "Completed") -> str:
    return done.out.decode().strip() if done.rc == 0 else ""
