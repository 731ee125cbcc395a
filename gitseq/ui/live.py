"""A run on a terminal: plain lines, and while a hook takes its time a line that lives.

rich costs 90 ms to import. It is loaded by a second thread once a hook has run for a while, so that neither a
quick hook nor the end of a slow one ever waits for it.
"""

import _thread

from gitseq.core import text
from gitseq.host import terminal
from gitseq.model import Event, HookProgress, Queued, Working
from gitseq.ui.plain import LOOKING, Plain, memory_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

    from rich.console import Group
    from rich.live import Live as RichLive

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_BAR = 40
"""Columns of a bar."""
_CLEAR_LINE = "\r\033[2K"


class Live(Plain):
    """`Plain`, plus elapsed time and the newest line of output of a hook that is still running."""

    def __init__(self, *, colour: bool = False, verbose: bool = False, fd: int = 1) -> None:
        super().__init__(colour=colour, verbose=verbose, fd=fd)
        self._loading = False
        self._ready = False
        self._waiting = False
        self._was_told = False
        """How to look on, once; the line below it is written over and over."""
        self._region: RichLive | None = None

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, (HookProgress, Working)):
            self._progress(event)
            return
        if self._region is not None:
            self._leave()
        if self._waiting:
            self._write(_CLEAR_LINE)
            self._waiting = False
        super().__call__(event)

    def _queued(self, event: Queued) -> None:
        """One line, renewed every second, gone when our turn comes."""
        if not self._was_told:
            self._was_told = True
            self._notice("info", LOOKING)
        self._waiting = True
        told = f"Waiting for our turn ({int(event.waited)} s): {event.text}{memory_of(event.holder)}"
        room = terminal.columns(self._fd) - len("[INFO] ") - 1  # a line that wraps cannot be taken back
        self._write(_CLEAR_LINE + text.notice("info", text.shortened(told, room), self._colour))

    def _progress(self, event: "HookProgress | Working") -> None:
        if not self._loading:
            self._loading = True
            _thread.start_new_thread(self._load, ())
        if not self._ready:
            return
        try:
            region = self._region or self._enter()
            region.update(_picture(event, self._columns, terminal.columns(self._fd)), refresh=True)
        except OSError:
            self._give_up()

    def _over_the_begun_line(self) -> str:
        """Where a name is wider than the terminal its line has wrapped, and what stays above would be seen twice."""
        rows = max(0, text.width(self._begun) - 1) // terminal.columns(self._fd)
        return (f"\033[{rows}A" if rows else "") + "\r\033[J"

    def _load(self) -> None:
        try:
            from rich import console, live  # noqa: F401 - so that _enter finds them loaded
        except ImportError:  # plain lines will do
            return
        self._ready = True

    def _enter(self) -> "RichLive":
        from rich.console import Console
        from rich.live import Live as RichLive

        self._write(self._over_the_begun_line())
        stream = open(self._fd, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        console = Console(file=stream, force_terminal=True, no_color=not self._colour, highlight=False)
        region = self._region = RichLive(console=console, auto_refresh=False, transient=True)
        region.start()
        return region

    def _leave(self) -> None:
        """Take the living lines away and put the begun line back, for `Plain` to complete."""
        if self._region is not None:
            try:
                self._region.stop()
                self._region.console.file.close()
                self._region = None
            except OSError:
                self._give_up()
            self._write(self._begun)

    def _give_up(self) -> None:
        """The terminal is gone: a run that nobody watches any more goes on all the same."""
        region, self._region = self._region, None
        self._ready = False
        if region is not None:
            _forget(region.console.file)


def _forget(stream: "IO[str]") -> None:
    """Python 3.13 would try at its end to write what the stream still holds, and make that failure exit code 120."""
    try:
        stream.close()
    except OSError:
        return


def _picture(event: "HookProgress | Working", columns: int, room: int) -> "Group":
    """What is shown meanwhile: what is going on with a spinner and seconds, below it the newest line of output."""
    from rich.console import Group
    from rich.text import Text

    frame = _FRAMES[int(event.elapsed * 10) % len(_FRAMES)]
    doing = f"{event.what} " if isinstance(event, Working) else text.start(event.hook.name, columns)
    elapsed = f"{frame} {int(event.elapsed)}s"
    room -= len(elapsed) + len("^C")  # which a terminal writes there, and would wrap
    lines = [Text(text.shortened(doing, room) + elapsed, no_wrap=True)]
    newest = event.tail.rstrip().rpartition(b"\n")[2]
    if isinstance(event, HookProgress) and event.calls > 1:
        lines.append(Text(bar(event.done, event.calls), style="dim", no_wrap=True))
    if newest:
        lines.append(Text.from_ansi(newest.decode("utf-8", "backslashreplace"), style="dim", no_wrap=True))
    lines[-1].end = ""
    return Group(*lines)


def bar(done: int, calls: int) -> str:
    """How many of a hook's calls are over."""
    full = done * _BAR // calls
    return f"{'━' * full}{'┄' * (_BAR - full)} call {min(done + 1, calls)} of {calls}"
