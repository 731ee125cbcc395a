"""Running one command to its end: its output is captured, its caps hold, and nothing of it is left afterwards.

The exit is noticed by SIGCHLD, not by the end of the output: a grandchild that keeps stdout open delays nothing.
Most hooks end within milliseconds and leave nothing behind; whatever those do not need is imported when it is needed
(`gauge` at the first look, `tree` at the first kill).
"""

import os
import select

from gitseq.cage import marks
from gitseq.cage.output import KEEP, Output
from gitseq.errors import Unkillable
from gitseq.host import clock, procs, signals, terminal
from gitseq.model import Limits, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.cage.gauge import Gauge
    from gitseq.cage.tree import Tree
    from gitseq.core.caps import Held, Hit
    from gitseq.host.env import Env

FIRST_LOOK = 0.02
"""Seconds a command runs before anybody looks at what it uses."""
LINGER = 0.02
"""Seconds in which processes may end by themselves after the command did."""
LEFTOVER_GRACE = 0.5
"""Seconds between SIGTERM and SIGKILL for what a command left behind."""
_PIECE = 1 << 16


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
    inherit: tuple[int, ...] = ()
    """Descriptors that it and all it starts keep open."""
    limits: Limits = Limits()
    keep_daemons: bool = False
    """Leave alone, and list, what outlives the command; a command that was ended takes all with it all the same."""


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
    hit: "Hit | None" = None
    """The cap it ran into. Never a pass, whatever the exit code says; `core.caps.lines` words it."""
    leftovers: "tuple[Held, ...]" = ()
    """What outlived it and was ended."""
    spared: "tuple[Held, ...]" = ()
    """What outlived it and was left alone."""
    peak_memory: int = 0
    """Bytes used at most."""
    peak_source: str = "rusage"
    """`kernel`: exact, the whole tree. `samples`: the whole tree at the moments we looked, shared pages possibly
    counted more than once. `rusage`: its largest process, and never less than our own size."""
    processes: int = 1
    """Processes seen alive at the same time, at most."""
    cpu: float = 0.0
    """Seconds of processor time, of all processes that were waited for."""
    rung: str = "polling"
    """What contained it: `cgroup2`, `cgroup1` or `polling`; the first 50 ms are always polled."""


class Watch(Record):
    """What to look at besides the command itself."""

    signals: signals.Signals
    caller_fd: int = -1
    """A pidfd of the git that called us, or -1."""
    progress: "Callable[[float, bytes], None] | None" = None
    """Called with seconds elapsed and the newest output, first after `first_progress`, then every `interval`."""
    first_progress: float = 0.3
    interval: float = 0.1
    deadline: float = 0.0
    """When the time of the whole run is over, on the monotonic clock; 0 is never."""
    on_start: "Callable[[], None] | None" = None
    """Called when the command has been started and works beside us; nobody looks at it until this returns."""
    on_idle: "Callable[[], None] | None" = None
    """Called once when the command runs on and there is nothing to do but wait, with what had better be brief."""
    on_half_memory: "Callable[[int, int], None] | None" = None
    """Called once with bytes used and the cap when half of the cap is used."""
    state_dir: bytes = b""
    """Where leaves and spared processes are recorded for a later run; b'' makes neither leaves nor records."""
    nested: bool = False
    """We run inside another run's cage, and make no control group that could lead out of it."""
    kill_patience: float = 10.0
    """Seconds after SIGKILL until a process counts as unkillable."""


def run(command: Command, watch: Watch) -> Outcome:
    """After this returns or raises, no process that the command started is alive, but those of `keep_daemons`.

    It runs to its end, or until a cap, a stop signal or the death of the calling git ends it. Raises OSError when the
    kernel refuses to execute it (not executable, wrong format, argument list too long), and Unkillable when a process
    of it is still there `kill_patience` seconds after SIGKILL.
    """
    started = clock.monotonic()
    procs.adopt_orphans()
    known = set(procs.children())
    ours, theirs = _capture_pair(command)
    try:
        pid = _start(command, watch, theirs)
    except BaseException:
        if ours >= 0:
            os.close(ours)
        raise
    finally:
        if theirs != command.stdin:
            os.close(theirs)
    import resource  # noqa: F401 - wait4 loads it when the command has ended; while it runs, that costs nobody time

    watching = _Watching(_Child(pid, ours, known, started), command, watch)
    try:
        if watch.on_start is not None:
            watch.on_start()
        return watching.until_the_end()
    except Unkillable:
        raise
    except BaseException:
        watching.abandon()
        raise
    finally:
        watching.release()
        if ours >= 0:
            os.close(ours)


