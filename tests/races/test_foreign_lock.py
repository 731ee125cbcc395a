"""Somebody else's index.lock: told with its owner, never removed, never taken for ours."""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gitseq.core import lockrule
from gitseq.errors import Refused
from gitseq.git import indexlock, lockowner
from gitseq.git import repo as repositories
from gitseq.host import proctree
from tests.support.lockprobe import LockProbe, holding_open, running, sitting_in_hook
from tests.support.procs import assert_pid_gone, spawned, wait_until
from tests.support.repo import Repo


@pytest.fixture
def probe(repo: Repo, tmp_path: Path) -> LockProbe:
    repo.commit_file("f.txt", "0\n")
    repo.write("f.txt", "1\n")
    return LockProbe(tmp_path, [repo.env])


@pytest.fixture
def lock(repo: Repo) -> Path:
    return repo.path / ".git/index.lock"


def found(repo: Repo) -> repositories.Repo:
    return repositories.discover({}, os.fsencode(repo.path))


def require_free(repo: Repo, **waiting: object) -> "lockrule.Lock | None":
    """Ask in this very process, by hand."""
    known = {"tell": lambda _line: None, "seconds": 0.0, **waiting}
    return indexlock.require_free(found(repo), {}, indexlock.Waiting(**known))


def refusal(repo: Repo, **waiting: object) -> Refused:
    """The refusal, after which everything in the work tree and the index lies as it did."""
    before = everything(repo)
    with pytest.raises(Refused) as caught:
        require_free(repo, **waiting)
    assert everything(repo) == before
    assert caught.value.exit_code == 3
    return caught.value


def everything(repo: Repo) -> "dict[str, bytes]":
    files = [path for path in repo.path.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in files}


# --- a living owner ----------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [("-a",), ("f.txt",), ("-i", "f.txt")])
def test_a_commit_that_sits_in_its_hook_is_named_to_a_run_by_hand(repo, probe, sequencer, options):
    with sitting_in_hook(repo, sequencer.gate("hook"), *options) as git:
        before = everything(repo)
        answer = probe.ask(repo)
        assert everything(repo) == before
    assert (answer["state"], answer["final"], answer["owner"]) == ("foreign", "foreign", git)
    assert f"`git commit -m Sitting {' '.join(options)}` (pid {git}, user " in answer["told"]
    assert "finish it" in answer["hint"]
    assert "rm " not in answer["told"]
    assert require_free(repo) is None


def test_a_commit_that_sits_in_its_editor_is_named_though_nobody_has_the_lock_open(repo, probe, sequencer):
    with sitting_in_hook(repo, sequencer.gate("editor"), "-a", stage="editor") as git:
        answer = probe.ask(repo)
        assert (answer["final"], answer["owner"]) == ("foreign", git)
        assert "at work in this repository" in answer["tie"]


def test_a_process_that_is_no_git_is_named_when_it_has_the_lock_open(repo, probe, lock):
    with spawned(holding_open(lock), cwd="/") as holder:
        wait_until(lock.exists)
        answer = probe.ask(repo)
        assert (answer["final"], answer["owner"], answer["tie"]) == ("foreign", holder.pid, "has the lock open")
    lock.unlink()


def test_a_git_that_is_far_away_is_named_by_its_git_dir(repo, probe, lock, tmp_path):
    """`git --git-dir` from elsewhere: neither its folder nor an open descriptor ties it to the lock."""
    gate = tmp_path / "reached"
    script = f"!touch {shlex.quote(str(gate))}; exec sleep 60"
    far = ["git", f"--git-dir={repo.path / '.git'}", "-c", f"alias.x={script}", "x"]
    repo.foreign_lock()
    with spawned(far, cwd="/", env=repo.env) as git:
        wait_until(gate.exists)
        assert probe.ask(repo)["owner"] == git.pid


def test_a_pid_file_of_a_living_git_is_believed(repo, probe, lock):
    repo.foreign_lock()
    with spawned(["sleep", "60"], cwd="/") as holder:
        pid_file = lock.with_name("index~pid.lock")
        pid_file.write_text(f"pid {holder.pid}\n")
        answer = probe.ask(repo)
        pid_file.unlink()
    assert (answer["final"], answer["owner"]) == ("foreign", holder.pid)


# --- nobody to be found ------------------------------------------------------------------------------


