"""The same queue where the file system, or the platform, has no `flock`: nothing can be slept on, so we poll.

A ticket stands while the process it names is alive, by pid, start time and boot id; the lock is `filelock`'s marker
file at the same path, which `filelock.FileLock` falls back to there. What remains: a process on another machine cannot
be seen to be dead, so its ticket stands until it is removed by hand.
"""

import contextlib
import os

from gitseq.core import jsonline, queueing
from gitseq.host import clock, files
from gitseq.queue import places, record, waiting
from gitseq.queue.tickets import Ticket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from filelock import SoftFileLock

    from gitseq.host.locks import Alarm
    from gitseq.queue.lease import Claim, Lease, Patience
    from gitseq.queue.places import Place

_POLL = 0.05
_UNSIGNED = 10.0  # seconds a ticket may stand before its owner's words are in it


def acquire(place: "Place", claim: "Claim", patience: "Patience") -> "Lease":
    """As `turn.acquire`, without `flock`."""
    return waiting.acquire(place, claim, patience, take(place), take)


def take(place: "Place", _alarm: "Alarm | None" = None) -> "PolledTicket":
    """A new ticket at the end of the line. Exclusive creation stands in for the gate."""
    dir_fd = places.open_queue(place)
    try:
        while True:
            number = queueing.next_ticket(b"", queueing.tickets(os.listdir(dir_fd)))
            try:
                name = queueing.TICKET_PREFIX + str(number)
                fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=dir_fd)
            except FileExistsError:
                continue
            return PolledTicket(place, dir_fd, number, fd)
    except OSError as error:
        os.close(dir_fd)
        raise places.unusable(place, error) from None


class PolledTicket(Ticket):
    """A ticket that is held by living, not by a lock."""

    __slots__ = ("_marker",)

    def __init__(self, place: "Place", dir_fd: int, number: int, fd: int) -> None:
        super().__init__(place, dir_fd, number, fd)
        self._marker: "SoftFileLock | None" = None

    def blocker(self) -> int:
        """A descriptor of no meaning, to be closed, if somebody alive stands before us; -1 when nobody does."""
        me = record.myself()
        for number in reversed([one for one in self.numbers() if one < self.number]):
            name = queueing.TICKET_PREFIX + str(number)
            if self._stands_for_someone(name, me):
                return os.dup(self.dir_fd)
            _remove(name, self.dir_fd)
        return -1

    def _stands_for_someone(self, name: str, me: queueing.Owner) -> bool:
        path = os.path.join(self.place.queue_dir, name.encode())
        try:
            owner = record.owner_of(jsonline.decode(files.read(path)))
        except (KeyError, TypeError, ValueError):
            signature = files.signature(path)
            return signature is not None and clock.wall() - signature[2] / 1e9 < _UNSIGNED
        return record.is_alive(owner, me)

    def try_lock(self) -> bool:
        """As the first in line: take the marker; whether we got it."""
        from filelock import SoftFileLock, Timeout

        if self._marker is None:
            self._clear_copied_lock()
            self._marker = SoftFileLock(os.fsdecode(self.place.queue_dir + b"/lock"), timeout=0)
        try:
            self._marker.acquire()
        except Timeout:
            return False
        return True

    def _clear_copied_lock(self) -> None:
        """An empty lock file came along when the repository was copied from a disk with flock; filelock would wait
        for it for ever, because to it a file that exists is a lock that is held. A marker of its own is not empty.
        """
        path = self.place.queue_dir + b"/lock"
        signature = files.signature(path)
        if signature is not None and signature[1] == 0 and clock.wall() - signature[2] / 1e9 > _UNSIGNED:
            files.remove(path)

    def wait(self, fd: int, _alarm: "Alarm") -> bool:
        """Sleep a little; then it is time to look again who stands before us (True), or to try the lock (False)."""
        clock.pause(_POLL)
        return fd >= 0

    def lock_inode(self) -> int:
        """The marker is made anew for every holder, so it identifies nobody."""
        return 0

    def drop_lock(self) -> None:
        """Let the next one in."""
        if self._marker is not None:
            self._marker.release()

    def leave(self) -> None:
        """After this returns we stand nowhere. Twice is once."""
        if self.fd < 0:
            return
        self.drop_lock()
        os.close(self.fd)
        self.fd = -1
        _remove(queueing.TICKET_PREFIX + str(self.number), self.dir_fd)
        os.close(self.dir_fd)


def _remove(name: str, dir_fd: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=dir_fd)