def _start(command: Command, watch: Watch, theirs: int) -> int:
    out, err = command.output or (theirs, theirs)
    streams = procs.Streams(command.stdin, out, err, command.inherit)
    program = procs.Program(command.executable, command.argv, command.env, command.cwd)
    marked = bool(watch.state_dir) and procs.mark_children(marks.own(watch.state_dir))
    try:
        return procs.spawn(program, streams, own_group=not command.interactive)
    finally:
        if marked:
            procs.mark_children(0)  # git commands of ours may leave daemons that are meant to stay


def _capture_pair(command: Command) -> "tuple[int, int]":
    """(ours or -1, the command's) descriptors for output."""
    if command.interactive:
        return -1, command.stdin
    ours, theirs = terminal.open_pair() if command.tty else os.pipe2(os.O_CLOEXEC)
    os.set_blocking(ours, False)
    return ours, theirs


class _Child:
    """What was started."""

    __slots__ = ("known", "output_fd", "pid", "started")

    def __init__(self, pid: int, output_fd: int, known: "set[int]", started: float) -> None:
        self.pid = pid
        self.output_fd = output_fd
        self.known = known
        """Children we had before."""
        self.started = started


class _Watching:
    """The life of one child and of all it starts."""

    def __init__(self, child: _Child, command: Command, watch: Watch) -> None:
        self._child = child
        self._pid = child.pid
        self._fd = child.output_fd
        self._command = command
        self._limits = command.limits
        self._watch = watch
        self._started = child.started
        self._output = Output()
        self._stopped = 0
        self._caller_gone = False
        self._hit: "Hit | None" = None
        self._ended = 0
        self._gone_at = 0.0
        self._kill_at = 0.0
        self._leftovers: "tuple[Held, ...]" = ()
        self._spared: "tuple[Held, ...]" = ()
        self._tree_of_it: "Tree | None" = None
        self._gauge: "Gauge | None" = None
        self._look_at = child.started + FIRST_LOOK
        self._next_progress = child.started + watch.first_progress
        self._idle = watch.on_idle
        self._poller = select.poll()
        self._poller.register(watch.signals.fd, select.POLLIN)
        if self._fd >= 0:
            self._poller.register(self._fd, select.POLLIN)
        if watch.caller_fd >= 0:
            self._poller.register(watch.caller_fd, select.POLLIN)

    def until_the_end(self) -> Outcome:
        while True:
            ready = self._wait()
            for fd, _events in ready:
                if fd == self._fd:
                    self._read()
                elif fd == self._watch.caller_fd:
                    self._caller_died()
                else:
                    self._watch.signals.drain()
            if self._fd < 0 and len(ready) == 1 and ready[0][0] == self._child.output_fd and not self._kill_at:
                continue  # the end of its output, once: it is about to end, and to wake us by that; past a kill, who
                # closed it last may be no child of ours, and nothing else would tell
            if self._watch.signals.stop:
                self._stop(self._watch.signals.stop, hasten=len(self._watch.signals.received) > 1)
            if (self._gone_at or procs.has_ended(self._pid)) and self._nothing_left():
                return self._outcome()
            self._on_time()

    def _wait(self) -> "list[tuple[int, int]]":
        """What has happened, as soon as anything has or is due."""
        idle, self._idle = self._idle, None
        if idle is not None:
            ready = self._poller.poll(0)
            if ready:
                return ready
            idle()
        return self._poller.poll(self._timeout())

    def abandon(self) -> None:
        """End all of it at once: nobody will look after it any more, and what it writes to will be put back."""
        self._tree.end(self._pause, self._watch.kill_patience)
        procs.reap(self._pid)

    def release(self) -> None:
        """Whatever went wrong, nothing stays suspended and no empty leaf stays behind."""
        if self._tree_of_it is not None:
            self._tree_of_it.resume()
        if self._gauge is not None:
            self._gauge.close()

    @property
    def _tree(self) -> "Tree":
        if self._tree_of_it is None:
            from gitseq.cage.tree import Tree

            self._tree_of_it = Tree(self._pid, self._child.known)
        return self._tree_of_it

    # --- time

    def _timeout(self) -> float:
        """Milliseconds until something is due."""
        due = self._look_at
        if self._kill_at:
            due = min(due, self._kill_at)
        if self._gone_at:
            due = min(due, max(self._gone_at + LINGER, clock.monotonic() + 0.001)) if not self._kill_at else due
        if self._watch.progress is not None:
            due = min(due, self._next_progress)
        return max(0.0, (min(due, self._deadline()[0]) - clock.monotonic()) * 1000)

    def _deadline(self) -> "tuple[float, str]":
        """When its time is over, and by which limit; infinity once it was asked to end."""
        never = float("inf")
        if self._kill_at:
            return never, ""
        own = self._started + self._limits.timeout if self._limits.timeout is not None else never
        whole = self._watch.deadline or never
        return (own, "timeout") if own <= whole else (whole, "run_timeout")

    def _on_time(self) -> None:
        now = clock.monotonic()
        if self._kill_at and now >= self._kill_at:
            self._kill()
        deadline, limit = self._deadline()
        if now >= deadline:
            self._out_of_time(limit, now - self._started)
        if now >= self._look_at:
            self._look()
        if self._watch.progress is not None and now >= self._next_progress:
            self._watch.progress(now - self._started, self._output.tail())
            self._next_progress = now + self._watch.interval

    def _out_of_time(self, limit: str, elapsed: float) -> None:
        from gitseq.core.caps import Hit

        cap = self._limits.timeout if limit == "timeout" else None
        self._over(Hit(limit, elapsed if cap is None else cap, elapsed, count=len(self._tree.alive())))

    # --- caps

    def _look(self) -> None:
        if self._gauge is None:
            from gitseq.cage.gauge import Gauge

            state_dir = b"" if self._watch.nested else self._watch.state_dir
            self._gauge = Gauge(self._tree, self._limits, state_dir, self._started)
        hit = self._gauge.look(self._watch.on_half_memory)
        self._look_at = self._gauge.next_at
        if hit is not None and not self._kill_at:
            self._over(hit)
        elif self._kill_at:
            self._tree.resume()  # a second conviction has suspended what was asked to end
            self._hasten_if_it_grows()

    def _over(self, hit: "Hit") -> None:
        self._hit = hit
        self._ended = self._tree.ask(signals.SIGTERM)
        self._kill_at = clock.monotonic() + self._limits.grace

    def _hasten_if_it_grows(self) -> None:
        from gitseq.core import caps

        reading = self._gauge.reading if self._gauge is not None else None
        if self._hit is not None and reading is not None and caps.worsens(self._hit, reading):
            self._kill()

    # --- output

    def _read(self) -> None:
        """One piece of output; a terminal says its other side is gone by EIO, a pipe by an empty read."""
        try:
            part = os.read(self._fd, _PIECE)
        except BlockingIOError:  # poll(2) may say "ready" in error
            return
        except OSError:
            part = b""
        if part:
            self._output.add(part)
        else:
            self._poller.unregister(self._fd)
            self._fd = -1

    def _drain(self) -> None:
        """What is in the pipe already; whoever else holds it open may write as it likes."""
        if self._fd < 0:
            return
        for _piece in range(KEEP // _PIECE):
            try:
                part = os.read(self._fd, _PIECE)
            except OSError:
                break
            if not part:
                break
            self._output.add(part)
        self._poller.unregister(self._fd)
        self._fd = -1

    # --- the end

    def _caller_died(self) -> None:
        self._poller.unregister(self._watch.caller_fd)
        if self._watch.signals.stop:
            return  # Ctrl-C reaches git as well, which then does not wait for us: the person has ended both
        self._caller_gone = True
        self._stop(signals.SIGTERM, hasten=False)

    def _stop(self, signum: int, *, hasten: bool) -> None:
        """Ask once; a second request does not wait for the grace to end."""
        if not self._stopped:
            self._stopped = signum
            self._ask(signum)
            self._kill_at = self._kill_at or clock.monotonic() + self._limits.grace
        elif hasten:
            self._kill()

    def _ask(self, signum: int) -> None:
        """An interactive command shares our terminal, whose Ctrl-C has reached all but a leader elsewhere."""
        if self._command.interactive and signum == signals.SIGINT:
            procs.signal_process(self._pid, signum)
        else:
            self._tree.ask(signum)

    def _kill(self) -> None:
        self._ended = max(self._ended, self._tree.end(self._pause, self._watch.kill_patience))
        self._kill_at = clock.monotonic() + self._watch.kill_patience

    def _pause(self, seconds: float) -> None:
        """Until a child ends, or that long; a hook that fills its pipe meanwhile is dead anyway."""
        waiting = select.poll()
        waiting.register(self._watch.signals.fd, select.POLLIN)
        if waiting.poll(seconds * 1000):
            self._watch.signals.drain()

    def _nothing_left(self) -> bool:
        """The command has ended; whether all it started has, too. Sees to it when not."""
        if not self._gone_at:
            self._gone_at = clock.monotonic()
            self._drain()
            if not procs.adopt_orphans():
                procs.signal_group(self._pid, signals.SIGKILL)  # all we can reach
        known = self._child.known
        if all(pid == self._pid or pid in known for pid in procs.children()) or self._tree.is_gone():
            return True
        if clock.monotonic() < self._gone_at + LINGER or self._leftovers:
            return False
        if self._command.keep_daemons and not self._kill_at:
            return self._spare()
        if not self._kill_at:
            self._end_leftovers()
        return False

    def _end_leftovers(self) -> None:
        from gitseq.cage.tree import describe

        self._leftovers = describe(self._tree.alive())
        self._tree.ask(signals.SIGTERM)
        self._kill_at = clock.monotonic() + min(self._limits.grace, LEFTOVER_GRACE)

    def _spare(self) -> bool:
        from gitseq.cage import spared
        from gitseq.cage.tree import describe

        members = self._tree.alive()
        self._spared = describe(members)
        if self._watch.state_dir:
            spared.remember(self._watch.state_dir, members)
        self._tree.spare(members)
        return True

    def _outcome(self) -> Outcome:
        ended = procs.reap(self._pid)
        assert ended is not None  # noqa: S101 - it has ended, and nobody else reaps it
        status, usage = ended
        exit_code, signum = procs.exit_of(status)
        peak, source, hit = procs.largest_of(usage), "rusage", self._hit
        gauge = self._gauge
        if gauge is not None:
            hit = hit or gauge.kernel_hit()
            rung = gauge.rung
            seen, seen_by = gauge.close()
            if seen >= peak or seen_by == "kernel":
                peak, source = seen, seen_by
        if hit is not None:
            hit = hit.replace(ended=self._ended, peak=max(hit.peak, peak) if hit.cap == "memory" else hit.peak)
        return Outcome(
            exit_code=exit_code,
            signal=signum,
            output=self._output.all(),
            duration=clock.monotonic() - self._started,
            stopped=self._stopped,
            caller_gone=self._caller_gone,
            hit=hit,
            leftovers=self._leftovers,
            spared=self._spared,
            peak_memory=peak,
            peak_source=source,
            processes=gauge.processes if gauge is not None else 1,
            cpu=procs.seconds_of(usage) + (self._tree_of_it.cpu if self._tree_of_it is not None else 0.0),
            rung=rung if gauge is not None else "polling",
        )
