"""Waiting until there is memory enough to start a hook."""

import select

from gitseq.cage.run import FIRST_LOOK
from gitseq.host import clock, memory
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.host.signals import Signals

_STEP = 0.25
_FRESH = FIRST_LOOK
"""Seconds for which plenty of memory stays enough: what ran meanwhile has ended before anybody looked at it."""
_PLENTY = 2
"""So many times what is wanted: were it gone all the same, somebody took half of it within `_FRESH`."""


class Waited(Record):
    """How the wait for memory ended."""

    enough: bool
    """False: patience ended, or a signal asked us to stop; going on is the caller's choice, with a warning."""
    available: "int | None"
    """Bytes, or None where it cannot be told (then it counts as enough)."""
    seconds: float = 0.0


def wait_for_memory(
    min_free: int, patience: float, on_wait: "Callable[[int, float], None]", signals: "Signals | None" = None
) -> Waited:
    """Return when `min_free` bytes are available, at the latest after `patience` seconds.

    `on_wait` is called with the bytes available and the seconds waited, four times a second; never when there is
    enough at once. A stop signal noted in `signals` ends the wait.
    """
    began = clock.monotonic()
    while True:
        free = memory.available()
        waited = clock.monotonic() - began
        if free is None or free >= min_free:
            return Waited(True, free, waited)
        if waited >= patience or (signals is not None and signals.stop):
            return Waited(False, free, waited)
        on_wait(free, waited)
        _pause(min(_STEP, patience - waited), signals)


class Gate:
    """Waits before each hook of a run. Ten hooks that end within milliseconds need not ask ten times: the kernel adds
    up the whole machine to answer."""

    def __init__(self) -> None:
        self._free = 0
        """Bytes available when that was asked last ..."""
        self._until = 0.0
        """... and when that answer is too old, on the monotonic clock."""

    def wait(
        self, min_free: int, patience: float, on_wait: "Callable[[int, float], None]", signals: "Signals | None" = None
    ) -> Waited:
        """As `wait_for_memory`; where that has found plenty a moment ago, with its answer."""
        if self._free >= _PLENTY * min_free and clock.monotonic() < self._until:
            return Waited(True, self._free)
        waited = wait_for_memory(min_free, patience, on_wait, signals)
        self._free = waited.available or 0
        self._until = clock.monotonic() + _FRESH
        return waited


def _pause(seconds: float, signals: "Signals | None") -> None:
    waiting = select.poll()
    if signals is not None:
        waiting.register(signals.fd, select.POLLIN)
    if waiting.poll(seconds * 1000) and signals is not None:
        signals.drain()
