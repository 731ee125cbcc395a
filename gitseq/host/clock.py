"""Time: the only module that asks what it is."""

import time

monotonic = time.monotonic
wall = time.time


def since_boot() -> float:
    """Seconds on the clock that process start times are counted on (field 22 of /proc/PID/stat)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def pause(seconds: float) -> None:
    """Sleep. Only for polling what the kernel cannot wake us for (a lock file of git's)."""
    time.sleep(seconds)
