"""Move unstaged work aside and put what is staged in its place.

What does not work: a patch of the changes, a checkout, and the patch applied again. It rewrites files (times, line
endings, filters), it has moments in which the only copy of a user's work is a derived form, and it loses what is
saved meanwhile. What we do: the user's own file is *renamed* aside and comes back by a rename, and a journal that is
on the disk before the first move says what goes where. What remains: docs/explanation/guard.md.
"""

import os
import stat

from gitseq.core.text import printable
from gitseq.errors import EnvironmentProblem, Refused
from gitseq.guard import drop, journal, plan, state
from gitseq.guard.journal import JOURNAL_WRITTEN, SNAPSHOT_WRITTEN, TREE_HIDDEN, Guard, Item, Journal, Where
from gitseq.guard.restore import restore
from gitseq.host import clock
from gitseq.host.fileops import FileOps, move_without_overwriting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.guard.journal import Dirty, Git
    from gitseq.host.procs import Completed

_SYMLINK = 0o120000
_PLAIN, _EXECUTABLE = 0o100644, 0o100755
_PAST_NS = 2_000_000_000
_SECOND_NS = 1_000_000_000
_OPEN_TO_US = 0o700
_LINES_SHOWN = 5


def hide(where: Where, dirty: "list[Dirty]", git: "Git", ops: "FileOps | None" = None) -> "Guard | None":
    """After this returns, the work tree shows the index's version of every path of `dirty`; None: nothing was to do.

    After it raises, everything is as it was; after it dies, at any point, `recover` makes it so. The files themselves
    are renamed, never copied or rewritten. Submodules are left alone. Call it while holding the lease, with no
    unfinished guard in this work tree. Raises EnvironmentProblem (full disk, no permission, git or a filter failed),
    Refused (a file was changed in that very moment), NotRestored (the way back failed as well; all is kept).
    """
    ops = ops or FileOps()
    try:
        planned = plan.make(where, dirty)
    except OSError as error:
        raise _could_not_begin(error) from None
    if not planned.items:
        return None
    guard = Guard(where.git_dir, planned)
    try:
        _make_own_folder(guard, ops)
    except OSError as error:  # nothing to discard: what is there, if anything, is another run's
        raise _could_not_begin(error) from None
    try:
        guard = _write_down(guard, git, ops)
    except OSError as error:
        _discard(guard, ops)
        raise _could_not_begin(error) from None
    except BaseException:
        _discard(guard, ops)
        raise
    try:
        _move_all(guard.journal, ops)
    except BaseException as error:
        _undo(guard, git, ops, error)
        raise
    ops.step(TREE_HIDDEN)
    return guard


def _write_down(guard: Guard, git: "Git", ops: FileOps) -> Guard:
    """Everything that can fail for want of space comes before the first move."""
    planned = guard.journal
    _make_folders(guard, ops)
    names = _snapshot(planned, git, guard.git_dir, ops)
    complete = planned.replace(items=tuple(_signed(planned, item, names, ops) for item in planned.items))
    ops.step(SNAPSHOT_WRITTEN)
    name = guard.folder + b"/" + state.JOURNAL
    ops.write(name + b".tmp", journal.encode(complete))
    ops.rename(name + b".tmp", name)
    ops.sync(guard.folder)
    ops.sync(os.path.dirname(guard.folder))
    ops.step(JOURNAL_WRITTEN)
    return guard.replace(journal=complete)


def _make_own_folder(guard: Guard, ops: FileOps) -> None:
    guards = os.path.dirname(guard.folder)
    for folder in (os.path.dirname(guards), guards):
        if not os.path.isdir(folder):
            ops.mkdir(folder, _OPEN_TO_US)
    ops.mkdir(guard.folder, _OPEN_TO_US)


