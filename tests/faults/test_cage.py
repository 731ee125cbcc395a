"""Invariants 6, 7 and 8: what a hook may do to escape or outgrow its cage, and that it does not."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.faults.cage import BOMB, DAEMON, HEADLESS, HOG, HOPPER, SHARED, WAYS, Cage, enter
from tests.support.procs import alive, assert_pid_gone, pid_from, wait_until

MIB = 1 << 20
SLEEP = "/bin/sleep"


@pytest.fixture(params=WAYS)
def cage(request: pytest.FixtureRequest) -> Iterator[Cage]:
    for entered in enter(request.param):
        yield entered
        assert not [name for name in entered.records() if name != "spared"]
        assert not entered.leaves()


def test_an_ordinary_hook_passes_with_its_output_and_code(cage: Cage) -> None:
    told = cage.sh("echo out; echo err >&2; exit 3")
    assert (told["exit_code"], told["output"], told["hit"], told["left"]) == (3, "out\nerr\n", None, [])


def test_a_hanging_hook_is_ended_at_its_timeout(cage: Cage) -> None:
    told = cage.sh("sleep 30; true", limits={"timeout": 0.3})
    assert told["hit"]["cap"] == "timeout"
    assert told["duration"] < 2
    assert told["left"] == []
    assert told["lines"][0] == "timeout: ran longer than 300ms, 2 processes killed"


def test_the_time_of_the_run_ends_a_hook_before_its_own(cage: Cage) -> None:
    told = cage.sh("sleep 30", limits={"timeout": 20.0}, run_timeout=0.3)
    assert told["hit"]["cap"] == "run_timeout"
    assert told["duration"] < 2


def test_who_ignores_term_is_killed_after_the_grace(cage: Cage) -> None:
    told = cage.sh("trap '' TERM HUP INT; while :; do sleep 1; done", limits={"timeout": 0.2, "grace": 0.3})
    assert told["signal"] == signal.SIGKILL
    assert 0.5 <= told["duration"] < 2
    assert told["left"] == []


def test_who_is_stopped_gets_the_term_that_ends_it(cage: Cage) -> None:
    told = cage.sh("kill -STOP $$; sleep 30", limits={"timeout": 0.3, "grace": 20.0})
    assert told["signal"] == signal.SIGTERM
    assert told["duration"] < 5


def test_a_hook_that_cleans_up_on_term_has_the_time(cage: Cage) -> None:
    script = "trap 'echo cleaning; exit 7' TERM; while :; do sleep 0.05; done"
    told = cage.sh(script, limits={"timeout": 0.3, "grace": 10.0})
    assert (told["exit_code"], told["output"].splitlines()[-1]) == (7, "cleaning")
    assert told["hit"]["cap"] == "timeout"


@pytest.mark.parametrize(
    "script",
    [
        "sleep 30 &",
        "nohup sleep 30 >/dev/null 2>&1 &",
        "setsid sleep 30 & ",
        "setsid sh -c 'setsid sleep 30 & sleep 30' &",
        "env -i setsid sh -c '(/bin/sleep 30 &)'",
        "trap '' TERM HUP; (trap '' TERM; sleep 30; sleep 30) &",
    ],
)
def test_nothing_outlives_a_hook(cage: Cage, script: str) -> None:
    told = cage.sh(script + "\necho done")
    assert told["exit_code"] == 0
    assert told["output"] == "done\n"
    assert told["left"] == []
    assert any("sleep" in left["command"] for left in told["leftovers"])


def test_a_double_forked_daemon_without_descriptors_or_environment_is_gone(cage: Cage) -> None:
    pid_file = cage.folder / "pid"
    program = cage.program("daemon.py", DAEMON % (str(pid_file), SLEEP))
    told = cage.sh(f"{{py}} -I -S {program}; while [ ! -s {pid_file} ]; do sleep 0.01; done")
    assert told["exit_code"] == 0, told["output"]
    assert not alive(pid_from(pid_file))
    assert len(told["leftovers"]) == 1


def test_who_hops_from_pid_to_pid_is_caught(cage: Cage) -> None:
    program = cage.program("hopper.py", HOPPER)
    began = time.monotonic()
    for number in range(4):
        begun = cage.folder / f"begun.{number}"
        script = f"{{py}} -I -S {program} {begun}; until [ -e {begun} ]; do sleep 0.01; done"
        assert cage.sh(script, limits={"grace": 0.1})["left"] == []
        assert hoppers(program) == []
    assert time.monotonic() - began < 12


def test_who_hops_from_pid_to_pid_is_reaped_after_the_engine(cage: Cage) -> None:
    program = cage.program("hopper.py", HOPPER)
    begun = cage.folder / "begun"
    script = f"{cage.way.python} -I -S {program} {begun}; sleep 9"
    with cage.start(argv=["/bin/sh", "-c", script], token="dead") as engine:
        wait_until(begun.exists, what="the first hop")
        engine.kill()
    assert cage.do(op="reap", dead="dead")["reaped"]
    assert hoppers(program) == []


def hoppers(program: Path) -> list[int]:
    """Looked for again and again, for one look can miss them, too."""
    looks = [process.pid for _look in range(5) for process in psutil.process_iter(["cmdline"])
             if str(program) in (process.info["cmdline"] or ())]  # fmt: skip
    return sorted(set(looks))


def test_a_process_whose_first_thread_ended_is_no_zombie_and_is_gone(cage: Cage) -> None:
    told = cage.python(HEADLESS)
    assert_pid_gone(int(told["output"]))
    assert [left["pid"] for left in told["leftovers"]] == [int(told["output"])]


def test_a_grandchild_that_holds_stdout_delays_nothing(cage: Cage) -> None:
    told = cage.sh("sleep 30 & echo said")
    assert told["output"] == "said\n"
    assert told["duration"] < 1


def test_what_the_hook_wrote_before_it_ended_is_all_there(cage: Cage) -> None:
    told = cage.sh("seq 1 20000; (sleep 30) &")
    assert told["output"].splitlines()[-1] == "20000"


def test_daemons_that_may_stay_are_listed_and_spared_by_reap(cage: Cage) -> None:
    pid_file = cage.folder / "pid"
    script = f"setsid sh -c 'echo $$ >{pid_file}; exec sleep 30' & until [ -s {pid_file} ]; do sleep 0.01; done"
    told = cage.sh(script, keep=True, token="gone")
    pid = pid_from(pid_file)
    try:
        assert [spared["pid"] for spared in told["spared"]] == [pid]
        assert told["leftovers"] == []
        assert cage.do(op="reap", dead="gone")["reaped"] == []
        assert alive(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
    assert_pid_gone(pid)


def test_a_timeout_takes_the_daemons_that_may_stay_with_it(cage: Cage) -> None:
    told = cage.sh("setsid sleep 30 & sleep 30", keep=True, limits={"timeout": 0.3})
    assert told["spared"] == []
    assert told["hit"]["ended"] >= 2


# --- memory


def test_a_memory_hog_is_ended_near_its_cap(cage: Cage) -> None:
    told = cage.python(HOG % 500, limits={"memory": 200 * MIB, "grace": 1.0})
    assert told["hit"]["cap"] == "memory"
    assert told["peak_memory"] < 200 * MIB * 1.5  # 1.2 at most on a machine that has time for us
    assert told["left"] == []
    assert told["duration"] < 10
    assert "memory = " in told["lines"][1]


def test_half_of_the_memory_cap_is_told_once(cage: Cage) -> None:
    told = cage.python(HOG.replace("sleep(20)", "sleep(0.5)") % 150, limits={"memory": 220 * MIB})
    assert told["hit"] is None
    assert len(told["half"]) == 1
    assert told["peak_memory"] > 140 * MIB


def test_a_child_over_the_cap_fails_the_hook_that_swallows_it(cage: Cage) -> None:
    hog = "import time; a = bytearray(400 << 20); time.sleep(0.5)"
    told = cage.sh(f"sleep 0.1; {{py}} -I -S -c '{hog}'; true", limits={"memory": 200 * MIB, "grace": 0.5})
    assert told["hit"] is not None
    assert told["hit"]["cap"] == "memory"


def test_pages_shared_by_fork_count_once(cage: Cage) -> None:
    told = cage.python(SHARED % (300, 0, "0.5"), limits={"memory": 600 * MIB})
    assert (told["hit"], told["exit_code"]) == (None, 0)
    assert told["processes"] == 9


def test_pages_that_are_copied_after_fork_count(cage: Cage) -> None:
    told = cage.python(SHARED % (60, 1, "15"), limits={"memory": 300 * MIB, "grace": 0.5})
    assert told["hit"]["cap"] == "memory"
    assert told["duration"] < 8


# --- processes


def test_a_fork_bomb_is_ended(cage: Cage) -> None:
    began = time.monotonic()
    told = cage.python(BOMB % 90, limits={"processes": 24, "grace": 0.5})
    assert told["hit"]["cap"] == "processes"
    assert told["left"] == []
    assert time.monotonic() - began < 5
    assert "cap 24" in told["lines"][0]


# --- death of the engine


def test_what_a_killed_engine_left_is_reaped_by_proof(cage: Cage) -> None:
    files = [cage.folder / name for name in ("plain", "session", "daemon")]
    script = (
        f"sh -c 'echo $$ >{files[0]}; exec sleep 30' & setsid sh -c 'echo $$ >{files[1]}; exec sleep 30' & "
        f"env -i setsid sh -c 'exec >&- 2>&- </dev/null; echo $$ >{files[2]}; exec /bin/sleep 30' & sleep 30"
    )
    engine = cage.start(argv=["/bin/sh", "-c", script], token="dead")
    try:
        pids = [pid_from(file) for file in files]
        if cage.way.name == "cgroup":
            wait_until(lambda: cage.records() and cage.leaves(), what="the leaf")
        listed = cage.do(op="reap", dead="dead", dry_run=True)["reaped"]
        living = [one for one in listed if one["proof"] != "token"]
        assert living == []  # the engine lives, and so do its marks and leaves
    finally:
        engine.kill()
        engine.communicate()
    assert all(map(alive, pids))
    dry = cage.do(op="reap", dead="dead", dry_run=True)["reaped"]
    assert {one["pid"] for one in dry} >= set(pids)
    assert all(map(alive, pids))
    assert {one["pid"] for one in cage.do(op="reap", dead="dead")["reaped"]} >= set(pids)
    for pid in pids:
        assert_pid_gone(pid)
    assert cage.do(op="reap", dead="dead")["reaped"] == []


def test_reap_leaves_strangers_alone(cage: Cage) -> None:
    with cage.start(argv=["/bin/sh", "-c", f"echo $$ >{cage.folder}/pid; exec sleep 30"], token="alive") as engine:
        try:
            pid = pid_from(cage.folder / "pid")
            assert cage.do(op="reap", dead="another")["reaped"] == []
            assert alive(pid)
        finally:
            engine.terminate()
            engine.wait(10)
    assert_pid_gone(pid)
