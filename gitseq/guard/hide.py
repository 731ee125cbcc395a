"""Move unstaged work aside and put what is staged in its place.

What does not work: a patch of the changes, a checkout, and the patch applied again. It rewrites files (times, line
endings, filters), it has moments in which the only copy of a user's work is a derived form, and it loses what is
saved meanwhile. What we do: the user's own file is *renamed* aside and comes back by a rename, and a journal that is
on the disk before the first move says what goes where. What remains: docs/explanation/guard.md.
"""

import os

from gitseq.core.text import printable
from gitseq.errors import EnvironmentProblem, Refused
from gitseq.guard import drop, journal, plan, snapshot, state
from gitseq.guard.journal import JOURNAL_WRITTEN, SNAPSHOT_WRITTEN, TREE_HIDDEN, Guard, Journal, Where
from gitseq.guard.restore import restore
from gitseq.host.fileops import FileOps, move_without_overwriting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.guard.journal import Dirty, Git, Item

_OPEN_TO_US = 0o700


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
    _make_stores(planned.stores, ops)
    complete = planned.replace(items=snapshot.write(planned, git, guard.git_dir, ops))
    ops.step(SNAPSHOT_WRITTEN)
    _lock_linked(guard, ops)
    name = guard.folder + b"/" + state.JOURNAL
    ops.write(name + b".tmp", journal.encode(complete))
    ops.rename(name + b".tmp", name)
    ops.sync(guard.folder)
    ops.sync(os.path.dirname(guard.folder))
    ops.step(JOURNAL_WRITTEN)
    return guard.replace(journal=complete)


def _lock_linked(guard: Guard, ops: FileOps) -> None:
    """While work is hidden a linked work tree looks clean, and `git worktree remove` would take hidden work with it.

    One that is locked already, by the user or by a run around this one, stays as it is. The lock is there whole or not
    at all: half of one, left by a full disk or a death, nobody would know for ours and take away.
    """
    if not os.path.lexists(guard.git_dir + b"/commondir"):
        return
    ours = guard.folder + b"/" + state.LOCKED
    ops.write(ours, state.lock_reason(guard.journal.run))
    try:
        move_without_overwriting(ops, ours, guard.git_dir + b"/" + state.LOCKED)
    except FileExistsError:
        ops.unlink(ours)


def _make_own_folder(guard: Guard, ops: FileOps) -> None:
    guards = os.path.dirname(guard.folder)
    for folder in (os.path.dirname(guards), guards):
        if not os.path.isdir(folder):
            ops.mkdir(folder, _OPEN_TO_US)
    ops.mkdir(guard.folder, _OPEN_TO_US)


def _make_stores(stores: "tuple[bytes, ...]", ops: FileOps) -> None:
    if len(stores) > 1:  # so that a death before the journal is there leaves no folder that nobody knows of
        ops.write(stores[0] + b"/" + state.STORES, b"".join(store + b"\0" for store in stores))
    for store in stores[1:]:
        ops.mkdir(store, _OPEN_TO_US)
        ops.write(store + b"/.gitignore", b"*\n")  # or `git add -A` in a hook would stage the user's hidden work


# --- moving ------------------------------------------------------------------------------------------


def _move_all(written: Journal, ops: FileOps) -> None:
    for store in written.stores:
        if os.path.lexists(store + b"/s"):
            ops.rename(store + b"/s", store + b"/b")
    for mode, folder in written.modes:
        ops.chmod(written.at(folder), mode | _OPEN_TO_US)
    for item in written.items:
        if not item.places:  # first, as they may stand where a folder is needed
            ops.rename(written.at(item.path), written.user(item))
    for folder in written.made:
        if not os.path.isdir(written.at(folder)):
            ops.mkdir(written.at(folder), 0o777)
    for item in written.items:
        if item.swaps:
            _swap(written, item, ops)
        elif item.places:
            if item.had:
                ops.rename(written.at(item.path), written.user(item))
            move_without_overwriting(ops, written.snapshot(item), written.at(item.path))


def _swap(written: Journal, item: "Item", ops: FileOps) -> None:
    """At no moment is there nothing at the path, so nobody can make a file there that would be in the way."""
    aside = written.user(item)
    if item.snapshot == b"b/%d" % item.number:
        ops.rename(b"%s/i/%s" % (written.stores[item.store], item.path), aside)
    ops.exchange(written.at(item.path), aside)


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
