"""Time: the only module that asks what it is."""

import time

monotonic = time.monotonic
wall = time.time
processor = time.process_time
"""Seconds of processor time that we have used: what something cost, however busy the machine is."""
wall_ns = time.time_ns


def since_boot() -> float:
    """Seconds on the clock that process start times are counted on (field 22 of /proc/PID/stat)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def pause(seconds: float) -> None:
    """Sleep. Only for polling what the kernel cannot wake us for (a lock file of git's)."""
    time.sleep(seconds)


def file_tick() -> int:
    """Nanoseconds by which a file may look older than it is: the kernel stamps files by a clock that only ticks."""
    try:
        return int(time.clock_getres(_CLOCK_REALTIME_COARSE) * 1e9)
    except (OSError, AttributeError):
        return _COARSEST_TICK_NS


_CLOCK_REALTIME_COARSE = 5  # linux/time.h; Python has no name for it
_COARSEST_TICK_NS = 10_000_000
