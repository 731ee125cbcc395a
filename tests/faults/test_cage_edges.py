"""The cage at its edges: stop signals, the unkillable, nesting, descriptors, other ways to list processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gitseq.cage import marks
from gitseq.host import cgroup, proctree, tree
from tests.faults.cage import HOG, IN_A_LEAF, ROOT_USER, Cage, enter
from tests.support.procs import alive, assert_pid_gone, pid_from, spawned, wait_until

MIB = 1 << 20
FREEZER = Path("/sys/fs/cgroup/freezer")


@pytest.fixture(params=["cgroup", "polling"])
def cage(request: pytest.FixtureRequest) -> Iterator[Cage]:
    yield from enter(request.param)


@pytest.fixture
def polling() -> Iterator[Cage]:
    yield from enter("polling")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_reaches_what_left_group_and_session(cage: Cage, signum: int) -> None:
    pid_file = cage.folder / "pid"
    script = f"setsid sh -c 'echo $$ >{pid_file}; exec sleep 30' & sleep 30"
    with cage.start(argv=["/bin/sh", "-c", script], limits={"grace": 0.2}) as engine:
        pid = pid_from(pid_file)
        engine.send_signal(signum)
        out, err = engine.communicate(timeout=20)
    assert engine.returncode == 0, err.decode()
    assert f'"stopped": {int(signum)}'.encode() in out
    assert_pid_gone(pid, timeout=0.5)


def test_a_command_is_not_left_alone_when_what_watches_it_fails(cage: Cage) -> None:
    pid_file = cage.folder / "pid"
    script = f"setsid sh -c 'echo $$ >{pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 30' & sleep 30"
    with cage.start(argv=["/bin/sh", "-c", script], fails_at=str(pid_file)) as engine:
        out, err = engine.communicate(timeout=20)
    assert out == b'{"left": []}\n', err.decode()
    assert_pid_gone(pid_from(pid_file), timeout=0.5)


def test_a_second_stop_signal_does_not_wait_for_the_grace(polling: Cage) -> None:
    pid_file, asked = polling.folder / "pid", polling.folder / "asked"
    script = f"trap '' TERM; trap 'echo >{asked}' INT; echo $$ >{pid_file}; while :; do sleep 0.05; done"
    with polling.start(argv=["/bin/sh", "-c", script], limits={"grace": 50.0}) as engine:
        pid = pid_from(pid_file)
        engine.send_signal(signal.SIGINT)
        wait_until(asked.exists, what="the first being passed on")
        assert alive(pid)
        engine.send_signal(signal.SIGINT)
        engine.communicate(timeout=20)
    assert_pid_gone(pid, timeout=0.5)


@pytest.mark.skipif(
    not ROOT_USER or not os.access(FREEZER / "cgroup.procs", os.W_OK), reason="needs a freezer to hold a process still"
)
def test_a_process_that_would_not_die_is_named(polling: Cage) -> None:
    group = FREEZER / f"test-{os.getpid()}"
    group.mkdir()
    pid_file = polling.folder / "pid"
    script = (
        f"(echo $$ >{group}/cgroup.procs; echo $$ >{pid_file}; echo FROZEN >{group}/freezer.state; sleep 9) & sleep 9"
    )
    try:
        told = polling.sh(script, limits={"timeout": 0.3, "grace": 0.1}, kill_patience=0.5)
        assert "would not die" in told["unkillable"]
        assert "PID" in told["unkillable"]
    finally:
        (group / "freezer.state").write_text("THAWED")
        wait_until(lambda: not (group / "cgroup.procs").read_text(), what="the end of the thawed")
        wait_until(lambda: _removed(group), what="removal of the group")


def _removed(group: Path) -> bool:
    with suppress(OSError):
        group.rmdir()
    return not group.exists()


def test_an_inner_run_stays_in_the_outer_cage(cage: Cage) -> None:
    """The inner engine, told or not that it is nested, makes no leaf that the outer cap would not hold for."""
    inner = Cage("cgroup", cage.folder / "inner") if _make(cage.folder / "inner") else None
    assert inner is not None
    command = inner.argv(argv=[sys.executable, "-I", "-S", "-c", HOG % 400], nested=cage.way.polling)
    slow = ["/bin/sh", "-c", ("" if cage.way.polling else IN_A_LEAF) + 'exec "$@"', "sh", *command]
    told = cage.do(argv=slow, limits={"memory": 200 * MIB, "grace": 0.5})
    assert told["hit"]["cap"] == "memory"
    assert told["left"] == []
    assert inner.records() == []


def _make(folder: Path) -> bool:
    folder.mkdir()
    return True


def test_a_hook_inherits_three_descriptors_and_no_more(polling: Cage) -> None:
    script = "import os; print(sorted(int(fd) for fd in os.listdir('/proc/self/fd')))"
    assert polling.python(script)["output"] == "[0, 1, 2, 3]\n"  # 3 is the listing itself


def test_a_hook_inherits_no_ignored_and_no_blocked_signal(polling: Cage) -> None:
    told = polling.sh("grep -E '^Sig(Blk|Ign)' /proc/self/status")
    masks = {line.split()[0]: int(line.split()[1], 16) for line in told["output"].splitlines()}
    assert masks["SigBlk:"] == 0
    assert not masks["SigIgn:"] & 1 << (signal.SIGPIPE - 1)


def test_orphans_that_end_during_a_run_do_not_pile_up_as_zombies(polling: Cage) -> None:
    orphans = "for pid in $(for i in 1 2 3 4 5 6 7 8; do (true >/dev/null & echo $!); done); do "
    told = polling.sh(orphans + "while [ -e /proc/$pid ]; do sleep 0.01; done; done", limits={"timeout": 20.0})
    assert (told["exit_code"], told["hit"]) == (0, None)
    assert told["leftovers"] == []


def test_a_cap_is_no_pass_whatever_the_exit_code(polling: Cage) -> None:
    told = polling.sh("trap 'exit 0' TERM; while :; do sleep 0.05; done", limits={"timeout": 0.2, "grace": 5.0})
    assert told["exit_code"] == 0
    assert told["hit"]["cap"] == "timeout"


def test_what_an_ordinary_hook_used_is_told(cage: Cage) -> None:
    told = cage.python("a = bytearray(60 << 20); import time; time.sleep(0.3)")
    assert 60 * MIB <= told["peak_memory"] <= 90 * MIB
    assert told["rung"] == ("polling" if cage.way.polling else cgroup.detect().name)
    assert told["peak_source"] == ("kernel" if not cage.way.polling else told["peak_source"])


# --- marks


def test_a_mark_gives_back_what_was_put_in(tmp_path: Path) -> None:
    me = proctree.look(os.getpid())
    assert me is not None
    place = bytes(tmp_path)
    assert marks.read(marks.of(place, me)) == (marks.place_of(place), me.start & marks.START_MASK, me.pid)


@pytest.mark.parametrize("number", [0, 1, 1 << 60, (1 << 64) - 1, 1 << 62])
def test_an_ordinary_limit_is_no_mark(number: int) -> None:
    assert marks.read(number) is None


def test_the_mark_is_handed_down_to_hooks_only(polling: Cage) -> None:
    told = polling.sh("env -i /bin/sh -c 'grep -c \"^Max file locks *[0-9]\" /proc/self/limits'")
    assert told["output"] == "1\n"
    with open("/proc/self/limits") as limits:
        assert "Max file locks            unlimited" in limits.read()


# --- the ways to list processes


def test_every_way_to_list_processes_finds_the_same(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = f"(setsid sh -c 'echo $$ >{pid_file}; sleep 30' & wait) & wait"
    with spawned(["/bin/sh", "-c", script]) as process:
        last = pid_from(pid_file)
        wait_until(lambda: len(tree.walk([process.pid])) == 4, what="four processes")
        by_children = {member.pid for member in tree.walk([process.pid])}
        by_table = {member.pid for member in tree._walk_table([process.pid])}
        by_psutil = {member.pid for member in tree._everyone_by_psutil()}
        assert last in by_children
        assert by_children == by_table
        assert by_children <= by_psutil
        os.kill(last, signal.SIGKILL)
        for pid in by_children - {last}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_signal_never_hits_a_later_process_with_the_same_pid() -> None:
    process = subprocess.Popen(["/bin/sh", "-c", "sleep 30 & wait"])
    try:
        wait_until(lambda: len(tree.walk([process.pid])) == 2, what="the child of the child")
        member = tree.walk([process.pid])[1]
        member.start += 1
        assert not tree.send(member, signal.SIGKILL)
        assert alive(member.pid)
        member.start -= 1
        assert tree.send(member, signal.SIGKILL)
    finally:
        process.wait(10)
