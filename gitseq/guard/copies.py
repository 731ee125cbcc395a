"""The second copy of what a conflict set aside: objects of git's own, held by a ref.

What does not do: the kept folder alone. It goes away after 14 days, with a linked work tree, or with an `rm -r` of
somebody who does not know what it is. The copy is made when the first one is safe in its place, never instead of it;
it holds the very bytes, no filter applied, and `git gc` leaves it alone, because a ref names it.

The commit's tree has `staged/` (the index's version), `written/` (what was written during the run), `yours/` (your
version from before, where both were merged) and `in-the-way/` (what stood where a folder belongs). A path that was
written more than once goes on in `written.2/`.
"""

import os
import stat

from gitseq.core import gitobjects
from gitseq.core.gitobjects import Leaf
from gitseq.core.text import printable
from gitseq.errors import EnvironmentProblem
from gitseq.guard import kept, look
from gitseq.guard.kept import Kept
from gitseq.guard.objects import QUIET, open_objects
from gitseq.host.fileops import FileOps
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.guard.conflicts import Conflict
    from gitseq.guard.journal import Git
    from gitseq.guard.objects import Objects

REFS = b"refs/gitseq/kept/"
"""All work trees see these: a copy outlives the work tree that its originals lay in."""
KEEP_SECONDS = 90 * 24 * 3600
"""As long as git itself remembers where a branch was (gc.reflogExpire)."""
LARGEST = kept.KEEP_BYTES

COPY_BEGUN = "copy_begun"
COPY_BLOBS_WRITTEN = "copy_blobs_written"
COPY_TREE_WRITTEN = "copy_tree_written"
COPY_COMMIT_WRITTEN = "copy_commit_written"
COPY_REF_WRITTEN = "copy_ref_written"
STEPS = (COPY_BEGUN, COPY_BLOBS_WRITTEN, COPY_TREE_WRITTEN, COPY_COMMIT_WRITTEN, COPY_REF_WRITTEN)
"""The moments `FileOps.step` is told about, in order."""

_REGULAR, _EXECUTABLE, _SYMLINK = 0o100644, 0o100755, 0o120000
_FORMAT = b"--format=%(refname)%00%(objectname)%00%(committerdate:unix)%00%(contents)%00"


class Copy(Record):
    """What one run set aside, as git holds it."""

    run: bytes
    oid: bytes
    """The commit, in hex."""
    since: int
    """Seconds since the epoch."""
    top: bytes
    """The work tree it was set aside in."""
    git_dir: bytes
    """That work tree's own git directory."""
    notes: tuple[str, ...] = ()
    """What is not in it, and why."""

    @property
    def ref(self) -> bytes:
        """The ref that holds it."""
        return REFS + self.run


def listing(git: "Git") -> "list[Copy]":
    """All copies of the repository, newest first. EnvironmentProblem when git cannot list its refs."""
    done = git([b"for-each-ref", _FORMAT, REFS])
    if done.rc != 0:
        raise EnvironmentProblem(
            "git could not list its refs", why=done.err.decode("utf-8", "backslashreplace").strip()
        )
    fields = done.out.split(b"\0")[:-1]
    found = [_parse(*fields[at : at + 4]) for at in range(0, len(fields), 4)]
    return sorted(found, key=lambda copy: copy.since, reverse=True)


def make_missing(git_dir: bytes, top: bytes, git: "Git", ops: "FileOps | None" = None) -> "list[Copy]":
    """After this returns, everything that is kept in this work tree has a copy in git.

    Call it while holding the lease, after `restore`: what it copies is in its place already, so that dying here loses
    nothing, and the next call makes what is missing. Raises EnvironmentProblem when a copy cannot be made.
    """
    ops = ops or FileOps()
    there = {copy.run for copy in listing(git)}
    missing = [one for one in kept.listing(git_dir) if one.run not in there and one.conflicts]
    return [_make(one, git_dir, top, git, ops) for one in missing]