def test_the_lock_of_a_killed_git_is_suspected_and_the_advice_works(repo, probe, sequencer, lock):
    gate = sequencer.gate("hook")
    with sitting_in_hook(repo, gate, "-a") as git:
        os.kill(git, signal.SIGKILL)
        gate.release()
        assert_pid_gone(git)
        assert_pid_gone(gate.arrivals()[0])
    assert probe.ask(repo)["final"] == "stale-suspect"
    error = refusal(repo)
    assert "a git in a container" in error.why.lower()
    command = error.hint.removeprefix("If you are sure none is running: ")
    subprocess.run(["/bin/sh", "-c", command], check=True)
    assert require_free(repo) is None


def test_a_hook_that_outlived_its_git_still_owns_the_lock(repo, probe, sequencer, lock):
    gate = sequencer.gate("hook")
    with sitting_in_hook(repo, gate, "-a") as git:
        os.kill(git, signal.SIGKILL)
        assert_pid_gone(git)
        answer = probe.ask(repo)
        hook = gate.arrivals()[0]
        owner = proctree.look(answer["owner"])
        assert answer["final"] == "foreign"
        assert hook in (answer["owner"], owner and owner.ppid)
    lock.unlink()


def test_a_holder_that_leaves_no_trace_is_only_a_suspect(repo, probe):
    """A known limit, and why no lock is ever removed: this one has an owner, which closed it and sits in /."""
    lock = repo.foreign_lock(b"content", age=7300)
    with spawned(["sleep", "60"], cwd="/"):
        assert probe.ask(repo)["final"] == "stale-suspect"
    error = refusal(repo)
    assert "The lock is 2 h old and 7 bytes long." in error.why
    assert f"rm {lock}" in error.hint


def test_helpers_that_live_long_and_never_lock_vouch_for_no_lock(repo, probe):
    repo.foreign_lock()
    helper = subprocess.Popen(
        ["git", "-c", "x.y=z", "cat-file", "--batch"], cwd=repo.path, env=repo.env, stdin=subprocess.PIPE
    )
    try:
        assert probe.ask(repo)["final"] == "stale-suspect"
    finally:
        helper.communicate(timeout=10)


def test_a_git_in_a_repository_inside_of_ours_vouches_for_no_lock_of_ours(repo, probe, sequencer, make_repo):
    inner = make_repo("repo/inner")
    inner.commit_file("f.txt", "0\n")
    inner.write("f.txt", "1\n")
    inner.env.update(repo.env)
    repo.foreign_lock()
    with sitting_in_hook(inner, sequencer.gate("hook"), "-a") as git:
        assert probe.ask(repo)["final"] == "stale-suspect"
        assert probe.ask(inner)["owner"] == git


def test_a_git_that_ended_but_was_not_waited_for_holds_nothing(repo, probe):
    repo.foreign_lock()
    zombie = subprocess.Popen(["git", "--version"], cwd=repo.path, env=repo.env, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: (process := proctree.look(zombie.pid)) is not None and process.ended)
        assert probe.ask(repo)["final"] == "stale-suspect"
    finally:
        zombie.wait(10)


def _fake_proc(folder: Path, **files: bytes) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _stat(pid: int, command: str, state: str = "S") -> bytes:
    return f"{pid} ({command}) {state} 1 {'0 ' * 17}5 0\n".encode()


def test_a_git_of_another_user_keeps_a_lock_from_being_suspected(repo, lock, tmp_path, monkeypatch):
    """Another user's process shows its name and nothing else; a /proc of our making shows just that."""
    repo.foreign_lock()
    _fake_proc(tmp_path / "proc/self", stat=_stat(1, "self"))
    _fake_proc(tmp_path / "proc/1", stat=_stat(1, "init"))
    monkeypatch.setattr(proctree, "PROC", os.fsencode(tmp_path / "proc"))
    assert "rm " in refusal(repo).hint
    _fake_proc(tmp_path / "proc/66", stat=_stat(66, "git"))  # just ending: it has no executable any more
    assert "rm " in refusal(repo).hint
    _fake_proc(tmp_path / "proc/77", stat=_stat(77, "git"), exe=b"no link, so that reading it fails otherwise")
    assert "a git of another user (pid 77, user " in refusal(repo).why.lower()
    assert "rm " not in refusal(repo).hint


