"""Time: the only module that asks what it is."""

import time

monotonic = time.monotonic
wall = time.time


def pause(seconds: float) -> None:
    """Sleep. Only for polling what the kernel cannot wake us for (a lock file of git's)."""
    time.sleep(seconds)


def file_stamp() -> int:
    """Nanoseconds that no file changed from now on can have as an older ctime.

    The kernel stamps files by a clock that ticks every few milliseconds, so a file written now may look that much
    older than `time_ns` says.
    """
    if hasattr(time, "CLOCK_REALTIME") and hasattr(time, "clock_gettime_ns"):
        try:
            return time.clock_gettime_ns(_CLOCK_REALTIME_COARSE)
        except OSError:
            pass
    return time.time_ns() - _COARSEST_TICK_NS


_CLOCK_REALTIME_COARSE = 5  # linux/time.h; Python has no name for it
_COARSEST_TICK_NS = 10_000_000
