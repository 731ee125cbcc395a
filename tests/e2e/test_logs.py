"""`gitseq logs` and `--format` on real runs."""

import json
import os
import pty
import signal
import subprocess
import xml.etree.ElementTree as ET
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.procs import spawned, wait_until
from tests.support.recorder import hook
from tests.support.repo import BIN, Repo, text

GITSEQ = str(BIN / "gitseq")


def journal(repo: Repo) -> "list[dict[str, object]]":
    folder = repo.common_dir / "gitseq" / "journal"
    return [json.loads(line) for path in folder.glob("journal*.jsonl") for line in path.read_bytes().splitlines()]


def events(repo: Repo) -> "list[object]":
    return [line["event"] for line in journal(repo)]


def logs(repo: Repo, *arguments: str, code: int = 0) -> str:
    done = repo.gitseq("logs", *arguments)
    assert done.returncode == code, text(done)
    assert "Traceback" not in text(done)
    return text(done)


@pytest.fixture
def staged(repo: Repo) -> Repo:
    repo.write("a.py", "x\n")
    repo.add()
    return repo


BAD = hook("bad", 'echo "$1:1:2: wrong"; exit 3', shell=True)


def test_without_any_run_logs_says_so(repo):
    assert logs(repo) == "No run is on record here.\n"
    assert logs(repo, "--stats") == "No run is on record here.\n"
    assert "gitseq logs" in logs(repo, "--last", code=2)


def test_start_of_a_built_in_hook_tells_the_files_it_looks_at(repo):
    repo.commit_file("a.py", "x\n")
    repo.commit_file("b.py", "x\n")
    names = ("trailing-whitespace", "check-ast", "end-of-file-fixer")
    repo.config("".join(f'[[hook]]\nid = "{name}"\nbuiltin = "{name}"\nfiles = "py$"\n' for name in names))
    repo.gitseq("run", "--all-files", check=True)
    repo.commit_file("b.py", "y\n")
    repo.gitseq("run", "--all-files", check=True)  # one of the two has passed already
    told = [(line["event"], line["hook"], line["files"]) for line in journal(repo) if "hook-" in str(line["event"])]
    assert told == [
        entry for count in (2, 1) for name in names for entry in (("hook-start", name, count), ("hook-end", name, 2))
    ]
    assert [line["names"] for line in journal(repo) if line["event"] == "hook-start"][-1] == ["b.py"]


def test_runs_are_listed_with_their_verdicts_in_80_columns(staged):
    staged.config(hook("good", "true") + BAD, commit=False)
    assert staged.gitseq("run").returncode == 1
    assert staged.gitseq("run", "good").returncode == 0
    assert staged.gitseq("exec", "--", "sh", "-c", "exit 3").returncode == 3
    lines = logs(staged).splitlines()
    assert lines[1].split()[-1] == "bad"
    assert [next(word for word in line.split() if word in ("passed", "failed")) for line in lines[1:]] == [
        "failed",
        "passed",
        "failed",
    ]
    assert max(map(len, lines)) <= 80
    assert len(logs(staged, "--failed").splitlines()) == 3
    assert len(logs(staged, "-n", "1").splitlines()) == 2
    assert logs(staged, "--since", "2000-01-01").splitlines() == lines
    assert logs(staged, "--since", "2999-01-01") == "No run is on record here.\n"
    assert len(logs(staged, "--since", "1h").splitlines()) == 4


def test_a_run_that_never_had_a_turn_is_listed_as_it_was_typed(staged):
    staged.config(BAD)
    staged.gitseq("run", "nosuch")
    staged.gitseq("run", "pre-push")
    staged.gitseq("exec", "--", "no-such-command", "x")
    said = [line.partition("  ")[2].split("  ") for line in logs(staged).splitlines()[1:]]
    assert [line[1] for line in said] == ["run pre-commit", "run pre-push", "no-such-command x"]


@pytest.mark.parametrize(("log", "why"), [("/nonexistent/x", "No such file"), (".git", "Is a directory")])
def test_a_log_that_cannot_be_written_is_told_once_and_stops_nothing(staged, log, why):
    staged.config(hook("good", "true"))
    said = text(staged.gitseq("run", "good", env={"GITSEQ_LOG": log}, check=True))
    assert said.count("GITSEQ_LOG") == said.count(why) == 1
    assert "end" in events(staged)


