"""What conflicts set aside: listed, written out as a patch, and removed when it is old."""

import os
import stat

from gitseq.core.text import printable
from gitseq.errors import EnvironmentProblem, NotRestored, UsageError
from gitseq.guard import journal, look, state
from gitseq.guard.conflicts import Conflict, conflicts_of
from gitseq.guard.journal import Item, Journal
from gitseq.host import files
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.guard.journal import Git
    from gitseq.host.procs import Completed

KEEP_SECONDS = 14 * 24 * 3600
KEEP_BYTES = 200 << 20
_SYMLINK = 0o120000


class Kept(Record):
    """What one run set aside."""

    run: bytes
    folder: bytes
    conflicts: tuple[Conflict, ...]
    size: int
    """Bytes."""
    since: float
    """Seconds since the epoch."""


def listing(git_dir: bytes) -> "list[Kept]":
    """What is kept in a work tree, newest first."""
    folder = state.kept_dir(git_dir)
    try:
        runs = os.listdir(folder)
    except FileNotFoundError:
        return []
    found = [_read(git_dir, run) for run in runs]
    return sorted(found, key=lambda kept: kept.since, reverse=True)


def collect(git_dir: bytes, now: float) -> "list[bytes]":
    """Remove what has been kept longer than 14 days, then the oldest beyond 200 MB; the newest always stays.

    Returns the folders removed. What cannot be removed is tried again the next time.
    """
    removed, total = [], 0
    for number, kept in enumerate(listing(git_dir)):
        total += kept.size
        if number and (total > KEEP_BYTES or now - kept.since > KEEP_SECONDS):
            try:
                drop(kept)
            except OSError:  # tried again the next time
                continue
            removed.append(kept.folder)
    return removed


def export(git_dir: bytes, run: bytes, git: "Git") -> bytes:
    """A binary patch that turns the staged version of each path into the one that is set aside.

    For a run that died: the user's unstaged work. For a finished one: what was written while hooks ran. It is in git's
    own form, filters applied, for `git apply`. Raises UsageError when there is no such run, EnvironmentProblem when
    git fails. Uses, and removes, an index of its own beside the journal.
    """
    folder = state.guards_dir(git_dir) + b"/" + run
    if (found := _journal(folder + b"/" + state.JOURNAL)) is not None:
        return _patch([(item, found.user(item)) for item in found.items if _is_hidden(found, item)], git, folder)
    folder = state.kept_dir(git_dir) + b"/" + run
    if (found := _journal(folder + b"/" + state.LIST)) is None:
        raise unknown(run)
    by_path = {item.path: item for item in found.items}
    kept = _read(git_dir, run).conflicts
    versions = [(by_path[c.path], c.edited) for c in kept if not c.in_the_way]
    return _patch(versions, git, folder)


def unknown(run: bytes) -> UsageError:
    """What a command fails with that names a run nothing is kept of."""
    return UsageError(f"nothing is kept of a run named {printable(run)}", hint="To see what is: gitseq recover --list")


def staged(one: Kept) -> "list[tuple[bytes, int, bytes]]":
    """Path, mode and blob in the index of each file that something was set aside of."""
    found = _contents(one.folder)
    touched = {conflict.path for conflict in one.conflicts}
    items = () if found is None else found.items
    return [(item.path, item.mode, item.oid.encode()) for item in items if item.places and item.path in touched]


def drop(one: Kept) -> None:
    """Remove what a run set aside. Raises OSError when it cannot be."""
    import shutil

    found = _contents(one.folder)
    for folder in (*(() if found is None else found.stores[1:]), one.folder):
        if os.path.lexists(folder):
            shutil.rmtree(folder)


def _is_hidden(found: Journal, item: Item) -> bool:
    """Whether the user's version is not at its path: a deletion is hidden while ours stands there."""
    return look.at(found, item) not in (look.BACK, look.LINKED)


def _journal(name: bytes) -> "Journal | None":
    content = files.read(name)
    return None if content is None else journal.decode(content, name)


def _contents(folder: bytes) -> "Journal | None":
    """What lies in a kept folder. None also when its list is damaged: nobody's run has to fail for that."""
    try:
        return _journal(folder + b"/" + state.LIST)
    except NotRestored:
        return None


def _read(git_dir: bytes, run: bytes) -> Kept:
    folder = state.kept_dir(git_dir) + b"/" + run
    found = _contents(folder)
    conflicts = () if found is None else conflicts_of(found.replace(handed_to=folder))
    size = sum(_size(os.path.join(above, name)) for above, _folders, names in os.walk(folder) for name in names)
    return Kept(run, folder, conflicts, size, os.lstat(folder).st_mtime)


def _size(path: bytes) -> int:
    st = look.lstat(path)
    return 0 if st is None else st.st_size


# --- a patch, by way of two trees ---------------------------------------------------------------------


def _patch(versions: "list[tuple[Item, bytes]]", git: "Git", folder: bytes) -> bytes:
    before = [b"%o %s\t%s" % (i.mode, i.oid.encode(), i.path) for i, _file in versions if i.places]
    after = [line for item, file in versions for line in _entries(item.path, file, git)]
    return patch(before, after, git, folder)


def patch(before: "list[bytes]", after: "list[bytes]", git: "Git", folder: bytes) -> bytes:
    """What turns one set of index lines into another; an index of our own lies in `folder` meanwhile."""
    index = folder + b"/export.index"
    try:
        trees = [_tree(lines, git, index) for lines in (before, after)]
    finally:
        files.remove(index)
    return _succeed(git([b"diff-tree", b"-p", b"--binary", b"--no-renames", b"--no-ext-diff", *trees]))


def _tree(lines: "list[bytes]", git: "Git", index: bytes) -> bytes:
    _succeed(git([b"read-tree", b"--empty"], b"", index))
    _succeed(git([b"update-index", b"-z", b"--index-info"], b"".join(line + b"\0" for line in lines), index))
    return _succeed(git([b"write-tree", b"--missing-ok"], b"", index)).strip()


def _entries(path: bytes, file: bytes, git: "Git") -> "list[bytes]":
    """Index lines for one version: none for a deletion, several for a folder; a pipe has no form in git."""
    st = look.lstat(file)
    if st is None:
        return []
    if stat.S_ISDIR(st.st_mode):
        names = sorted(os.listdir(file))
        return [line for name in names for line in _entries(path + b"/" + name, file + b"/" + name, git)]
    if stat.S_ISLNK(st.st_mode):
        oid = _succeed(git([b"hash-object", b"-w", b"--stdin"], os.readlink(file)))
        return [b"%o %s\t%s" % (_SYMLINK, oid.strip(), path)]
    if not stat.S_ISREG(st.st_mode):
        return []
    oid = _succeed(git([b"hash-object", b"-w", b"--path=" + path, b"--", file]))
    return [b"%o %s\t%s" % (0o100755 if st.st_mode & stat.S_IXUSR else 0o100644, oid.strip(), path)]


def _succeed(done: "Completed") -> bytes:
    if done.rc != 0:
        raise EnvironmentProblem(
            "git could not write the patch",
            why=done.err.decode("utf-8", "backslashreplace").strip(),
            kept="Nothing that is kept was changed.",
        )
    return done.out
