"""What a run that was killed leaves behind, and the verbs that see to it."""

import json

import pytest

from tests.support.procs import alive, pid_from, spawned, wait_until
from tests.support.repo import BIN, text


@pytest.fixture
def dead_run(repo, sequencer):
    """A run that was killed while its hook had a daemon and b.txt's unstaged change was hidden."""
    gate = sequencer.gate("in hook")
    pid_file = repo.path.parent / "daemon"
    hook = f"setsid sleep 300 & echo $! > {pid_file}\n{gate.shell}sleep 60"
    repo.config(f"[[hook]]\nid = 'slow'\nshell = true\nrun = '''\n{hook}'''\n", commit=False)
    repo.write("b.txt", "b\n")
    repo.add()
    repo.commit()
    repo.write("a.txt", "a\n")
    repo.add()
    repo.write("b.txt", "unstaged\n")
    with spawned([str(BIN / "gitseq"), "run"], env=repo.env, cwd=repo.path) as run:
        gate.wait_reached()
        run.kill()
        run.wait(20)
    return repo, pid_from(pid_file)


def test_reap_lists_what_is_left_and_then_ends_it(dead_run):
    repo, daemon = dead_run
    listed = repo.gitseq("reap", "--dry-run")
    assert f"would end: PID {daemon} " in text(listed)
    assert alive(daemon)
    ended = repo.gitseq("reap")
    assert f"PID {daemon} 'sleep 300'" in text(ended)
    wait_until(lambda: not alive(daemon), 5, "the end of the daemon")
    assert "Nothing was left behind." in text(repo.gitseq("reap"))


def test_recover_lists_what_is_hidden_exports_it_and_brings_it_back(dead_run):
    repo, _daemon = dead_run
    listed = text(repo.gitseq("recover", "--list"))
    assert "b.txt: put your version back" in listed
    run = listed.split("run ")[1].split(",")[0]
    patch = repo.gitseq("recover", "--patch", run).stdout
    assert b"+unstaged" in patch
    assert (repo.path / "b.txt").read_text() == "b\n"
    assert repo.gitseq("recover").returncode == 0
    assert (repo.path / "b.txt").read_text() == "unstaged\n"
    assert "Nothing is hidden." in text(repo.gitseq("recover", "--list"))


def test_where_somebody_wrote_meanwhile_a_run_is_refused_until_recover(dead_run):
    repo, _daemon = dead_run
    repo.write("b.txt", "written after the death\n")
    refused = repo.gitseq("run")
    assert refused.returncode == 6
    assert "gitseq recover" in text(refused)
    assert (repo.path / "b.txt").read_text() == "written after the death\n"
    recovered = repo.gitseq("recover")
    assert recovered.returncode == 6, text(recovered)
    assert (repo.path / "b.txt").read_text() == "unstaged\n"
    kept = [path for path in (repo.path / ".git/gitseq/kept").rglob("*") if path.is_file()]
    assert any(path.read_bytes() == b"written after the death\n" for path in kept)
    assert repo.gitseq("exec", "--", "true").returncode == 0


def test_exec_tells_how_it_ended_as_json_and_runs_again_when_told(repo):
    count = repo.path.parent / "count"
    script = f"echo x >> {count}; test $(wc -l < {count}) -ge 2"
    done = repo.gitseq("exec", "--json", "--retry", "3", "--", "sh", "-c", script)
    assert done.returncode == 0
    told = [json.loads(line) for line in done.stderr.splitlines() if line.startswith(b"{")]
    assert [(one["attempt"], one["exit_code"]) for one in told] == [(1, 1), (2, 0)]
    assert told[1]["killed"] == ""
    assert told[1]["peak_memory"] > 0
    done = repo.gitseq("exec", "--json", "--timeout", "200ms", "--", "sleep", "60", timeout=20)
    assert done.returncode == 124
    assert b'"killed": "timeout"' in done.stderr


@pytest.fixture
def untraceable(repo, sequencer):
    """A linked work tree with a queue of its own, and what a killed run left there: a daemon without a token."""
    gate = sequencer.gate("in hook")
    pid_file = repo.path.parent / "daemon"
    hook = f"test -e {pid_file} && exit 0\nenv -i setsid sleep 300 & echo $! > {pid_file}\n{gate.shell}"
    scope = "[queue]\nscope = 'worktree'\n"
    repo.config(f"{scope}[[hook]]\nid = 'slow'\nshell = true\nalways_run = true\nrun = '''\n{hook}'''\n")
    linked = repo.worktree("linked", "linked")
    with spawned([str(BIN / "gitseq"), "run"], env=linked.env, cwd=linked.path) as run:
        gate.wait_reached()
        run.kill()
        run.wait(20)
    return linked, pid_from(pid_file)


def test_what_lost_its_token_is_found_in_a_queue_of_the_work_trees_own(untraceable):
    """Its mark is the repository's, whichever queue the run stood in."""
    linked, daemon = untraceable
    assert f"would end: PID {daemon} " in text(linked.gitseq("reap", "--dry-run"))
    linked.gitseq("reap")
    wait_until(lambda: not alive(daemon), 5, "the end of the daemon")


def test_the_next_run_ends_what_lost_its_token_in_a_queue_of_the_work_trees_own(untraceable):
    linked, daemon = untraceable
    done = linked.gitseq("run")
    assert done.returncode == 0
    assert f"ended what a dead run left: PID {daemon} " in text(done)
    assert not alive(daemon)
