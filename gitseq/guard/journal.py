"""What is written down before the first file moves, and how it is read back.

Records end in NUL, fields are separated by a blank, a path comes last: `tr '\\0' '\\n' < journal` reads well.
"""

from gitseq.core.text import printable
from gitseq.errors import NotRestored
from gitseq.guard import state
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from gitseq.host.procs import Completed

    Git = Callable[..., Completed]
    """`git(arguments, stdin=b"", index=None)`: run git at the top of the work tree with GIT_OPTIONAL_LOCKS=0, and
    with GIT_INDEX_FILE set to `index` when it is given, else to the index the run is about."""
    Signature = tuple[int, int, int, int]

SNAPSHOT_WRITTEN = "snapshot_written"
JOURNAL_WRITTEN = "journal_written"
TREE_HIDDEN = "tree_hidden"
HOOKS_RUNNING = "hooks_running"
RESTORE_BEGUN = "restore_begun"
TREE_RESTORED = "tree_restored"
GUARD_DROPPED = "guard_dropped"
STEPS = (
    SNAPSHOT_WRITTEN,
    JOURNAL_WRITTEN,
    TREE_HIDDEN,
    HOOKS_RUNNING,
    RESTORE_BEGUN,
    TREE_RESTORED,
    GUARD_DROPPED,
)
"""The moments `FileOps.step` is told about, in order; the engine tells `hooks_running`."""

_HEADER = b"gitseq-guard 2"
NOTHING: "Signature" = (0, 0, 0, 0)


class Dirty(Record):
    """A path whose file is not what the index says."""

    path: bytes
    change: str
    """git status' letter for the work tree: M, T, D, A (intent-to-add), or ? (untracked: it is only moved away)."""
    index_mode: int = 0
    index_oid: str = ""


class Item(Record):
    """One path that is hidden, and how."""

    number: int
    path: bytes
    """Relative to the top."""
    change: str
    mode: int
    """In the index; 0 when nothing is put in the path's place."""
    oid: str
    store: int
    """Which of the journal's stores is on the file system of this path."""
    had: bool
    """Whether there was something at the path; else the user had deleted it."""
    snapshot: bytes = b""
    """Where the index's version was written, below the store."""
    ours: "Signature" = NOTHING
    """The index's version: while the file at the path has this signature, nobody has touched it."""
    was: "tuple[int, int]" = (0, 0)
    """The user's file when this was planned: inode, mtime in ns. It may be saved anew before it is moved."""

    @property
    def places(self) -> bool:
        """Whether the index's version stands at the path while hooks run."""
        return self.mode != 0

    @property
    def swaps(self) -> bool:
        """Whether the user's file and the index's version change places at once, instead of moving one by one."""
        return self.had and self.snapshot.startswith(b"b/")


class Journal(Record):
    """Everything that is needed to bring a work tree back, with the file system itself as the only other witness."""

    run: bytes
    top: bytes
    stores: tuple[bytes, ...]
    """Absolute folders; the first is the run's own, the others stand on file systems the first cannot rename to."""
    items: tuple[Item, ...] = ()
    made: tuple[bytes, ...] = ()
    """Folders that did not exist, parents first."""
    modes: tuple[tuple[int, bytes], ...] = ()
    """Folders we had to make writable, and their modes before."""
    handed_to: bytes = b""
    """Where what was kept in the first store lies, once the guard is gone; not written down."""

    def user(self, item: Item) -> bytes:
        """Where the user's own file lies while it is hidden; where they swap, the index's version before and after."""
        return self.snapshot(item) if item.swaps else b"%s/b/%d" % (self.stores[item.store], item.number)

    def snapshot(self, item: Item) -> bytes:
        """Where the index's version lies before it is put in place."""
        return self.stores[item.store] + b"/" + item.snapshot

    def kept(self, item: Item, kind: bytes) -> bytes:
        """Where something of `item` is set aside; `kind` is ours, edited, yours, merged, blocker."""
        return b"%s/%d.%s" % (self.kept_folder(item.store), item.number, kind)

    def kept_folder(self, store: int) -> bytes:
        """Where things of one store are set aside."""
        return self.handed_to if self.handed_to and store == 0 else self.stores[store] + b"/kept"

    def at(self, path: bytes) -> bytes:
        """The absolute name of a path of the work tree."""
        return self.top + b"/" + path


