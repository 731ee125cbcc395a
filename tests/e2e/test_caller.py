"""The git that called us, and whether it still waits for us."""

import os
import select
import shlex
import signal
from pathlib import Path

import pytest

from gitseq.git import caller as callers
from tests.support.lockprobe import LockProbe, running
from tests.support.procs import wait_until
from tests.support.repo import Repo

_SCRIPT = """
import os, select, sys
sys.path.insert(0, {library!r})
from gitseq.git.caller import Caller
from gitseq.git.repo import discover
env = dict(os.environb)
repo = discover(env, os.getcwdb())
caller = Caller.find()
def tell(word):
    with open({answers!r}, "a") as stream:
        stream.write(f"{{word}}\\n")
if caller is None:
    tell("none")
    sys.exit()
tell(f"caller {{caller.process.pid}}")
tell(f"gone {{caller.gone(repo)}}")
poller = select.poll()
if caller.pidfd >= 0:
    poller.register(caller.pidfd, select.POLLIN)
{wait}
tell(f"noticed {{bool(poller.poll(0))}}")
tell(f"gone {{caller.gone(repo)}}")
"""


class CallerProbe:
    def __init__(self, repo: Repo, folder: Path, wait: str) -> None:
        self.repo = repo
        self.probe = LockProbe(folder, [repo.env])
        self._answers = folder / "callers"
        script = folder / "caller.py"
        library = str(Path(callers.__file__).parents[2])
        script.write_text(_SCRIPT.format(library=library, answers=str(self._answers), wait=wait))
        self.command = f"{self.probe.command.rpartition(' ')[0]} {shlex.quote(str(script))}"

    def answers(self, count: int) -> "list[str]":
        wait_until(lambda: self._answers.exists() and len(self._answers.read_text().splitlines()) >= count)
        return self._answers.read_text().splitlines()


@pytest.mark.parametrize("shims", ["exec {}", "sh -c {}; exit $?", "env A=b sh -c {}; exit $?"])
def test_the_git_that_called_is_found_past_any_shell(repo, tmp_path, shims):
    asking = CallerProbe(repo, tmp_path, "")
    command = asking.command if shims.startswith("exec") else shlex.quote(f"{asking.command}; exit $?")
    asking.probe.hook("pre-commit", shims.format(command) + "\n")
    with running(["git", "commit", "--allow-empty", "-m", "x"], repo) as git:
        pass
    assert asking.answers(4) == [f"caller {git.pid}", "gone False", "noticed False", "gone False"]


def test_of_nested_gits_the_nearest_is_the_caller(repo, tmp_path):
    asking = CallerProbe(repo, tmp_path, "")
    asking.probe.hook("pre-commit", f"exec {asking.command}\n")
    pid = tmp_path / "pid"
    inner = f"!echo $$ >{shlex.quote(str(pid))}; exec git commit --allow-empty -m x"
    repo.git("-c", f"alias.x={inner}", "x")
    assert asking.answers(4)[0] == f"caller {pid.read_text().strip()}"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("options", [(), ("-a",), ("f.txt",)])
def test_a_git_that_dies_is_noticed_at_once(repo, tmp_path, sequencer, options, signum):
    repo.commit_file("f.txt", "0\n")
    repo.write("f.txt", "1\n")
    if not options:
        repo.add("f.txt")
    gate = sequencer.gate("dead")
    asking = CallerProbe(repo, tmp_path, gate.python)
    asking.probe.hook("pre-commit", f"exec {asking.command}\n")
    with running(["git", "commit", "-m", "x", *options], repo) as git:
        gate.wait_reached()
        git.send_signal(signum)
        git.wait(10)
        gate.release()
        assert asking.answers(4)[2:] == ["noticed True", "gone True"]
    for lock in (repo.path / ".git").glob("*.lock"):
        assert signum == signal.SIGKILL, "git removes its own locks when it is asked to end"
        lock.unlink()


def test_a_git_that_no_longer_waits_for_us_counts_as_gone(repo, tmp_path, sequencer):
    """The shell between it and us dies: git goes on and commits, or not, without us."""
    gate = sequencer.gate("orphan")
    asking = CallerProbe(repo, tmp_path, gate.python)
    asked = f"until grep -q gone {shlex.quote(str(tmp_path / 'callers'))}; do sleep 0.01; done"
    asking.probe.hook("pre-commit", f"{asking.command} &\n{asked} 2>/dev/null\nkill -9 $$\n")
    with running(["git", "commit", "--allow-empty", "-m", "x"], repo) as git:
        gate.wait_reached()
        git.wait(10)
        gate.release()
        assert asking.answers(4)[3] == "gone True"


def test_an_index_that_vanishes_under_a_living_git_means_gone(repo, tmp_path):
    repo.commit_file("f.txt", "0\n")
    repo.write("f.txt", "1\n")
    asking = CallerProbe(repo, tmp_path, 'os.unlink(env[b"GIT_INDEX_FILE"])')
    asking.probe.hook("pre-commit", f"exec {asking.command}\n")
    with running(["git", "commit", "-a", "-m", "x"], repo):
        pass
    assert asking.answers(4)[1:] == ["gone False", "noticed False", "gone True"]


def test_a_first_commit_without_any_index_is_not_gone(make_repo, tmp_path):
    repo = make_repo()
    asking = CallerProbe(repo, tmp_path, "")
    asking.probe.hook("pre-commit", f"exec {asking.command}\n")
    repo.commit("--allow-empty")
    assert asking.answers(4)[3] == "gone False"


def test_a_descriptor_is_never_of_a_later_process_with_the_same_pid():
    from gitseq.host import proctree

    us = proctree.look(os.getpid())
    assert us is not None
    fd = proctree.open_pidfd(us)
    if fd < 0:
        pytest.skip("no pidfd here")
    assert not select.select([fd], [], [], 0)[0]
    os.close(fd)
    assert proctree.open_pidfd(us.replace(start=us.start + 1)) == -1