def expire(git: "Git", now: float) -> "list[Copy]":
    """Drop what is older than 90 days; the newest always stays."""
    old = [copy for copy in listing(git)[1:] if now - copy.since > KEEP_SECONDS]
    for copy in old:
        drop(copy, git)
    return old


def drop(copy: Copy, git: "Git") -> None:
    """Take the ref away. git's next garbage collection removes the objects, two weeks old ones at the earliest."""
    done = git([*QUIET, b"update-ref", b"-d", copy.ref, copy.oid])
    if done.rc != 0:
        raise EnvironmentProblem(
            f"the ref {printable(copy.ref)} could not be removed",
            why=done.err.decode("utf-8", "backslashreplace").strip(),
        )


def paths(copy: Copy, git: "Git") -> "list[bytes]":
    """What is in a copy, as `written/PATH` and `yours/PATH`."""
    names = git([b"ls-tree", b"-r", b"-z", b"--full-tree", b"--name-only", copy.oid]).out.split(b"\0")
    return [name for name in names if name and not name.startswith(b"staged/")]


def export(copy: Copy, git: "Git", folder: bytes) -> bytes:
    """The patch of `kept.export`, from the copy alone. `folder` is where an index of its own may lie for a moment."""
    before = _entries(copy.oid + b":staged", git)
    after = _entries(copy.oid + b":written", git)
    return kept.patch(before, [_as_git_would(line, git) for line in after], git, folder)


# --- making one ---------------------------------------------------------------------------------------


def _make(one: Kept, git_dir: bytes, top: bytes, git: "Git", ops: FileOps) -> Copy:
    if one.size > LARGEST:
        raise EnvironmentProblem(f"what is kept in {printable(one.folder)} is too large to be copied")
    ops.step(COPY_BEGUN)
    objects = open_objects(git_dir, git)
    collected = _Collected(objects)
    for shelf, conflict in _shelved(one.conflicts):
        collected.add(shelf + conflict.path, conflict.edited)
        if conflict.yours:
            collected.add(b"yours/" + conflict.path, conflict.yours)
    ops.step(COPY_BLOBS_WRITTEN)
    staged = {b"staged/" + path: Leaf(mode, oid) for path, mode, oid in kept.staged(one)}
    tree = _write_tree({**staged, **collected.leaves}, objects)
    ops.step(COPY_TREE_WRITTEN)
    copy = Copy(one.run, b"", int(one.since), top, git_dir, tuple(collected.notes))
    copy = copy.replace(oid=objects.write(b"commit", gitobjects.commit(tree, _message(copy), copy.since)))
    ops.step(COPY_COMMIT_WRITTEN)
    objects.create_ref(copy.ref, copy.oid)
    ops.step(COPY_REF_WRITTEN)
    return copy


def _shelved(conflicts: "tuple[Conflict, ...]") -> "list[tuple[bytes, Conflict]]":
    """Each with the top folder it goes below; of several versions of one path the last comes first."""
    found = []
    for kind, is_it in ((b"written", False), (b"in-the-way", True)):
        these = [conflict for conflict in reversed(conflicts) if conflict.in_the_way is is_it]
        numbers = gitobjects.shelves([conflict.path for conflict in these])
        names = [b"%s.%d/" % (kind, number + 1) if number else kind + b"/" for number in numbers]
        found += list(zip(names, these, strict=True))
    return found


