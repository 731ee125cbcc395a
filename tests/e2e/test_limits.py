"""Limits, retries and leftovers as a user meets them, and the journal that tells of them."""

import json

from tests.support.procs import alive, pid_from, wait_until
from tests.support.repo import text


def journal(repo) -> "list[dict[str, object]]":
    lines = (repo.path / ".git/gitseq/journal/journal.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def staged(repo, hook: str) -> None:
    repo.config(f"[[hook]]\nid = 'it'\nshell = true\n{hook}\n", commit=False)
    repo.add()


def test_a_hook_out_of_time_fails_and_says_how_to_give_it_more(repo):
    staged(repo, "run = 'sleep 60'\ntimeout = '300ms'\ngrace = '1s'")
    done = repo.gitseq("run", timeout=20)
    assert done.returncode == 1
    assert "timeout: ran longer than 300ms" in text(done)
    assert '`timeout = "1s"` in the table of hook "it"' in text(done)


def test_the_environment_wins_over_the_file(repo):
    staged(repo, "run = 'sleep 60'\ntimeout = '1h'\ngrace = '1s'")
    done = repo.gitseq("run", env={"GITSEQ_TIMEOUT": "200ms"}, timeout=20)
    assert "timeout: ran longer than 200ms" in text(done)
    assert repo.gitseq("run", env={"GITSEQ_TIMEOUT": "soon"}).returncode == 2


def test_what_a_hook_leaves_running_is_ended_and_told_even_when_it_passed(repo):
    pid_file = repo.path.parent / "pid"
    staged(repo, f"run = 'setsid sleep 60 & echo $! > {pid_file}'")
    done = repo.gitseq("run", timeout=20)
    assert done.returncode == 0
    assert "left running, and ended: PID" in text(done)
    wait_until(lambda: not alive(pid_from(pid_file)), 5, "the end of the leftover")


def test_a_failure_is_retried_and_a_fix_is_not(repo):
    count = repo.path.parent / "count"
    staged(repo, f"run = 'echo x >> {count}; test $(wc -l < {count}) -ge 3'\nretry = 2")
    done = repo.gitseq("run")
    assert done.returncode == 0, text(done)
    assert "attempt 3 of 3" in text(done)
    count.unlink()
    staged(repo, f"run = 'echo x >> {count}; echo >> gitseq.toml; exit 1'\nretry = 2")
    assert repo.gitseq("run").returncode == 1
    assert count.read_text() == "x\n"


def test_a_hook_waits_for_memory_and_starts_all_the_same_with_a_warning(repo):
    staged(repo, "run = 'true'\nmin_free_memory = '1000TiB'\nmemory_wait = '300ms'")
    done = repo.gitseq("run")
    assert done.returncode == 0
    assert "waits for memory" in text(done)
    assert "memory is still short" in text(done)


def test_every_run_is_on_record(repo):
    staged(repo, "run = 'exit 3'")
    repo.gitseq("run")
    repo.gitseq("run")
    lines = journal(repo)
    assert [line["event"] for line in lines] == ["grant", "run", "hook-start", "hook-end", "end"] * 2
    assert len({line["run"] for line in lines}) == 2
    end = lines[3]
    assert (end["hook"], end["status"], end["exit_code"]) == ("it", "failed", 3)
    assert end["peak_memory"] > 0
    assert end["contained_by"] in ("cgroup2", "cgroup1", "polling")
    assert lines[4]["exit_code"] == 1


def test_a_journal_that_cannot_be_written_stops_nothing(repo):
    staged(repo, "run = 'true'")
    repo.gitseq("run")
    (repo.path / ".git/gitseq/journal/journal.jsonl").unlink()
    (repo.path / ".git/gitseq/journal/journal.jsonl").mkdir()
    assert repo.gitseq("run").returncode == 0
