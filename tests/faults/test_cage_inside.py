"""The cage from inside: moments that have to be forced, and what it does without a kernel's help."""

import copy
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from gitseq.cage import gauge, leaves, marks, orphans, spared
from gitseq.cage import run as cage
from gitseq.cage import tree as trees
from gitseq.errors import Unkillable
from gitseq.host import cgroup, procs, signals, tree
from gitseq.model import Limits
from tests.faults.cage import IN_A_LEAF
from tests.support.procs import alive, assert_pid_gone, pid_from, spawned, wait_until

MIB = 1 << 20
PYTHON = [sys.executable, "-I", "-S", "-c"]
needs_groups = pytest.mark.skipif(cgroup.detect() == cgroup.POLLING, reason="no control group can be made here")


@pytest.fixture(autouse=True)
def nobody_is_spared_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "_spared_sessions", set())


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@pytest.fixture
def sleeper() -> "Iterator[subprocess.Popen[bytes]]":
    """A process of nobody's hook."""
    process = subprocess.Popen(["/bin/sleep", "60"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def run(
    argv: "list[str]", limits: "Limits | None" = None, state_dir: "Path | None" = None, **spec: Any
) -> cage.Outcome:
    """Run a command in the cage of this very process."""
    of_watch = ("caller_fd", "progress", "first_progress", "interval", "on_start", "on_idle")
    watching = {name: spec.pop(name) for name in of_watch if name in spec}
    with signals.Signals() as noted, open(os.devnull, "rb") as nothing:
        command = cage.Command(
            os.fsencode(argv[0]),
            [os.fsencode(part) for part in argv],
            {b"PATH": b"/usr/bin:/bin", b"HOME": b"/nonexistent"},
            b"/",
            nothing.fileno(),
            limits=limits or Limits(),
            **spec,
        )
        place = b"" if state_dir is None else bytes(state_dir)
        return cage.run(command, cage.Watch(noted, state_dir=place, **watching))


def sh(script: str, limits: "Limits | None" = None, state_dir: "Path | None" = None, **spec: Any) -> cage.Outcome:
    return run(["/bin/sh", "-c", script], limits, state_dir, **spec)


def member_of(pid: int) -> tree.Member:
    found = tree.look(pid)
    assert found is not None
    return found


def earlier(member: tree.Member) -> tree.Member:
    """A process that had the same pid before."""
    member = copy.copy(member)
    member.start -= 1
    return member


def end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, 9)


def descriptors() -> int:
    """Ours, but for those of other tests, and with the one that is kept for good."""
    procs.children()
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("interactive", [False, True])
def test_what_the_kernel_refuses_to_execute_leaves_no_descriptor_open(interactive):
    before = descriptors()
    with pytest.raises(PermissionError):
        run(["/dev/null"], interactive=interactive)
    assert descriptors() == before


def test_a_command_is_started_in_its_folder_from_one_that_was_removed(tmp_path):
    gone, here = tmp_path / "gone", os.open(".", os.O_RDONLY)
    gone.mkdir()
    try:
        os.chdir(gone)
        gone.rmdir()
        assert run(["/bin/pwd"]).output == b"/\n"
        assert not os.listdir(".")
    finally:
        os.fchdir(here)
        os.close(here)


def test_a_command_is_started_where_we_are_when_that_is_its_folder():
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir("/")
        assert run(["/bin/pwd"]).output == b"/\n"
        assert os.getcwd() == "/"
    finally:
        os.fchdir(here)
        os.close(here)


# --- while it runs


def test_while_a_command_runs_there_is_time_for_one_thing(tmp_path):
    done: list[str] = []
    go = tmp_path / "go"

    def idle() -> None:
        done.append("idle")
        go.touch()

    wait = f"while ! test -e {go}; do sleep 0.01; done; echo gone; sleep 0.1; echo on"
    told = sh(wait, Limits(timeout=20.0), on_idle=idle)
    assert done == ["idle"]
    assert (told.exit_code, told.output) == (0, b"gone\non\n")


def test_once_a_command_has_ended_there_is_not():
    before = set(procs.children())

    def until_it_has_ended() -> None:
        (pid,) = set(procs.children()) - before
        wait_until(lambda: procs.has_ended(pid), what="the end of the command")

    done: list[str] = []
    assert run(["/bin/true"], on_start=until_it_has_ended, on_idle=lambda: done.append("idle")).exit_code == 0
    assert not done


# --- children


def test_all_children_are_told_however_many_they_are():
    """The kernel tells them by pages: 4,096 bytes hold some 500."""
    before = set(procs.children())
    started = {os.posix_spawn("/bin/true", ["true"], {}) for _child in range(700)}
    try:
        assert set(procs.children()) == before | started
    finally:
        for pid in started:
            os.waitpid(pid, 0)
    assert set(procs.children()) == before


def test_a_forked_process_is_told_its_own_children():
    assert procs.children() is not None
    pid = os.fork()
    if pid == 0:
        os._exit(len(procs.children()))
    assert os.waitpid(pid, 0)[1] == 0
    assert pid not in procs.children()


# --- output


def test_a_terminal_of_our_making_is_read_to_its_end():
    before = descriptors()
    told = sh("test -t 1 && echo on a terminal", tty=True)
    assert (told.exit_code, told.output.split()) == (0, [b"on", b"a", b"terminal"])
    assert descriptors() == before


def test_a_command_that_closes_its_terminal_and_goes_on_is_waited_for():
    told = sh("echo last words; exec >&- 2>&-; sleep 0.2; exit 3", tty=True)
    assert (told.exit_code, told.output.split()) == (3, [b"last", b"words"])
    assert told.duration >= 0.2


def test_a_poll_that_errs_ends_no_output(monkeypatch, tmp_path):
    """poll(2) may say of a descriptor that it can be read, and then it cannot."""
    read, erred = os.read, tmp_path / "erred"
    monkeypatch.setattr(cage, "_PIECE", 7)  # by which its reads are known from all others

    def errs_once(fd: int, size: int) -> bytes:
        if size == cage._PIECE and not erred.exists():
            erred.touch()
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return read(fd, size)

    monkeypatch.setattr(os, "read", errs_once)
    told = sh(f"echo first; until [ -e '{erred}' ]; do sleep 0.01; done; echo last", Limits(timeout=20.0))
    assert (told.exit_code, told.output) == (0, b"first\nlast\n")


def test_who_goes_on_writing_after_the_command_ended_is_read_no_further_than_agreed(monkeypatch):
    monkeypatch.setattr(cage, "_PIECE", 4)
    monkeypatch.setattr(cage, "KEEP", 8)
    much = 60_000  # less than a pipe holds, and far more than is read four bytes at a time until the shell has ended
    told = sh(f"printf '%0{much}d' 0; exec 1>&- 2>&-")
    assert told.exit_code == 0
    assert len(told.output) < much
    assert set(told.output) == {ord("0")}


def test_whoever_wants_to_know_is_told_the_newest_output_while_the_command_runs(tmp_path):
    told: list[tuple[float, bytes]] = []
    enough = tmp_path / "enough"

    def progress(elapsed: float, tail: bytes) -> None:
        told.append((elapsed, tail))
        if tail and len(told) > 1:
            enough.touch()

    outcome = sh(
        f"echo begun; until [ -e {enough} ]; do sleep 0.01; done; echo done",
        Limits(timeout=20),
        progress=progress,
        first_progress=0.05,
        interval=0.05,
    )
    assert outcome.exit_code == 0
    assert told[-1][1].startswith(b"begun\n")
    assert 0.05 <= told[0][0] < told[-1][0]


# --- the end


def test_a_command_ends_with_the_git_that_called_us(sleeper):
    caller = os.pidfd_open(sleeper.pid)
    try:
        told = sh(f"kill -9 {sleeper.pid}; sleep 20", caller_fd=caller)
    finally:
        os.close(caller)
    assert told.caller_gone
    assert (told.stopped, told.signal) == (15, 15)


def test_ctrl_c_that_ends_git_as_well_is_told_as_an_interruption(sleeper):
    caller = os.pidfd_open(sleeper.pid)
    try:
        told = sh(f"kill -INT {os.getpid()}; kill -9 {sleeper.pid}; sleep 20", caller_fd=caller)
    finally:
        os.close(caller)
    assert (told.stopped, told.caller_gone) == (2, False)


def test_an_interrupt_reaches_the_leader_of_an_interactive_command_that_may_have_left_our_group():
    told = sh("trap 'exit 9' INT; kill -INT $PPID; while :; do sleep 0.02; done", interactive=True)
    assert (told.exit_code, told.stopped) == (9, 2)


def test_without_adoption_what_stays_in_the_group_ends_with_the_command(monkeypatch, tmp_path):
    monkeypatch.setattr(procs, "adopt_orphans", lambda: False)
    told = sh(f"trap '' TERM; sleep 60 >/dev/null 2>&1 & echo $! >{tmp_path / 'pid'}")
    assert told.exit_code == 0
    assert_pid_gone(pid_from(tmp_path / "pid"), 1)


def test_without_adoption_who_ignores_term_is_killed_with_its_group(monkeypatch):
    monkeypatch.setattr(procs, "adopt_orphans", lambda: False)
    told = sh("trap '' TERM; while :; do sleep 0.02; done", Limits(timeout=0.1, grace=0.1))
    assert (told.signal, told.hit.cap) == (9, "timeout")


def test_a_daemon_that_may_stay_is_not_taken_for_the_next_hook_s(tmp_path):
    file = tmp_path / "pid"
    script = f"setsid sh -c 'echo $$ >{file}; exec sleep 60' >/dev/null 2>&1 & sleep 60 & echo $! >{file}2"
    script += f"; while ! [ -s {file} ]; do sleep 0.01; done"
    first = sh(script, keep_daemons=True)
    daemon, background = pid_from(file), pid_from(tmp_path / "pid2")
    try:
        assert sorted(one.pid for one in first.spared) == sorted((daemon, background))
        second = sh("sleep 0.1")
        assert second.leftovers == ()
        assert alive(daemon)
        assert alive(background)
    finally:
        end(daemon)
        end(background)


def test_a_child_that_another_has_waited_for_is_passed_over(monkeypatch):
    monkeypatch.setattr(procs, "children", lambda: [os.getppid()])
    seen = trees.Tree(os.getpid(), set())
    seen.bury()
    assert seen.cpu == 0.0


def test_stopping_ends_with_the_rounds_and_what_was_stopped_is_let_go(monkeypatch, sleeper):
    monkeypatch.setattr(trees, "_ROUNDS", 1)
    one = trees.Tree(sleeper.pid, set())
    assert [member.pid for member in one.stop()] == [sleeper.pid]
    wait_until(lambda: member_of(sleeper.pid).state == b"T")
    one.resume()
    wait_until(lambda: member_of(sleeper.pid).state != b"T")


def test_who_ends_before_it_can_be_stopped_is_not_let_go_later(monkeypatch, sleeper):
    member = member_of(sleeper.pid)
    one = trees.Tree(sleeper.pid, set())
    sleeper.kill()
    sleeper.wait()
    monkeypatch.setattr(trees.Tree, "alive", lambda _self: [member])
    monkeypatch.setattr(trees, "_ROUNDS", 2)
    one.stop()
    assert one._ours == {}


# --- caps


def test_a_tree_far_beyond_its_cap_is_convicted_without_measuring_all_of_it(monkeypatch):
    measured = []
    proportional, stop = tree.proportional, trees.Tree.stop

    def stopped(one: trees.Tree) -> "list[tree.Member]":
        measured.clear()
        return stop(one)

    monkeypatch.setattr(tree, "proportional", lambda member: measured.append(member.pid) or proportional(member))
    monkeypatch.setattr(trees.Tree, "stop", stopped)
    hogs = "import os, time\nfor _ in range(2):\n    if not os.fork(): break\nheld = b'x' * (60 << 20)\ntime.sleep(60)"
    known = set(procs.children())
    with spawned([*PYTHON, hogs]) as leader:
        wait_until(lambda: sum(member.resident > 60 * MIB for member in tree.walk([leader.pid])) == 3)
        looking = gauge.Gauge(trees.Tree(leader.pid, known), Limits(memory=20 * MIB), b"", 0.0)
        hit = looking.look(None)
        assert hit is not None
        assert (hit.cap, hit.count) == ("memory", 3)
        assert len(measured) == 1


def test_the_largest_is_who_is_largest_when_it_is_measured(sleeper):
    looking = gauge.Gauge(trees.Tree(sleeper.pid, set(procs.children()) - {sleeper.pid}), Limits(memory=1), b"", 0.0)
    looking._measure(1, stop=False)
    assert looking._largest is not None
    assert looking._largest.pid == sleeper.pid


def test_a_hook_that_grows_on_after_it_was_asked_to_end_has_no_grace():
    code = (
        "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nheld = []\nend = time.monotonic() + 20\n"
        "while time.monotonic() < end:\n"
        "    held.append(b'x' * (4 << 20)) if len(held) < 100 else 0; time.sleep(0.01)"
    )
    told = run([*PYTHON, code], Limits(memory=60 * MIB, grace=15.0))
    assert (told.hit.cap, told.signal) == ("memory", 9)
    assert told.duration < 10


@needs_groups
def test_threads_that_the_kernel_refuses_fail_the_hook(state_dir):
    code = (
        "import threading, time\nwhile 'gitseq.' not in open('/proc/self/cgroup').read(): time.sleep(0.01)\n"
        "threading.stack_size(1 << 16)\nwait = threading.Event()\n"
        "try:\n"
        "    for _ in range(2000): threading.Thread(target=wait.wait, args=(20,), daemon=True).start()\n"
        "except RuntimeError:\n"
        "    pass\n"
        "wait.set()\ntime.sleep(0.2)"
    )
    told = run([*PYTHON, code], Limits(processes=2, timeout=20), state_dir)
    assert told.hit is not None
    assert (told.hit.cap, told.hit.refused > 0) == ("processes", True)


# --- leaves


@needs_groups
def test_a_tree_that_forks_while_it_is_moved_is_contained_all_the_same(monkeypatch, state_dir):
    monkeypatch.setattr(gauge, "_PASSES", 1)
    assert sh(IN_A_LEAF, Limits(timeout=20), state_dir=state_dir).rung == cgroup.detect().name


@needs_groups
def test_where_a_process_may_not_be_moved_the_hook_is_polled_and_no_leaf_stays(monkeypatch, state_dir):
    admit = cgroup.Leaf.admit

    def only_the_first(leaf: cgroup.Leaf, member: tree.Member) -> bool:
        admit(leaf, member)
        raise PermissionError(1, "another user's")

    monkeypatch.setattr(cgroup.Leaf, "admit", only_the_first)
    told = sh("sleep 0.2", state_dir=state_dir)
    assert (told.exit_code, told.rung) == (0, "polling")
    assert os.listdir(state_dir / "cage") == []


@needs_groups
def test_without_a_place_for_its_record_no_leaf_is_made(state_dir):
    (state_dir / "cage").write_text("a file")
    told = sh("sleep 0.2", state_dir=state_dir)
    assert (told.exit_code, told.rung) == (0, "polling")


@needs_groups
def test_an_empty_leaf_of_a_dead_engine_is_swept_though_its_record_is_gone(monkeypatch, state_dir, tmp_path):
    me = earlier(member_of(os.getpid()))
    monkeypatch.setattr(tree, "look", lambda _pid: me)
    left = leaves.make(bytes(tmp_path), Limits())
    assert left is not None
    monkeypatch.undo()
    (tmp_path / "cage" / os.listdir(tmp_path / "cage")[0]).unlink()
    assert left.exists()
    sh("sleep 0.1", state_dir=state_dir)
    assert not left.exists()


@needs_groups
def test_a_leaf_that_holds_somebody_keeps_its_record_until_it_is_empty(state_dir, sleeper):
    leaf = leaves.make(bytes(state_dir), Limits())
    assert leaf is not None
    leaf.admit(member_of(sleeper.pid))
    leaves.discard(leaf, bytes(state_dir))
    engine = member_of(os.getpid())
    assert leaf.exists()
    assert [one.folders for one in leaves.of_engine(bytes(state_dir), engine)] == [leaf.folders]
    assert leaves.of_engine(bytes(state_dir), earlier(engine)) == []
    leaf.release(member_of(sleeper.pid))
    leaves.discard(leaf, bytes(state_dir))
    assert not leaf.exists()
    assert os.listdir(state_dir / "cage") == []


def test_a_process_that_is_gone_is_in_no_pid_namespace(sleeper):
    assert leaves.namespace(sleeper.pid) == leaves.namespace() != b""
    sleeper.kill()
    sleeper.wait()
    assert leaves.namespace(sleeper.pid) == b""


# --- marks and reaping


def test_an_engine_marks_nothing_before_its_state_folder_is_there(tmp_path):
    late = tmp_path / "late"
    assert marks.own(bytes(late)) == 0
    late.mkdir()
    assert marks.own(bytes(late)) == marks.own(bytes(late)) == marks.of(bytes(late), _me()) != 0


def _me() -> Any:
    from gitseq.host import proctree

    return proctree.look(os.getpid())


def test_a_process_that_is_gone_carries_no_mark(sleeper):
    sleeper.kill()
    sleeper.wait()
    assert orphans._mark(sleeper.pid) == 0


def test_before_the_first_run_of_a_repository_only_a_token_is_proof(tmp_path, sleeper):
    missing = bytes(tmp_path / "missing")
    assert orphans.reap_orphans(lambda _environment, _start: False, state_dir=missing) == []
    start = member_of(sleeper.pid).start
    found = orphans.reap_orphans(lambda _environment, when: when == start, state_dir=missing, dry_run=True)
    assert sleeper.pid in [one.pid for one in found]


def test_what_does_not_die_is_named(monkeypatch, sleeper):
    start = member_of(sleeper.pid).start
    monkeypatch.setattr(orphans, "_PATIENCE", 0.05)
    monkeypatch.setattr(orphans, "_GRACE", 0.02)
    monkeypatch.setattr(tree, "send", lambda _member, _signum: True)
    monkeypatch.setattr(tree, "send_all", lambda _members, _signum: None)
    with pytest.raises(Unkillable, match=f"would not die: .*PID {sleeper.pid}"):
        orphans.reap_orphans(lambda _environment, when: when == start)


@pytest.mark.parametrize("grace", [0.05, 0.0])
def test_who_ignores_being_asked_is_ended_after_the_grace(grace):
    script = "trap '' TERM; echo ready; exec sleep 60"
    with subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE) as stubborn:
        assert stubborn.stdout is not None
        stubborn.stdout.readline()
        orphans._end([member_of(stubborn.pid)], grace)
        assert stubborn.wait(timeout=10) == -signals.SIGKILL


