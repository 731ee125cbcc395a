"""What hiding would take, found out before anything is touched: nothing here changes the file system."""

import os
import stat

from gitseq.core.text import printable
from gitseq.errors import EnvironmentProblem
from gitseq.guard import look
from gitseq.guard.journal import Item, Journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.guard.journal import Dirty, Where
    from gitseq.guard.mounts import Mounts

GITLINK = 0o160000
_AWAY = "A?"
_LONGEST_NAME = 4000
"""PATH_MAX is 4096 on Linux; what the guard adds to a name has to fit as well."""


def make(where: "Where", dirty: "list[Dirty]") -> Journal:
    """A journal without signatures. Raises EnvironmentProblem when a folder is closed to us."""
    folders = _Folders(where)
    items: list[Item] = []
    for entry in sorted(dirty, key=lambda entry: entry.path):
        if entry.index_mode != GITLINK:  # what is edited inside a submodule is that repository's business
            _add(items, entry, folders)
    away = [Item(0, path, "?", 0, "", folders.store_of(path), True) for path in folders.blockers(items)]
    return Journal(
        run=where.run,
        top=where.top,
        stores=tuple(folders.stores),
        items=tuple(_named(number, item, folders.stores) for number, item in enumerate([*away, *items])),
        made=tuple(folders.missing(items)),
        modes=tuple((mode, path) for path, mode in folders.modes.items()),
    )


def _add(items: "list[Item]", entry: "Dirty", folders: "_Folders") -> None:
    path = entry.path.rstrip(b"/")
    places = entry.change not in _AWAY and entry.index_mode != 0
    had = folders.has(path)
    if not places and not had:
        return
    mode, oid = (entry.index_mode, entry.index_oid) if places else (0, "")
    items.append(Item(0, path, entry.change, mode, oid, folders.store_of(path), had))


def _named(number: int, item: Item, stores: "list[bytes]") -> Item:
    """Number an item and say where its snapshot goes: below `i/` under its own name, if that is not too long."""
    if not item.places:
        return item.replace(number=number)
    beside = b"i/" + item.path
    if len(stores[item.store]) + len(beside) > _LONGEST_NAME:
        beside = b"t/%d" % number
    return item.replace(number=number, snapshot=beside)


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

    def has(self, path: bytes) -> bool:
        """Whether something lies at `path`; also checks that we may take it away."""
        folder = os.path.dirname(path)
        if self._is_folder(folder) is not True:
            return False
        try:
            st = os.lstat(self._where.top + b"/" + path)
        except FileNotFoundError:
            return False
        if stat.S_ISDIR(st.st_mode):  # a folder that moves has its `..` rewritten, so it must be open to us as well
            self._need_access(path, st)
        return True

    def blockers(self, items: "list[Item]") -> "list[bytes]":
        """Files and symbolic links that stand where a folder of a tracked path belongs."""
        known = {item.path for item in items}
        above = {folder for item in items if item.places for folder in look.above(item.path)}
        return sorted(f for f in above if self._is_blocker(f) and f not in known)

    def missing(self, items: "list[Item]") -> "list[bytes]":
        """Folders to make, parents first."""
        above = {folder for item in items if item.places for folder in look.above(item.path)}
        return sorted(folder for folder in above if self._is_folder(folder) is not True)

    def store_of(self, path: bytes) -> int:
        """The number of the store that `path` can be renamed into."""
        folder = os.path.dirname(path)
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

    def _is_blocker(self, folder: bytes) -> bool:
        """Only the highest one is: below it there is nothing."""
        return self._is_folder(folder) is False and self._is_folder(os.path.dirname(folder)) is True

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
