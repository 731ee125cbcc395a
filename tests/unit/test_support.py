"""The ground that the other tests stand on: it must notice what it claims to notice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import guard
from tests.support.procs import alive, assert_pid_gone, descendants, spawn_grandchild, spawned, wait_until
from tests.support.repo import run_bounded
from tests.support.sequencer import Sequencer

ROOT = Path(__file__).parents[2]


def test_guard_finds_an_orphan_and_ends_it():
    before = set(descendants())
    pid = spawn_grandchild()
    left = guard.leftovers(before, grace=0)
    assert [process.pid for process in left] == [pid]
    guard.end(left)
    assert not alive(pid)
    assert guard.leftovers(before, grace=0) == []


def test_guard_never_ends_a_process_that_only_has_the_same_pid():
    with spawned(["sleep", "30"]) as process:
        guard.kill(guard.Process(process.pid, 1.0))
        assert alive(process.pid)


def test_guard_sees_a_new_trace_in_a_home(tmp_path):
    before = guard.home_traces(tmp_path)
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "gitseq").mkdir()
    (tmp_path / ".cache" / "gitseq" / "README").touch()
    new = guard.home_traces(tmp_path).keys() - before.keys()
    assert new == {str(tmp_path / ".cache" / "gitseq"), str(tmp_path / ".cache" / "gitseq" / "README")}


def test_guard_hears_what_is_started_with_the_real_home_or_none():
    run_bounded(["true"], env={"HOME": "/elsewhere"}, cwd=ROOT)
    assert guard.started_at_home() == []
    run_bounded(["true"], env={"LANG": "C"}, cwd=ROOT)
    run_bounded(["true", "2"], env={"HOME": str(guard.real_home())}, cwd=ROOT)
    os.waitpid(os.posix_spawn("/bin/true", ["true", "3"], {b"HOME": os.fsencode(guard.real_home())}), 0)
    assert guard.started_at_home() == ["['true']", "['true', '2']", "['true', '3']"]


def test_a_test_that_leaves_a_process_or_a_lock_fails(tmp_path):
    """The whole chain: pytest, with our conftest, over two tests that misbehave and one that does not."""
    culprit = ROOT / "tests" / "unit" / f"test_culprit_{os.getpid()}.py"
    culprit.write_text(
        "from tests.support.procs import spawn_grandchild\n"
        "def test_process(): print('PID', spawn_grandchild())\n"
        "def test_lock(repo): (repo.git_dir / 'index.lock').touch()\n"
        "def test_good(repo): repo.foreign_lock()\n"
    )
    try:
        done = run_bounded(
            [sys.executable, "-m", "pytest", "-rP", "-rE", str(culprit)], env=dict(os.environ), cwd=ROOT, timeout=60
        )
    finally:
        culprit.unlink()
    shown = done.stdout.decode()
    assert "3 passed, 2 errors" in shown
    assert "left processes behind" in shown
    assert "left locks of git behind" in shown
    assert_pid_gone(int(shown.split("PID ")[1].split()[0]))


def test_signals_that_the_caller_ignores_are_heeded_again():
    ignored = [signal.SIGINT, signal.SIGHUP]
    guard.ignore_signals(ignored)
    try:
        assert set(guard.heed_signals()) == set(ignored)
        for each in ignored:
            with spawned(["sleep", "30"]) as process:
                process.send_signal(each)
                assert process.wait(10) == -each
    finally:
        guard.heed_signals()


def test_environment_shows_nothing_of_the_caller(repo):
    assert os.environ["HOME"] != str(guard.real_home())
    assert not [name for name in os.environ if name in ("GIT_DIR", "GIT_INDEX_FILE", "CI", "SKIP", "PRE_COMMIT")]
    assert repo.git("config", "--global", "--list").stdout == b""


def test_gate_holds_until_released(tmp_path):
    sequencer = Sequencer(tmp_path / "gates")
    gate = sequencer.gate("in")
    with spawned(["/bin/sh", "-c", gate.shell + "exit 7"]) as process:
        assert gate.wait_reached() == process.pid
        assert process.poll() is None
        gate.release()
        assert process.wait(10) == 7
    sequencer.close()


def test_gate_of_python_and_early_release(tmp_path):
    sequencer = Sequencer(tmp_path / "gates")
    gate = sequencer.gate("in")
    gate.release(2)
    for _ in range(2):
        subprocess.run([sys.executable, "-I", "-S", "-c", gate.python], check=True, timeout=10)
    assert len(gate.arrivals()) == 2
    sequencer.close()
    subprocess.run([sys.executable, "-I", "-S", "-c", gate.python], check=True, timeout=10)


def test_wait_until_names_what_it_waited_for():
    with pytest.raises(AssertionError, match="the moon"):
        wait_until(lambda: False, 0.02, "the moon")


def test_spawned_leaves_nobody_in_its_group():
    with spawned(["/bin/sh", "-c", "sleep 60 & echo $!; wait"]) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
    assert_pid_gone(pid)
    assert process.returncode == -signal.SIGKILL


def test_situations_are_what_their_names_say(in_merge_conflict, make_repo):
    assert b"UU f.txt" in in_merge_conflict.status()
    assert (in_merge_conflict.git_dir / "MERGE_HEAD").exists()


def test_partially_staged_has_both(partially_staged):
    assert partially_staged.status() == b"MM f.txt\n M other.txt\n"


def test_linked_worktree_and_submodule_have_git_directories_of_their_own(linked_worktree, with_submodule):
    assert linked_worktree.git_dir.parent.name == "worktrees"
    assert (with_submodule.path / "sub" / "lib.txt").exists()
    assert with_submodule.status() == b""
