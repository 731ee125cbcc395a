"""The index's version of each path, written out by git before anything is touched.

Until the journal is there nothing of the user's lies in any folder of these: `i/` has what git wrote under its own
name, `s/` and `t/` what it wrote into one folder. `s/` becomes `b/` with the first move, when there is a journal.
"""

import os
import stat

from gitseq.core.text import printable
from gitseq.errors import EnvironmentProblem
from gitseq.guard import journal, look, state, stock
from gitseq.guard.journal import Item
from gitseq.host import clock
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.guard.journal import Git, Journal, Signature
    from gitseq.host.fileops import FileOps
    from gitseq.host.procs import Completed

_SYMLINK = 0o120000
_PLAIN, _EXECUTABLE = 0o100644, 0o100755
_PAST_NS = 2_000_000_000
_SECOND_NS = 1_000_000_000
_LINES_SHOWN = 5
_MANY_FOLDERS = 4
_LONGEST_NAME = 4000
"""PATH_MAX is 4096 on Linux; what the guard adds to a name has to fit as well."""


class _Store(Record):
    """What the file system of a store can, found out by trying."""

    folder: bytes
    swaps: bool
    """Whether two names can be exchanged at once."""
    modes: "dict[int, int]"
    """The mode a new file gets here, umask and all, by its mode in the index."""


class _Written(Record):
    """Where an index version lies now, and where once there is a journal, below the store."""

    file: bytes
    name: bytes
    known: "Signature | None" = None
    """Of one out of stock, which is dated back already."""


def write(planned: "Journal", git: "Git", git_dir: bytes, ops: "FileOps") -> "tuple[Item, ...]":
    """The items with what git wrote for each, dated back so that any later write shows in its signature.

    Attributes come from the work tree, as git would read them; but where an attributes file has unstaged changes of
    its own they come from the index, because that is the one the hooks will see. Raises EnvironmentProblem, OSError.
    """
    from_index = any(os.path.basename(item.path) == b".gitattributes" for item in planned.items)
    attributes = None if from_index else _attributes_if_flat(planned, git)
    written: dict[int, _Written] = {}
    for number, folder in enumerate(planned.stores):
        items = [item for item in planned.items if item.store == number and item.places]
        store = _tried(folder, ops) if items else _Store(folder, False, {})
        scratch = _Scratch(store, git, git_dir, ops)
        is_flat = attributes is not None
        flat = [i for i in items if from_index or _is_too_long(folder, i) or (is_flat and i.mode != _SYMLINK)]
        if swapped := [item for item in flat if item.had and store.swaps]:
            if number == 0 and attributes is not None and stock.is_worth_it(len(swapped), attributes, git):
                written |= scratch.with_stock(swapped)
            else:
                written |= scratch.write(b"s", swapped)
        else:
            ops.mkdir(folder + b"/b", 0o700)
        if placed := [item for item in flat if item.number not in written]:
            written |= scratch.write(b"t", placed)
        written |= _in_folders(store, [item for item in items if item.number not in written], git)
    moment = _long_enough_ago()
    return tuple(_signed(item, written[item.number], moment, ops) if item.places else item for item in planned.items)


def _is_too_long(folder: bytes, item: Item) -> bool:
    return len(folder) + len(b"/i/") + len(item.path) > _LONGEST_NAME


def _tried(folder: bytes, ops: "FileOps") -> _Store:
    plain, executable = (folder + b"/" + name for name in state.TRIALS)
    modes = {_PLAIN: _mode_of_new(plain, 0o666), _EXECUTABLE: _mode_of_new(executable, 0o777)}
    try:
        ops.exchange(plain, executable)
        swaps = stat.S_IMODE(os.lstat(plain).st_mode) == modes[_EXECUTABLE]
    except OSError:
        swaps = False
    for name in (plain, executable):
        ops.unlink(name)
    return _Store(folder, swaps, modes)


def _mode_of_new(name: bytes, mode: int) -> int:
    fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        return stat.S_IMODE(os.fstat(fd).st_mode)
    finally:
        os.close(fd)


def _in_folders(store: _Store, items: "list[Item]", git: "Git") -> "dict[int, _Written]":
    """Each under its own name below `i/`; git takes attributes from where it always does."""
    if not items:
        return {}
    names = b"".join(item.path + b"\0" for item in items)
    _succeed(git([b"checkout-index", b"-z", b"--stdin", b"--prefix=" + store.folder + b"/i/"], names))
    return {item.number: _below_i(store, item) for item in items}


def _below_i(store: _Store, item: Item) -> _Written:
    name = b"i/" + item.path
    return _Written(store.folder + b"/" + name, b"b/%d" % item.number if item.had and store.swaps else name)


def _attributes_if_flat(planned: "Journal", git: "Git") -> "bytes | None":
    """What git says of attributes, if it may write all into one folder; making and removing a folder takes ext4 5 ms.

    It then stands in an empty work tree. So attributes have to be the same there, where git takes them from the index
    (an untracked .gitattributes is not in it), and no filter may run, which could be named relative to the top.
    Where no such file lies in a folder above, git itself asks the index.
    """
    placed = [item.path for item in planned.items if item.places]
    folders = {os.path.dirname(path) for path in placed}
    if len(folders) < _MANY_FOLDERS and len(placed) < stock.MANY:
        return None
    names = b"".join(path + b"\0" for path in placed)
    ask = [b"check-attr", b"-z", b"--stdin", b"--all"]
    indexed = git([*ask, b"--cached"], names)
    if indexed.rc != 0 or b"\0filter\0" in indexed.out:
        return None
    above = {b"", *folders, *(above for folder in folders for above in look.above(folder))}
    if any(os.path.lexists(planned.at(os.path.join(folder, b".gitattributes"))) for folder in above):
        here = git(ask, names)
        if here.rc != 0 or here.out != indexed.out:
            return None
    return bytes(indexed.out)


