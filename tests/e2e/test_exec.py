"""`gitseq exec` and `gitseq status`, and what joins a turn that is already taken."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.support.procs import wait_until
from tests.support.repo import BIN

GITSEQ = str(BIN / "gitseq")


def started(repo, *words, **options):
    """gitseq exec in the background."""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen([GITSEQ, "exec", *words], cwd=repo.path, env=repo.env, start_new_session=True, **options)


def status(repo):
    return json.loads(repo.gitseq("status", "--json").stdout)


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -TERM $$", 143), ("exit 255", 255)]
)
def test_the_exit_code_is_the_command_s_own(repo, script, code):
    assert repo.gitseq("exec", "--", "sh", "-c", script, check=False).returncode == code


def test_a_command_that_cannot_be_started_is_told_as_a_shell_would(repo):
    done = repo.gitseq("exec", "--", "no-such-command", check=False)
    assert (done.returncode, done.stdout) == (127, b"")
    assert b"no-such-command: command not found" in done.stderr
    repo.write("script", "#!/no/such/interpreter\n", mode=0o755)
    assert repo.gitseq("exec", "--", "./script", check=False).returncode in (126, 127)


def test_no_command_is_a_usage_error(repo):
    assert repo.gitseq("exec", check=False).returncode == 2
    assert repo.gitseq("exec", "--", check=False).returncode == 2


def test_standard_streams_and_folder_are_the_command_s(repo):
    (repo.path / "below").mkdir()
    done = subprocess.run(
        [GITSEQ, "exec", "--", "sh", "-c", "pwd; cat; echo err >&2"],
        cwd=repo.path / "below",
        env=repo.env,
        input=b"in\n",
        capture_output=True,
        check=True,
        timeout=20,
    )
    assert done.stdout == os.fsencode(repo.path / "below") + b"\nin\n"
    assert done.stderr == b"err\n"


def test_arguments_that_look_like_options_reach_the_command(repo):
    done = repo.gitseq("exec", "--", "printf", "%s,", "--wait", "-v", "--", b"\xff")
    assert done.stdout == b"--wait,-v,--,\xff,"


def test_two_commands_run_one_after_the_other(repo):
    script = 'echo "in $0" >>log; test -e inside && echo overlap >>log; touch inside; sleep 0.2; rm inside'
    both = [started(repo, "--", "sh", "-c", script, name) for name in ("a", "b")]
    for one in both:
        out, err = one.communicate(timeout=20)
        assert one.returncode == 0, (out, err)
    assert b"overlap" not in repo.read("log")


def test_no_wait_gives_up_with_75_and_names_the_holder(repo, sequencer):
    gate = sequencer.gate("inside")
    one = started(repo, "--", "sh", "-c", gate.shell)
    gate.wait_reached()
    done = repo.gitseq("exec", "--no-wait", "--", "true", check=False)
    assert done.returncode == 75
    assert f"pid {one.pid} has been running sh -c".encode() in done.stderr
    assert repo.gitseq("exec", "--wait", "200ms", "--", "true", check=False).returncode == 75
    gate.release()
    one.communicate(timeout=20)


def test_status_says_what_a_person_needs_to_know_of_a_commit(repo, sequencer):
    gate = sequencer.gate("inside")
    repo.config(
        f'[[hook]]\nid = "slow"\nrun = """{gate.shell}"""\nshell = true\npass_filenames = false\n', commit=False
    )
    repo.install("pre-commit")
    repo.add()
    argv = ["git", "commit", "-q", "-m", "Slow"]
    with subprocess.Popen(argv, cwd=repo.path, env=repo.env, start_new_session=True) as commit:
        gate.wait_reached()
        wait_until(lambda: status(repo)["holder"]["hook"])
        holder = status(repo)["holder"]
        lines = repo.gitseq("status").stdout.decode().splitlines()
        gate.release()
        assert commit.wait(20) == 0
    assert (holder["command"], holder["hook"]) == ("pre-commit", "slow")
    assert 0 <= holder["hook_elapsed"] <= holder["elapsed"]
    assert holder["processes"][0]["command"] == "gitseq hook pre-commit"
    assert re.fullmatch(
        rf"Running: pre-commit for \S+ in {re.escape(str(repo.path))} \(pid {holder['pid']}\)", lines[0]
    )
    assert re.fullmatch(r"Hook: slow for \S+", lines[1])
    assert re.fullmatch(rf"  {holder['pid']} +\S+ MiB  gitseq hook pre-commit", lines[2])


def test_status_shows_holder_tree_and_line(repo, sequencer):
    assert status(repo) == {"scope": "repo", "holder": None, "waiting": []}
    assert b"Nobody holds the lease." in repo.gitseq("status").stdout
    gate = sequencer.gate("inside")
    one = started(repo, "--", "sh", "-c", gate.shell)
    gate.wait_reached()
    two = started(repo, "--", "true")
    wait_until(lambda: len(status(repo)["waiting"]) == 1)
    seen = status(repo)
    assert seen["holder"]["pid"] == one.pid
    assert seen["holder"]["command"].startswith("sh -c")
    assert seen["holder"]["worktree"] == str(repo.path)
    assert seen["holder"]["hook"] is None
    tree = seen["holder"]["processes"]
    assert tree[0]["pid"] == one.pid
    assert tree[0]["command"].startswith("gitseq exec -- sh -c")
    assert {process["ppid"] for process in tree[1:]} <= {process["pid"] for process in tree}
    assert len(tree) >= 2
    assert all(process["memory"] > 0 for process in tree)
    waiter = seen["waiting"][0]
    assert (waiter["position"], waiter["pid"], waiter["command"]) == (1, two.pid, "true")
    text = repo.gitseq("status").stdout.decode()
    assert f"(pid {one.pid})" in text
    assert "Waiting: 1" in text
    gate.release()
    assert [process.wait(20) for process in (one, two)] == [0, 0]
    for process in (one, two):
        process.communicate()


def test_a_signal_to_us_reaches_the_command_and_its_answer_is_our_exit_code(repo, sequencer):
    gate = sequencer.gate("ready")
    one = started(repo, "--", "sh", "-c", f"trap 'exit 7' TERM; {gate.shell}")
    gate.wait_reached()
    os.kill(one.pid, signal.SIGTERM)
    one.communicate(timeout=20)
    assert one.returncode == 7
    assert status(repo)["holder"] is None


def test_a_signal_while_waiting_ends_with_128_and_its_number(repo, sequencer):
    gate = sequencer.gate("inside")
    one = started(repo, "--", "sh", "-c", gate.shell)
    gate.wait_reached()
    two = started(repo, "--", "touch", "ran")
    wait_until(lambda: len(status(repo)["waiting"]) == 1)
    os.kill(two.pid, signal.SIGINT)
    two.communicate(timeout=20)
    assert two.returncode == 130
    assert status(repo)["waiting"] == []
    gate.release()
    one.communicate(timeout=20)
    assert not (repo.path / "ran").exists()


def test_ctrl_c_on_the_terminal_is_left_to_the_command(repo, tmp_path):
    ready = tmp_path / "ready"
    script = f"trap 'sleep 0.1; exit 9' INT; echo >{ready}; while :; do sleep 0.05; done"
    code = (
        "import os, pty, sys\n"
        "pid, fd = pty.fork()\n"
        "if not pid: os.execv(sys.argv[1], sys.argv[1:])\n"
        f"import time\nwhile not os.path.exists({str(ready)!r}): time.sleep(0.01)\n"
        "os.write(fd, b'\\x03')\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, GITSEQ, "exec", "--", "sh", "-c", script],
        cwd=repo.path,
        env=repo.env,
        capture_output=True,
        check=True,
        timeout=30,
    )
    assert done.stdout == b"9\n"


def test_a_command_that_takes_too_long_ends_with_124(repo):
    done = repo.gitseq("exec", "--timeout", "200ms", "--", "sleep", "20", check=False)
    assert done.returncode == 124
    assert b"ran longer than 200ms" in done.stderr


def test_what_a_command_leaves_behind_is_gone_when_it_ends(repo):
    repo.gitseq("exec", "--", "sh", "-c", "setsid sleep 60 >/dev/null 2>&1 & echo $! >pid")
    pid = int(repo.read("pid"))
    assert not os.path.exists(f"/proc/{pid}")


# --- nesting -----------------------------------------------------------------------------------


def test_exec_inside_exec_joins(repo):
    assert repo.gitseq("exec", "--", GITSEQ, "exec", "--no-wait", "--", "echo", "inner").stdout == b"inner\n"


def test_exec_inside_exec_joins_without_its_environment(repo):
    home, path = repo.env["HOME"], repo.env["PATH"]
    words = ("env", "-i", f"HOME={home}", f"PATH={path}", GITSEQ, "exec", "--no-wait", "--", "echo", "inner")
    assert repo.gitseq("exec", "--", *words).stdout == b"inner\n"


def test_a_commit_by_exec_is_one_turn_and_its_hooks_do_not_line_up(repo):
    repo.hook_script("who", f"{GITSEQ} status --json >$TMPDIR/seen 2>&1 || {GITSEQ} status --json >seen.json\n")
    repo.config('[[hook]]\nid = "who"\nrun = "who"\nalways_run = true\npass_filenames = false\n')
    repo.install()
    repo.write("f.txt", "1\n")
    repo.add("f.txt")
    repo.env["TMPDIR"] = str(repo.path.parent)
    one = started(repo, "--", "git", "commit", "-q", "-m", "by exec")
    out, err = one.communicate(timeout=30)
    assert one.returncode == 0, (out, err)
    seen = json.loads((repo.path.parent / "seen").read_text())
    assert seen["holder"]["pid"] == one.pid
    assert seen["holder"]["command"] == "git commit -q -m by exec"
    assert seen["waiting"] == []


@pytest.mark.parametrize("options", [("-a",), ("-i", "README.md"), ("--", "README.md")])
def test_commits_that_hold_the_index_lock_work_by_exec(repo, options):
    repo.config('[[hook]]\nid = "ok"\nrun = "true"\nalways_run = true\n')
    repo.install()
    repo.write("README.md", "changed\n")
    before = repo.head()
    repo.gitseq("exec", "--", "git", "commit", "-q", "-m", "x", *options)
    assert repo.head() != before


def test_a_hook_that_commits_and_a_hook_that_runs_gitseq_do_not_wait_for_themselves(repo):
    repo.hook_script("commits", "test -e once || { touch once; echo x >n; git add n; git commit -q -m nested; }\n")
    repo.hook_script("runs", f"{GITSEQ} run --no-wait quick --all-files\n")
    repo.config(
        '[[hook]]\nid = "quick"\nrun = "true"\n'
        '[[hook]]\nid = "runs"\nrun = "runs"\npass_filenames = false\nalways_run = true\nstages = ["manual"]\n'
        '[[hook]]\nid = "commits"\nrun = "commits"\npass_filenames = false\nalways_run = true\nstages = ["manual"]\n'
    )
    repo.install()
    repo.gitseq("run", "manual", "runs")
    before = repo.head()
    repo.gitseq("run", "manual", "commits", check=False)
    assert repo.head() != before


def test_a_git_that_needs_the_index_waits_for_a_foreign_lock_and_others_do_not(repo):
    lock = repo.foreign_lock()
    assert repo.gitseq("exec", "--", "git", "log", "-1", "--format=%s").stdout == b"First\n"
    repo.write("README.md", "changed\n")
    one = started(repo, "--", "git", "commit", "-q", "-a", "-m", "x")
    wait_until(lambda: status(repo)["holder"] is not None)
    time.sleep(0.3)  # it must still be waiting: git itself would have failed by now
    assert one.poll() is None
    lock.unlink()
    out, err = one.communicate(timeout=20)
    assert one.returncode == 0, (out, err)


def test_twelve_worktrees_commit_at_once_and_never_two_hooks_run_together(repo, tmp_path):
    log = tmp_path / "log"
    repo.hook_script(
        "slow",
        f"mkdir {tmp_path}/inside || echo overlap >>{log}\nsleep 0.1\nrmdir {tmp_path}/inside\necho ran >>{log}\n",
    )
    repo.config('[[hook]]\nid = "slow"\nrun = "slow"\npass_filenames = false\nalways_run = true\n')
    repo.install()
    trees = [repo.worktree(f"tree{n}", f"branch{n}") for n in range(12)]
    for n, tree in enumerate(trees):
        tree.write(f"f{n}", "x\n")
        tree.add(f"f{n}")
    log.write_text("")
    commits = [
        subprocess.Popen(
            ["git", "commit", "-q", "-m", "x"],
            cwd=tree.path,
            env=tree.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for tree in trees
    ]
    told = [commit.communicate(timeout=60)[0] for commit in commits]
    assert [commit.returncode for commit in commits] == [0] * 12, told
    assert log.read_text().split() == ["ran"] * 12
