"""Control group leaves and the records by which a later run finds those of a dead one.

A record is written before its leaf is made and removed after it: `cage/PID.START.N` in the state folder, holding the
pid namespace, the rung and the folders, a line each.
"""

import os

from gitseq.host import cgroup, files, tree
from gitseq.host.cgroup import POLLING, Leaf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.model import Limits

_FOLDER = b"cage"
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


def discard(leaf: Leaf, state_dir: bytes) -> None:
    """Remove an empty leaf and its record; a leaf that is not empty keeps both, for `reap`."""
    if leaf.remove():
        name = os.path.basename(leaf.folders[0])[len(cgroup.PREFIX) :]
        _forget(os.path.join(state_dir, _FOLDER, name))


def namespace() -> bytes:
    """Which set of process ids ours belongs to; in a container, pid 7 is another process than outside."""
    try:
        return os.readlink(b"/proc/self/ns/pid")
    except OSError:
        return b""


def of_the_dead(state_dir: bytes) -> "list[Leaf]":
    """Leaves whose engine is gone. Those of another pid namespace are left alone: we cannot see their engine."""
    folder = os.path.join(state_dir, _FOLDER)
    try:
        names = [name for name in os.listdir(folder) if name.count(b".") == 2]
    except OSError:
        return []
    found = []
    for name in names:
        pid, start, _number = name.split(b".")
        engine = tree.look(int(pid))
        if engine is not None and engine.start == int(start):
            continue
        lines = (files.read(os.path.join(folder, name)) or b"").split(b"\n")
        if len(lines) > 2 and lines[0] == namespace():
            found.append(Leaf(lines[1].decode(), tuple(lines[2:])))
    return found


def _forget(record: bytes) -> None:
    """One that cannot be removed is a record without a leaf: `reap` tries again."""
    try:
        files.remove(record)
    except OSError:
        return
