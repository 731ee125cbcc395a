"""Bring the user's files back. The same code finishes a run that died.

Every path is brought forward one change at a time, and after each change its state can be told from the file system
(`look`), so that dying anywhere costs nothing but starting again.
"""

import errno
import os
import stat

from gitseq.core.text import printable
from gitseq.errors import GitseqError, NotRestored
from gitseq.guard import drop, kept, look, merge, state, stock
from gitseq.guard.conflicts import Conflict, conflicts_of
from gitseq.guard.journal import GUARD_DROPPED, RESTORE_BEGUN, TREE_RESTORED, Guard, Item, signature_of
from gitseq.host import clock
from gitseq.host.fileops import FileOps, move_without_overwriting
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.guard.journal import Git

_ATTEMPTS = 20
"""Changes to one path; six are needed at most, the rest is for somebody who keeps writing to it."""
_GONE = "The folder it was set aside in was removed while hooks ran, and the work with it; look for a backup."
_NOT_OURS_TO_REMOVE = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR)


class Problem(Record):
    """A path that could not be brought back yet, and why. The user's file is still set aside."""

    path: bytes
    why: str


class Restored(Record):
    """How bringing back unstaged work ended."""

    run: bytes
    folder: bytes
    """The guard's folder; it is gone unless there are problems."""
    conflicts: tuple[Conflict, ...] = ()
    """Paths that were written during the run; the merged ones are notices, the others take a person."""
    problems: tuple[Problem, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every file of the user's is back, be it merged with what was written during the run."""
        return not self.problems

    def failure(self, staged: "frozenset[bytes]" = frozenset()) -> "NotRestored | None":
        """What a run has to fail with, if anything.

        A conflict on one of `staged` does not count: there the version written during the run is in the commit.
        """
        if self.problems:
            return NotRestored(
                "unstaged work could not be put back completely",
                why="\n".join(f"{printable(p.path) or 'afterwards'}: {p.why}" for p in self.problems),
                kept=f"All of it is safe in {printable(self.folder)}" if self._is_there() else "",
                hint="When the cause is gone: gitseq recover" if self._is_there() else _GONE,
            )
        apart = [conflict for conflict in self.conflicts if not conflict.merged and conflict.path not in staged]
        if not apart:
            return None
        return NotRestored(
            "files with unstaged changes were written while the hooks ran, and the two do not go together",
            why="\n".join(self.notices()),
            kept="Your version is in the work tree, the other one beside it in the kept folder.",
            hint=f"Compare them: git diff --no-index -- {printable(apart[0].path)} {printable(apart[0].edited)}",
        )

    def _is_there(self) -> bool:
        """Nobody is told that work is safe in a folder that was removed while hooks ran."""
        return look.lstat(self.folder) is not None

    def notices(self) -> "list[str]":
        """One line for each path that was written during the run: what was done, and where both versions are."""
        lines = []
        for conflict in self.conflicts:
            path, edited = printable(conflict.path), printable(conflict.edited)
            if conflict.merged:
                lines.append(f"{path}: merged; yours is kept as {printable(conflict.yours)}, the hooks' as {edited}")
            else:
                lines.append(f"{path}: as you left it; what was written during the run is kept as {edited}")
        return lines


def restore(guard: Guard, git: "Git", ops: "FileOps | None" = None) -> Restored:
    """After this returns or dies, each of the user's hidden files is in its place or still set aside, whole.

    Nothing that was written meanwhile, by a hook or by the user, is overwritten: it is merged, or kept and named.
    Idempotent. A path that cannot be brought back is a `Problem` of the result and stops no other.
    """
    ops = ops or FileOps()
    ops.step(RESTORE_BEGUN)
    journal = guard.journal
    work = _Work(guard, git, ops)
    for item in journal.items:
        if item.places:
            work.bring_back(item)
    work.remove_made()
    for item in journal.items:
        # Last, as they may stand where a folder we made was needed; if that could not be emptied, it is not yet time.
        if not item.places and not (work.problems and item.path in journal.made):
            work.bring_back(item)
    work.close_folders()
    conflicts: tuple[Conflict, ...] = ()
    if not work.problems:
        ops.step(TREE_RESTORED)
        conflicts = work.finish()
    if conflicts:
        kept.collect(guard.git_dir, clock.wall())
    return Restored(journal.run, guard.folder, conflicts, tuple(work.problems))


class _Work:
    """One restore under way."""

    def __init__(self, guard: Guard, git: "Git", ops: FileOps) -> None:
        self._journal = guard.journal
        self._git_dir = guard.git_dir
        self._git = git
        self._ops = ops
        self.problems: list[Problem] = []

    def bring_back(self, item: Item) -> None:
        try:
            for _attempt in range(_ATTEMPTS):
                if self._advance(item):
                    return
        except (OSError, GitseqError) as error:
            self.problems.append(Problem(item.path, _why(error)))
            return
        self.problems.append(Problem(item.path, "something keeps writing to it"))

    def _advance(self, item: Item) -> bool:
        """One change nearer; True when there is nothing left to do."""
        now = look.at(self._journal, item)
        if now == look.BACK:
            return True
        try:
            return _STEPS[now](self, item)
        except (FileExistsError, FileNotFoundError):
            return False  # somebody was quicker; look again

    def _put_back(self, item: Item) -> bool:
        self._open_way(item)
        move_without_overwriting(self._ops, self._journal.user(item), self._journal.at(item.path))
        return True

    def _unlink_aside(self, item: Item) -> bool:
        self._ops.unlink(self._journal.user(item))
        return True

    def _take_ours_away(self, item: Item) -> bool:
        """Looked at again once it is out of reach: it may have been written between the look and the move."""
        journal = self._journal
        if item.swaps:
            return self._swap_back(item)
        ours = journal.kept(item, b"ours")
        self._set_aside(item, journal.at(item.path), ours)
        if not look.is_ours(item, ours):
            self._ops.rename(ours, look.next_name(journal, item, b"edited"))
            return False
        if item.had:  # the folders above were looked at just now; should one be gone, the next look tells
            move_without_overwriting(self._ops, journal.user(item), journal.at(item.path))
        return True

    def _swap_back(self, item: Item) -> bool:
        there, aside = self._journal.at(item.path), self._journal.user(item)
        try:
            self._ops.exchange(there, aside)
        except FileNotFoundError:  # with nothing aside, somebody took the user's file by hand: nothing to bring back
            return look.lstat(aside) is None
        if look.is_ours(item, aside):
            return True
        self._ops.exchange(there, aside)
        return False

    def _swap_edit(self, item: Item) -> bool:
        """Somebody died between the two exchanges above."""
        self._ops.exchange(self._journal.at(item.path), self._journal.user(item))
        return False

    def _set_aside(self, item: Item, name: bytes, kept_name: bytes) -> None:
        """Seldom is anything kept, so the folder for it is made for the first thing."""
        folder = self._journal.kept_folder(item.store)
        if not os.path.lexists(folder):
            self._ops.mkdir(folder, stat.S_IRWXU)
        self._ops.rename(name, kept_name)

    def _take_edit_away(self, item: Item) -> bool:
        self._set_aside(item, self._journal.at(item.path), look.next_name(self._journal, item, b"edited"))
        return False

    def _merge_or_put_back(self, item: Item) -> bool:
        journal = self._journal
        merged = journal.kept(item, b"merged")
        found = look.edits(journal, item)
        alone = len(found) == 1
        if alone and (look.lstat(merged) is not None or merge.merge(journal, item, found[0], self._git, self._ops)):
            self._open_way(item)
            self._ops.link(merged, journal.at(item.path))
            return False
        return self._put_back(item)

    def _file_away(self, item: Item) -> bool:
        self._ops.rename(self._journal.user(item), self._journal.kept(item, b"yours"))
        return True

    def _open_way(self, item: Item) -> None:
        """Have real folders above a path: a hook may have removed them, or put a file or a link in their place."""
        journal = self._journal
        if found := look.blocker(journal, item):
            self._set_aside(item, journal.at(found), look.next_blocker_name(journal, item, found))
        for folder in look.above(item.path):
            if look.lstat(journal.at(folder)) is None:
                self._ops.mkdir(journal.at(folder), 0o777)

    def remove_made(self) -> None:
        """Folders made for files the user had deleted; what is not empty holds somebody's file and stays."""
        for folder in reversed(self._journal.made):
            self._remove_if_empty(folder)

    def _remove_if_empty(self, folder: bytes) -> None:
        try:
            self._ops.rmdir(self._journal.at(folder))
        except OSError as error:
            if error.errno not in _NOT_OURS_TO_REMOVE:
                self.problems.append(Problem(folder, _why(error)))

    def close_folders(self) -> None:
        for mode, folder in self._journal.modes:
            name = self._journal.at(folder)
            try:
                if stat.S_IMODE(os.lstat(name).st_mode) == mode | stat.S_IRWXU:
                    self._ops.chmod(name, mode)
            except FileNotFoundError:
                continue
            except OSError as error:
                self.problems.append(Problem(folder, _why(error)))

    def finish(self) -> "tuple[Conflict, ...]":
        """Declare the guard done, tell what is kept, and remove the rest."""
        journal, ops = self._journal, self._ops
        folder = journal.stores[0]
        try:
            worthless = self._sort_kept()
            for store in journal.stores:
                drop.remove_empty(store + b"/b", ops)
            ops.rename(folder + b"/" + state.JOURNAL, folder + b"/" + state.DONE)
        except (OSError, GitseqError) as error:
            self.problems.append(Problem(b"", _why(error)))
            return ()
        try:
            for name in worthless:
                ops.rename(name, name + b".ours")
            drop.discard(folder, ops)
            stock.expire(self._git_dir, clock.wall(), ops)
        except OSError:  # all is back; the next run removes what lies about
            return conflicts_of(journal)
        ops.step(GUARD_DROPPED)
        return conflicts_of(journal.replace(handed_to=drop.kept_place(folder)))

    def _sort_kept(self) -> "list[bytes]":
        """Names of edits that nobody can want back; renaming them has to wait, they are what `look` goes by."""
        journal, worthless = self._journal, []
        self._sort_swapped()
        for item in journal.items:
            if item.swaps:
                continue
            ours = journal.kept(item, b"ours")
            if item.places and not look.is_ours(item, ours) and look.lstat(ours) is not None:
                self._ops.rename(ours, look.next_name(journal, item, b"edited"))
        for item in look.touched(journal):
            if look.lstat(journal.kept(item, b"yours")) is None:
                edits = look.edits(journal, item)
                worthless += [name for name in edits if merge.is_nothing_new(journal, item, name, self._git)]
        return worthless

    def _sort_swapped(self) -> None:
        """Index versions that lie in `b/` again go, if nobody wrote to them, through a descriptor say, to the last."""
        back: dict[bytes, Item] = {}
        for item in self._journal.items:
            if item.snapshot.startswith(b"b/"):
                back[self._journal.snapshot(item)] = item
        for number, store in enumerate(self._journal.stores):
            found = [file for file in _files(store + b"/b") if file.path in back]
            ours = [one for file in found if (one := self._sort_one(back[file.path], file)) is not None]
            if number or not stock.keep(store + b"/b", ours, self._git_dir, self._ops):
                for one in ours:
                    drop.remove(one.path, self._ops)

    def _sort_one(self, item: Item, file: "os.DirEntry[bytes]") -> "stock.Found | None":
        st = file.stat(follow_symlinks=False)
        if signature_of(st) == item.ours:
            return stock.Found(item, file.path, st)
        if st.st_ino == item.ours[0]:
            self._set_aside(item, file.path, look.next_name(self._journal, item, b"edited"))
        return None


def _files(folder: bytes) -> "list[os.DirEntry[bytes]]":
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def _why(error: "OSError | GitseqError") -> str:
    return error.what if isinstance(error, GitseqError) else error.strerror or str(error)


_STEPS = {
    look.FREE: _Work._put_back,
    look.LINKED: _Work._unlink_aside,
    look.PLACED: _Work._take_ours_away,
    look.EDITED: _Work._take_edit_away,
    look.SWAPPED_EDIT: _Work._swap_edit,
    look.EDIT_ASIDE: _Work._merge_or_put_back,
    look.MERGED: _Work._file_away,
}
