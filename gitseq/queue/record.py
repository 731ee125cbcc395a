"""The lease record and the ticket's words on disk: one JSON object, written whole, believed only with proof."""

import os

from gitseq.core import jsonline, queueing
from gitseq.core.queueing import Facts, LeaseRecord, Owner
from gitseq.host import files, locks, proctree
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.queue.places import Place

_FORMAT = 1


# --- ourselves ---------------------------------------------------------------------------------


def myself() -> Owner:
    """This process."""
    pid = os.getpid()
    host, boot, namespace = os.uname().nodename, proctree.boot_id(), proctree.pid_namespace()
    return Owner(pid, proctree.start_of(pid), boot, host, namespace, os.geteuid())


def owner_fields(owner: Owner) -> "dict[str, Any]":
    """An owner, ready for `encode`."""
    return dict(zip(owner._fields, owner.values(), strict=True))


def owner_of(fields: "dict[str, Any]") -> Owner:
    """An owner from decoded fields; raises KeyError, TypeError or ValueError for what is none."""
    return Owner(
        int(fields["pid"]),
        int(fields["start"]),
        str(fields["boot"]),
        str(fields["host"]),
        str(fields["pid_ns"]),
        int(fields["uid"]),
    )


def is_alive(owner: Owner, seen_from: Owner) -> bool:
    """Whether this very process still runs. One on another machine or in a container cannot be seen: it counts."""
    if (owner.host, owner.pid_ns) != (seen_from.host, seen_from.pid_ns):
        return True
    return owner.boot == seen_from.boot and proctree.start_of(owner.pid) == owner.start


# --- lease.json --------------------------------------------------------------------------------


def write(place: "Place", lease: LeaseRecord) -> None:
    """After this returns, or dies, the record is the old one or all of the new one. Raises OSError."""
    fields: dict[str, Any] = {"format": _FORMAT}
    for name in lease._fields:
        if name != "owner":
            fields[name] = getattr(lease, name)
    fields.update(owner_fields(lease.owner))
    files.write_whole(place.record, jsonline.encode(fields))


def read(place: "Place") -> "LeaseRecord | None":
    """The record that lies there, whatever it is worth; None when there is none, or it is not whole."""
    fields = jsonline.decode(files.read(place.record))
    try:
        if fields.pop("format") != _FORMAT:
            return None
        device, inode, lock = fields["place"]
        return LeaseRecord(
            str(fields["nonce"]),
            owner_of(fields),
            str(fields["what"]),
            jsonline.path_of(fields["worktree"]),
            float(fields["since"]),
            float(fields["since_boot"]),
            int(fields["depth"]),
            str(fields["scope"]),
            (int(device), int(inode), int(lock)),
            int(fields["ticket"]),
            tuple(str(nonce) for nonce in fields["unsettled"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def remove(place: "Place") -> None:
    """The lease is over and left nothing behind."""
    files.remove(place.record)


class Finding(Record):
    """A record, and what it is worth."""

    lease: "LeaseRecord | None"
    standing: str
    """'' when there is no record."""
    lock_held: bool

    @property
    def in_force(self) -> bool:
        """Whether the record names a living owner that still holds the lease, by proof."""
        return self.standing in (queueing.IN_FORCE, queueing.ORPHANED)


def examine(place: "Place") -> Finding:
    """Who holds the lease of a place, by proof.

    The record is read again after the lock was tested: else its owner could have handed over in between, and the
    lock we saw would be another's.
    """
    while True:
        lease = read(place)
        held, lock_inode = _test_lock(place)
        if read(place) != lease:
            continue
        if lease is None:
            return Finding(None, "", held)
        return Finding(lease, queueing.judge(lease, facts(place, lease, held, lock_inode)), held)


def facts(place: "Place", lease: LeaseRecord, held: bool, lock_inode: int) -> Facts:
    """What the kernel says about the things that a record speaks of."""
    st = os.stat(place.state_dir)
    return Facts(
        held,
        (st.st_dev, st.st_ino, lock_inode),
        proctree.boot_id(),
        os.uname().nodename,
        proctree.pid_namespace(),
        proctree.start_of(lease.owner.pid),
    )


def _test_lock(place: "Place") -> "tuple[bool, int]":
    """Whether somebody holds the lock file, and its inode (0 when there is no such file)."""
    try:
        fd = os.open(place.queue_dir + b"/lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False, 0
    try:
        return locks.is_held(fd), os.fstat(fd).st_ino
    except locks.NotSupported:
        return os.path.lexists(place.record), 0  # only the record can tell
    finally:
        os.close(fd)
