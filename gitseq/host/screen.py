"""A terminal taken over for a while: the whole screen, keys as they are typed, no cursor.

It is opened anew, so that "do not block" is ours alone and not the shell's too: a terminal that takes no output (a
dead connection, Ctrl-S) must not keep us from ending.
"""

import os
import select
import termios

from gitseq.host import clock, procs
from gitseq.host.signals import Signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from typing import Any
else:
    import _signal

_ENTER = b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"
_LEAVE = b"\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
_LFLAG, _CC = 3, 6
_PATIENCE = 1.0
"""Seconds we try to put back a terminal that takes no output."""


def open_terminal(fd: int) -> int:
    """The terminal that a descriptor is, opened anew without blocking. Raises OSError when it is none."""
    how = os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(os.ttyname(fd), how)
    except OSError:
        if not os.isatty(fd):
            raise
        return os.open("/dev/tty", how)  # in a container the name may lie outside of what is mounted


class Screen:
    """While entered, the terminal is ours; afterwards it is as it was, whatever happened in between.

    Enter it inside `Signals`: then INT, TERM and HUP end us in order, and a change of size wakes the poll on them.
    """

    def __init__(self, fd: int, signals: Signals) -> None:
        self.fd = fd
        self.resized = False
        """The size has changed; who redraws sets it back."""
        self.gone = False
        """There is nobody at the other end any more."""
        self._signals = signals
        self._before: "list[Any]" = []
        self._handler: "Any" = None

    def __enter__(self) -> "Screen":
        self._before = termios.tcgetattr(self.fd)
        self._handler = _signal.signal(_signal.SIGWINCH, self._note)
        try:
            self._take()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self._give_back()
        _signal.signal(_signal.SIGWINCH, self._handler)

    def _note(self, _signum: int, _frame: object) -> None:
        self.resized = True

    def _take(self) -> None:
        try:
            raw = termios.tcgetattr(self.fd)
            raw[_LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
            raw[_CC][termios.VMIN], raw[_CC][termios.VTIME] = 1, 0
            termios.tcsetattr(self.fd, termios.TCSANOW, raw)
        except termios.error:
            self.gone = True
        self.write(_ENTER)

    def _give_back(self) -> None:
        """First the mode, which cannot block, then what the terminal itself must be told."""
        try:
            termios.tcflush(self.fd, termios.TCIFLUSH)  # keys that were meant for us are not typed into the shell
            termios.tcsetattr(self.fd, termios.TCSANOW, self._before)
        except termios.error:
            self.gone = True
        self._write(_LEAVE, clock.monotonic() + _PATIENCE)

    def suspend(self) -> None:
        """Ctrl-Z: give the terminal back, stop, and take it again when we are continued."""
        self._give_back()
        procs.signal_group(os.getpgrp(), _signal.SIGTSTP)  # the kernel ignores it where nobody could continue us
        self._take()
        self.resized = True

    def size(self) -> "tuple[int, int]":
        """(columns, lines); 80 and 24 where nobody says."""
        try:
            columns, lines = os.get_terminal_size(self.fd)
        except OSError:
            return 80, 24
        return columns or 80, lines or 24

    def typed(self) -> bytes:
        """What was typed since; b'' when nothing was, or nobody is there any more (`gone`)."""
        try:
            keys = os.read(self.fd, 256)
        except BlockingIOError:
            return b""
        except OSError:
            keys = b""
        self.gone = self.gone or not keys
        return keys

    def write(self, data: bytes) -> None:
        """Write all of it, or as much as the terminal takes until a signal asks us to stop."""
        self._write(data, float("inf"))

    def _write(self, data: bytes, give_up: float) -> None:
        while data and not self.gone:
            written = self._take_some(data)
            data = data[written:]
            if not written and not self._wait_for_room(give_up):
                return

    def _take_some(self, data: bytes) -> int:
        """How many bytes the terminal took at once."""
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            self.gone = True
            return 0

    def _wait_for_room(self, give_up: float) -> bool:
        """Until the terminal takes more; False when that lasts too long, or we are asked to stop meanwhile."""
        room = select.poll()
        room.register(self.fd, select.POLLOUT)
        if give_up == float("inf"):
            room.register(self._signals.fd, select.POLLIN)
        left = 1000.0 if give_up == float("inf") else (give_up - clock.monotonic()) * 1000
        if left <= 0:
            return False
        room.poll(left)
        self._signals.drain()  # or a child's end would wake us again and again while the terminal takes nothing
        return give_up != float("inf") or not self._signals.stop
