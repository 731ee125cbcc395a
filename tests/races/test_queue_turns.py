"""Whose turn it is, whatever dies, and whoever removes what."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from itertools import pairwise

import filelock
import pytest

from gitseq.core import queueing
from gitseq.errors import EnvironmentProblem
from gitseq.queue import record, state
from tests.support.agents import Agent, Raised, holder_of, place_of
from tests.support.procs import wait_until


def holds(one: Agent) -> None:
    """What it started ends with the lease, and the record says so."""
    one.ended()
    holder = holder_of(one.folder)
    assert holder is not None
    assert (holder.pid, holder.what) == (one.pid, one.what)


def test_the_one_who_came_first_is_served_first(agent):
    agents = [agent(f"number {n}") for n in range(5)]
    agents[0].do("lease = acquire()")
    for one in agents[1:]:
        one.start("lease = acquire()")
        one.waits()
    for before, after in pairwise(agents):
        before.do("lease.release()")
        holds(after)


def test_release_leaves_neither_ticket_nor_record(agent, tmp_path):
    one = agent()
    one.do("lease = acquire(); lease.release(); lease.release()")
    assert sorted(os.listdir(tmp_path / "gitseq")) == ["queue"]
    assert sorted(os.listdir(tmp_path / "gitseq/queue")) == ["gate", "lock"]


def test_the_queue_is_readable_by_its_user_only(agent, tmp_path):
    agent().do("os.umask(0); lease = acquire()")
    assert os.stat(tmp_path / "gitseq").st_mode & 0o777 == 0o700
    assert os.stat(tmp_path / "gitseq/queue").st_mode & 0o777 == 0o700
    assert {(path.stat().st_mode & 0o777) for path in (tmp_path / "gitseq/queue").iterdir()} == {0o600}


@pytest.mark.parametrize("dead", [1, 2, 3])
def test_a_death_anywhere_in_line_blocks_nobody_and_changes_no_order(agent, dead):
    agents = [agent(f"number {n}") for n in range(5)]
    agents[0].do("lease = acquire()")
    for one in agents[1:]:
        one.start("lease = acquire()")
        one.waits()
    agents[dead].kill()
    alive = [one for n, one in enumerate(agents) if n != dead]
    for before, after in pairwise(alive):
        assert state.look(place_of(before.folder)).waiters[0].pid == after.pid
        before.do("lease.release()")
        holds(after)


def test_a_killed_holder_is_followed_by_the_next_which_is_told_of_the_dead_run(agent):
    first, second, third = agent("first"), agent("second"), agent("third")
    nonce = first.do("lease = acquire(); answer = lease.record.nonce")
    second.start("lease = acquire(); answer = lease.unsettled")
    second.waits()
    first.kill()
    assert second.ended() == [nonce]
    # It dies as well before it has cleaned up: the third inherits both.
    nonces = [nonce, second.do("answer = lease.record.nonce")]
    second.kill()
    assert third.do("lease = acquire(); answer = lease.unsettled") == nonces
    third.do("lease.settle(); lease.release()")
    last = agent()
    assert last.do("lease = acquire(); answer = lease.unsettled") == []
    inode = "os.stat(place(sys.argv[2]).record).st_ino"
    assert last.do(f"before = {inode}; lease.settle(); answer = before == {inode}")  # nothing to settle or to write


def test_a_mess_that_nobody_settled_is_told_to_the_next_even_after_an_orderly_release(agent):
    first, second = agent(), agent()
    nonce = first.do("lease = acquire(); answer = lease.record.nonce")
    first.kill()
    second.do("lease = acquire(); lease.release()")
    assert holder_of(second.folder) is None
    assert nonce in agent().do("lease = acquire(); answer = lease.unsettled")


def test_no_wait_gives_up_at_once_and_names_holder_and_position(agent):
    first, second = agent("pre-push"), agent()
    first.do("lease = acquire()")
    started = time.monotonic()
    with pytest.raises(Raised) as raised:
        second.do("acquire(limit=0)")
    assert time.monotonic() - started < 1
    assert (raised.value.name, raised.value.exit_code) == ("GaveUp", 75)
    assert f"position 1 of 1; pid {first.pid} has been running pre-push for" in raised.value.text
    assert state.look(place_of(second.folder)).waiters == ()


def test_no_wait_gets_a_free_lease_although_somebody_looks_all_the_time(agent):
    looker = agent()
    looker.start(
        "from gitseq.queue import state\nimport time\nend = time.monotonic() + 1.5\n"
        f"while time.monotonic() < end: state.look(place({str(looker.folder)!r}))"
    )
    one = agent()
    one.do("for _ in range(200): acquire(limit=0).release()")
    looker.ended()


def test_patience_ends_when_it_was_said_to(agent):
    agent().do("lease = acquire()")
    second = agent()
    started = time.monotonic()
    with pytest.raises(Raised, match="GaveUp"):
        second.do("acquire(limit=0.4)")
    assert 0.4 <= time.monotonic() - started < 2


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_takes_a_waiter_out_of_line_and_the_others_move_up(agent, signum):
    first, second, third = agent(), agent(), agent()
    first.do("lease = acquire()")
    for one in (second, third):
        one.start(
            "handlers = lambda: [locks._signal.getsignal(n) for n in (1, 2, 14, 15)]\nbefore = handlers(); acquire()"
        )
        one.waits()
    second.signal(signum)
    with pytest.raises(Raised) as raised:
        second.ended()
    assert raised.value.exit_code == 128 + signum
    assert [waiter.pid for waiter in state.look(place_of(first.folder)).waiters] == [third.pid]
    assert second.do("answer = before == handlers() and locks._signal.getitimer(0) == (0, 0)")
    first.do("lease.release()")
    holds(third)


def test_a_signal_that_was_ignored_stays_ignored_while_waiting(agent):
    first, second = agent(), agent()
    first.do("lease = acquire()")
    second.start("locks._signal.signal(1, locks._signal.SIG_IGN); lease = acquire()")
    second.waits()
    second.signal(signal.SIGHUP)
    first.do("lease.release()")
    holds(second)


def test_a_waiter_whose_git_is_gone_leaves_the_line(agent, tmp_path):
    first, second = agent(), agent()
    first.do("lease = acquire()")
    second.start(f"acquire(gone=lambda: os.path.exists({str(tmp_path / 'gone')!r}), tick=0.05)")
    second.waits()
    (tmp_path / "gone").touch()
    with pytest.raises(Raised, match="Refused"):
        second.ended()
    assert state.look(place_of(tmp_path)).waiters == ()


def test_a_waiter_tells_holder_and_position_at_every_tick(agent):
    first, second, third = agent("pre-commit"), agent(), agent()
    first.do("lease = acquire()")
    for one in (second, third):
        one.start("lease = acquire(tick=0.05)")
        one.waits()
    wait_until(lambda: third.process.poll() is None and len(state.look(place_of(first.folder)).waiters) == 2)
    second.kill()
    first.do("import time; time.sleep(0.3); lease.release()")
    third.ended()
    told = third.do("answer = [(w.position, w.total, w.holder and w.holder.pid) for w in told]")
    assert len(told) > 3
    assert told[0] == [2, 2, first.pid]


def test_status_shows_the_line_without_the_dead(agent):
    first, second, third = agent("pre-commit"), agent("pre-push"), agent("manual")
    first.do("lease = acquire()")
    for one in (second, third):
        one.start("lease = acquire()")
        one.waits()
    second.kill()
    seen = state.look(place_of(first.folder))
    assert seen.holder is not None
    assert (seen.holder.pid, seen.holder.what, seen.holder.worktree) == (first.pid, "pre-commit", b"/work/tree")
    assert seen.holder.standing == queueing.IN_FORCE
    assert [(w.position, w.pid, w.what) for w in seen.waiters] == [(1, third.pid, "manual")]


# --- deaths at awkward moments -----------------------------------------------------------------


@pytest.mark.parametrize(("step", "left"), [("os.rename", "new"), ("locks.unlock", "t.2")])
def test_a_death_while_a_ticket_is_drawn_blocks_nobody(agent, step, left):
    victim = agent()
    victim.do("lease = acquire(); lease.release()")
    victim.start(f"{step} = lambda *_a, **_k: os.kill(os.getpid(), 9)\nacquire()")
    with pytest.raises(EOFError):
        victim.ended()
    victim.close()
    assert sorted(os.listdir(victim.folder / "gitseq/queue")) == ["gate", "lock", left]  # nobody holds it
    one = agent()
    one.do("lease = acquire(limit=0)")
    assert sorted(os.listdir(victim.folder / "gitseq/queue")) == ["gate", "lock", "t.3"]


def test_a_look_that_is_stopped_while_a_ticket_is_drawn_holds_up_nobody(agent):
    one = agent()
    one.do("lease = acquire(); lease.release()")
    one.do(
        "import contextlib, fcntl, signal\n"
        "signal.alarm(20)\n"  # who waits at a ticket of its own does so for ever
        "make, seen = os.open, []\n"
        "def looked_at(name, flags, *mode, dir_fd=None):\n"
        "    fd = make(name, flags, *mode, dir_fd=dir_fd)\n"
        "    if dir_fd is not None:\n"
        "        for number in queueing.tickets(os.listdir(dir_fd)):\n"
        "            seen.append(make('t.%d' % number, os.O_RDWR, dir_fd=dir_fd))\n"
        "            with contextlib.suppress(BlockingIOError): fcntl.flock(seen[-1], fcntl.LOCK_SH | fcntl.LOCK_NB)\n"
        "    return fd\n"
        "os.open = looked_at\n"
        "acquire(limit=0).release()\n"
        "signal.alarm(0)"
    )


def test_a_look_that_is_stopped_at_a_dead_one_s_ticket_holds_up_nobody(agent, tmp_path):
    first, second = agent(), agent()
    first.do("lease = acquire()")
    second.start(
        "import fcntl\n"
        "wait = tickets.Ticket.wait\n"
        "def overtaken(ticket, fd, alarm):\n"
        "    if not hasattr(sys, 'looker'):\n"
        f"        sys.looker = open({str(tmp_path)!r} + '/gitseq/queue/t.1')\n"
        "        fcntl.flock(sys.looker, fcntl.LOCK_SH)\n"  # the kernel may well wake it before the next in line
        "    return wait(ticket, fd, alarm)\n"
        "tickets.Ticket.wait = overtaken\n"
        "lease = acquire(limit=10, tick=0.1)"
    )
    second.waits()
    first.kill()
    holds(second)
    second.kill()
    with open(tmp_path / "gitseq/queue/t.2") as ticket:
        fcntl.flock(ticket, fcntl.LOCK_SH)
        agent().do("lease = acquire(limit=0)")


def test_a_draw_at_the_same_time_through_a_gate_removed_by_hand_is_told_and_spoils_nothing(agent, tmp_path):
    one = agent()
    one.do("lease = acquire(); lease.release()")
    newborn = tmp_path / "gitseq/queue/new"
    with newborn.open("w") as drawn:
        fcntl.flock(drawn, fcntl.LOCK_EX)
        os.unlink(tmp_path / "gitseq/queue/gate")
        with pytest.raises(Raised, match="EnvironmentProblem") as raised:
            one.do("acquire()")
        assert "File exists" in raised.value.text
        assert os.fstat(drawn.fileno()).st_nlink == 1
    one.do("lease = acquire(limit=0)")


def test_a_wait_for_a_look_that_is_stopped_at_the_lock_ends_with_patience_a_signal_or_the_look(agent, tmp_path):
    one = agent()
    one.do("lease = acquire(); lease.release()")
    with open(tmp_path / "gitseq/queue/lock") as looked_at:
        fcntl.flock(looked_at, fcntl.LOCK_SH)
        with pytest.raises(Raised, match="GaveUp"):
            one.do("acquire(limit=0.1)")
        one.start("acquire()")
        one.waits()
        one.signal(signal.SIGINT)
        with pytest.raises(Raised, match="Interrupted"):
            one.ended()
        one.start("lease = acquire()")
        one.waits()
    holds(one)


def test_a_death_with_the_gate_in_hand_blocks_nobody(agent):
    victim = agent()
    victim.start("tickets.queueing.next_ticket = lambda *_: os.kill(os.getpid(), 9)\nacquire()")
    with pytest.raises(EOFError):
        victim.ended()
    agent().do("lease = acquire(limit=0)")


@pytest.mark.parametrize("step", ["record.remove", "locks.unlock", "os.unlink"])
def test_a_death_at_any_step_of_the_release_blocks_nobody(agent, step):
    first, second = agent(), agent()
    first.do("lease = acquire()")
    second.start("lease = acquire()")
    second.waits()
    first.start(f"{step} = lambda *_a, **_k: os.kill(os.getpid(), 9)\nlease.release()")
    with pytest.raises(EOFError):
        first.ended()
    first.close()
    holds(second)


@pytest.mark.parametrize("torn", [b"", b"7", b"0000000000000000000", b"not a number at all\n", b"\0" * 21])
def test_a_torn_gate_falls_back_to_the_highest_ticket_that_stands(agent, tmp_path, torn):
    first, second = agent(), agent()
    first.do("for _ in range(4): acquire().release()\nlease = acquire()")
    (tmp_path / "gitseq/queue/gate").write_bytes(torn)
    second.start("lease = acquire(); answer = lease.record.ticket")
    second.waits()
    first.do("lease.release()")
    assert second.ended() == 6


def test_a_stopped_waiter_holds_up_those_behind_it_only_when_it_is_next(agent):
    first, stopped, third = agent(), agent(), agent()
    first.do("lease = acquire()")
    for one in (stopped, third):
        one.start("lease = acquire()")
        one.waits()
    stopped.signal(signal.SIGSTOP)
    first.do("lease.release()")
    with pytest.raises(Raised, match="GaveUp"):
        first.do("acquire(limit=0.2)")  # its turn is kept: order is first come, first served
    stopped.signal(signal.SIGCONT)
    holds(stopped)
    stopped.do("lease.release()")
    holds(third)


def test_a_forked_child_that_did_not_exec_does_not_keep_the_lease(agent):
    first, second = agent(), agent()
    child = first.do(
        "lease = acquire()\npid = os.fork()\nif not pid:\n    import time; time.sleep(30); os._exit(0)\nanswer = pid"
    )
    try:
        first.do("lease.release()")
        second.do("lease = acquire(limit=0)")
    finally:
        os.kill(child, signal.SIGKILL)


def test_nothing_that_is_executed_inherits_the_lease(agent):
    first = agent()
    child = first.do("lease = acquire()\nanswer = os.posix_spawn('/bin/sleep', ['sleep', '30'], ENV)")
    try:
        first.kill()
        agent().do("lease = acquire(limit=0.5)")
    finally:
        os.kill(child, signal.SIGKILL)


# --- removed by hand ---------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["the directory", "its files"])
def test_a_queue_removed_during_a_run_lets_nobody_in_before_that_run_ends(agent, tmp_path, what):
    first, newcomer = agent("first"), agent("newcomer")
    first.do("lease = acquire()")
    queue = tmp_path / "gitseq/queue"
    if what == "the directory":
        shutil.rmtree(queue)
    else:
        for path in queue.iterdir():
            path.unlink()
    with pytest.raises(Raised, match="GaveUp"):
        newcomer.do("acquire(limit=0.3)")
    newcomer.start("lease = acquire()")
    wait_until(lambda: any(waiter.pid == newcomer.pid for waiter in state.look(place_of(tmp_path)).waiters))
    assert holder_of(tmp_path).pid == first.pid
    first.do("lease.release()")
    holds(newcomer)


def test_a_run_is_still_named_after_its_queue_was_removed(agent, tmp_path):
    first = agent("first")
    first.do("lease = acquire()")
    shutil.rmtree(tmp_path / "gitseq/queue")
    holder = holder_of(tmp_path)
    assert holder is not None
    assert (holder.pid, holder.standing) == (first.pid, queueing.ORPHANED)


def test_a_ticket_that_was_moved_away_by_hand_is_given_up_in_peace(agent, tmp_path):
    one = agent()
    one.do("lease = acquire()")
    os.rename(tmp_path / "gitseq/queue/t.1", tmp_path / "gitseq/queue/moved")
    one.do("lease.release()")
    agent().do("lease = acquire(limit=0)")


def test_files_removed_between_ticket_and_lease_make_us_line_up_anew(agent, tmp_path):
    one = agent()
    one.do(
        "draw = tickets.take\n"
        "def take(place, alarm=None):\n"
        "    ticket = draw(place, alarm); tickets.take = draw\n"
        "    for name in os.listdir(place.queue_dir): os.unlink(place.queue_dir + b'/' + name)\n"
        "    return ticket\n"
        "tickets.take = take\n"
        "lease = acquire(limit=5)"
    )
    assert one.do("answer = lease._ticket.stands()")
    with pytest.raises(Raised, match="GaveUp"):
        agent().do("acquire(limit=0)")


def test_a_dead_ticket_that_another_clears_first_holds_up_nobody(agent, tmp_path):
    first, one = agent(), agent()
    first.do("lease = acquire()")
    first.kill()
    one.do(
        "real = queueing.predecessor\n"
        "def cleared(numbers, mine):\n"
        "    number = real(numbers, mine)\n"
        f"    if number: os.unlink({str(tmp_path)!r} + '/gitseq/queue/t.%d' % number)\n"
        "    return number\n"
        "queueing.predecessor = cleared\n"
        "lease = acquire(limit=0)"
    )
    assert holder_of(tmp_path).pid == one.pid


def test_a_queue_removed_during_a_run_that_then_dies_blocks_nobody(agent, tmp_path):
    first, second = agent("first"), agent("second")
    nonce = first.do("lease = acquire(); answer = lease.record.nonce")
    second.start("lease = acquire(); answer = lease.unsettled")
    second.waits()
    shutil.rmtree(tmp_path / "gitseq/queue")
    first.kill()
    assert second.ended() == [nonce]


def test_a_waiter_whose_ticket_was_removed_lines_up_again(agent, tmp_path):
    first, second, third = agent("first"), agent("second"), agent("third")
    first.do("lease = acquire()")
    second.start("lease = acquire()")
    second.waits()
    shutil.rmtree(tmp_path / "gitseq/queue")
    third.start("lease = acquire()")
    wait_until(
        lambda: {waiter.pid for waiter in state.look(place_of(tmp_path)).waiters} == {second.pid, third.pid},
        what="both in the new line",
    )
    order = [waiter.pid for waiter in state.look(place_of(tmp_path)).waiters]
    first.do("lease.release()")
    for pid in order:
        one = second if pid == second.pid else third
        holds(one)
        one.do("lease.release()")


@pytest.mark.parametrize("write", ["tickets.os.pwrite", "tickets.Ticket.write"])  # of the number, of our words
def test_a_ticket_that_cannot_be_written_is_told_and_given_up(agent, tmp_path, write):
    agent().do("lease = acquire()")
    second = agent()
    second.do("def full(*_): raise OSError(28, 'No space left on device')\n" + write + " = full")
    with pytest.raises(Raised) as raised:
        second.do("acquire()")
    assert raised.value.name == "EnvironmentProblem"
    assert "No space left" in raised.value.text
    assert "t.2" not in os.listdir(tmp_path / "gitseq/queue")


# --- awkward moments without a death -------------------------------------------------------------


@pytest.mark.parametrize("without", ["", "flock"])
def test_a_signal_that_comes_with_the_turn_is_obeyed_and_the_turn_given_back(agent, tmp_path, without):
    first, second = agent(), agent()
    for one in (first, second):
        one.do(NO_FLOCK if without else "")
    first.do("lease = acquire()")
    second.do(
        "grant = leases.grant\n"
        "def signalled(*arguments):\n"
        "    os.kill(os.getpid(), 15)\n"
        "    return grant(*arguments)\n"
        "leases.grant = signalled"
    )
    second.start("acquire()")
    wait_until(lambda: "t.2" in os.listdir(tmp_path / "gitseq/queue"))
    first.do("lease.release()")
    with pytest.raises(Raised) as raised:
        second.ended()
    assert raised.value.exit_code == 128 + signal.SIGTERM
    assert holder_of(tmp_path) is None
    first.do("lease = acquire(limit=0)")


def test_a_wait_at_the_gate_ends_with_patience_and_leaves_no_ticket(agent, tmp_path):
    one = agent()
    one.do("lease = acquire(); lease.release()")
    with open(tmp_path / "gitseq/queue/gate") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)  # as somebody does who is stopped while it draws a ticket
        with pytest.raises(Raised) as raised:
            one.do("acquire(limit=0.2)")
        assert "not in line yet" in raised.value.text
        assert sorted(os.listdir(tmp_path / "gitseq/queue")) == ["gate", "lock"]
        one.start("lease = acquire(limit=20)")
        wait_until(one._sleeps_in_a_lock)
    holds(one)


def test_who_wants_to_hear_nothing_waits_in_silence(agent):
    first, second = agent(), agent()
    first.do("lease = acquire()")
    claim = "leases.Claim('quiet', b'/work/tree', ENV)"
    second.start(f"lease = turn.acquire(place(sys.argv[2]), {claim}, leases.Patience(20))")
    second.waits()
    first.do("lease.release()")
    second.ended()
    assert second.do("answer = told") == []


def test_a_lock_whose_taker_is_dead_while_a_child_holds_it_is_another_program_s(agent, tmp_path):
    one = agent()
    one.do("lease = acquire(); lease.release()")
    locked = f"import fcntl\nlock = open({str(tmp_path / 'gitseq/queue/lock')!r}); fcntl.flock(lock, 2)\n"
    child = one.do(locked + "answer = pid = os.fork()\nif not pid:\n    import time; time.sleep(30); os._exit(0)")
    os.kill(one.pid, signal.SIGKILL)
    one.process.wait()
    try:
        assert "another program" in queueing.describe(holder_of(tmp_path), 0.0)
    finally:
        os.kill(child, signal.SIGKILL)


# --- filelock ----------------------------------------------------------------------------------


def test_filelock_on_the_same_path_waits_for_us(agent, tmp_path):
    one = agent()
    one.do("lease = acquire()")
    lock = filelock.FileLock(tmp_path / "gitseq/queue/lock", timeout=0.2)
    with pytest.raises(filelock.Timeout):
        lock.acquire()
    one.do("lease.release()")
    with lock:
        pass


def test_we_wait_for_filelock_on_the_same_path_and_name_its_process(agent, tmp_path):
    one = agent()
    one.do("lease = acquire(); lease.release()")
    with filelock.FileLock(tmp_path / "gitseq/queue/lock"):
        with pytest.raises(Raised) as raised:
            one.do("acquire(limit=0.2)")
        assert f"pid {os.getpid()}" in raised.value.text
        one.start("lease = acquire()")
        one.waits()
    holds(one)


def test_flock_1_on_the_same_path_is_respected(agent, tmp_path):
    one = agent()
    one.do("lease = acquire(); lease.release()")
    with open(tmp_path / "gitseq/queue/lock") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(Raised, match="GaveUp"):
            one.do("acquire(limit=0)")
    one.do("lease = acquire(limit=0)")


# --- where there is no flock -------------------------------------------------------------------

NO_FLOCK = "import fcntl\ndef _no(*_): raise OSError(38, 'no flock here')\nfcntl.flock = _no\n"


def test_without_flock_the_queue_still_excludes_and_keeps_its_order(agent):
    agents = [agent(f"number {n}") for n in range(3)]
    for one in agents:
        one.do(NO_FLOCK)
    agents[0].do("lease = acquire()")
    for n, one in enumerate(agents[1:], 1):
        one.start("lease = acquire(tick=0.05)")
        wait_until(lambda n=n: len(os.listdir(agents[0].folder / "gitseq/queue")) >= 3 + n)
    for before, after in pairwise(agents):
        assert after.process.poll() is None
        before.do("lease.release()")
        after.ended()
        assert after.do("answer = lease.record.owner.pid") == after.pid


def test_without_flock_a_dead_holder_and_a_dead_waiter_block_nobody(agent):
    agents = [agent(f"number {n}") for n in range(3)]
    for one in agents:
        one.do(NO_FLOCK)
    agents[0].do("lease = acquire()")
    agents[1].start("lease = acquire()")
    wait_until(lambda: "t.2" in os.listdir(agents[0].folder / "gitseq/queue"))
    agents[2].start("lease = acquire()")
    wait_until(lambda: "t.3" in os.listdir(agents[0].folder / "gitseq/queue"))
    agents[0].kill()
    agents[1].kill()
    agents[2].ended()


def test_without_flock_a_lock_file_copied_from_elsewhere_blocks_nobody(agent, tmp_path):
    agent().do("acquire().release()")
    os.utime(tmp_path / "gitseq/queue/lock", (1, 1))
    one = agent()
    one.do(NO_FLOCK + "lease = acquire(limit=2)")


def test_without_flock_the_line_is_seen_as_it_is(agent):
    first, second, third = (agent(f"number {n}") for n in range(3))
    for one in (first, second, third):
        one.do(NO_FLOCK + "from gitseq.queue import state")
    first.do("lease = acquire()")
    second.start("lease = acquire()")
    wait_until(lambda: "t.2" in os.listdir(first.folder / "gitseq/queue"))
    look = "seen = state.look(place(sys.argv[2])); answer = [seen.holder.pid, *(w.pid for w in seen.waiters)]"
    wait_until(lambda: third.do(look) == [first.pid, second.pid])


def test_without_flock_a_ticket_that_says_nothing_stands_while_it_is_young(agent, tmp_path):
    one = agent()
    one.do(NO_FLOCK + "acquire().release()")
    ticket = tmp_path / "gitseq/queue/t.1"
    ticket.touch()
    with pytest.raises(Raised, match="GaveUp"):
        one.do("acquire(limit=0.2)")
    os.utime(ticket, (1, 1))
    one.do("lease = acquire(limit=5)")
    assert not ticket.exists()


def test_without_flock_a_ticket_of_another_machine_stands(agent, tmp_path):
    one = agent()
    one.do(NO_FLOCK + "acquire().release()")
    one.do(
        "from gitseq.core import jsonline\n"
        "fields = record.owner_fields(record.myself().replace(host='other', pid=1))\n"
        f"open({str(tmp_path / 'gitseq/queue/t.1')!r}, 'wb').write(jsonline.encode(fields))"
    )
    with pytest.raises(Raised, match="GaveUp"):
        one.do("acquire(limit=0.2)")


def test_without_flock_we_wait_for_filelock_s_marker(agent, tmp_path):
    one = agent()
    one.do(NO_FLOCK + "acquire().release()")
    with filelock.SoftFileLock(tmp_path / "gitseq/queue/lock"), pytest.raises(Raised, match="GaveUp"):
        one.do("acquire(limit=0.3)")
    one.do("lease = acquire(limit=5)")


def test_without_flock_two_that_draw_the_same_number_get_two(agent, tmp_path):
    one = agent()
    one.do(NO_FLOCK + "acquire().release()")
    numbers = one.do(
        "from gitseq.queue import polling\n"
        "real = queueing.next_ticket\n"
        "def late(*arguments):\n"
        "    queueing.next_ticket = real\n"
        f"    open({str(tmp_path / 'gitseq/queue/t.1')!r}, 'x').close()\n"
        "    return 1\n"
        "queueing.next_ticket = late\n"
        "answer = polling.take(place(sys.argv[2])).number"
    )
    assert numbers == 2


def test_without_flock_a_queue_that_goes_while_a_ticket_is_drawn_is_told(agent, tmp_path):
    one = agent()
    with pytest.raises(Raised) as raised:
        one.do(
            NO_FLOCK + "import shutil\n"
            f"def gone(*_): shutil.rmtree({str(tmp_path / 'gitseq/queue')!r}); return 1\n"
            "queueing.next_ticket = gone\n"
            "acquire()"
        )
    assert (raised.value.name, raised.value.exit_code) == ("EnvironmentProblem", 4)


# --- a copy, a restart, a recycled pid ---------------------------------------------------------


def test_a_copied_repository_is_free_although_its_record_names_a_living_run(agent, tmp_path):
    original = tmp_path / "original"
    original.mkdir()
    one = agent(folder=original)
    one.do("lease = acquire()")
    subprocess.run(["cp", "-a", str(original), str(tmp_path / "copy")], check=True)
    assert holder_of(tmp_path / "copy") is None
    other = agent(folder=tmp_path / "copy")
    # And it does not take the run in the original for a dead one whose processes it should end.
    assert other.do("lease = acquire(limit=0); answer = lease.unsettled") == []
    assert holder_of(original).pid == one.pid


@pytest.mark.parametrize("change", ["boot='other'", "start=1", "host='other'"])
def test_a_record_of_a_dead_owner_is_recognised(agent, tmp_path, change):
    first = agent()
    first.do(
        "lease = acquire()\n"
        f"forged = lease.record.replace(owner=lease.record.owner.replace({change}))\n"
        f"record.write(place({str(tmp_path)!r}), forged)\n"
        "answer = forged.nonce"
    )
    first.do("lease._ticket.leave()")  # the lock is free; the record, and a process with its pid, are there
    assert holder_of(tmp_path) is None
    left = agent().do("lease = acquire(limit=0); answer = lease.unsettled")
    assert len(left) == (0 if change.startswith("boot") else 1)  # a restart has ended every process


def test_a_record_that_is_not_whole_is_ignored(agent, tmp_path):
    one = agent()
    one.do("lease = acquire(); lease.release()")
    for content in (b"", b"{", b"{}\n", b'{"format": 1}\n', b"\xff\xfe", b'{"format": 2, "nonce": "x"}\n', b"[1]\n"):
        (tmp_path / "gitseq/lease.json").write_bytes(content)
        one.do("lease = acquire(limit=0); lease.release()")


def _a_file(folder):
    folder.write_text("a file")


def _a_link_to_nothing(folder):
    folder.symlink_to("nowhere")


def _a_folder_named(name):
    def make(folder):
        (folder / name).mkdir(parents=True)

    return make


@pytest.mark.parametrize(
    "spoil",
    [_a_file, _a_link_to_nothing, *(_a_folder_named(name) for name in ("queue/gate", "queue/lock", "lease.json"))],
)
def test_a_queue_that_cannot_be_used_is_told_and_nothing_runs(agent, tmp_path, spoil):
    spoil(tmp_path / "gitseq")
    one = agent()
    with pytest.raises(Raised) as raised:
        one.do("acquire()")
    assert (raised.value.name, raised.value.exit_code) == ("EnvironmentProblem", 4)
    spoiled = tmp_path / "gitseq/queue"
    assert not spoiled.is_dir() or "t.1" not in os.listdir(spoiled)


def test_a_queue_that_cannot_be_looked_at_is_told(tmp_path):
    (tmp_path / "gitseq").write_text("a file")
    with pytest.raises(EnvironmentProblem, match="cannot be used"):
        state.look(place_of(tmp_path))


def test_what_goes_while_one_looks_is_left_out(agent, tmp_path, monkeypatch):
    one = agent()
    one.do("lease = acquire(); lease.release()")
    os.symlink("gone", tmp_path / "gitseq/queue/t.7")  # listed, and not to be opened: as a ticket that is given up
    assert state.look(place_of(tmp_path)).waiters == ()
    os.unlink(tmp_path / "gitseq/queue/lock")
    monkeypatch.setattr(record, "examine", lambda _place: record.Finding(None, "", True))
    assert holder_of(tmp_path).pid == 0  # whoever had it locked a moment ago


def test_a_hand_over_between_two_looks_is_not_judged_by_the_former_lock(agent, tmp_path, monkeypatch):
    first, second = agent("first"), agent("second")
    first.do("lease = acquire()")
    second.start("lease = acquire()")
    second.waits()
    test_lock = record._test_lock

    def hands_over(place):
        monkeypatch.setattr(record, "_test_lock", test_lock)
        held = test_lock(place)
        first.do("lease.release()")
        second.ended()
        return held

    monkeypatch.setattr(record, "_test_lock", hands_over)
    assert holder_of(tmp_path).pid == second.pid