# --- the spared


def test_who_is_spared_is_let_out_of_the_leaf(sleeper):
    class Leaf:
        released: "list[int]" = []  # noqa: RUF012

        def release(self, member: Any) -> None:
            self.released.append(member.pid)

    cage_tree = trees.Tree(sleeper.pid, set())
    cage_tree.leaf = cast(Any, Leaf())
    cage_tree.spare([member_of(sleeper.pid)])
    assert Leaf.released == [sleeper.pid]


def test_who_was_spared_is_spared_with_what_it_starts_and_a_stranger_is_not(monkeypatch, state_dir, sleeper):
    script = "setsid sleep 60 & echo $!; exec sleep 60"
    with subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True) as kept:
        assert kept.stdout is not None
        child = int(kept.stdout.readline())
        wait_until(lambda: member_of(child).session == child)
        try:
            (state_dir / "cage").mkdir()
            (state_dir / "cage/spared").write_bytes(b"not a note\n1 2\n")
            spared.remember(bytes(state_dir), [member_of(sleeper.pid)])
            spared.remember(bytes(state_dir), [member_of(kept.pid)])
            left_alone = spared.Spared(bytes(state_dir))
            assert left_alone.has(member_of(sleeper.pid))  # a second note keeps the first
            assert left_alone.has(member_of(child))
            assert not left_alone.has(member_of(os.getpid()))
            monkeypatch.setattr(spared, "_DEPTH", 1)
            assert not left_alone.has(member_of(child))  # no further up than we look
            sleeper.kill()
            sleeper.wait()
            spared.remember(bytes(state_dir), [])
            noted = (state_dir / "cage/spared").read_bytes().splitlines()
            assert [line.split()[0] for line in noted] == [b"%d" % kept.pid]
        finally:
            end(child)
            kept.kill()


def test_without_a_place_for_the_note_a_daemon_stays_all_the_same(state_dir, tmp_path):
    (state_dir / "cage").write_text("a file")
    file = tmp_path / "pid"
    told = sh(f"sleep 60 >/dev/null 2>&1 & echo $! >{file}", state_dir=state_dir, keep_daemons=True)
    try:
        assert [one.pid for one in told.spared] == [pid_from(file)]
        assert alive(pid_from(file))
    finally:
        end(pid_from(file))