def test_where_other_users_are_hidden_no_lock_is_suspected(repo, tmp_path, monkeypatch):
    repo.foreign_lock()
    _fake_proc(tmp_path / "proc/self", stat=_stat(1, "self"))
    monkeypatch.setattr(proctree, "PROC", os.fsencode(tmp_path / "proc"))
    error = refusal(repo)
    assert "does not show" in error.why
    assert "rm " not in error.hint


# --- in a hook, and beside it --------------------------------------------------------------------------


def test_a_lock_taken_during_an_as_is_hook_is_not_ours_and_its_owner_is_not_our_git(repo, probe, lock):
    repo.add("f.txt")
    repo.env["STRANGER"] = str(lock)
    probe.hook("pre-commit", f': >"$STRANGER"\n{probe.command} pre-commit hook\nrm "$STRANGER"\n')
    repo.commit()
    (answer,) = probe.answers()
    assert (answer["state"], answer["final"]) == ("foreign", "stale-suspect")


def test_a_git_add_during_an_as_is_hook_is_named(repo, probe, sequencer, lock):
    """It sits in its clean filter, with the lock open."""
    gate = sequencer.gate("filter")
    filtered = "filter=slow"
    repo.write(".git/info/attributes", f"g.txt {filtered}\n")
    repo.write("g.txt", "1\n")
    script = repo.hook_script("slow-clean", gate.shell + "exec cat\n")
    repo.add("f.txt")
    hook_gate = sequencer.gate("hook")
    probe.hook("pre-commit", f"{hook_gate.shell}{probe.command} pre-commit hook\n")
    with running(["git", "commit", "-m", "x"], repo) as commit:
        hook_gate.wait_reached()
        with running(["git", "-c", f"filter.slow.clean={script}", "add", "g.txt"], repo) as adding:
            gate.wait_reached()
            hook_gate.release()
            answer = probe.wait_for_answer()
            gate.release()
    assert (answer["caller"], answer["final"], answer["owner"]) == (commit.pid, "foreign", adding.pid)
    assert answer["tie"] == "has the lock open"


def test_another_commit_during_an_as_is_hook_is_named(repo, probe, sequencer):
    repo.commit_file("g.txt", "0\n")
    repo.write("g.txt", "1\n")
    repo.add("f.txt")
    first, second = sequencer.gate("first"), sequencer.gate("second")
    probe.hook("pre-commit", f"{first.shell}{probe.command} pre-commit hook\n")
    with running(["git", "commit", "-m", "x"], repo) as commit:
        first.wait_reached()
        with sitting_in_hook(repo, second, "g.txt") as other:
            first.release()
            answer = probe.wait_for_answer()
    assert (answer["caller"], answer["final"], answer["owner"]) == (commit.pid, "foreign", other)


def test_a_clean_filter_inside_of_git_add_knows_whose_lock_it_is(repo, probe):
    repo.write(".git/info/attributes", "f.txt filter=ask\n")
    script = repo.hook_script("ask", f"{probe.command} filter >&2\nexec cat\n")
    with running(["git", "-c", f"filter.ask.clean={script}", "add", "f.txt"], repo) as adding:
        pass
    answer = probe.answers()[0]
    assert (answer["state"], answer["mode"], answer["git"]) == ("ours", "nested", adding.pid)


def test_the_lock_of_one_work_tree_is_no_matter_of_another_s(repo, probe, sequencer):
    linked = repo.worktree("linked", "linked")
    linked.write("f.txt", "2\n")
    with sitting_in_hook(repo, sequencer.gate("main"), "-a"):
        assert probe.ask(linked)["state"] is None
    repo.write("f.txt", "3\n")
    with sitting_in_hook(linked, sequencer.gate("linked"), "-a") as git:
        assert probe.ask(repo)["state"] is None
        assert probe.ask(linked)["owner"] == git