def _make_folders(guard: Guard, ops: FileOps) -> None:
    stores = guard.journal.stores
    if len(stores) > 1:  # so that a death before the journal is there leaves no folder that nobody knows of
        ops.write(stores[0] + b"/" + state.STORES, b"".join(store + b"\0" for store in stores))
    for number, store in enumerate(stores):
        if number:
            ops.mkdir(store, _OPEN_TO_US)
            ops.write(store + b"/.gitignore", b"*\n")  # or `git add -A` in a hook would stage the user's hidden work
        for name in (b"/b", b"/i", b"/t", b"/kept"):
            ops.mkdir(store + name, _OPEN_TO_US)


# --- the index's version of each path ---------------------------------------------------------------


def _snapshot(planned: Journal, git: "Git", git_dir: bytes, ops: FileOps) -> "dict[int, bytes]":
    """Have git write what is staged, through its filters and line-ending rules.

    Attributes come from the work tree, as git would read them; but where an attributes file has unstaged changes of
    its own they come from the index, because that is the one the hooks will see. The result names those files, by the
    number of their item, that did not get the name that was planned.
    """
    from_index = any(os.path.basename(item.path) == b".gitattributes" for item in planned.items)
    is_flat = not from_index and _may_be_flat(planned.items, git)
    names: dict[int, bytes] = {}
    for number, store in enumerate(planned.stores):
        of_store = [item for item in planned.items if item.store == number and item.places]
        special = [i for i in of_store if from_index or not _has_own_name(i) or (is_flat and i.mode != _SYMLINK)]
        numbers = {item.number for item in special}
        plain = b"".join(item.path + b"\0" for item in of_store if item.number not in numbers)
        if plain:
            _succeed(git([b"checkout-index", b"-z", b"--stdin", b"--prefix=" + store + b"/i/"], plain))
        if special:
            names.update(_snapshot_in_empty_tree(store + b"/t", special, git, git_dir, ops))
    return names


def _has_own_name(item: Item) -> bool:
    return item.snapshot.startswith(b"i/")


def _may_be_flat(items: "tuple[Item, ...]", git: "Git") -> bool:
    """Whether git may write all into one folder, which is worth it: making and removing a folder takes ext4 10 ms.

    It then stands in an empty work tree. So attributes have to be the same there, where git takes them from the index
    (an untracked .gitattributes is not in it), and no filter may run, which could be named relative to the top.
    """
    placed = [item.path for item in items if item.places]
    if len({os.path.dirname(path) for path in placed}) < _MANY_FOLDERS:
        return False
    names = b"".join(path + b"\0" for path in placed)
    ask = [b"check-attr", b"-z", b"--stdin", b"--all"]
    here, indexed = git(ask, names), git([*ask, b"--cached"], names)
    return here.rc == indexed.rc == 0 and here.out == indexed.out and b"\0filter\0" not in here.out


_MANY_FOLDERS = 16


def _snapshot_in_empty_tree(
    scratch: bytes, items: "list[Item]", git: "Git", git_dir: bytes, ops: FileOps
) -> "dict[int, bytes]":
    """As above, but git stands in an empty work tree: attributes come from the index, and no name gets too long."""
    here = [b"--git-dir=" + git_dir, b"--work-tree=" + scratch]
    names = b"".join(item.path + b"\0" for item in items)
    listing = _succeed(git([*here, b"checkout-index", b"-z", b"--stdin", b"--temp"], names))
    written = {path: name for name, path in (line.split(b"\t", 1) for line in listing.split(b"\0") if line)}
    modes = {_EXECUTABLE: _fresh_mode(scratch, True), _PLAIN: _fresh_mode(scratch, False)}
    found = {}
    for item in items:
        if item.path not in written:
            raise _not_written(item)
        name = written[item.path]
        if item.mode == _SYMLINK:
            _as_symlink(scratch + b"/" + name, scratch + b"/%d" % item.number, ops)
            name = b"%d" % item.number
        else:
            ops.chmod(scratch + b"/" + name, modes[item.mode])
        found[item.number] = b"t/" + name
    return found


def _as_symlink(written: bytes, target: bytes, ops: FileOps) -> None:
    """`checkout-index --temp` writes a symbolic link as a file that holds its target."""
    with open(written, "rb") as stream:
        os.symlink(stream.read(), target)
    ops.unlink(written)


