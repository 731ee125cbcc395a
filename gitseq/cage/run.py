"""Running one command to its end: its output is captured, its group is ours to signal, and no pipe keeps us waiting.

The exit is noticed by SIGCHLD, not by the end of the output: a grandchild that keeps stdout open delays nothing.
"""

import os
import select

from gitseq.host import clock, procs, signals, terminal
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.host.env import Env

GRACE = 5.0
"""Seconds between the signal that asks and SIGKILL."""
_PIECE = 1 << 16
_KEEP = 4 << 20


class Command(Record):
    """What to execute, and where."""

    executable: bytes
    argv: "list[bytes]"
    env: "Env"
    cwd: bytes
    stdin: int
    """A descriptor the command gets as its standard input."""
    tty: bool = False
    """Capture through a terminal of our making, so that tools keep their colours."""
    interactive: bool = False
    """Stays in our own process group and is not captured."""
    output: "tuple[int, int] | None" = None
    """For an interactive command, its standard output and error; the descriptor of its input when not given."""


class Outcome(Record):
    """How a command ended."""

    exit_code: int
    signal: int = 0
    output: bytes = b""
    duration: float = 0.0
    stopped: int = 0
    """The signal by which we were asked to end it, or 0."""
    caller_gone: bool = False
    """We ended it because the git that called us died."""


class Watch(Record):
    """What to look at besides the command itself."""

    signals: signals.Signals
    caller_fd: int = -1
    """A pidfd of the git that called us, or -1."""
    progress: "Callable[[float, bytes], None] | None" = None
    """Called with seconds elapsed and the newest output, first after `first_progress`, then every `interval`."""
    first_progress: float = 0.3
    interval: float = 0.1


class Output:
    """What a command printed: all of it, or its beginning and its end when it is too much to keep."""

    def __init__(self, keep: int = _KEEP) -> None:
        self._keep = keep
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def add(self, part: bytes) -> None:
        """Append; beyond the limit the oldest of the tail is dropped and counted."""
        room = self._keep - len(self._head)
        if room > 0:
            self._head += part[:room]
            part = part[room:]
        self._tail += part
        surplus = len(self._tail) - self._keep
        if surplus > self._keep:  # trimmed in large steps, or every addition would copy the tail
            del self._tail[:surplus]
            self._dropped += surplus

    def tail(self, size: int = 4096) -> bytes:
        """The newest output."""
        return bytes((self._tail or self._head)[-size:])

    def all(self) -> bytes:
        """Everything kept, with a line in the place of what was dropped."""
        if not self._dropped:
            return bytes(self._head + self._tail)
        return bytes(self._head) + b"\n[... %d bytes left out ...]\n" % self._dropped + bytes(self._tail)


def run(command: Command, watch: Watch) -> Outcome:
    """Run a command to its end, or end it when a stop signal comes or the calling git dies.

    Raises OSError when the kernel refuses to execute it (not executable, wrong format, argument list too long).
    """
    started = clock.monotonic()
    ours, theirs = _capture_pair(command)
    try:
        streams = procs.Streams(command.stdin, *(command.output or (theirs, theirs)))
        pid = procs.spawn(
            command.executable,
            command.argv,
            command.env,
            streams,
            cwd=command.cwd,
            own_group=not command.interactive,
        )
    except BaseException:
        if ours >= 0:
            os.close(ours)
        raise
    finally:
        if theirs != command.stdin:
            os.close(theirs)
    watching = _Watching(pid, ours, command, watch, started)
    try:
        return watching.until_the_end()
    finally:
        if ours >= 0:
            os.close(ours)


def _capture_pair(command: Command) -> "tuple[int, int]":
    """(ours or -1, the command's) descriptors for output."""
    if command.interactive:
        return -1, command.stdin
    ours, theirs = terminal.open_pair() if command.tty else os.pipe2(os.O_CLOEXEC)
    os.set_blocking(ours, False)
    return ours, theirs


class _Watching:
    """The life of one child."""

    def __init__(self, pid: int, output_fd: int, command: Command, watch: Watch, started: float) -> None:
        self._pid = pid
        self._fd = output_fd
        self._own_group = not command.interactive
        self._watch = watch
        self._started = started
        self._output = Output()
        self._stopped = 0
        self._caller_gone = False
        self._kill_at = 0.0
        self._next_progress = started + watch.first_progress
        self._poller = select.poll()
        self._poller.register(watch.signals.fd, select.POLLIN)
        if output_fd >= 0:
            self._poller.register(output_fd, select.POLLIN)
        if watch.caller_fd >= 0:
            self._poller.register(watch.caller_fd, select.POLLIN)

    def until_the_end(self) -> Outcome:
        while True:
            for fd, _events in self._poller.poll(self._timeout()):
                if fd == self._fd:
                    self._read()
                elif fd == self._watch.caller_fd:
                    self._caller_died()
                else:
                    self._watch.signals.drain()
            if self._watch.signals.stop:
                self._stop(self._watch.signals.stop, hasten=len(self._watch.signals.received) > 1)
            ended = procs.reap(self._pid)
            if ended is not None:
                return self._outcome(ended[0])
            self._on_time()

    def _timeout(self) -> "float | None":
        """Milliseconds until something is due; None when only an event can matter."""
        due = [self._kill_at] if self._kill_at else []
        if self._watch.progress is not None:
            due.append(self._next_progress)
        return max(0.0, (min(due) - clock.monotonic()) * 1000) if due else None

    def _on_time(self) -> None:
        now = clock.monotonic()
        if self._kill_at and now >= self._kill_at:
            self._signal(signals.SIGKILL)
            self._kill_at = now + GRACE
        if self._watch.progress is not None and now >= self._next_progress:
            self._watch.progress(now - self._started, self._output.tail())
            self._next_progress = now + self._watch.interval

    def _read(self) -> None:
        """One piece of output; a terminal says its other side is gone by EIO, a pipe by an empty read."""
        try:
            part = os.read(self._fd, _PIECE)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        if part:
            self._output.add(part)
        else:
            self._poller.unregister(self._fd)

    def _drain(self) -> None:
        """What is in the pipe already; whoever else holds it open may write as it likes."""
        for _piece in range(_KEEP // _PIECE):
            try:
                part = os.read(self._fd, _PIECE)
            except OSError:
                return
            if not part:
                return
            self._output.add(part)

    def _caller_died(self) -> None:
        self._poller.unregister(self._watch.caller_fd)
        self._caller_gone = True
        self._stop(signals.SIGTERM, hasten=False)

    def _stop(self, signum: int, *, hasten: bool) -> None:
        """Ask once; a second request does not wait for the grace to end."""
        if not self._stopped:
            self._stopped = signum
            self._signal(signum)
            self._kill_at = clock.monotonic() + GRACE
        elif hasten:
            self._signal(signals.SIGKILL)

    def _signal(self, signum: int) -> None:
        if self._own_group:
            procs.signal_group(self._pid, signum)
        else:
            procs.signal_process(self._pid, signum)

    def _outcome(self, status: int) -> Outcome:
        if self._fd >= 0:
            self._drain()
        exit_code, signum = procs.exit_of(status)
        return Outcome(
            exit_code=exit_code,
            signal=signum,
            output=self._output.all(),
            duration=clock.monotonic() - self._started,
            stopped=self._stopped,
            caller_gone=self._caller_gone,
        )