def test_output_that_is_not_on_record_is_said_to_be_none(staged):
    staged.config(hook("good", "echo good", shell=True))
    staged.gitseq("run", check=True)
    assert logs(staged, "--output") == "No output is on record: only that of hooks that fail is kept.\n"


def test_one_run_in_detail_with_the_output_of_what_failed(staged):
    staged.config(hook("good", "true") + BAD, commit=False)
    staged.gitseq("run")
    shown = logs(staged, "--last")
    run = str(journal(staged)[0]["run"])
    assert f"run {run}: run pre-commit" in shown
    assert "failed (exit code 1)" in shown
    assert "a.py:1:2: wrong" in shown
    assert "exit code 3" in shown
    assert f"output/{run}-bad.log" in shown
    assert logs(staged, "--run", run[:5]) == shown
    assert logs(staged, "--output") == "a.py:1:2: wrong\n"
    assert [json.loads(line)["run"] for line in logs(staged, "--last", "--json").splitlines()] == [run] * 7
    assert "is on record" in logs(staged, "--run", "zz", code=2)


def test_two_runs_of_one_beginning_are_told_apart(staged):
    staged.config(hook("good", "true"), commit=False)
    staged.gitseq("run")
    path = staged.common_dir / "gitseq/journal/journal.jsonl"
    run = str(journal(staged)[0]["run"])
    path.write_text(path.read_text() + path.read_text().replace(run, run[:-1] + "z"))
    assert "several runs begin so" in logs(staged, "--run", run[:4], code=2)


@pytest.mark.parametrize("arguments", [("--since", "yesterday"), ("-n", "0"), ("--last", "--stats")], ids=" ".join)
def test_what_cannot_be_asked_is_refused_in_plain_words(repo, arguments):
    logs(repo, *arguments, code=2)


def test_a_journal_with_torn_and_odd_lines_is_read_all_the_same(staged):
    staged.config(hook("good", "true"), commit=False)
    staged.gitseq("run")
    with open(staged.common_dir / "gitseq/journal/journal.jsonl", "ab") as stream:
        stream.write(b'nonsense\n[]\n{"event": 1}\n{"event": "end", "run": "x"}\n')
        stream.write(b'{"event": "end", "run": "y", "time": 1e300}\n\xff\xfe\n{"torn": "')
    assert "passed" in logs(staged)
    assert json.loads(logs(staged, "--stats", "--json"))["totals"]["runs"] == 1
    staged.gitseq("run")
    assert logs(staged).count("run pre-commit") == 2


def test_a_hook_that_fails_and_passes_on_the_same_content_is_flaky(staged):
    marker = Path(staged.env["HOME"]) / "marker"
    staged.config(hook("moody", f"test -e {marker} || {{ touch {marker}; exit 1; }}", shell=True), commit=False)
    assert staged.gitseq("run").returncode == 1
    assert staged.gitseq("run").returncode == 0
    document = json.loads(logs(staged, "--stats", "--json"))
    assert [(one["id"], one["runs"], one["failures"], one["flaky"]) for one in document["hooks"]] == [
        ("moody", 2, 1, 1)
    ]
    assert document["totals"]["runs"] == 2
    assert "flakiest" in logs(staged, "--stats")


def test_follow_shows_what_happens_and_nothing_from_before(staged, tmp_path):
    staged.config(hook("good", "true") + BAD, commit=False)
    staged.gitseq("run")
    out = tmp_path / "out"
    with open(out, "wb") as stream:
        follower = subprocess.Popen([GITSEQ, "logs", "--follow"], env=staged.env, cwd=staged.path, stdout=stream)
    try:
        for _run in range(20):  # the first one may come before it looks
            staged.gitseq("run")
            with suppress(AssertionError):
                wait_until(lambda: b"bad FAILED with 3" in out.read_bytes(), 1)
                break
        follower.send_signal(signal.SIGINT)
        assert follower.wait(10) == 130
    finally:
        follower.kill()
        follower.wait(10)
    shown = out.read_text()
    assert "bad FAILED with 3" in shown
    assert str(journal(staged)[0]["run"])[:8] not in shown
    assert "Traceback" not in shown


