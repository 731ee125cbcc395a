"""Removing from the store what no work tree that was seen uses any more."""

import os

from gitseq.engine import installer
from gitseq.host import files
from gitseq.languages.store import GONE, Store, home
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.engine.installer import Site
    from gitseq.host.filelocks import Held


class Swept(Record):
    """What was removed, and what would not go."""

    clones: int = 0
    environments: int = 0
    freed: int = 0
    """Bytes."""
    left: "tuple[OSError, ...]" = ()
    """Why something is still there; `filename` is what."""


def sweep(site: "Site") -> Swept:
    """Remove clones and environments that no configuration uses; what is being made just now is waited for.

    A work tree counts as long as it and its configuration exist, with what it used at its last run; one that notes
    a use just now counts as well. What cannot be removed keeps nothing else from being removed. After this returns,
    or dies, whatever has its name is whole: what goes is renamed first. Raises Interrupted.
    """
    return _Sweep(site).all()


class _Sweep:
    """One sweep: what it has removed so far."""

    def __init__(self, site: "Site") -> None:
        self._site = site
        self._store = Store(home(site.env))
        self._removed = {b"clones": 0, b"environments": 0}
        self._freed = 0
        self._left: "list[OSError]" = []

    def all(self) -> Swept:
        for record in self._outdated():
            self._tried(self._forget, record)
        used = self._in_use()
        for path in (*self._store.entries(b"clones"), *self._store.entries(b"environments")):
            if self._name(path) not in used:
                self._tried(self._remove, path)
        self._forget_revs()
        return Swept(self._removed[b"clones"], self._removed[b"environments"], self._freed, tuple(self._left))

    def _tried(self, remove: "Callable[[bytes], object]", path: bytes) -> None:
        """Remove something; if that fails, why is told at the end."""
        try:
            remove(path)
        except OSError as error:
            if error.filename is None:
                error.filename = path
            self._left.append(error)

    def _name(self, path: bytes) -> bytes:
        """As the notes call it."""
        return os.path.relpath(path, self._store.folder)

    def _remove(self, path: bytes) -> None:
        with installer.alone(self._site, self._store.lock_of(path), "it makes what is to be removed"):
            before = size(path)
            gone = path.removesuffix(GONE) + GONE
            try:
                if path != gone:
                    files.remove_tree(gone)
                    if not self._take_away(path, gone):
                        return
                files.remove_tree(gone)
                self._removed[os.path.dirname(self._name(path))] += 1
            finally:
                self._freed += max(0, before - size(path) - (size(gone) if path != gone else 0))

    def _take_away(self, path: bytes, gone: bytes) -> bool:
        """Rename it, unless by now it is used, or has gone by itself; whether it was renamed.

        Whoever comes notes first that he uses it, and then looks whether it is there. Under the lock of these notes
        he either is seen here, or sees that it is gone.
        """
        with self._uses():
            if self._name(path) in self._in_use() or not os.path.lexists(path):
                return False
            os.rename(path, gone)
            return True

    def _forget(self, record: bytes) -> None:
        with self._uses():
            if record in self._outdated():
                files.remove(record)

    def _uses(self) -> "Held":
        return installer.alone(self._site, self._store.lock_of_uses(), "it notes what it uses")

    def _in_use(self) -> "set[bytes]":
        return {part for _record, top, file, parts in self._store.records() if _exists(top, file) for part in parts}

    def _outdated(self) -> "list[bytes]":
        """The notes about work trees that are gone, or have no such configuration any more."""
        return [record for record, top, file, _parts in self._store.records() if not _exists(top, file)]

    def _forget_revs(self) -> None:
        for path in self._store.entries(b"revs"):
            commit, _, rest = (files.read(path) or b"").decode("utf-8", "surrogateescape").partition("\n")
            if not os.path.isdir(self._store.clone(rest.partition("\n")[0], commit)):
                self._tried(files.remove, path)


def _exists(top: bytes, configuration: bytes) -> bool:
    return os.path.isdir(top) and os.path.isfile(configuration)


def size(folder: bytes) -> int:
    """Bytes of all files below a folder; one that several names share counts once."""
    seen: "dict[tuple[int, int], int]" = {}
    for parent, _folders, names in os.walk(folder):
        for name in names:
            try:
                st = os.lstat(os.path.join(parent, name))
            except OSError:
                continue
            seen[st.st_dev, st.st_ino] = st.st_blocks * 512
    return sum(seen.values())
