"""File locks the kernel drops by itself when their holder dies, and the alarm that ends a wait for one.

`flock` belongs to the open file description: a child that was forked without exec shares it, so closing our
descriptor does not give it back while that child lives (measured: 1 s); `unlock` does, at once. It is what
`filelock.FileLock` takes on the same path, so the two respect each other; `fcntl.lockf` would not be seen.
"""

import errno
import os

from gitseq.host import clock, files, signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from typing import Any
else:
    import _signal
try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

_MISSING = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)


class NotSupported(Exception):
    """This platform or file system has no `flock`."""


def _flock(fd: int, how: int) -> None:
    try:
        fcntl.flock(fd, how)
    except OSError as error:
        if error.errno in _MISSING:
            raise NotSupported from error
        raise


def try_lock(fd: int, *, shared: bool = False) -> bool:
    """Take the lock if nobody has it; whether we did. Raises NotSupported where there is no flock."""
    if fcntl is None:
        raise NotSupported
    try:
        _flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # some network file systems say EACCES
        return False
    return True


def lock(fd: int) -> None:
    """Wait in the kernel until the lock is ours. What a signal handler raises comes out of here (PEP 475)."""
    _flock(fd, fcntl.LOCK_EX)


def unlock(fd: int) -> None:
    """Give the lock back, also when a forked child shares the descriptor."""
    fcntl.flock(fd, fcntl.LOCK_UN)


def is_held(fd: int) -> bool:
    """Whether somebody holds the lock, found out by holding it (shared) for microseconds.

    So whoever tries once without waiting may fail because of a mere look, and has to try again.
    """
    if not try_lock(fd, shared=True):
        return True
    unlock(fd)
    return False


def owner_pid(device: int, inode: int) -> int:
    """The process that took the flock of that file, as /proc/locks says it; 0 when it does not say."""
    for line in (files.read(b"/proc/locks") or b"").splitlines():
        fields = line.split()
        if len(fields) < 6 or fields[1] != b"FLOCK":  # a line that starts with '->' is a waiter's
            continue
        major, minor, number = fields[5].split(b":")
        if (os.makedev(int(major, 16), int(minor, 16)), int(number)) == (device, inode):
            return int(fields[4])
    return 0


class _Woken(Exception):
    """Raised by a handler, only while we are inside a blocking lock."""


class Alarm:
    """While entered, a wait for a lock ends at every `pulse` (seconds) and at INT, TERM and HUP.

    Everywhere else in gitseq a handler only notes its number; a blocked flock, though, goes on by itself unless
    the handler raises. Ours raises only between the two lines of `block` that say we are inside, so it can never
    cut through a change of state. Signals that were ignored stay ignored; handlers and timer are put back.
    """

    def __init__(self, pulse: float) -> None:
        self.received: list[int] = []
        self._pulse = pulse
        self._inside = False
        self._before: "list[tuple[int, Any]]" = []
        self._blocked: "set[int]" = set()
        self._timer = (0.0, 0.0)
        self._entered = 0.0

    def __enter__(self) -> "Alarm":
        for signum in (*signals.STOPPING, signals.SIGALRM):
            if signum == signals.SIGALRM or _signal.getsignal(signum) is not _signal.SIG_IGN:
                self._before.append((signum, _signal.signal(signum, self._wake)))
        self._blocked = signals.let_through(signals.SIGALRM)  # else a wait with a limit would have none
        # It repeats: a pulse lost in the instant before the call blocks costs one pulse, not the whole wait.
        self._timer = _signal.setitimer(_signal.ITIMER_REAL, self._pulse, self._pulse)
        self._entered = clock.monotonic()
        return self

    def __exit__(self, *_exc: object) -> None:
        _signal.setitimer(_signal.ITIMER_REAL, 0)  # an engine that execs would hand a running timer on
        signals.block_again(self._blocked)
        for signum, handler in self._before:
            _signal.signal(signum, handler)
        self._before.clear()
        left, interval = self._timer
        if left:
            _signal.setitimer(_signal.ITIMER_REAL, max(0.001, left - (clock.monotonic() - self._entered)), interval)

    def _wake(self, signum: int, _frame: object) -> None:
        if signum != signals.SIGALRM:
            self.received.append(signum)
        if self._inside:
            self._inside = False
            raise _Woken

    def block(self, fd: int) -> bool:
        """Wait for a lock until it is ours (True), a pulse passed or a signal came (False: look why)."""
        try:
            return self._block(fd)
        except _Woken:
            return False

    def _block(self, fd: int) -> bool:
        try:
            self._inside = True
            if self.received:  # came before we said we were inside, so nothing would wake us
                return False
            lock(fd)
            return True
        finally:
            self._inside = False
