"""Time: the only module that asks what it is."""

import time

monotonic = time.monotonic
wall = time.time


def pause(seconds: float) -> None:
    """Sleep. Only for polling what the kernel cannot wake us for (a lock file of git's)."""
    time.sleep(seconds)
