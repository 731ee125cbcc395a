"""Trying out what a file system does, instead of believing what it is called."""

import os

from gitseq.host import locks

EXCLUDES, NO_LOCKS, SHAM = "excludes", "no locks", "sham"


def locking(folder: bytes) -> str:
    """Whether `flock` on files in a folder keeps a second one out: EXCLUDES, NO_LOCKS, or SHAM when both get it.

    Raises OSError when no file can be made there.
    """
    path = os.path.join(folder, b"gitseq-probe.%d" % os.getpid())
    first = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    second = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        locks.try_lock(first)
        return SHAM if locks.try_lock(second) else EXCLUDES
    except locks.NotSupported:
        return NO_LOCKS
    finally:
        os.close(first)
        os.close(second)
        os.unlink(path)
