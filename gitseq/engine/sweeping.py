"""Removing from the store what no work tree that was seen uses any more."""

import os

from gitseq.engine import installer
from gitseq.host import files
from gitseq.languages.store import Store, home
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.engine.installer import Site


class Swept(Record):
    """What was removed."""

    clones: int = 0
    environments: int = 0
    freed: int = 0
    """Bytes."""


def sweep(site: "Site") -> Swept:
    """Remove clones and environments that no configuration uses; what is being made just now is waited for.

    A work tree counts as long as it and its configuration exist, with what it used at its last run. After this
    returns, or dies, whatever is left is whole: an environment loses the mark that it is ready first.
    """
    store = Store(home(site.env))
    used = _in_use(store)
    removed = {b"clones": 0, b"environments": 0}
    freed = 0
    for kind in removed:
        for path in store.entries(kind):
            name = os.path.basename(path)
            if kind + b"/" + name in used:
                continue
            with installer.alone(site, store.lock_of(path), "it makes what is to be removed"):
                freed += size(path)
                files.remove(path + b"/ready")
                files.remove_tree(path)
            removed[kind] += 1
    _forget_revs(store)
    return Swept(removed[b"clones"], removed[b"environments"], freed)


def _in_use(store: Store) -> "set[bytes]":
    used: "set[bytes]" = set()
    for record, top, configuration, parts in store.records():
        if os.path.isdir(top) and os.path.isfile(configuration):
            used.update(parts)
        else:
            files.remove(record)
    return used


def _forget_revs(store: Store) -> None:
    for path in store.entries(b"revs"):
        commit, url, *_rest = (files.read(path) or b"\n").decode("utf-8", "surrogateescape").split("\n")
        if not os.path.isdir(store.clone(url, commit)):
            files.remove(path)


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
