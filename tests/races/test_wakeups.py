"""No wake-up is lost: whatever ends a wait is heard at whichever instant it comes, by no clock."""

import fcntl
import os
import signal
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gitseq.cage import gate
from gitseq.cage import run as cage
from gitseq.core.stages import STAGES
from gitseq.engine import turn
from gitseq.engine.request import Request
from gitseq.errors import Interrupted
from gitseq.host import env, locks, memory, procs, signals
from gitseq.model import Limits
from gitseq.queue import tickets, waiting
from tests.support.agents import Raised, holder_of
from tests.support.instants import LONG, Instant, instants, let_end, no_sleep_without_end
from tests.support.procs import python, spawned
from tests.support.repo import BIN

GITSEQ = str(BIN / "gitseq")
NEVER = 1e6
"""Seconds between two looks of a waiter who is to be woken, or to fail the test."""


def source(module: Any) -> str:
    return str(module.__spec__.origin)


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def pipe() -> "Iterator[tuple[int, int]]":
    ends = os.pipe()
    yield ends
    for fd in ends:
        os.close(fd)


# --- a command and who watches it


@pytest.fixture
def never_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but what comes wakes a watcher of a command."""
    monkeypatch.setattr(cage, "FIRST_LOOK", NEVER)


def caged(ends: "tuple[int, int]", noted: signals.Signals, caller_fd: int = -1) -> cage.Outcome:
    """A command that ends when something is written into the pipe. Its watcher is woken once for nothing before.

    It is not captured: the end of its output would wake us as well.
    """
    os.kill(os.getpid(), signal.SIGCHLD)
    argv = [b"/bin/sh", b"-c", b"read x"]
    env = {b"PATH": b"/usr/bin:/bin", b"HOME": b"/nowhere"}
    command = cage.Command(argv[0], argv, env, b"/", ends[0], interactive=True, limits=Limits(grace=NEVER))
    return cage.run(command, cage.Watch(noted, caller_fd=caller_fd))


def each_instant_of_a_command(monkeypatch: pytest.MonkeyPatch, step: int) -> "Iterator[Instant]":
    for instant in instants(source(cage), source(signals), step=step):
        with monkeypatch.context() as patched:
            no_sleep_without_end(patched, cage, instant)
            yield instant


@pytest.mark.usefixtures("never_looks")
def test_the_end_of_a_command_is_heard_at_whichever_instant_it_comes(pipe, monkeypatch):
    started: list[int] = []
    spawn = procs.spawn
    monkeypatch.setattr(procs, "spawn", lambda *args, **named: started.append(spawn(*args, **named)) or started[-1])

    def end() -> None:
        os.write(pipe[1], b"\n")
        if started:
            let_end(started[-1])

    tried = 0
    for instant in each_instant_of_a_command(monkeypatch, 1):
        started.clear()
        with signals.Signals() as noted, instant.strikes(end):
            assert caged(pipe, noted).exit_code == 0
        tried += 1
    assert tried > 100


@pytest.mark.usefixtures("never_looks")
def test_a_signal_reaches_a_command_at_whichever_instant_it_comes(pipe, monkeypatch):
    tried = 0
    for instant in each_instant_of_a_command(monkeypatch, 1):
        with signals.Signals() as noted, instant.strikes(terminate):
            assert caged(pipe, noted).stopped == signal.SIGTERM
        tried += 1
    assert tried > 100


@pytest.mark.usefixtures("never_looks")
def test_the_death_of_the_calling_git_is_seen_at_whichever_instant_it_comes(pipe, monkeypatch):
    for instant in each_instant_of_a_command(monkeypatch, 9):
        with spawned(["/bin/sleep", "60"]) as git, signals.Signals() as noted:

            def die(git: Any = git) -> None:
                git.kill()
                let_end(git.pid)

            caller = os.pidfd_open(git.pid)
            try:
                with instant.strikes(die):
                    assert caged(pipe, noted, caller).caller_gone
            finally:
                os.close(caller)


@pytest.mark.usefixtures("never_looks")
def test_the_end_of_a_command_is_heard_where_the_mask_we_were_started_with_blocks_it(pipe, monkeypatch):
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    try:
        for instant in instants():  # the last instant only: asleep
            no_sleep_without_end(monkeypatch, cage, instant)
            with signals.Signals() as noted, instant.strikes(lambda: os.write(pipe[1], b"\n") and None):
                assert caged(pipe, noted).exit_code == 0
        assert signal.SIGCHLD in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@pytest.mark.usefixtures("never_looks")
def test_the_end_of_a_command_is_heard_after_signals_were_noted_within(pipe, monkeypatch):
    for instant in instants():
        no_sleep_without_end(monkeypatch, cage, instant)
        with signals.Signals() as noted:
            with signals.Signals():
                pass
            with instant.strikes(lambda: os.write(pipe[1], b"\n") and None):
                assert caged(pipe, noted).exit_code == 0


def test_how_a_command_ended_is_known_where_we_were_started_with_ended_children_ignored(make_repo):
    repo = make_repo()
    repo.config('[[hook]]\nid = "a"\nrun = "true"\n')
    ignore = (
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    for verb in ("validate", "list"):
        done = procs.capture(
            [os.fsencode(word) for word in [*python(ignore), GITSEQ, verb]],
            {os.fsencode(name): os.fsencode(value) for name, value in repo.env.items()},
            cwd=os.fsencode(repo.path),
        )
        assert (done.rc, done.err) == (0, b"")


# --- a pause


def test_a_signal_ends_a_pause_at_whichever_instant_it_comes(monkeypatch):
    for instant in instants(source(signals)):
        with monkeypatch.context() as patched, signals.Signals() as noted:
            no_sleep_without_end(patched, signals, instant)
            with instant.strikes(terminate):
                assert noted.wait(NEVER)


def test_a_signal_ends_the_wait_for_memory_at_whichever_instant_it_comes(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 0)
    for instant in instants(source(gate), source(signals)):
        with monkeypatch.context() as patched, signals.Signals() as noted:
            no_sleep_without_end(patched, gate, instant)
            with instant.strikes(terminate):
                assert not gate.wait_for_memory(1, NEVER, lambda _free, _waited: None, noted).enough


# --- the line


class Counted(locks.Alarm):
    """An alarm that counts its pulses."""

    pulses = 0

    def _wake(self, signum: int, frame: object) -> None:
        self.pulses += signum == signal.SIGALRM
        super()._wake(signum, frame)


@pytest.fixture
def held(tmp_path: Path) -> "Iterator[int]":
    """A descriptor of a file that somebody else has locked."""
    with open(tmp_path / "lock", "w") as theirs, open(tmp_path / "lock", "r+") as ours:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        yield ours.fileno()


def free(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def asleep_in_flock(instant: Instant) -> SimpleNamespace:
    """As `fcntl`, telling when we are about to sleep; who was told before has no business there."""

    def flock(fd: int, how: int) -> None:
        if how == fcntl.LOCK_EX and not free(fd):
            assert not instant.struck
            instant.asleep()
        fcntl.flock(fd, how)

    return SimpleNamespace(**{**vars(fcntl), "flock": flock})


def test_a_signal_ends_the_wait_for_a_lock_at_whichever_instant_it_comes(held, monkeypatch):
    for instant in instants(source(locks)):
        with monkeypatch.context() as patched, Counted(LONG) as alarm:
            patched.setattr(locks, "fcntl", asleep_in_flock(instant))
            with instant.strikes(terminate):
                assert not alarm.block(held)
        assert (alarm.received, alarm.pulses) == ([signal.SIGTERM], 0)


def test_a_signal_between_our_last_instruction_and_the_sleep_costs_one_pulse_and_no_more(held, monkeypatch):
    class Late:
        """LOCK_EX, known only after a signal came: the interpreter acts on that when the call is over."""

        __index__ = staticmethod(partial(os.system, f"kill -TERM {os.getpid()}; kill -{int(fcntl.LOCK_EX)} $$"))

    monkeypatch.setattr(locks, "fcntl", SimpleNamespace(flock=fcntl.flock, LOCK_EX=Late()))
    with Counted(0.3) as alarm:
        assert not alarm.block(held)
    assert alarm.received == [signal.SIGTERM]
    assert alarm.pulses <= 1


def in_line(folder: Path) -> Any:
    """As much of a world as it takes to stand in line."""
    state = os.fsencode(os.path.realpath(folder))
    repo = SimpleNamespace(git_dir=state, common_dir=state, top=b"/", index=b"/index")
    told: list[Any] = []
    plan = SimpleNamespace(scope="repo")
    ours = env.snapshot()
    return SimpleNamespace(
        plan=plan, repo=repo, env=ours, caller=None, patience=LONG, wants_progress=False, tell=told.append
    )


def test_a_signal_takes_a_run_out_of_line_at_whichever_instant_it_comes(agent, tmp_path, monkeypatch):
    agent().do("lease = acquire()")
    monkeypatch.setattr(waiting, "_PULSE", NEVER)
    world = in_line(tmp_path)
    tried = 0
    for instant in instants(source(turn), source(waiting), source(tickets), source(locks), step=5):
        with monkeypatch.context() as patched, signals.Signals() as world.signals, instant.strikes(terminate):
            patched.setattr(locks, "fcntl", asleep_in_flock(instant))
            with pytest.raises(Interrupted):
                turn.take(Request(STAGES["manual"]), world, "test")
        tried += 1
    assert tried > 50


def test_a_signal_before_the_wait_is_obeyed_also_where_somebody_sits_on_the_gate(agent, tmp_path, monkeypatch):
    agent().do("lease = acquire()")
    monkeypatch.setattr(waiting, "_PULSE", 0.1)
    monkeypatch.setattr(waiting, "_DRAWN", 0.1)
    world = in_line(tmp_path)
    with open(tmp_path / "gitseq/queue/gate") as gate_, signals.Signals() as world.signals:
        fcntl.flock(gate_, fcntl.LOCK_EX)  # as somebody does who is stopped while it draws a ticket
        terminate()
        with pytest.raises(Interrupted):
            turn.take(Request(STAGES["manual"]), world, "test")


def test_every_release_and_every_death_wakes_the_next_without_a_look_at_the_clock(agent):
    agents = [agent(f"number {n}") for n in range(6)]
    for one in agents:
        one.do(f"from gitseq.queue import waiting; waiting._PULSE = {NEVER}")
    agents[0].do("lease = acquire()")
    for one in agents[1:]:
        one.start(f"lease = acquire(tick={NEVER})")
        one.waits()
    agents[3].kill()
    for before, after in pairwise([*agents[:3], *agents[4:]]):
        if before is agents[2]:
            before.kill()
        else:
            before.do("lease.release()")
        after.ended()
        holder = holder_of(after.folder)
        assert holder is not None
        assert holder.pid == after.pid


def test_a_wait_with_a_limit_has_one_where_the_mask_we_were_started_with_blocks_alarms(agent):
    agent().do("lease = acquire()")
    second = agent()
    second.do("import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])")
    with pytest.raises(Raised, match="GaveUp"):
        second.do("acquire(limit=0.1)")
    assert second.do("answer = signal.SIGALRM in signal.pthread_sigmask(signal.SIG_BLOCK, [])")