def _fresh_mode(folder: bytes, executable: bool) -> int:
    """The mode a new file gets here, umask and all."""
    name = folder + b"/.mode"
    os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o777 if executable else 0o666))
    mode = stat.S_IMODE(os.lstat(name).st_mode)
    os.unlink(name)
    return mode


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


def _signed(planned: Journal, item: Item, names: "dict[int, bytes]", ops: FileOps) -> Item:
    """Date the index's version back, so that any later write shows in its signature, and note that signature."""
    if not item.places:
        return item
    name = names.get(item.number, item.snapshot)
    file = planned.stores[item.store] + b"/" + name
    try:
        ops.set_mtime(file, _past(planned, item))
        st = os.lstat(file)
    except FileNotFoundError:
        raise _not_written(item) from None
    return item.replace(snapshot=name, ours=journal.signature_of(st))


def _past(planned: Journal, item: Item) -> int:
    """Two seconds ago, in another second than the user's file: with core.checkStat=minimal git compares only those."""
    moment = int(clock.wall() * _SECOND_NS) - _PAST_NS
    if item.had and os.lstat(planned.at(item.path)).st_mtime_ns // _SECOND_NS == moment // _SECOND_NS:
        moment -= _PAST_NS
    return moment


def _not_written(item: Item) -> EnvironmentProblem:
    """git says nothing about a path whose filter failed, or that sparse checkout rules exclude."""
    return EnvironmentProblem(
        f"git did not write out the staged version of {printable(item.path)}",
        kept="Nothing was touched.",
        hint="To see git's own words: git checkout-index --prefix=/tmp/staged/ -- " + printable(item.path),
    )


# --- moving ------------------------------------------------------------------------------------------


def _move_all(written: Journal, ops: FileOps) -> None:
    for mode, folder in written.modes:
        ops.chmod(written.at(folder), mode | _OPEN_TO_US)
    for item in written.items:
        if not item.places:  # first, as they may stand where a folder is needed
            ops.rename(written.at(item.path), written.user(item))
    for folder in written.made:
        if not os.path.isdir(written.at(folder)):
            ops.mkdir(written.at(folder), 0o777)
    for item in written.items:
        if item.places:
            if item.had:
                ops.rename(written.at(item.path), written.user(item))
            move_without_overwriting(ops, written.snapshot(item), written.at(item.path))


# --- ways out ----------------------------------------------------------------------------------------


def _discard(guard: Guard, ops: FileOps) -> None:
    """Nothing was moved yet. What cannot be removed now (a full disk, say) is in nobody's way: `recover` removes it."""
    try:
        drop.discard(guard.folder, ops)
    except OSError:
        return


def _could_not_begin(error: OSError) -> EnvironmentProblem:
    return EnvironmentProblem(
        f"unstaged changes cannot be hidden from the hooks: {error.strerror or error}",
        why=f"at {printable(os.fsencode(error.filename))}" if error.filename else "",
        kept="Nothing was touched.",
        hint='Make room or fix the cause and try again, or stage all changes, or set `isolate = "none"`.',
    )


def _undo(guard: Guard, git: "Git", ops: FileOps, error: BaseException) -> None:
    """Bring back what was moved already, and say why; what is not of the file system's is the caller's to raise."""
    restored = restore(guard, git, ops)
    failure = restored.failure()
    if failure is not None:
        raise failure from error
    if isinstance(error, (FileExistsError, FileNotFoundError)):
        raise Refused(
            f"{_name_in(error, guard.journal)} was changed in the moment its unstaged changes were being hidden",
            kept="Everything is as it was.",
            hint="Try again.",
        ) from None
    if isinstance(error, OSError):
        raise _could_not_begin(error) from None


def _name_in(error: OSError, written: Journal) -> str:
    for name in (error.filename2, error.filename):
        path = os.fsencode(name) if name else b""
        if path.startswith(written.top + b"/") and not path.startswith(written.stores):
            return printable(path[len(written.top) + 1 :])
    return "A file"