# --- nested ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("options", "mode"), [(("-a",), "locked"), (("f.txt",), "partial")])
def test_a_nested_run_with_a_scrubbed_environment_and_three_shells_deep_is_ours(repo, probe, options, mode):
    deep = f"sh -c 'sh -c \"{probe.command} deep; :\"; :'; :"
    scrub = 'env -i PATH="$PATH" '
    probe.hook(
        "pre-commit", f"{probe.command} plain hook\nsh -c {shlex.quote(deep)}\n{scrub} sh -c {shlex.quote(deep)}\n"
    )
    with running(["git", "commit", "-m", "x", *options], repo) as git:
        pass
    plain, kept, scrubbed = probe.answers()
    assert [answer["git"] for answer in (plain, kept, scrubbed)] == [git.pid] * 3
    assert [answer["mode"] for answer in (plain, kept, scrubbed)] == [mode, mode, "nested"]
    assert scrubbed["path"] == plain["path"]


def test_a_nested_run_under_an_outer_engine_is_known_by_its_token(repo, probe):
    """Here the very hook process wiped its environment, so that only the token is left."""
    body = 'exec env -i PATH="$PATH" GITSEQ_LOCK="$PPID:$GIT_INDEX_FILE" '
    probe.hook("pre-commit", f"{body}sh -c {shlex.quote(probe.command + ' nested; :')}\n")
    with running(["git", "commit", "-a", "-m", "x"], repo) as git:
        pass
    (answer,) = probe.answers()
    assert (answer["state"], answer["mode"], answer["git"]) == ("ours", "nested", git.pid)


def test_without_its_token_such_a_run_is_refused_and_not_left_waiting(repo, probe, monkeypatch):
    body = 'exec env -i PATH="$PATH" '
    probe.hook("pre-commit", f"{body}sh -c {shlex.quote(probe.command + ' nested; :')}\n")
    with running(["git", "commit", "-a", "-m", "x"], repo) as git:
        pass
    (answer,) = probe.answers()
    assert (answer["final"], answer["owner"], answer["above"]) == ("foreign", git.pid, True)
    assert "cannot wait for it" in answer["hint"]


def test_the_token_that_an_engine_hands_on_is_the_one_that_is_read(repo, probe):
    probe.hook("pre-commit", f"{probe.command} pre-commit hook\n")
    with running(["git", "commit", "-a", "-m", "x"], repo) as git:
        pass
    (answer,) = probe.answers()
    assert answer["token"] == f"{git.pid}:{repo.path.resolve()}/.git/index.lock"


def test_a_commit_inside_of_a_commit_s_hook_has_a_lock_of_its_own(repo, probe, make_repo):
    other = make_repo("other")
    other.commit_file("f.txt", "0\n")
    other.write("f.txt", "1\n")
    inner = f"cd {shlex.quote(str(other.path))} && env -u GIT_INDEX_FILE -u GIT_DIR git commit -q -a -m inner"
    probe.hook("pre-commit", f'{probe.command} "$(pwd)" hook\n[ -n "$INNER" ] || INNER=1 sh -c {shlex.quote(inner)}\n')
    with running(["git", "commit", "-a", "-m", "x"], repo) as git:
        pass
    assert git.returncode == 0
    outer, inner_answer = probe.answers()
    assert (outer["git"], outer["mode"]) == (git.pid, "locked")
    assert inner_answer["mode"] == "locked"
    assert inner_answer["git"] != git.pid
    assert inner_answer["path"] == f"{other.path.resolve()}/.git/index.lock"


def test_another_repository_s_foreign_lock_is_not_ours_for_being_in_a_hook(repo, probe, make_repo):
    other = make_repo("other")
    other.commit_file("f.txt", "0\n")
    other.foreign_lock()
    visit = f'cd {shlex.quote(str(other.path))} && env -u GIT_INDEX_FILE {probe.command} "$1"; :'
    probe.hook("pre-commit", f"sh -c {shlex.quote(visit)} sh visit\n")
    for options in (("-a",), ("f.txt",)):
        repo.write("f.txt", str(options))
        repo.commit(*options)
        (answer,) = probe.answers()
        assert (answer["state"], answer["final"]) == ("foreign", "stale-suspect")


# --- a git that is gone, a variable that is stale ----------------------------------------------------------


def test_a_hook_whose_git_was_ended_is_told_so(repo, probe, sequencer):
    gate = sequencer.gate("hook")
    probe.hook("pre-commit", f"{gate.shell}{probe.command} orphan hook\n")
    for options in (("-a",), ("f.txt",)):
        with running(["git", "commit", "-m", "x", *options], repo) as git:
            gate.wait_reached(len(gate.arrivals()) + 1)
            git.terminate()
            git.wait(10)
            gate.release()
        answer = probe.wait_for_answer()
        assert (answer["state"], answer["caller"]) == ("gone", None)


