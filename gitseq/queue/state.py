"""Who holds the lease and who waits: a look that changes nothing."""

import os

from gitseq.core import jsonline, queueing
from gitseq.core.queueing import Holder, QueueState, Waiter
from gitseq.host import files, locks, proctree
from gitseq.queue import places, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.queue.places import Place


def look(place: "Place") -> QueueState:
    """The holder and the line behind it. Tickets of the dead are left out. Raises EnvironmentProblem."""
    try:
        finding = record.examine(place)
        numbers = _numbers(place)
    except OSError as error:
        raise places.unusable(place, error) from None
    holding = _ticket_held(finding)
    waiters: list[Waiter] = []
    for number in numbers:
        if number != holding and (waiter := _waiter(place, number, len(waiters) + 1)):
            waiters.append(waiter)
    return QueueState(place.scope, _holder(place, finding), tuple(waiters))


def _numbers(place: "Place") -> "list[int]":
    """The tickets in line; none where there is no queue, be it that one was removed under a run that goes on."""
    try:
        return queueing.tickets(os.listdir(os.fsdecode(place.queue_dir)))
    except FileNotFoundError:
        return []


def holder_and_ticket(place: "Place") -> "tuple[Holder | None, int]":
    """Who holds the lease now (None when nobody does, or it is being handed over), and the holder's ticket, or 0.

    Raises OSError.
    """
    finding = record.examine(place)
    return _holder(place, finding), _ticket_held(finding)


def _ticket_held(finding: record.Finding) -> int:
    """Only a lease that is in force stands in this line: an orphaned one had its ticket in a line that was removed."""
    return finding.lease.ticket if finding.lease is not None and finding.standing == queueing.IN_FORCE else 0


def _holder(place: "Place", finding: record.Finding) -> "Holder | None":
    lease = finding.lease
    if lease is not None and (finding.in_force or finding.standing == queueing.ELSEWHERE):
        owner = lease.owner
        return Holder(owner.pid, lease.what, lease.worktree, lease.since, owner.host, finding.standing, lease.nonce)
    return _stranger(place) if finding.lock_held else None


def _stranger(place: "Place") -> Holder:
    """A program that locked the bare file, such as one that uses filelock on it."""
    try:
        st = os.stat(place.queue_dir + b"/lock")
    except FileNotFoundError:
        return Holder(0, "", b"", 0.0, "", "")
    process = proctree.look(locks.owner_pid(st.st_dev, st.st_ino))
    if process is None:
        return Holder(0, "", b"", 0.0, "", "")
    return Holder(process.pid, process.exe.decode("utf-8", "backslashreplace"), b"", 0.0, os.uname().nodename, "")


def _waiter(place: "Place", number: int, position: int) -> "Waiter | None":
    """Who stands there; None for a ticket whose owner died."""
    path = place.queue_dir + b"/" + queueing.TICKET_PREFIX.encode() + str(number).encode()
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not locks.is_held(fd):
            return None
    except locks.NotSupported:
        pass
    finally:
        os.close(fd)
    fields = jsonline.decode(files.read(path))
    try:
        return Waiter(
            position,
            int(fields["pid"]),
            str(fields["what"]),
            jsonline.path_of(fields["worktree"]),
            float(fields["since"]),
        )
    except (KeyError, TypeError, ValueError):
        return Waiter(position, 0, "", b"", 0.0)