def test_on_a_terminal_runs_stand_in_a_table_as_wide_as_it_is(staged):
    staged.config(hook("good", "true"), commit=False)
    staged.gitseq("run")
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [GITSEQ, "logs"],
            env={**staged.env, "TERM": "xterm"},
            cwd=staged.path,
            stdout=theirs,
            timeout=20,
            check=True,
        )
        shown = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0
    assert "passed" in shown
    assert "\x1b[" in shown


# --- what is on record


def test_waits_kills_hiding_restoring_and_refusals_are_on_record(staged):
    staged.commit_file("b.txt", "committed\n")
    staged.write("b.txt", "unstaged\n")
    staged.config(hook("slow", "sleep 60", 'timeout = "100ms"', "grace = '100ms'", "pass_filenames = false"))
    staged.write("a.py", "y\n")
    staged.add("a.py")
    assert staged.gitseq("run").returncode == 1
    assert events(staged) == ["grant", "hide", "run", "hook-start", "kill", "hook-end", "restore", "end"]
    kill = journal(staged)[4]
    assert (kill["cause"], kill["hook"], kill["limit"]) == ("timeout", "slow", 0.1)
    staged.write("gitseq.toml", hook("good", "true"))
    assert staged.gitseq("run").returncode == 3
    assert [(line["event"], line.get("exit_code")) for line in journal(staged)][-2:] == [("refusal", 3), ("end", 3)]
    assert "refused" in logs(staged)


def test_a_wait_is_on_record_and_told_beside_a_document(staged, sequencer):
    gate = sequencer.gate("held")
    staged.config(hook("good", "true"), commit=False)
    with spawned([GITSEQ, "exec", "--", "sh", "-c", gate.shell], env=staged.env, cwd=staged.path) as holder:
        gate.wait_reached()
        with spawned([GITSEQ, "run", "--format", "junit"], env=staged.env, cwd=staged.path) as waiter:
            wait_until(lambda: "wait" in events(staged))
            gate.release()
            out, err = waiter.communicate(timeout=20)
        holder.wait(20)
    assert ET.fromstring(out).get("failures") == "0"
    assert err.count(b"Waiting for our turn: position 1 of 1") == 1
    (wait,) = [line for line in journal(staged) if line["event"] == "wait"]
    assert (wait["position"], wait["total"]) == (1, 1)
    (end,) = [line for line in journal(staged) if line["event"] == "end" and line["run"] == wait["run"]]
    assert end["waited"] > 0
    assert "waited" in logs(staged).splitlines()[0]


def test_a_fix_that_joined_the_commit_is_on_record(repo):
    repo.config(hook("fix", 'for f; do echo fixed >> "$f"; done', 'fixes = "stage"', shell=True))
    repo.install()
    repo.write("a.txt", "a\n")
    repo.add()
    assert repo.commit().returncode == 0
    (fix,) = [line for line in journal(repo) if line["event"] == "fix"]
    assert (fix["hook"], fix["files"], fix["names"]) == ("fix", 1, ["a.txt"])


def test_a_nested_run_is_on_record_with_the_lease_of_the_run_around_it(staged):
    staged.config(
        hook("outer", f"{GITSEQ} run inner --stage manual", "pass_filenames = false")
        + hook("inner", "true", 'stages = ["manual"]', "always_run = true"),
        commit=False,
    )
    assert staged.gitseq("run", "outer").returncode == 0
    grants = [line for line in journal(staged) if line["event"] == "grant"]
    assert [grant["nested"] for grant in grants] == [0, 1]
    assert len({grant["lease"] for grant in grants}) == 1


@pytest.mark.parametrize("verb", ["reap", "recover"])
def test_verbs_that_act_are_on_record(repo, verb):
    repo.gitseq(verb, check=True)
    assert events(repo) == ["grant", "end"]
    assert journal(repo)[0]["stage"] == verb


def test_verbs_that_only_look_leave_no_trace(repo):
    repo.gitseq("recover", "--list", check=True)
    repo.gitseq("reap", "--dry-run", check=True)
    assert events(repo) == []


def test_gitseq_log_switches_off_or_names_a_second_file(staged):
    staged.config(hook("good", "true"), commit=False)
    assert staged.gitseq("run", env={"GITSEQ_LOG": "0"}).returncode == 0
    assert events(staged) == []
    assert staged.gitseq("run", env={"GITSEQ_LOG": ".git/copy.jsonl"}).returncode == 0
    assert (staged.path / ".git/copy.jsonl").read_bytes() == (
        staged.common_dir / "gitseq/journal/journal.jsonl"
    ).read_bytes()
    assert staged.gitseq("run", env={"GITSEQ_LOG": "/no/such/folder/x"}).returncode == 0
    assert events(staged).count("end") == 2


