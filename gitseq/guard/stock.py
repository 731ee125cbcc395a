"""The index's versions of the last run that hid many files, kept for the next one.

What does not do: making a thousand files for each run and removing them after it, which costs more than all else the
guard does. The next commit of a half-staged tree hides mostly the same files, and their index versions are the same.
What lies here is never written to: it is used as it is, or removed. It is named by its object, and used only if its
content still hashes to that name, so it does not matter who had it in their hands meanwhile, or what a power cut left.
And by its path: all of one run are of the same time, so at another path a file could be as old and as large as the one
that lay there before, and pass for it in the caches of compilers and linters.
"""

import os
import stat

from gitseq.core import gitobjects
from gitseq.guard import drop, journal, state
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.guard.journal import Git, Item, Signature
    from gitseq.host.fileops import FileOps

MANY = 64
"""Fewer files are made anew as fast as the stock can be asked."""
MOST_BYTES = 64 << 20
KEEP_SECONDS = 14 * 24 * 3600

_CONVERTING = (b"ident", b"working-tree-encoding", b"filter")
_SECOND_NS = 1_000_000_000
_PART_BYTES = 1 << 20
_OFF = (b"unset", b"unspecified")
_ASK_CONFIG = (b"config", b"-z", b"--get-regexp", b"^core\\.(autocrlf|eol)$")
_HARMLESS = (b"core.autocrlf\nfalse", b"core.autocrlf\ninput", b"core.eol\nlf", b"core.eol\nnative")


class Found(Record):
    """An index version that is back in the guard's folder, as it was made."""

    item: "Item"
    path: bytes
    st: "os.stat_result"


class Stocked(Record):
    """An index version out of stock."""

    name: bytes
    known: "Signature"


class Stock:
    """What was in stock, now in the folder of a run."""

    def __init__(self, folder: bytes, ops: "FileOps") -> None:
        self._folder = folder
        self._ops = ops
        self._names = set(os.listdir(folder))

    def find(self, item: "Item", mode: int, before_ns: int) -> "Stocked | None":
        """A file that is the index's version of `item`, byte for byte, and has that mode.

        Dated before that moment, so that any later write shows, and into another second than the user's file.
        """
        name = name_of(item)
        if name not in self._names:
            return None
        known = _checked(self._folder + b"/" + name, item.oid, mode)
        if known is None or known[2] > before_ns or known[2] // _SECOND_NS == item.was[1] // _SECOND_NS:
            return None
        return Stocked(name, known)

    def clear(self, used: "set[bytes]") -> None:
        """Remove what is not used."""
        for entry in list(os.scandir(self._folder)):
            if entry.name not in used:
                drop.remove_entry(entry, self._ops)


def name_of(item: "Item") -> bytes:
    """What an index version is called in stock; no other item of a run is called so."""
    from _blake2 import blake2b

    return b"%s.%s" % (item.oid.encode(), blake2b(item.path, digest_size=16).hexdigest().encode())


def take(git_dir: bytes, folder: bytes, ops: "FileOps") -> Stock:
    """Make `folder`, with what is in stock in it; from now on it is this run's, and goes away with it."""
    try:
        ops.rename(state.stock_dir(git_dir), folder)
    except FileNotFoundError:
        ops.mkdir(folder, stat.S_IRWXU)
    return Stock(folder, ops)


def is_worth_it(count: int, attributes: bytes, git: "Git") -> bool:
    """Whether so many files are worth the question, and git writes them out as it holds them.

    That says what `check-attr -z --all` answered for them, and git's settings. What it converts is not its object.
    """
    if count < MANY:
        return False
    fields = attributes.split(b"\0")
    for name, value in zip(fields[1::3], fields[2::3], strict=False):
        if (name in _CONVERTING and value not in _OFF) or (name, value) == (b"eol", b"crlf"):
            return False
    settings = git([*_ASK_CONFIG]).out.split(b"\0")[:-1]
    return all(setting in _HARMLESS for setting in settings)


def keep(folder: bytes, found: "list[Found]", git_dir: bytes, ops: "FileOps") -> bool:
    """Move `folder` into stock if that is worth it and `found` is all that it holds; else the caller removes them.

    Nothing but index versions that nobody wrote to comes into stock: what else is in the folder may be a user's file.
    """
    place, size = state.stock_dir(git_dir), 0
    fit, unfit = 0, []
    for file in found:
        if _is_fit(file) and size + file.st.st_size <= MOST_BYTES:
            fit, size = fit + 1, size + file.st.st_size
        else:
            unfit.append(file)
    if fit < MANY or len(os.listdir(folder)) != len(found) or os.path.lexists(place):
        return False
    try:
        for file in unfit:
            drop.remove(file.path, ops)
        ops.rename(folder, place)
    except OSError:  # a full disk, say: what cannot be kept can still be removed
        return False
    return True


def _is_fit(file: Found) -> bool:
    """Named by its object, and without a second name that somebody could write to."""
    return file.item.snapshot.startswith(b"b/" + file.item.oid.encode()) and file.st.st_nlink == 1


def expire(git_dir: bytes, now: float, ops: "FileOps") -> None:
    """Remove the stock once nothing was taken from it for 14 days. `now` in seconds since the epoch."""
    folder = state.stock_dir(git_dir)
    try:
        is_old = now - os.lstat(folder).st_mtime > KEEP_SECONDS
    except FileNotFoundError:
        return
    if is_old:
        drop.remove_tree(folder, ops)


def _checked(path: bytes, oid: str, mode: int) -> "Signature | None":
    """What to know the file by, if it is the object `oid`, has that mode and no second name."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        st = os.fstat(fd)
        if (st.st_mode, st.st_uid, st.st_nlink) != (stat.S_IFREG | mode, os.geteuid(), 1):
            return None
        digest, left = gitobjects.hasher(len(oid))(b"blob %d\0" % st.st_size), st.st_size
        while left > 0 and (part := os.read(fd, min(left, _PART_BYTES))):
            digest.update(part)
            left -= len(part)
    finally:
        os.close(fd)
    return journal.signature_of(st) if digest.hexdigest() == oid else None
