"""The line: one file per place in it, flocked by its owner, and everybody blocked on the one before.

For ORDER each waiter sleeps in the kernel on the ticket right before its own; for EXCLUSION the first in line
takes one plain lock. So a wrong order could never become an overlap, and a death needs no handling: the kernel
drops the dead one's locks, and exactly its successor wakes.
"""

import errno
import os

from gitseq.core import queueing
from gitseq.host import locks
from gitseq.queue import places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.host.locks import Alarm
    from gitseq.queue.places import Place

_OPEN = os.O_RDWR | os.O_CLOEXEC  # O_RDWR: network file systems emulate flock and want it
_CREATE = _OPEN | os.O_CREAT
_NEWBORN = "new"
"""The name of a ticket until it is locked; nobody opens it but whoever has the gate."""


class Ticket:
    """Our place in line, and later the lock. Lost by `leave`, or by death."""

    __slots__ = ("alone", "dir_fd", "fd", "lock_fd", "number", "place")

    def __init__(self, place: "Place", dir_fd: int, number: int, fd: int, *, alone: bool = False) -> None:
        self.place = place
        self.alone = alone
        """Nobody stood in line when we came: so nobody will ever stand before us."""
        self.dir_fd = dir_fd
        self.number = number
        self.fd = fd
        self.lock_fd = -1

    # --- forward ---

    def blocker(self) -> int:
        """A descriptor of the ticket right before ours, held by somebody alive; -1 when we are first.

        Tickets of the dead are cleared on the way. Whoever stood before a dead *waiter* is still there, so after
        each of them we look again.
        """
        if self.alone:
            return -1
        while number := queueing.predecessor(queueing.tickets(os.listdir(self.dir_fd)), self.number):
            name = queueing.TICKET_PREFIX + str(number)
            try:
                fd = os.open(name, _OPEN, dir_fd=self.dir_fd)
            except FileNotFoundError:
                continue
            if not locks.try_lock(fd, shared=True):  # shared: whoever merely looks at it does not keep the dead alive
                return fd
            discard(fd, name, self.dir_fd)
        return -1

    def try_lock(self) -> bool:
        """As the first in line: take the lock that excludes everybody else; whether we got it.

        Raises EnvironmentProblem when there can be no lock file, for one because the queue was just removed by hand.
        """
        if self.lock_fd < 0:
            try:
                self.lock_fd = os.open("lock", _CREATE, 0o600, dir_fd=self.dir_fd)
            except OSError as error:
                raise places.unusable(self.place, error) from None
        return locks.try_lock(self.lock_fd)

    def wait(self, fd: int, alarm: "Alarm") -> bool:
        """Sleep until that lock is ours (True), or the alarm went off (False)."""
        return alarm.block(fd)

    def lock_inode(self) -> int:
        """Which file it is that we have locked."""
        return os.fstat(self.lock_fd).st_ino

    def stands(self) -> bool:
        """Whether ticket and lock are still the ones that newcomers will meet.

        False after `rm -rf` of the queue, or of files in it: who comes now would see nothing of us.
        """
        try:
            now, own = os.stat(self.place.queue_dir), os.fstat(self.dir_fd)
        except FileNotFoundError:
            return False
        lock_stands = self.lock_fd < 0 or os.fstat(self.lock_fd).st_nlink > 0
        return (now.st_dev, now.st_ino) == (own.st_dev, own.st_ino) and os.fstat(self.fd).st_nlink > 0 and lock_stands

    def numbers(self) -> "list[int]":
        """All tickets in line, ours included; the dead in the middle count until somebody meets them."""
        return queueing.tickets(os.listdir(self.dir_fd))

    def write(self, content: bytes) -> None:
        """What others may read about who stands here."""
        os.pwrite(self.fd, content, 0)

    # --- back ---

    def drop_lock(self) -> None:
        """Let the next one in. Explicitly unlocked: a forked child may share the descriptor."""
        if self.lock_fd >= 0:
            locks.unlock(self.lock_fd)
            os.close(self.lock_fd)
            self.lock_fd = -1

    def leave(self) -> None:
        """After this returns, or dies, we stand nowhere, and the one behind us is awake. Twice is once."""
        if self.fd < 0:
            return
        self.drop_lock()
        fd, self.fd = self.fd, -1
        discard(fd, queueing.TICKET_PREFIX + str(self.number), self.dir_fd)
        os.close(self.dir_fd)


def discard(fd: int, name: str, dir_fd: int) -> None:
    """Remove a ticket that is ours, or a dead one's that we have locked; and wake who waits for it.

    Only while it still has a name: in a queue whose files were removed by hand numbers start anew, and the name
    could be a newcomer's.
    """
    if os.fstat(fd).st_nlink:
        try:  # noqa: SIM105 - contextlib costs 7 ms to import
            os.unlink(name, dir_fd=dir_fd)
        except FileNotFoundError:
            pass
    locks.unlock(fd)
    os.close(fd)


def take(place: "Place", alarm: "Alarm | None" = None) -> "Ticket | None":
    """A new ticket at the end of the line; None when `alarm` (or, without one, a busy gate) ended the attempt.

    Raises EnvironmentProblem when the queue directory cannot be used, NotSupported where there is no flock.
    """
    dir_fd = places.open_queue(place)
    try:
        gate = os.open("gate", _CREATE, 0o600, dir_fd=dir_fd)
        try:
            if locks.try_lock(gate) or (alarm is not None and alarm.block(gate)):
                return _draw(place, dir_fd, gate)
            os.close(dir_fd)
            return None
        finally:
            os.close(gate)
    except OSError as error:
        os.close(dir_fd)
        raise places.unusable(place, error) from None
    except locks.NotSupported:
        os.close(dir_fd)
        raise


def _draw(place: "Place", dir_fd: int, gate: int) -> Ticket:
    """Under the gate's lock. Dying here leaves at most a newborn, for the next to take, or a ticket nobody holds.

    A ticket has no name of its own before it is locked. Else a look at the queue could hold the lock of a ticket
    just made, and were that process stopped (Ctrl-Z) there, everybody would wait at the gate until it goes on.
    """
    standing = queueing.tickets(os.listdir(dir_fd))
    number = queueing.next_ticket(os.pread(gate, 64, 0), standing)
    fd = os.open(_NEWBORN, _CREATE, 0o600, dir_fd=dir_fd)
    try:
        if not locks.try_lock(fd):  # the gate was removed by hand, and somebody draws under the new one
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        os.pwrite(gate, queueing.gate_text(number), 0)
        os.rename(_NEWBORN, queueing.TICKET_PREFIX + str(number), src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
    except BaseException:
        os.close(fd)
        raise
    locks.unlock(gate)
    return Ticket(place, dir_fd, number, fd, alone=not standing)