def test_a_hook_whose_git_was_killed_does_not_take_the_leftover_for_its_own(repo, probe, sequencer, lock):
    gate = sequencer.gate("hook")
    probe.hook("pre-commit", f"{gate.shell}{probe.command} orphan hook\n")
    with running(["git", "commit", "-m", "x", "-a"], repo) as git:
        gate.wait_reached()
        git.kill()
        git.wait(10)
        gate.release()
    answer = probe.wait_for_answer()
    assert (answer["final"], answer["stale_environment"], answer["caller"]) == ("foreign", True, None)
    assert "unset GIT_INDEX_FILE" in answer["hint"]
    lock.unlink()


def test_a_background_job_that_outlived_its_git_does_not_take_the_next_lock_for_its_own(repo, probe, sequencer):
    gate = sequencer.gate("job")
    job = f"{gate.shell}{probe.command} job\n"
    probe.hook("pre-commit", f"(setsid sh -c {shlex.quote(job)} </dev/null >/dev/null 2>&1 &)\n")
    repo.commit("-a")
    gate.wait_reached()
    repo.write("f.txt", "2\n")
    with sitting_in_hook(repo, sequencer.gate("next"), "-a") as git:
        gate.release()
        answer = probe.wait_for_answer()
    assert (answer["state"], answer["stale_environment"], answer["owner"]) == ("foreign", True, git)


def test_a_replayed_variable_makes_no_lock_ours(repo, probe, lock):
    replayed = {"GIT_INDEX_FILE": str(lock)}
    assert probe.ask(repo, replayed)["state"] == "gone"
    repo.foreign_lock()
    answer = probe.ask(repo, replayed)
    assert (answer["final"], answer["stale_environment"]) == ("foreign", True)
    assert "rm " not in answer["hint"]


def test_a_replayed_variable_makes_no_lock_ours_below_a_git_either(repo, probe, lock):
    """The lock is younger than that git, so its age alone would say: ours."""
    alias = f"!: >{shlex.quote(str(lock))}; {probe.command} alias; rm {shlex.quote(str(lock))}"
    repo.git("-c", f"alias.x={alias}", "x", env={"GIT_INDEX_FILE": str(lock)})
    (answer,) = probe.answers()
    assert (answer["state"], answer["stale_environment"]) == ("foreign", True)


def test_a_replayed_partial_index_is_not_ours(repo, probe):
    leftover = repo.path / ".git/next-index-1.lock"
    leftover.write_bytes(b"")
    repo.own_locks.add(leftover)
    replayed = {"GIT_INDEX_FILE": str(leftover)}
    assert probe.ask(repo, replayed)["state"] == "gone"
    repo.foreign_lock()
    assert probe.ask(repo, replayed)["final"] == "foreign"


# --- the wait ----------------------------------------------------------------------------------------


def pausing(times: int, then: "Callable[[], object]") -> "Callable[[float], None]":
    """Instead of sleeping, do something at the n-th pause."""
    left = [times]

    def pause(seconds: float) -> None:
        assert 0 < seconds <= 0.1
        left[0] -= 1
        if left[0] == 0:
            then()

    return pause


def test_a_lock_that_goes_away_soon_is_waited_for_in_silence(repo, probe):
    lock = repo.foreign_lock()
    told: list[str] = []
    assert require_free(repo, seconds=10.0, tell=told.append, pause=pausing(3, lock.unlink)) is None
    assert told == []


def test_a_longer_wait_is_told_once_with_the_owner(repo, probe, lock, monkeypatch):
    monkeypatch.setattr(lockowner, "_QUIET", 0.0)
    told: list[str] = []
    holder = f"{shlex.join(holding_open(lock))} & wait"  # not our child: those are never taken for the owner
    with spawned(["/bin/sh", "-c", holder], cwd="/"):
        wait_until(lock.exists)
        assert require_free(repo, seconds=10.0, tell=told.append, pause=pausing(4, lock.unlink)) is None
    (line,) = told
    assert str(lock) in line
    assert "has the lock open" in line


