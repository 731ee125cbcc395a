"""The processes below this program: who they are, what they hold, and how they are ended, by pid."""

import ctypes
import os
import time
from contextlib import suppress

import psutil

_PR_SET_CHILD_SUBREAPER = 36


def adopt() -> None:
    """Become the parent of every orphan below, so that what a contender leaves is found (Linux: prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants() -> "list[psutil.Process]":
    """Everything alive below us."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def resident(processes: "list[psutil.Process]") -> int:
    """Bytes, shared ones once."""
    total = 0
    for process in processes:
        with suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total


def clear() -> None:
    """End by pid whatever is left of a contender, and bury it."""
    for _round in range(100):
        left = descendants()
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not left:
            return
        time.sleep(0.02)
