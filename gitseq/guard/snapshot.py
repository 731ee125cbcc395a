"""The index's version of each path, written out by git before anything is touched.

Until the journal is there nothing of the user's lies in any folder of these: `i/` has what git wrote under its own
name, `s/` and `t/` what it wrote into one folder. `s/` becomes `b/` with the first move, when there is a journal.
"""

import os
import stat

from gitseq.core.text import printable
from gitseq.errors import EnvironmentProblem
from gitseq.guard import journal, look, state
from gitseq.guard.journal import Item
from gitseq.host import clock
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.guard.journal import Git, Journal
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
    """Where git wrote something, and where it lies once there is a journal, below the store."""

    file: bytes
    name: bytes


def write(planned: "Journal", git: "Git", git_dir: bytes, ops: "FileOps") -> "tuple[Item, ...]":
    """The items with what git wrote for each, dated back so that any later write shows in its signature.

    Attributes come from the work tree, as git would read them; but where an attributes file has unstaged changes of
    its own they come from the index, because that is the one the hooks will see. Raises EnvironmentProblem, OSError.
    """
    from_index = any(os.path.basename(item.path) == b".gitattributes" for item in planned.items)
    is_flat = not from_index and _may_be_flat(planned, git)
    written: dict[int, _Written] = {}
    for number, folder in enumerate(planned.stores):
        items = [item for item in planned.items if item.store == number and item.places]
        flat = [i for i in items if from_index or _is_too_long(folder, i) or (is_flat and i.mode != _SYMLINK)]
        store = _tried(folder, ops) if items else _Store(folder, False, {})
        if swapped := [item for item in flat if item.had and store.swaps]:
            ops.mkdir(folder + b"/s", 0o700)
            written |= _in_empty_tree(store, b"s", swapped, git, git_dir, ops)
        else:
            ops.mkdir(folder + b"/b", 0o700)
        if placed := [item for item in flat if item.number not in written]:
            ops.mkdir(folder + b"/t", 0o700)
            written |= _in_empty_tree(store, b"t", placed, git, git_dir, ops)
        written |= _in_folders(store, [item for item in items if item.number not in written], git)
    moment = int(clock.wall() * _SECOND_NS) - _PAST_NS
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


def _may_be_flat(planned: "Journal", git: "Git") -> bool:
    """Whether git may write all into one folder, which is worth it: making and removing a folder takes ext4 5 ms.

    It then stands in an empty work tree. So attributes have to be the same there, where git takes them from the index
    (an untracked .gitattributes is not in it), and no filter may run, which could be named relative to the top.
    Where no such file lies in a folder above, git itself asks the index.
    """
    placed = [item.path for item in planned.items if item.places]
    folders = {os.path.dirname(path) for path in placed}
    if len(folders) < _MANY_FOLDERS:
        return False
    names = b"".join(path + b"\0" for path in placed)
    ask = [b"check-attr", b"-z", b"--stdin", b"--all"]
    indexed = git([*ask, b"--cached"], names)
    if indexed.rc != 0 or b"\0filter\0" in indexed.out:
        return False
    above = {b"", *folders, *(above for folder in folders for above in look.above(folder))}
    if not any(os.path.lexists(planned.at(os.path.join(folder, b".gitattributes"))) for folder in above):
        return True
    here = git(ask, names)
    return here.rc == 0 and here.out == indexed.out


def _in_empty_tree(
    store: _Store, below: bytes, items: "list[Item]", git: "Git", git_dir: bytes, ops: "FileOps"
) -> "dict[int, _Written]":
    """As above, but git stands in an empty work tree: attributes come from the index, and no name gets too long."""
    scratch = store.folder + b"/" + below
    here = [b"--git-dir=" + git_dir, b"--work-tree=" + scratch]
    names = b"".join(item.path + b"\0" for item in items)
    listing = _succeed(git([*here, b"checkout-index", b"-z", b"--stdin", b"--temp"], names))
    named = {path: name for name, path in (line.split(b"\t", 1) for line in listing.split(b"\0") if line)}
    found = {}
    for item in items:
        if item.path not in named:
            raise _not_written(item)
        name = named[item.path]
        if item.mode == _SYMLINK:
            name = _as_symlink(scratch, name, ops)
        else:
            ops.chmod(scratch + b"/" + name, store.modes[item.mode])
        found[item.number] = _Written(scratch + b"/" + name, _AFTERWARDS[below] + name)
    return found


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
    if item.was[1] // _SECOND_NS == moment // _SECOND_NS:
        moment -= _PAST_NS
    try:
        ops.set_mtime(written.file, moment)
        st = os.lstat(written.file)
    except FileNotFoundError:
        raise _not_written(item) from None
    ours = journal.signature_of(st)
    was, had, number = item.was, item.had, item.number  # spelled out: `replace` takes three times as long
    return Item(number, item.path, item.change, item.mode, item.oid, item.store, had, written.name, ours, was)


def _not_written(item: Item) -> EnvironmentProblem:
    """git says nothing about a path whose filter failed, or that sparse checkout rules exclude."""
    return EnvironmentProblem(
        f"git did not write out the staged version of {printable(item.path)}",
        kept="Nothing was touched.",
        hint="To see git's own words: git checkout-index --prefix=/tmp/staged/ -- " + printable(item.path),
    )
