"""The monitor at work: looks, draws what has changed, acts on keys."""

import io
import select

from rich.console import Console

from gitseq.core import queueing
from gitseq.engine import leftovers, steer
from gitseq.errors import GitseqError
from gitseq.host import clock
from gitseq.host.signals import SIGINT
from gitseq.ui.monitor import ASCII, UNICODE, picture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.text import Text

    from gitseq.core.queueing import Holder
    from gitseq.engine.watch import Sight, Watcher
    from gitseq.host.env import Env
    from gitseq.host.screen import Screen
    from gitseq.host.signals import Signals

PERIOD = 1.0
"""Seconds between two looks."""
_MESSAGE_STAYS = 5.0
_CTRL_C, _CTRL_BACKSLASH, _CTRL_Z = 3, 28, 26


def is_utf8(env: "Env") -> bool:
    """Whether the terminal shows more than ASCII, as far as the locale says."""
    chosen = env.get(b"LC_ALL") or env.get(b"LC_CTYPE") or env.get(b"LANG") or b""
    return b"utf-8" in chosen.lower() or b"utf8" in chosen.lower()


class Watching:
    """One session in front of a screen."""

    def __init__(self, watcher: "Watcher", screen: "Screen", *, coloured: bool, unicode: bool) -> None:
        self._watcher = watcher
        self._screen = screen
        self._signs = UNICODE if unicode else ASCII
        self._sight: Sight = watcher.look()
        self._painter = _Painter(coloured)
        self._drawn: "list[Text]" = []
        self._message = ""
        self._message_until = 0.0
        self._question: "Callable[[], str] | None" = None
        """What is done on `y`."""

    def until_quit(self, signals: "Signals") -> int:
        """Watch until a key or a signal ends it, or the terminal is gone; the number of the signal, or 0."""
        poller = select.poll()
        poller.register(signals.fd, select.POLLIN)
        poller.register(self._screen.fd, select.POLLIN)
        due = clock.monotonic() + PERIOD
        while not signals.stop and not self._screen.gone:
            self._draw()
            ready = poller.poll(max(0.0, due - clock.monotonic()) * 1000)
            signals.drain()
            if any(fd == self._screen.fd for fd, _events in ready):
                for key in self._screen.typed():
                    ended_by = self._on_key(key)
                    if ended_by is not None:
                        return ended_by
            if clock.monotonic() >= due:
                self._look()
                due = clock.monotonic() + PERIOD
        return signals.stop

    def _look(self) -> None:
        self._sight = self._watcher.look()
        if self._message and not self._question and clock.monotonic() >= self._message_until:
            self._message = ""

    # --- keys

    def _on_key(self, key: int) -> "int | None":
        """Act on a key; the signal it stands for (0: none) when it ends us."""
        if key in (_CTRL_C, _CTRL_BACKSLASH):
            return SIGINT
        if self._question is not None:
            self._answer(key)
        elif key in b"qQ":
            return 0
        elif key == _CTRL_Z:
            self._screen.suspend()
        elif key in b"cCkK":
            self._steer(kill=key in b"kK")
        elif key in b"oO":
            self._reap()
        return None

    def _say(self, message: str) -> None:
        self._message = message
        self._message_until = clock.monotonic() + _MESSAGE_STAYS

    def _answer(self, key: int) -> None:
        act, self._question = self._question, None
        self._say(act() if act is not None and key in b"yY" else "Nothing was done.")

    def _steer(self, *, kill: bool) -> None:
        running = self._sight.running
        if running is None:
            self._say("Nothing runs.")
            return
        holder = running.holder
        if not running.visible or holder.standing not in (queueing.IN_FORCE, queueing.ORPHANED):
            self._say("Who holds the turn cannot be signalled from here.")
            return
        if not kill:
            self._say(self._outcome("Asked to stop", holder, steer.cancel(self._watcher.place, holder)))
            return
        self._message = f"End '{holder.what}' (pid {holder.pid}) at once, without time to clean up? y/n"
        self._question = lambda: self._outcome("Told to end at once", holder, steer.kill(self._watcher.place, holder))

    def _outcome(self, done: str, holder: "Holder", refused: str) -> str:
        name = f"'{holder.what}' (pid {holder.pid})"
        return f"{name}: {refused}" if refused else f"{done}: {name}"

    def _reap(self) -> None:
        try:
            ended = leftovers.end_now(self._watcher.place, self._watcher.state_dir)
        except (GitseqError, OSError) as error:
            self._say(f"Not all could be ended: {error}")
        else:
            self._say(f"Ended: {', '.join(f'PID {one.pid}' for one in ended)}" if ended else "Nothing was left behind.")
        self._watcher.forget_orphans()
        self._look()

    # --- drawing

    def _draw(self) -> None:
        """Write the lines that differ from what stands there."""
        columns, lines = self._screen.size()
        if self._screen.resized:
            self._screen.resized = False
            self._drawn = []
        rows = picture(self._sight, columns, lines, self._signs, self._message)
        fresh = len(self._drawn) != len(rows)
        parts = [b"\x1b[0m\x1b[2J"] if fresh else []
        for number, row in enumerate(rows):
            if fresh or row != self._drawn[number]:
                parts.append(b"\x1b[%d;1H\x1b[0m\x1b[2K" % (number + 1) + self._painter.line(row))
        self._drawn = rows
        if parts:
            self._screen.write(b"".join(parts))


class _Painter:
    """Turns lines into what a terminal is sent."""

    def __init__(self, coloured: bool) -> None:
        self._console = Console(
            file=io.StringIO(),
            force_terminal=True,
            no_color=not coloured,
            color_system="standard",
            highlight=False,
            legacy_windows=False,
            width=10_000,  # lines come cut to size
        )

    def line(self, row: "Text") -> bytes:
        """One line with its styles."""
        with self._console.capture() as capture:
            self._console.print(row, end="", no_wrap=True, overflow="ignore", crop=False)
        return capture.get().encode("utf-8", "backslashreplace")