class _Scratch:
    """git stands in an empty work tree in the store: attributes come from the index, and no name gets too long."""

    def __init__(self, store: _Store, git: "Git", git_dir: bytes, ops: "FileOps") -> None:
        self._store = store
        self._git = git
        self._git_dir = git_dir
        self._ops = ops

    def write(self, below: bytes, items: "list[Item]") -> "dict[int, _Written]":
        """All of them, in a new folder of the store."""
        self._ops.mkdir(self._store.folder + b"/" + below, 0o700)
        names = self._written(below, items)
        return {item.number: self._at(below, names[item.number]) for item in items}

    def with_stock(self, items: "list[Item]") -> "dict[int, _Written]":
        """What the last run left is used again, git writes the rest; each gets a name that the next run finds it by."""
        scratch = self._store.folder + b"/s"
        stocked = stock.take(self._git_dir, scratch, self._ops)
        before = _long_enough_ago()
        found = {item.number: stocked.find(item, self._store.modes[item.mode], before) for item in items}
        stocked.clear({one.name for one in found.values() if one is not None})
        written = {number: self._at(b"s", one.name, one.known) for number, one in found.items() if one is not None}
        missing = [item for item in items if item.number not in written]
        names = self._written(b"s", missing)
        for item in missing:
            name = stock.name_of(item)
            self._ops.rename(scratch + b"/" + names[item.number], scratch + b"/" + name)
            written[item.number] = self._at(b"s", name)
        return written

    def _at(self, below: bytes, name: bytes, known: "Signature | None" = None) -> _Written:
        return _Written(self._store.folder + b"/" + below + b"/" + name, _AFTERWARDS[below] + name, known)

    def _written(self, below: bytes, items: "list[Item]") -> "dict[int, bytes]":
        """The names git gave them."""
        if not items:
            return {}
        scratch = self._store.folder + b"/" + below
        here = [b"--git-dir=" + self._git_dir, b"--work-tree=" + scratch]
        paths = b"".join(item.path + b"\0" for item in items)
        listing = _succeed(self._git([*here, b"checkout-index", b"-z", b"--stdin", b"--temp"], paths))
        named = {path: name for name, path in (line.split(b"\t", 1) for line in listing.split(b"\0") if line)}
        for item in items:
            if item.path not in named:
                raise _not_written(item)
            name = named[item.path]
            if item.mode == _SYMLINK:
                named[item.path] = _as_symlink(scratch, name, self._ops)
            else:
                self._ops.chmod(scratch + b"/" + name, self._store.modes[item.mode])
        return {item.number: named[item.path] for item in items}


_AFTERWARDS = {b"s": b"b/", b"t": b"t/"}


def _as_symlink(scratch: bytes, written: bytes, ops: "FileOps") -> bytes:
    """The name of the link; `checkout-index --temp` writes it as a file that holds its target."""
    name = written + b".link"
    with open(scratch + b"/" + written, "rb") as stream:
        os.symlink(stream.read(), scratch + b"/" + name)
    ops.unlink(scratch + b"/" + written)
    return name


def _succeed(done: "Completed") -> bytes:
    """git's output, or EnvironmentProblem with its words: a missing object, a filter that failed, a full disk."""
    if done.rc != 0:
        raise EnvironmentProblem(
            "git could not write out what is staged, so unstaged changes cannot be hidden from the hooks",
            why="\n".join(done.err.decode("utf-8", "backslashreplace").strip().split("\n")[:_LINES_SHOWN]),
            kept="Nothing was touched.",
            hint='Fix the cause and try again, or stage all changes, or set `isolate = "none"`.',
        )
    return done.out


def _signed(item: Item, written: _Written, moment: int, ops: "FileOps") -> Item:
    """Date the index's version back, so that any later write shows in its signature, and note that signature.

    Two seconds, and into another second than the user's file: with core.checkStat=minimal git compares only those.
    """
    ours = written.known
    if ours is None:
        if item.was[1] // _SECOND_NS == moment // _SECOND_NS:
            moment -= _PAST_NS
        try:
            ops.set_mtime(written.file, moment)
            ours = journal.signature_of(os.lstat(written.file))
        except FileNotFoundError:
            raise _not_written(item) from None
    was, had, number = item.was, item.had, item.number  # spelled out: `replace` takes three times as long
    return Item(number, item.path, item.change, item.mode, item.oid, item.store, had, written.name, ours, was)


def _long_enough_ago() -> int:
    """A write from now on has another time, however coarse the clock of the file system is."""
    return int(clock.wall() * _SECOND_NS) - _PAST_NS


def _not_written(item: Item) -> EnvironmentProblem:
    """git says nothing about a path whose filter failed, or that sparse checkout rules exclude."""
    return EnvironmentProblem(
        f"git did not write out the staged version of {printable(item.path)}",
        kept="Nothing was touched.",
        hint="To see git's own words: git checkout-index --prefix=/tmp/staged/ -- " + printable(item.path),
    )
