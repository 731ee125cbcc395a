"""Signals as data: a handler only notes the number, and a poll on `Signals.fd` wakes up.

An exception raised from a handler can land between any two lines, also between a rename and the line that
records it; so nothing here raises. `_signal` is the C module behind `signal`, which would import enum (8 ms).
"""

import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from typing import Any
else:
    import _signal

SIGINT = int(_signal.SIGINT)
SIGTERM = int(_signal.SIGTERM)
SIGHUP = int(_signal.SIGHUP)
SIGKILL = int(_signal.SIGKILL)
SIGCHLD = int(_signal.SIGCHLD)
SIGALRM = int(_signal.SIGALRM)
SIGPIPE = int(_signal.SIGPIPE)
SIGSTOP = int(_signal.SIGSTOP)
SIGCONT = int(_signal.SIGCONT)

STOPPING = (SIGINT, SIGTERM, SIGHUP)
_FULL = 4096


def name(signum: int) -> str:
    """`SIGTERM` for 15."""
    names = {getattr(_signal, name): name for name in dir(_signal) if name.startswith("SIG") and name[3] != "_"}
    return names.get(signum, f"signal {signum}")


def send_to(pidfd: int, signum: int) -> bool:
    """Send a signal through a pidfd, which never means another process; False when it was not delivered."""
    try:
        _signal.pidfd_send_signal(pidfd, signum)
    except OSError:
        return False
    return True


def restore(signums: "list[int]") -> None:
    """Let these signals do what they do in a process that has said nothing about them."""
    for signum in signums:
        if signum not in (SIGKILL, SIGSTOP):
            _signal.signal(signum, _signal.SIG_DFL)


def keep_ended_children() -> None:
    """From now on a child that has ended stays until we ask how; who ignores SIGCHLD finds nobody (wait(2)).

    Some supervisors and shells (`trap "" CHLD`) start their children so, and it is inherited over exec.
    """
    if _signal.getsignal(SIGCHLD) is _signal.SIG_IGN:
        _signal.signal(SIGCHLD, _signal.SIG_DFL)


def let_through(signum: int) -> "set[int]":
    """Unblock a signal that wakes us (a mask, too, is inherited over exec); what was blocked, for `block_again`."""
    return _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (signum,))


def block_again(before: "set[int]") -> None:
    """Put the mask back as `let_through` found it."""
    _signal.pthread_sigmask(_signal.SIG_SETMASK, before)


class Signals:
    """While entered, INT, TERM and HUP are noted instead of ending us, and a child's exit wakes `fd`.

    A signal that was ignored when we started stays ignored: `nohup gitseq run` means it.
    """

    def __init__(self) -> None:
        self.received: list[int] = []
        self.shares_terminal = False
        """A command of ours is in the foreground with us: Ctrl-C has reached it by itself, and what it makes of it is
        its own business."""
        self.fd = -1
        self._write_fd = -1
        self._woke_before = -1
        self._before: "list[tuple[int, Any]]" = []
        self._blocked: "set[int]" = set()

    def __enter__(self) -> "Signals":
        keep_ended_children()
        self.fd, self._write_fd = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._woke_before = _signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
        for signum in STOPPING:
            if _signal.getsignal(signum) is not _signal.SIG_IGN:
                self._before.append((signum, _signal.signal(signum, self._note)))
        self._before.append((SIGCHLD, _signal.signal(SIGCHLD, _wake)))
        self._blocked = let_through(SIGCHLD)
        return self

    def __exit__(self, *_exc: object) -> None:
        block_again(self._blocked)
        for signum, handler in self._before:
            _signal.signal(signum, handler)
        self._before.clear()
        _signal.set_wakeup_fd(self._woke_before, warn_on_full_buffer=False)  # of one around us, whose polls go on
        os.close(self.fd)
        os.close(self._write_fd)

    def _note(self, signum: int, _frame: object) -> None:
        if not (self.shares_terminal and signum == SIGINT):
            self.received.append(signum)

    @property
    def stop(self) -> int:
        """The first signal that asked us to stop, or 0."""
        return self.received[0] if self.received else 0

    def wait(self, seconds: float) -> bool:
        """Sleep, but not through a signal: whether one has asked us to stop."""
        poller = select.poll()
        poller.register(self.fd, select.POLLIN)
        if not self.stop and poller.poll(seconds * 1000):
            self.drain()
        return bool(self.stop)

    def drain(self) -> None:
        """Empty the wake-up pipe after a poll."""
        try:
            while len(os.read(self.fd, _FULL)) == _FULL:  # a read that is not filled has emptied it
                pass
        except BlockingIOError:
            pass


def _wake(_signum: int, _frame: object) -> None:
    """A handler is needed for SIGCHLD to reach the wake-up pipe; there is nothing else to do."""
