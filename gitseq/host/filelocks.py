"""Locks on files that any process of this user may wait for: `filelock`, for short critical sections and installs."""

import os

from gitseq.host import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from filelock import BaseFileLock

_POLL = 0.1
"""Seconds between two tries; filelock waits no better."""


class Held:
    """A lock file, held while entered. `waiting` is called once when somebody else has it, then `pause` at each try.

    `pause(seconds)` may raise to give up. Raises OSError when the file cannot be made.
    """

    def __init__(
        self,
        path: bytes,
        waiting: "Callable[[], None] | None" = None,
        pause: "Callable[[float], object]" = clock.pause,
    ) -> None:
        self._path = path
        self._waiting = waiting
        self._pause = pause
        self._lock: BaseFileLock

    def __enter__(self) -> "Held":
        from filelock import FileLock

        self._lock = FileLock(os.fsdecode(self._path), mode=0o600)
        if not self._got() and self._waiting is not None:
            self._waiting()
        while not self._lock.is_locked:
            self._pause(_POLL)
            self._got()
        return self

    def _got(self) -> bool:
        from filelock import Timeout

        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def __exit__(self, *_exc: object) -> None:
        self._lock.release()
