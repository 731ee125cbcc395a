"""A file of lines that many processes append to, and that is set aside when it has grown.

A line is written under a lock on the file. So a writer that is killed in the middle of a line, or finds the disk full,
leaves half a line that the next one sees and takes away: whoever holds the lock knows that nobody is writing. The file
is set aside under the same lock, by a rename; whoever comes later sees that its file has lost the name and opens the
new one, so that a file which was set aside is never written to again and may be read, or removed, at any time.

Where there is no flock, or somebody sits on the lock (a process stopped in a debugger), a writer gets a file to itself:
nothing waits for long, and nothing is lost.
"""

import os

from gitseq.host import clock, locks
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_TRIES, _PAUSE = 300, 0.001
"""How often the lock is tried, and seconds between two tries; it is held for microseconds."""
_HEAD = 64
_PIECE = 1 << 16


class Upkeep(Record):
    """When a file is set aside, and what is to be done then."""

    largest: int
    """Bytes after which it is."""
    is_old: "Callable[[bytes], bool]"
    """Whether it is to be by its first bytes; asked once by each writer."""
    then: "Callable[[], None]"
    """Called after it was, by the one who did it."""


class Lines:
    """Appends whole lines to one file. The folder must be there."""

    def __init__(self, path: bytes, upkeep: "Upkeep | None" = None) -> None:
        self._path = path
        self._upkeep = upkeep
        self._fd = -1
        self._file = (0, 0)
        self._end = -1
        """Where the file ended when we last wrote."""
        self._age_is_known = False
        self._alone = False

    def write(self, line: bytes) -> None:
        """After this returns, or dies, the file holds all of the line, or nothing of it that a later writer keeps.

        Raises OSError.
        """
        if not self._alone and not self._lock():
            self._go_alone()
        try:
            self._append(line)
        finally:
            if not self._alone:
                locks.unlock(self._fd)

    def _lock(self) -> bool:
        """Hold the lock on the file that has the name now, with its end known and whole; False: it is not to be had."""
        for _try in range(_TRIES):
            if self._fd < 0:
                self._open()
            try:
                if not locks.try_lock(self._fd):
                    clock.pause(_PAUSE)
                    continue
                if self._is_ready():
                    return True
            except locks.NotSupported:
                return False
            except OSError:
                self._close()
                raise
            self._close()
        return False

    def _open(self) -> None:
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        st = os.fstat(self._fd)
        self._file = (st.st_dev, st.st_ino)
        self._end = -1
        self._age_is_known = False

    def _close(self) -> None:
        os.close(self._fd)  # and with it the lock, as nobody shares the descriptor
        self._fd = -1

    def _is_ready(self) -> bool:
        """With the lock in hand: whether this file still has the name and is to be written to."""
        try:
            st = os.stat(self._path)
        except FileNotFoundError:
            return False
        if (st.st_dev, st.st_ino) != self._file:
            return False
        if st.st_size != self._end:
            self._end = whole(self._fd, st.st_size)
            if self._end < st.st_size:
                os.ftruncate(self._fd, self._end)
        if self._end and self._is_due():
            self._set_aside()
            return False
        return True

    def _is_due(self) -> bool:
        if self._upkeep is None:
            return False
        if self._end >= self._upkeep.largest:
            return True
        if self._age_is_known:
            return False
        self._age_is_known = True
        return self._upkeep.is_old(os.pread(self._fd, _HEAD, 0))

    def _set_aside(self) -> None:
        os.rename(self._path, beside(self._path))
        if self._upkeep is not None:
            self._upkeep.then()

    def _go_alone(self) -> None:
        if self._fd >= 0:
            self._close()
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._fd = os.open(beside(self._path), flags, 0o600)
        self._alone = True
        self._end = 0

    def _append(self, line: bytes) -> None:
        left = line
        try:
            while left:
                left = left[os.write(self._fd, left) :]
        except OSError:
            os.ftruncate(self._fd, self._end)
            raise
        self._end += len(line)


def beside(path: bytes) -> bytes:
    """A name in the same folder that nobody else takes; such names sort by time: `journal.<ns>-<pid>.jsonl`."""
    root, extension = os.path.splitext(path)
    return b"%s.%020d-%d%s" % (root, clock.wall_ns(), os.getpid(), extension)


def whole(fd: int, size: int) -> int:
    """The size of a file up to and with its last newline; one read of one byte where the last line is whole."""
    if size == 0 or os.pread(fd, 1, size - 1) == b"\n":
        return size
    end = size
    while end > 0:
        start = max(0, end - _PIECE)
        found = os.pread(fd, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
