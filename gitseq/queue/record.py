"""The lease record and the ticket's words on disk: one JSON object, written whole, believed only with proof.

Encoded by hand and decoded by the C half of `json`, because importing `json` itself costs 15 ms.
"""

import _json
import os

from gitseq.core import queueing
from gitseq.core.queueing import Facts, LeaseRecord, Owner
from gitseq.host import files, locks, proctree
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseq.queue.places import Place

_FORMAT = 1


class _Scan:
    """What the C scanner asks its context for."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: "dict[str, str]" = {}  # noqa: RUF012 - the scanner clears it after every use


def encode(fields: "dict[str, Any]") -> bytes:
    """One line of JSON, ended by a newline. Values: str, bytes (a path), int, float, and tuples of those."""
    return ("{" + ", ".join(f'"{name}": {_value(value)}' for name, value in fields.items()) + "}\n").encode("ascii")


def _value(value: "Any") -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    if isinstance(value, str):
        return _json.encode_basestring_ascii(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return repr(value)


def decode(content: "bytes | None") -> "dict[str, Any]":
    """The fields of such a line; {} for anything else, such as a ticket whose owner died before it wrote.

    SystemError is what the scanner answers to bad JSON while `json.decoder` is not imported.
    """
    if not content or not content.startswith(b"{") or not content.endswith(b"}\n"):
        return {}
    try:
        value, end = _json.make_scanner(_Scan)(content.decode("utf-8"), 0)  # type: ignore[arg-type]
    except (ValueError, StopIteration, SystemError, RecursionError):
        return {}
    return value if isinstance(value, dict) and end == len(content) - 1 else {}


def path_of(value: str) -> bytes:
    """A path as `encode` wrote it."""
    return value.encode("utf-8", "surrogateescape")


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
    fields = {"format": _FORMAT, **dict(zip(lease._fields, lease.values(), strict=True))}
    fields |= owner_fields(fields.pop("owner"))
    files.write_whole(place.record, encode(fields))


def read(place: "Place") -> "LeaseRecord | None":
    """The record that lies there, whatever it is worth; None when there is none, or it is not whole."""
    fields = decode(files.read(place.record))
    try:
        if fields.pop("format") != _FORMAT:
            return None
        device, inode, lock = fields["place"]
        return LeaseRecord(
            str(fields["nonce"]),
            owner_of(fields),
            str(fields["what"]),
            path_of(fields["worktree"]),
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
