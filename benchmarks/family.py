"""The processes below this program: who they are, what they hold, and how they are ended, by pid."""

import os
import time
from contextlib import suppress

import psutil


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
