"""`gitseq exec`: any command in its turn, with the terminal it was started from."""

import os

from gitseq.cage import run as cage
from gitseq.core import gitcommand
from gitseq.core.stages import STAGES
from gitseq.engine import turn
from gitseq.engine.recorded import recorded
from gitseq.engine.request import Request
from gitseq.engine.unstaged import Unstaged
from gitseq.errors import Interrupted
from gitseq.git import indexlock
from gitseq.host import procs, terminal
from gitseq.model import CommandFinished, CommandStarted, Limits, Notice, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.engine.request import World
    from gitseq.queue.lease import Lease
    from gitseq.queue.nesting import Parent

NOT_FOUND, NOT_EXECUTABLE, TIMED_OUT, OVER_CAP = 127, 126, 124, 137


class Order(Record):
    """What to run, where, and what it may take."""

    argv: "list[bytes]"
    cwd: bytes
    limits: Limits = Limits()
    retry: int = 0
    """How often it is run again when it fails."""


def execute(order: Order, world: "World") -> int:
    """Run a command in its turn, with our own standard streams, and return its exit code.

    124 when it ran out of time, 137 when it went over its memory or process cap, 127 and 126 when it could not be
    found or started. Raises what taking a turn raises, and Refused when a git command would fail at a foreign
    index.lock.
    """
    return recorded("exec", world, lambda: _in_turn(order, world))


def _in_turn(order: Order, world: "World") -> int:
    executable = procs.find_executable(order.argv[0], world.env.get(b"PATH", os.defpath.encode()), order.cwd)
    if executable is None:
        world.tell(Notice("error", f"{_text(order.argv[0])}: command not found"))
        return NOT_FOUND
    with turn.take(Request(STAGES["manual"]), world, _text(b" ".join(order.argv))) as taken:
        if not taken.depth:
            Unstaged(world).finish_dead_runs(nested=False)
        if not taken.depth and gitcommand.takes_index_lock(order.argv):
            indexlock.require_free(world.repo, world.env, indexlock.Waiting(_warner(world), pause=_pauser(world)))
        if world.signals.stop:
            raise Interrupted(world.signals.stop)
        for attempt in range(1, order.retry + 2):
            code = _run(executable, order, world, taken, attempt)
            if not code or world.signals.stop:
                break
        return code


def _run(executable: bytes, order: Order, world: "World", taken: "Lease | Parent", attempt: int) -> int:
    world.tell(CommandStarted(tuple(order.argv), attempt))
    command = cage.Command(
        executable,
        order.argv,
        {**world.env, b"GITSEQ_TOKEN": taken.token},
        order.cwd,
        0,
        interactive=True,
        output=(1, 2),
        inherit=taken.inherit,
        limits=order.limits,
        keep_daemons=gitcommand.is_git(order.argv),  # `git gc --auto` and credential caches go on after any git
    )
    watch = cage.Watch(world.signals, state_dir=world.repo.state_dir, nested=taken.depth > 0)
    world.signals.shares_terminal = _are_in_foreground()
    try:
        return _judged(order, cage.run(command, watch), world, attempt)
    except OSError as error:
        world.tell(Notice("error", f"{_text(order.argv[0])} could not be started: {os.strerror(error.errno or 0)}"))
        return NOT_EXECUTABLE
    finally:
        world.signals.shares_terminal = False


def _judged(order: Order, outcome: cage.Outcome, world: "World", attempt: int) -> int:
    code = _code_of(outcome, world)
    if outcome.hit is not None or outcome.leftovers or outcome.stopped:
        from gitseq.engine import kills

        kills.tell(outcome, "", world.tell)
    world.tell(
        CommandFinished(
            tuple(order.argv),
            code,
            attempt,
            outcome.duration,
            outcome.cpu,
            outcome.peak_memory,
            outcome.processes,
            outcome.hit.cap if outcome.hit is not None else "",
            outcome.signal,
        )
    )
    return code


def _code_of(outcome: cage.Outcome, world: "World") -> int:
    from gitseq.core import caps

    for held in outcome.leftovers:
        world.tell(Notice("warning", f"left running, and ended: PID {held.pid} '{caps.printable(held.command)}'"))
    if outcome.hit is None:
        return outcome.exit_code
    cap = outcome.hit.cap
    world.tell(Notice("error", f"{caps.lines(outcome.hit, '')[0]}; to allow more: gitseq exec --{cap} ..."))
    return TIMED_OUT if cap == "timeout" else OVER_CAP


def _are_in_foreground() -> bool:
    """Whether Ctrl-C on our terminal reaches the command without us."""
    fd = terminal.open_controlling()
    if fd is None:
        return False
    os.close(fd)
    return True


def _warner(world: "World") -> "Callable[[str], None]":
    return lambda text: world.tell(Notice("warning", text))


def _pauser(world: "World") -> "Callable[[float], None]":
    def pause(seconds: float) -> None:
        if world.signals.wait(seconds):
            raise Interrupted(world.signals.stop)

    return pause


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
