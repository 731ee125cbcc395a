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

    A work tree counts as long as it and its configuration exist, with what it used at its last run. What cannot be
    removed keeps nothing else from being removed. After this returns, or dies, whatever has its name is whole: what
    goes is renamed first. Raises Interrupted.
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
        used = self._in_use()
        for kind in self._removed:
            for path in self._store.entries(kind):
                if kind + b"/" + os.path.basename(path) not in used:
                    self._removed[kind] += self._tried(self._remove, path)
        self._forget_revs()
        return Swept(self._removed[b"clones"], self._removed[b"environments"], self._freed, tuple(self._left))

    def _tried(self, remove: "Callable[[bytes], object]", path: bytes) -> bool:
        """Whether something was removed; if not, why is told at the end."""
        try:
            remove(path)
        except OSError as error:
            if error.filename is None:
                error.filename = path
            self._left.append(error)
            return False
        return True

    def _remove(self, path: bytes) -> None:
        with installer.alone(self._site, self._store.lock_of(path), "it makes what is to be removed"):
            before = size(path)
            gone = path.removesuffix(GONE) + GONE
            try:
                if path != gone:
                    files.remove_tree(gone)
                    os.rename(path, gone)
                files.remove_tree(gone)
            finally:
                self._freed += max(0, before - size(path) - (size(gone) if path != gone else 0))

    def _in_use(self) -> "set[bytes]":
        used: "set[bytes]" = set()
        for record, top, configuration, parts in self._store.records():
            if os.path.isdir(top) and os.path.isfile(configuration):
                used.update(parts)
            else:
                self._tried(files.remove, record)
        return used

    def _forget_revs(self) -> None:
        for path in self._store.entries(b"revs"):
            commit, _, rest = (files.read(path) or b"").decode("utf-8", "surrogateescape").partition("\n")
            if not os.path.isdir(self._store.clone(rest.partition("\n")[0], commit)):
                self._tried(files.remove, path)


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
