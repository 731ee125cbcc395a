"""Terminals: is there one, and one of our own making for a hook's output."""

import os


def is_terminal(fd: int) -> bool:
    """Whether a descriptor is a terminal."""
    try:
        return os.isatty(fd)
    except OSError:
        return False


def columns(fd: int) -> int:
    """How wide the terminal is that a descriptor is; 80 where nobody says."""
    try:
        return os.get_terminal_size(fd).columns or 80
    except OSError:
        return 80


def open_controlling() -> "int | None":
    """The terminal this process belongs to, if we are in its foreground and so may read from it; else None.

    A background process that reads the terminal is stopped by SIGTTIN, and the run would hang.
    """
    try:
        fd = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if os.tcgetpgrp(fd) == os.getpgrp():
            return fd
    except OSError:
        pass
    os.close(fd)
    return None


def open_pair() -> "tuple[int, int]":
    """(ours, the hook's): a terminal without output processing, as wide as the one we write to. Raises OSError."""
    import fcntl
    import termios

    ours, theirs = os.openpty()
    attributes = termios.tcgetattr(theirs)
    attributes[1] &= ~termios.OPOST  # a newline stays a newline
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    if is_terminal(1):
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, fcntl.ioctl(1, termios.TIOCGWINSZ, b"\0" * 8))
    return ours, theirs