# --- formats


@pytest.mark.parametrize("name", ["junit", "sarif", "gitlab"])
def test_a_document_is_all_that_is_on_standard_output(staged, name):
    staged.config(
        hook("good", "true") + BAD + hook("short", "true", "min_free_memory = '1000TiB'", "memory_wait = '100ms'"),
        commit=False,
    )
    done = staged.gitseq("run", "--format", name)
    assert done.returncode == 1
    if name == "junit":
        assert ET.fromstring(done.stdout).get("failures") == "1"
    else:
        assert "a.py" in json.dumps(json.loads(done.stdout))
    assert b"memory is still short" in done.stderr


@pytest.mark.parametrize("name", ["json", "junit", "sarif", "gitlab"])
def test_a_refused_run_still_has_its_document(in_merge_conflict, name):
    in_merge_conflict.write("gitseq.toml", hook("good", "true"))
    done = in_merge_conflict.gitseq("run", "--format", name)
    assert done.returncode == 3, text(done)
    if name == "junit":
        assert ET.fromstring(done.stdout).get("errors") == "1"
    else:
        json.loads(done.stdout)
    if name != "json":
        assert b"Unmerged files" in done.stderr


def test_a_github_workflow_gets_annotations_and_a_summary_unasked(staged, tmp_path):
    staged.config(hook("good", "true") + BAD, commit=False)
    summary = tmp_path / "summary.md"
    here = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    done = staged.gitseq("run", env=here)
    assert b"\n::error file=a.py,line=1,col=2,title=bad::wrong\n" in done.stdout
    assert "| ❌ | bad |" in summary.read_text()
    assert b"::error" not in staged.gitseq("run", "--format", "text", env=here).stdout
    assert summary.read_text().count("### gitseq") == 2


def test_a_dry_run_knows_text_and_json_only(staged):
    staged.config(BAD, commit=False)
    assert staged.gitseq("run", "--dry-run", "--format", "junit").returncode == 2
    assert staged.gitseq("run", "--dry-run", env={"GITHUB_ACTIONS": "true"}).returncode == 0


# --- progress


def on_a_terminal(repo: Repo, *arguments: str) -> str:
    """What a run shows on a terminal, all of it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [GITSEQ, "run", *arguments],
        env={**repo.env, "TERM": "xterm"},
        cwd=repo.path,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):
        while part := os.read(ours, 65536):
            shown += part
    os.close(ours)
    assert process.wait(20) == 0, shown
    return shown.decode("utf-8", "replace")


def test_a_hook_of_several_calls_shows_how_many_are_over_on_a_terminal_only(repo):
    repo.config(hook("slow", 'echo "looking at $1"; sleep 0.7', "pass_filenames = 1", shell=True), commit=False)
    for name in "ab":
        repo.write(name, "x\n")
    repo.add("a", "b")
    repo.git("add", "gitseq.toml")
    shown = on_a_terminal(repo, "--files", "a", "b")
    assert "call 1 of 2" in shown
    assert "call 2 of 2" in shown
    assert "looking at a" in shown
    assert "of 2" not in text(repo.gitseq("run", "--files", "a", "b"))


def test_a_dry_run_with_a_mistyped_skip_is_no_run_that_died(staged):
    staged.config(hook("plain", "true"), commit=False)
    done = staged.gitseq("run", "--dry-run", "--skip", "plane", check=True)
    assert "no hook has that id" in text(done)
    assert journal(staged) == []
    assert "died" not in text(staged.gitseq("logs"))


def test_a_terminal_that_goes_away_while_a_hook_runs_ends_nothing(staged, sequencer):
    gate = sequencer.gate("in hook")
    staged.config(hook("slow", gate.shell, shell=True), commit=False)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [GITSEQ, "run"],
        env={**staged.env, "TERM": "xterm"},
        cwd=staged.path,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    while "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏".encode()[:2] not in shown:  # until the living line is there
        shown += os.read(ours, 65536)
    os.close(ours)
    gate.wait_reached()
    gate.release()
    assert process.wait(20) == 0
    assert [line["event"] for line in journal(staged)][-2:] == ["hook-end", "end"]
