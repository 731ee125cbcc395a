"""What hiding would take, found out before anything is touched: nothing here changes the file system."""

import os
import stat

from gitseq.core.text import printable
from gitseq.errors import EnvironmentProblem
from gitseq.guard import look
from gitseq.guard.journal import NOTHING, Item, Journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.guard.journal import Dirty, Where
    from gitseq.guard.mounts import Mounts

GITLINK = 0o160000
_AWAY = "A?"


def make(where: "Where", dirty: "list[Dirty]") -> Journal:
    """A journal without signatures. Raises EnvironmentProblem when a folder is closed to us."""
    folders = _Folders(where)
    # What is edited inside a submodule is that repository's business.
    entries = sorted((entry for entry in dirty if entry.index_mode != GITLINK), key=lambda entry: entry.path)
    above = _above(entries)
    known = {entry.path.rstrip(b"/") for entry in entries}
    blockers = [folder for folder in above if folders.is_blocker(folder) and folder not in known]
    items = [Item(number, path, "?", 0, "", folders.store_of(path), True) for number, path in enumerate(blockers)]
    for entry in entries:
        _add(items, entry, folders)
    return Journal(
        run=where.run,
        top=where.top,
        stores=tuple(folders.stores),
        items=tuple(items),
        made=tuple(folder for folder in above if not folders.is_folder(folder)),
        modes=tuple((mode, path) for path, mode in folders.modes.items()),
    )


def _above(entries: "list[Dirty]") -> "list[bytes]":
    """The folders of all paths that get the index's version, parents first."""
    folders = {os.path.dirname(entry.path) for entry in entries if _places(entry)} - {b""}
    return sorted({above for folder in folders for above in look.above(folder + b"/")})


def _places(entry: "Dirty") -> bool:
    return entry.change not in _AWAY and entry.index_mode != 0


def _add(items: "list[Item]", entry: "Dirty", folders: "_Folders") -> None:
    path = entry.path.rstrip(b"/")
    folder = os.path.dirname(path)
    places, st = _places(entry), folders.look(path, folder)
    if not places and st is None:
        return
    mode, oid = (entry.index_mode, entry.index_oid) if places else (0, "")
    was = (0, 0) if st is None else (st.st_ino, st.st_mtime_ns)
    store = folders.store_of_folder(folder)
    items.append(Item(len(items), path, entry.change, mode, oid, store, st is not None, b"", NOTHING, was))


class _Folders:
    """What lies above the paths: folders, gaps where folders have to be made, and files that are in the way."""

    def __init__(self, where: "Where") -> None:
        self._where = where
        self.stores = [where.folder]
        self.modes: dict[bytes, int] = {}
        self._known: dict[bytes, bool | None] = {}
        self._store_of_folder: dict[bytes, int] = {}
        self._mounts: Mounts | None = None
        self._store_of_place: dict[tuple[int, bytes], int] = {}

    def look(self, path: bytes, folder: bytes) -> "os.stat_result | None":
        """What lies at `path`, None for nothing; also checks that we may take it away out of `folder`."""
        if self._is_folder(folder) is not True:
            return None
        try:
            st = os.lstat(self._where.top + b"/" + path)
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(st.st_mode):  # a folder that moves has its `..` rewritten, so it must be open to us as well
            self._need_access(path, st)
        return st

    def is_folder(self, folder: bytes) -> bool:
        """Whether a real folder lies there; one in the place of a file or a link has to be made."""
        return self._is_folder(folder) is True

    def is_blocker(self, folder: bytes) -> bool:
        """Whether a file or a symbolic link stands there, where a folder of a tracked path belongs.

        Only the highest one is: below it there is nothing.
        """
        return self._is_folder(folder) is False and self._is_folder(os.path.dirname(folder)) is True

    def store_of(self, path: bytes) -> int:
        """The number of the store that `path` can be renamed into."""
        return self.store_of_folder(os.path.dirname(path))

    def store_of_folder(self, folder: bytes) -> int:
        """The number of the store that what lies in `folder` can be renamed into."""
        while self._is_folder(folder) is not True:
            folder = os.path.dirname(folder)
        if folder not in self._store_of_folder:
            self._store_of_folder[folder] = self._choose_store(folder)
        return self._store_of_folder[folder]

    def _choose_store(self, folder: bytes) -> int:
        """Ours, or one in the work tree itself when the folder is on another file system than the git directory."""
        if self._mounts is None:
            from gitseq.guard.mounts import Mounts

            self._mounts = Mounts.now()
            self._store_of_place[self._mounts.place(self._where.git_dir)] = 0
        full = self._full(folder)
        place = self._mounts.place(full)
        if place not in self._store_of_place:
            highest = self._mounts.highest(full, self._where.top)
            self._store_of_place[place] = len(self.stores)
            self.stores.append(highest + b"/.gitseq-guard-" + self._where.run)
        return self._store_of_place[place]

    def _is_folder(self, folder: bytes) -> "bool | None":
        """True for a folder, False for anything else, None for nothing."""
        if folder not in self._known:
            self._known[folder] = self._look(folder)
        return self._known[folder]

    def _look(self, folder: bytes) -> "bool | None":
        if folder:
            above = self._is_folder(os.path.dirname(folder))
            if above is not True:
                return None
        try:
            st = os.lstat(self._full(folder))
        except FileNotFoundError:
            return None
        if not stat.S_ISDIR(st.st_mode):
            return False
        self._need_access(folder, st)
        return True

    def _full(self, folder: bytes) -> bytes:
        return self._where.top + b"/" + folder if folder else self._where.top

    def _need_access(self, folder: bytes, st: os.stat_result) -> None:
        """A folder of ours that we may not write to is opened for the while; one of others' stops us here."""
        full = self._full(folder)
        if os.access(full, os.W_OK | os.X_OK):
            return
        if st.st_uid != os.geteuid():
            raise EnvironmentProblem(
                f"unstaged changes cannot be hidden from the hooks: no permission to change {printable(full)}",
                kept="Nothing was touched.",
                hint='Make the folder writable, or stage the changes, or set `isolate = "none"`.',
            )
        self.modes[folder] = stat.S_IMODE(st.st_mode)
