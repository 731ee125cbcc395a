"""Control group leaves and the records by which a later run finds those of a dead one.

A record is written before its leaf is made and removed after it: `cage/PID.START.N` in the state folder, holding the
pid namespace, the rung and the folders, a line each.
"""

import os

from gitseq.host import cgroup, files, tree
from gitseq.host.cgroup import POLLING, Leaf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.host.tree import Member
    from gitseq.model import Limits

_FOLDER = b"cage"
_NAME_PARTS = 3
_made = 0
_rung: "cgroup.Rung | None" = None


def rung() -> cgroup.Rung:
    """What contains here; found once per process."""
    global _rung
    if _rung is None:
        _rung = cgroup.detect()
    return _rung


def make(state_dir: bytes, limits: "Limits") -> "Leaf | None":
    """A new leaf with these caps, or None where there can be none.

    Without a place for its record there is none either: nobody would find it after our death.
    """
    global _made
    here = rung()
    me = tree.look(os.getpid())
    if here == POLLING or me is None:
        return None
    _sweep(here)
    _made += 1
    name = b"%d.%d.%d" % (me.pid, me.start, _made)
    leaf = Leaf.below(here, name)
    record = os.path.join(state_dir, _FOLDER, name)
    try:
        files.ensure_dir(os.path.dirname(record), 0o700)
        files.write_whole(record, b"\n".join([namespace(), here.name.encode(), *leaf.folders]))
        leaf.make(limits.memory, limits.processes)
    except OSError:
        _forget(record)
        return None
    return leaf


def _sweep(here: cgroup.Rung) -> None:
    """Remove empty leaves of dead engines: whoever had their records, the repository may be deleted by now.

    One that holds a process stays; and should its engine live where we cannot see it, that one goes on by polling.
    """
    for parent in filter(None, here.parents):
        for name in _named(parent, cgroup.PREFIX):
            if not _lives(name[len(cgroup.PREFIX) :]):
                Leaf(here.name, (os.path.join(parent, name),)).remove()


def _named(folder: bytes, prefix: bytes = b"") -> "list[bytes]":
    """The entries of a folder that are named after a leaf: PID.START.N behind the prefix."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return [name for name in names if name.startswith(prefix) and _is_name(name[len(prefix) :])]


def _is_name(name: bytes) -> bool:
    parts = name.split(b".")
    return len(parts) == _NAME_PARTS and all(map(bytes.isdigit, parts))


def _lives(name: bytes) -> bool:
    """Whether the engine that made a leaf of that name is alive."""
    pid, start, _number = name.split(b".")
    engine = tree.look(int(pid))
    return engine is not None and engine.start == int(start)


def discard(leaf: Leaf, state_dir: bytes) -> None:
    """Remove an empty leaf and its record; a leaf that is not empty keeps both, for `reap`."""
    if leaf.remove():
        name = os.path.basename(leaf.folders[0])[len(cgroup.PREFIX) :]
        _forget(os.path.join(state_dir, _FOLDER, name))


def namespace(pid: int = 0) -> bytes:
    """Which set of process ids a process (0: we) belongs to; in a container, pid 7 is another process than outside.

    b'' for one that is gone, and where there are no such sets.
    """
    try:
        return os.readlink(b"/proc/%d/ns/pid" % (pid or os.getpid()))
    except OSError:
        return b""


def of_the_dead(state_dir: bytes) -> "list[Leaf]":
    """Leaves whose engine is gone. Those of another pid namespace are left alone: we cannot see their engine."""
    folder = os.path.join(state_dir, _FOLDER)
    found = []
    for name in _named(folder):
        if not _lives(name):
            found += _recorded(os.path.join(folder, name))
    return found


def of_engine(state_dir: bytes, engine: "Member") -> "list[Leaf]":
    """The leaves that a living engine has made and not removed yet."""
    folder = os.path.join(state_dir, _FOLDER)
    found = []
    for name in _named(folder):
        if name.startswith(b"%d.%d." % (engine.pid, engine.start)):
            found += _recorded(os.path.join(folder, name))
    return found


def _recorded(record: bytes) -> "list[Leaf]":
    """The leaf a record speaks of; none when it is not whole, or was made where process ids mean others."""
    lines = (files.read(record) or b"").split(b"\n")
    return [Leaf(lines[1].decode(), tuple(lines[2:]))] if len(lines) > 2 and lines[0] == namespace() else []


def _forget(record: bytes) -> None:
    """One that cannot be removed is a record without a leaf: `reap` tries again."""
    try:
        files.remove(record)
    except OSError:
        return