class _Collected:
    """Files that are in the object store, by their paths in the tree to be."""

    def __init__(self, objects: "Objects") -> None:
        self._objects = objects
        self.leaves: dict[bytes, Leaf] = {}
        self.notes: list[str] = []

    def add(self, path: bytes, file: bytes) -> None:
        """A file, a link, or a folder with all that is in it; what git has no form for is noted."""
        st = look.lstat(file)
        if st is None:
            return
        if stat.S_ISDIR(st.st_mode):
            self._add_folder(path, file)
        elif stat.S_ISLNK(st.st_mode):
            self.leaves[path] = Leaf(_SYMLINK, self._objects.write(b"blob", os.readlink(file)))
        elif stat.S_ISREG(st.st_mode):
            mode = _EXECUTABLE if st.st_mode & stat.S_IXUSR else _REGULAR
            self.leaves[path] = Leaf(mode, self._objects.blob(file))
        else:
            self.notes.append(f"{printable(path)}: a special file")

    def _add_folder(self, path: bytes, folder: bytes) -> None:
        names = sorted(os.listdir(folder))
        if not names:
            self.notes.append(f"{printable(path)}: an empty folder")
        for name in names:
            if name.lower() == b".git":
                self.notes.append(f"{printable(path + b'/' + name)}: a repository of its own")
            else:
                self.add(path + b"/" + name, folder + b"/" + name)


def _write_tree(leaves: "dict[bytes, Leaf]", objects: "Objects") -> bytes:
    """Store all folders, the deepest first; the name of the highest."""
    here: dict[bytes, Leaf] = {}
    below: dict[bytes, dict[bytes, Leaf]] = {}
    for path, leaf in leaves.items():
        first, slash, rest = path.partition(b"/")
        if slash:
            below.setdefault(first, {})[rest] = leaf
        else:
            here[first] = leaf
    for name, inside in below.items():
        here[name] = gitobjects.folder(_write_tree(inside, objects))
    return objects.write(b"tree", gitobjects.tree(here))


# --- what the commit says -----------------------------------------------------------------------------


def _message(copy: Copy) -> bytes:
    lines = [b"gitseq: what a conflict set aside", b"", b"Run: " + copy.run]
    lines += [b"Work-tree: " + _one_line(copy.top), b"Git-dir: " + _one_line(copy.git_dir)]
    lines += [b"Not-in-it: " + note.encode("utf-8", "backslashreplace") for note in copy.notes]
    return b"\n".join(lines)


def _parse(ref: bytes, oid: bytes, since: bytes, message: bytes) -> Copy:
    found: dict[bytes, list[bytes]] = {}
    for line in message.splitlines():
        key, _colon, value = line.partition(b": ")
        found.setdefault(key, []).append(value)
    top, git_dir = (_as_it_was(found.get(key, [b""])[0]) for key in (b"Work-tree", b"Git-dir"))
    notes = tuple(note.decode("utf-8", "backslashreplace") for note in found.get(b"Not-in-it", []))
    return Copy(ref.strip()[len(REFS) :], oid, int(since or 0), top, git_dir, notes)


def _one_line(path: bytes) -> bytes:
    return path.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")


def _as_it_was(line: bytes) -> bytes:
    parts = line.split(b"\\\\")
    return b"\\".join(part.replace(b"\\n", b"\n").replace(b"\\r", b"\r") for part in parts)


# --- reading one --------------------------------------------------------------------------------------


def _entries(tree: bytes, git: "Git") -> "list[bytes]":
    """Lines of `ls-tree`, which are what `update-index --index-info` takes; none when there is no such folder."""
    return [line for line in git([b"ls-tree", b"-r", b"-z", b"--full-tree", tree]).out.split(b"\0") if line]


def _as_git_would(line: bytes, git: "Git") -> bytes:
    """An entry with the path's filters applied, as `kept.export` has it, where the file is not too large for that."""
    words, path = line.split(b"\t", 1)
    mode, _kind, oid = words.split(b" ")
    if int(mode, 8) == _SYMLINK or int(git([b"cat-file", b"-s", oid]).out) > _LARGEST_FILTERED:
        return line
    done = git([b"hash-object", b"-w", b"--path=" + path, b"--stdin"], git([b"cat-file", b"blob", oid]).out)
    return line if done.rc != 0 else b"%s %s\t%s" % (mode, done.out.strip(), path)


_LARGEST_FILTERED = 32 << 20
"""Bytes; a larger file goes into the patch as it was written."""
