"""Waiting until there is memory enough to start a hook."""

import select

from gitseq.host import clock, memory
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.host.signals import Signals

_STEP = 0.25


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


def _pause(seconds: float, signals: "Signals | None") -> None:
    waiting = select.poll()
    if signals is not None:
        waiting.register(signals.fd, select.POLLIN)
    if waiting.poll(seconds * 1000) and signals is not None:
        signals.drain()