def test_the_wait_ends_when_patience_does(repo, probe):
    repo.foreign_lock()
    began = time.monotonic()
    refusal(repo, seconds=0.3)
    assert 0.3 <= time.monotonic() - began < 5
    assert indexlock.Waiting(print).seconds == 10.0


def test_no_patience_is_spent_on_a_git_that_is_gone(repo, probe, lock):
    env = {b"GIT_INDEX_FILE": os.fsencode(lock)}
    here = repositories.discover(env, os.fsencode(repo.path))

    def pause(_seconds: float) -> None:
        raise AssertionError("waited in vain")

    with pytest.raises(Refused, match="is gone") as caught:
        indexlock.require_free(here, env, indexlock.Waiting(print, pause=pause))
    assert "unset GIT_INDEX_FILE" in caught.value.hint


def test_no_patience_is_spent_on_an_owner_that_waits_for_us(repo, probe, tmp_path):
    """With ten seconds of patience it is refused at the first telling, and the commit goes on."""
    script = tmp_path / "impatient.py"
    library = str(Path(indexlock.__file__).parents[2])
    script.write_text(
        f"import os, sys; sys.path.insert(0, {library!r})\n"
        "from gitseq.git import indexlock, lockowner; from gitseq.git.repo import discover\n"
        "from gitseq.errors import Refused\n"
        "lockowner._QUIET = 0.0; env = dict(os.environb)\n"
        "def pause(seconds): sys.exit('waited for its own ancestor')\n"
        "try: indexlock.require_free(discover(env, os.getcwdb()), env, indexlock.Waiting(print, pause=pause))\n"
        "except Refused as error: sys.exit(0 if 'cannot wait for it' in error.hint else str(error.lines()))\n"
        "sys.exit('was not refused')\n"
    )
    command = f"{probe.command.rpartition(' ')[0]} {shlex.quote(str(script))}"
    probe.hook("pre-commit", f'exec env -i PATH="$PATH" sh -c {shlex.quote(command + "; exit $?")}\n')
    repo.commit("-a")


def test_a_signal_ends_the_wait(repo, probe):
    repo.foreign_lock()

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        require_free(repo, seconds=10.0, pause=interrupted)


def test_a_storm_of_git_status_refuses_nobody(repo, probe):
    """An editor's `git status` takes the lock for milliseconds, again and again."""
    storm = "i=0; while [ $i -lt 150 ]; do touch f.txt; git status >/dev/null; i=$((i+1)); done"
    with running(["/bin/sh", "-c", storm], repo) as shell:
        for _ask in range(100):
            assert require_free(repo, seconds=10.0) is None
        shell.wait(30)


# --- elsewhere than on Linux ---------------------------------------------------------------------------


def test_without_proc_the_ancestors_come_from_ps(tmp_path, monkeypatch):
    seen = [process.pid for process in proctree.climb()]
    monkeypatch.setattr(proctree, "PROC", os.fsencode(tmp_path / "none"))
    from_ps = list(proctree.climb())
    assert [process.pid for process in from_ps] == seen
    assert all(process.start == 0 for process in from_ps)
    assert proctree.age(from_ps[0]) is None


def test_without_proc_git_s_lock_is_ours_and_any_other_is_refused(repo, probe, lock):
    script = Path(probe.command.split()[-1])
    script.write_text(
        script.read_text().replace(
            "env = dict", "from gitseq.host import proctree\nproctree.PROC = b'/none'\nenv = dict"
        )
    )
    probe.hook("pre-commit")
    for options, mode in ((("-a",), "locked"), (("f.txt",), "partial")):
        repo.write("f.txt", mode)
        with running(["git", "commit", "-m", "x", *options], repo) as git:
            pass
        (answer,) = probe.answers()
        assert (answer["state"], answer["mode"], answer["git"]) == ("ours", mode, git.pid)
    repo.foreign_lock()
    answer = probe.ask(repo)
    assert (answer["final"], answer["owner"]) == ("foreign", None)


def test_an_index_link_is_followed_as_far_as_git_follows_it(tmp_path):
    folder = os.fsencode(tmp_path)
    for number in range(7):
        os.symlink(b"i%d" % (number + 1), folder + b"/i%d" % number)
    assert repositories.lock_of(folder + b"/i0") == folder + b"/i5.lock"
    assert repositories.lock_of(folder + b"/i4") == folder + b"/i7.lock"