class Where(Record):
    """The work tree a run is about. Absolute paths with symbolic links resolved."""

    top: bytes
    git_dir: bytes
    """This work tree's own git directory."""
    run: bytes
    """A name no other run of this work tree has; it becomes the name of a folder."""

    @property
    def folder(self) -> bytes:
        """Where this run's guard keeps its journal."""
        return state.guards_dir(self.git_dir) + b"/" + self.run


class Guard(Record):
    """Unstaged work that is set aside; `restore` brings it back."""

    git_dir: bytes
    journal: Journal

    @property
    def folder(self) -> bytes:
        """Where the journal lies."""
        return self.journal.stores[0]


def signature_of(st: "os.stat_result") -> "Signature":
    """What a write, a replacement or a chmod changes. Ours are dated back, so that a write shows at once."""
    return (st.st_ino, st.st_size, st.st_mtime_ns, st.st_mode)


def encode(journal: Journal) -> bytes:
    """The journal as bytes."""
    records = [_HEADER, b"run " + journal.run, b"top " + journal.top]
    records += [b"store " + store for store in journal.stores]
    records += [b"made " + path for path in journal.made]
    records += [b"mode %o %s" % (mode, path) for mode, path in journal.modes]
    for item in journal.items:
        numbers = (item.number, item.store, item.had, item.mode, *item.ours, *item.was)
        numbers_text = b" ".join(b"%d" % number for number in numbers)
        words = (b"item", numbers_text, item.change.encode(), item.oid.encode() or b"-", b"%d" % len(item.path))
        records.append(b" ".join(words) + b" " + item.path + item.snapshot)
    records.append(b"end %d" % len(journal.items))
    return b"\0".join(records) + b"\0"


def decode(content: bytes, name: bytes) -> Journal:
    """The journal that `encode` wrote; NotRestored when it is damaged, with `name` as the file to look at."""
    records = content.split(b"\0")
    if records[0] != _HEADER or not records[-2:-1] or not records[-2].startswith(b"end "):
        raise _damaged(name)
    try:
        journal = _decode(records[1:-2])
        count = int(records[-2][4:])
    except (ValueError, IndexError, KeyError):
        raise _damaged(name) from None
    if count != len(journal.items):
        raise _damaged(name)
    return journal


def _decode(records: "list[bytes]") -> Journal:
    found: dict[bytes, list[bytes]] = {}
    for record in records:
        kind, rest = record.split(b" ", 1)
        found.setdefault(kind, []).append(rest)
    modes = [record.split(b" ", 1) for record in found.get(b"mode", [])]
    return Journal(
        run=found[b"run"][0],
        top=found[b"top"][0],
        stores=tuple(found[b"store"]),
        items=tuple(_decode_item(record) for record in found.get(b"item", [])),
        made=tuple(found.get(b"made", [])),
        modes=tuple((int(mode, 8), path) for mode, path in modes),
    )


def _decode_item(record: bytes) -> Item:
    fields = record.split(b" ", 13)
    number, store, had, mode, inode, size, mtime, st_mode, *was = map(int, fields[:10])
    change, oid, length, names = fields[10].decode(), fields[11].decode(), int(fields[12]), fields[13]
    ours = (inode, size, mtime, st_mode)
    oid = "" if oid == "-" else oid
    return Item(number, names[:length], change, mode, oid, store, bool(had), names[length:], ours, (was[0], was[1]))


def _damaged(name: bytes) -> NotRestored:
    folder = printable(name.rsplit(b"/", 1)[0])
    return NotRestored(
        f"the journal of a run that died cannot be read: {printable(name)}",
        kept=f"The unstaged files it had set aside are untouched in {folder}/b",
        hint=f"Copy them back by hand, then remove the folder: rm -r '{folder}'",
    )
