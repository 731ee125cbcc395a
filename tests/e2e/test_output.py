"""What a run says, in which shape, and with which exit code it ends."""

import json
import os
import re
import signal
import subprocess
import time

import pytest

from tests.support.procs import alive, assert_pid_gone, pid_from, spawned
from tests.support.recorder import Recorder, hook
from tests.support.repo import BIN, Repo, text

ALWAYS = "always_run = true"


def told(repo: Repo, *arguments: str, code: int = 0) -> "list[str]":
    """The lines of `gitseq run`, which ends with `code`."""
    done = repo.gitseq("run", *arguments)
    assert done.returncode == code, text(done)
    assert "Traceback" not in text(done)
    return text(done).splitlines()


@pytest.fixture
def staged(repo: Repo) -> Repo:
    """A repository with a new file `a.txt`, staged."""
    repo.write("a.txt", "a\n")
    repo.add()
    return repo


# --- the shape of the lines


def test_a_passing_hook_is_one_line_of_79_columns(staged):
    staged.config(hook("pass", "true", 'name = "a hook with a name"'), commit=False)
    assert told(staged) == ["a hook with a name" + "." * (79 - 18 - 6) + "Passed"]


def test_a_failing_hook_tells_its_id_exit_code_and_output(staged):
    staged.config(hook("no", "echo why; echo more >&2; exit 7", shell=True), commit=False)
    assert told(staged, code=1) == [
        "no" + "." * (79 - 2 - 6) + "Failed",
        "- hook id: no",
        "- exit code: 7",
        "",
        "why",
        "more",
        "",
        "next: mend it, git add, try again; this hook alone: gitseq run no",
    ]


def test_a_hook_without_files_is_skipped(staged):
    staged.config(hook("py", "false", 'types = ["python"]'), commit=False)
    words = "(no files to check)Skipped"
    assert told(staged)[0] == "py" + "." * (79 - 2 - len(words)) + words


@pytest.mark.parametrize("variable", ["SKIP", "GITSEQ_SKIP"])
def test_a_hook_that_is_to_be_skipped_is_shown_as_skipped(staged, variable):
    staged.config(hook("one", "false") + hook("two", "false") + hook("three", "true"), commit=False)
    staged.env[variable] = "one, two"
    lines = told(staged)
    assert lines[0] == "one" + "." * (79 - 3 - 7) + "Skipped"
    assert [line.split(".")[0] for line in lines] == ["one", "two", "three"]
    assert lines[2].endswith("Passed")


def test_skip_holds_for_commits_too(staged):
    staged.config(hook("no", "false"), commit=False)
    staged.install()
    assert staged.commit(env={"SKIP": "no"}).returncode == 0


def test_a_long_name_makes_all_lines_wider(staged):
    staged.config(hook("long", "true", f'name = "{"n" * 90}"') + hook("short", "true"), commit=False)
    lines = told(staged)
    assert len(lines[0]) == len(lines[1])
    assert lines[0].startswith("n" * 90 + ".")


def test_verbose_shows_output_and_duration_of_a_hook_that_passes(staged):
    staged.config(hook("pass", "echo said", shell=True), commit=False)
    lines = told(staged, "-v")
    assert lines[1] == "- hook id: pass"
    assert re.fullmatch(r"- duration: \d+(\.\d+)?s", lines[2])
    assert lines[3:] == ["", "said", ""]
    assert told(staged) == [lines[0]]


def test_a_verbose_hook_always_shows_its_output(staged):
    staged.config(hook("loud", "echo said", "verbose = true", shell=True) + hook("quiet", "echo silent"), commit=False)
    lines = told(staged)
    assert "said" in lines
    assert "silent" not in " ".join(lines)


def test_a_hook_that_changes_a_file_fails_even_when_it_ends_with_0(staged):
    staged.config(hook("fix", 'for f; do echo fixed >> "$f"; done', shell=True), commit=False)
    lines = told(staged, code=1)
    assert lines[0].endswith("Failed")
    assert "- files were modified by this hook" in lines
    assert "- exit code: 0" not in lines


def test_a_hook_that_changes_a_file_it_was_not_given_fails(staged):
    staged.config(hook("fix", "echo fixed >> README.md", "pass_filenames = false", shell=True), commit=False)
    assert "- files were modified by this hook" in told(staged, code=1)


def test_a_hook_that_changes_a_mode_fails(staged):
    staged.config(hook("chmod", "chmod +x"), commit=False)
    assert "- files were modified by this hook" in told(staged, code=1)


def test_a_hook_that_rewrites_a_file_with_what_it_held_passes(staged):
    staged.config(hook("touch", 'for f; do cat "$f" > t; cat t > "$f"; rm t; done', shell=True), commit=False)
    assert told(staged)[0].endswith("Passed")


def test_the_hook_that_changed_a_file_is_blamed_and_not_the_next(staged):
    staged.config(hook("fix", 'echo fixed >> "$1"', shell=True) + hook("after", "true"), commit=False)
    lines = told(staged, code=1)
    blamed = lines.index("- files were modified by this hook")
    assert "- hook id: fix" in lines[:blamed]
    assert "- hook id: after" not in lines
    assert lines[-3].endswith("Passed")
    assert lines[-2] == "next: git add a.txt; then try again (look first: git diff)"


def test_output_that_is_not_utf_8_arrives_as_it_is(staged):
    staged.config(hook("bytes", r"printf 'caf\351\n'; exit 1", shell=True), commit=False)
    assert b"caf\xe9\n" in staged.gitseq("run").stdout


@pytest.mark.parametrize(("choice", "coloured"), [("always", True), ("never", False), ("auto", False)])
def test_colour_is_by_choice_and_off_where_nobody_looks(staged, choice, coloured):
    staged.config(hook("pass", "true"), commit=False)
    assert ("\033[42mPassed\033[m" in "\n".join(told(staged, "--color", choice))) is coloured


def test_no_color_wins_over_a_terminal_but_not_over_a_choice(staged):
    staged.config(hook("pass", "true"), commit=False)
    staged.env["NO_COLOR"] = "1"
    assert told(staged, "--color", "auto")[0].endswith(".Passed")


def test_json_is_one_document_with_the_verdicts(staged):
    staged.config(hook("pass", "true") + hook("no", "echo why; exit 3", shell=True), commit=False)
    done = staged.gitseq("run", "--format", "json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    found = json.dumps(document)
    assert '"pass"' in found
    assert '"no"' in found
    assert "why" in found


def test_a_dry_run_shows_the_plan_and_runs_nothing(staged):
    record = Recorder(staged)
    staged.config(hook("record", record.command), commit=False)
    document = json.loads(staged.gitseq("run", "--dry-run", "--format", "json").stdout)
    assert document["execution_mode"] == "sequential"
    assert "a.txt" in json.dumps(document)
    assert "a.txt" in "\n".join(told(staged, "--dry-run"))
    assert record.calls == []


def test_show_diff_on_failure_shows_what_a_hook_changed(staged):
    staged.config(hook("fix", 'echo fixed >> "$1"', shell=True), commit=False)
    assert "+fixed" in told(staged, "--show-diff-on-failure", code=1)


# --- which hooks run, and how


def test_hooks_run_in_order_one_at_a_time(staged):
    script = "echo {0} begin >> log; sleep 0.05; echo {0} end >> log"
    staged.write(".gitignore", "log\n")
    staged.config("".join(hook(name, script.format(name), shell=True) for name in "abc"), commit=False)
    told(staged)
    assert staged.read("log").decode().split("\n")[:-1] == [
        f"{name} {what}" for name in "abc" for what in ("begin", "end")
    ]


@pytest.mark.parametrize("where", ["top", "hook", "option"])
def test_fail_fast_stops_at_the_first_failure(staged, where):
    top = "fail_fast = true\n" if where == "top" else ""
    own = ["fail_fast = true"] if where == "hook" else []
    staged.config(top + hook("first", "false", *own) + hook("second", "true"), commit=False)
    lines = told(staged, *(["--fail-fast"] if where == "option" else []), code=1)
    assert not any(line.startswith("second") for line in lines)


def test_without_fail_fast_the_others_still_run(staged):
    staged.config(hook("first", "false") + hook("second", "true"), commit=False)
    assert told(staged, code=1)[-2].startswith("second")


def test_always_run_runs_without_files_and_is_called_once(repo):
    record = Recorder(repo)
    repo.config(hook("record", record.command, ALWAYS))
    told(repo)
    assert record.only.args == []


def test_pass_filenames_false_needs_a_match_and_passes_none(staged):
    record = Recorder(staged)
    staged.config(hook("record", record.command, "pass_filenames = false"), commit=False)
    told(staged)
    assert record.only.args == []


def test_pass_filenames_with_a_number_is_the_most_for_one_call(repo):
    record = Recorder(repo)
    repo.config(hook("record", record.command, "pass_filenames = 2"))
    for name in "abcde":
        repo.write(name, "x\n")
    repo.add()
    told(repo)
    assert [call.args for call in record.calls] == [[b"a", b"b"], [b"c", b"d"], [b"e"]]


def test_a_failure_in_any_batch_fails_the_hook(repo):
    repo.config(hook("no-b", 'test "$1" != b', "pass_filenames = 1", shell=True))
    for name in "abc":
        repo.write(name, "x\n")
    repo.add()
    assert "- exit code: 1" in told(repo, code=1)


def test_words_of_a_command_are_split_as_a_shell_would_and_nothing_else(staged):
    record = Recorder(staged)
    staged.config(f"""[[hook]]\nid = "record"\nrun = "{record.command} 'two words' $HOME *"\n""", commit=False)
    told(staged)
    assert record.only.args == [b"two words", b"$HOME", b"*", b"a.txt"]


def test_env_of_a_hook_is_its_own(staged):
    one, two = Recorder(staged, "one"), Recorder(staged, "two")
    staged.config(hook("one", one.command, "env = { COLOUR = 'blue' }") + hook("two", two.command), commit=False)
    told(staged)
    assert one.only.env["COLOUR"] == "blue"
    assert "COLOUR" not in two.only.env
    assert one.only.env["PRE_COMMIT"] == "1"


def test_log_file_gets_the_output_of_a_failing_hook_appended(staged):
    staged.write(".gitignore", "*.log\n")
    staged.config(hook("no", "echo why; exit 1", 'log_file = "hook.log"', shell=True), commit=False)
    assert "why" in told(staged, code=1)
    assert "why" in told(staged, code=1)
    assert staged.read("hook.log") == b"why\nwhy\n"


def test_root_runs_there_with_its_files_only(repo):
    record = Recorder(repo)
    repo.config(hook("record", record.command, 'root = "packages/api"'))
    for name in ("packages/api/a.txt", "packages/apiary.txt", "b.txt"):
        repo.write(name, "x\n")
    repo.add()
    told(repo)
    assert record.only.args == [b"a.txt"]
    assert record.only.cwd == os.path.join(os.fsencode(repo.path), b"packages/api")


def test_one_hook_can_be_asked_for_by_id(staged):
    staged.config(hook("one", "true") + hook("two", "true"), commit=False)
    assert [line.split(".")[0] for line in told(staged, "two")] == ["two"]


def test_manual_hooks_run_when_asked_for_only(staged):
    staged.config(hook("by-hand", "true", 'stages = ["manual"]'), commit=False)
    assert told(staged) == ["note: no hook is configured for pre-commit; to see what there is: gitseq list"]
    assert told(staged, "manual")[0].startswith("by-hand")


def test_a_hook_may_call_git_and_sees_what_is_staged(repo):
    """`commit -a` stages into a file of its own; a hook's `git diff --cached` must look there."""
    repo.commit_file("f.txt", "old\n")
    repo.config(hook("look", "git diff --cached --name-only | grep -qx f.txt", shell=True))
    repo.install()
    repo.write("f.txt", "new\n")
    assert repo.commit("-a").returncode == 0


# --- failures in plain words


@pytest.mark.parametrize("run", ["no-such-program --flag", "./no/such/script"])
def test_a_missing_executable_is_named(staged, run):
    staged.config(hook("missing", run), commit=False)
    shown = "\n".join(told(staged, code=1))
    assert "Failed" in shown
    assert run.split()[0] in shown
    assert "not found" in shown


def test_a_file_that_is_not_executable_is_named(staged):
    staged.write("tool.sh", "#!/bin/sh\n", 0o644)
    staged.config(hook("tool", "./tool.sh"), commit=False)
    shown = "\n".join(told(staged, code=1))
    assert "./tool.sh" in shown
    assert "not executable" in shown


def test_a_script_without_interpreter_line_or_with_a_missing_one_is_told(staged):
    staged.write("odd", "#!/no/such/interpreter\n", 0o755)
    staged.config(hook("odd", "./odd"), commit=False)
    assert "interpreter" in "\n".join(told(staged, code=1))


def test_a_hook_that_is_killed_says_by_which_signal(staged):
    staged.config(hook("dies", "kill -SEGV $$", shell=True), commit=False)
    shown = "\n".join(told(staged, code=1))
    assert "- exit code: 139" in shown
    assert re.search(r"signal 11|SIGSEGV", shown)


def test_a_grandchild_that_holds_stdout_delays_nothing(staged):
    pid_file = staged.path.parent / "pid"
    staged.config(hook("daemon", f"sleep 30 & echo $! >'{pid_file}'; echo done", shell=True), commit=False)
    staged.install()
    begun = time.monotonic()
    try:
        done = staged.commit()
    finally:
        left = pid_from(pid_file)
        if alive(left):
            os.kill(left, signal.SIGKILL)
    assert time.monotonic() - begun < 10
    assert "Passed" in text(done)


def test_much_output_is_no_reason_to_wait(staged):
    """More than a pipe holds, on both streams, and everything of it is shown."""
    staged.config(hook("loud", "seq 100000; seq 100000 >&2; exit 1", shell=True), commit=False)
    lines = told(staged, code=1)
    assert lines.count("100000") == 2


def test_a_hook_has_no_standard_input_to_wait_for(staged):
    staged.config(hook("reads", 'cat; test -z "$(cat)"', shell=True), commit=False)
    assert told(staged)[0].endswith("Passed")


def test_an_interactive_hook_without_a_terminal_is_a_clear_failure(staged):
    staged.config(hook("ask", "true", "interactive = true"), commit=False)
    shown = "\n".join(told(staged, code=1))
    assert "terminal" in shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_hooks_whole_group_and_then_us(staged, sequencer, number):
    gate = sequencer.gate("in hook")
    child = staged.hook_script("child", gate.shell)
    staged.config(hook("slow", f"{child} | cat", shell=True), commit=False)
    with spawned([str(BIN / "gitseq"), "run"], env=staged.env, cwd=staged.path) as run:
        pid = gate.wait_reached()
        run.send_signal(number)
        assert run.wait(20) == 128 + number
        assert_pid_gone(pid)


# --- exit codes and refusals


def test_a_run_without_configuration_says_how_to_get_one(repo):
    done = repo.gitseq("run")
    assert done.returncode == 2, text(done)
    assert "gitseq init" in text(done)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[[hook]]\nid = 'x'\nrun = 'true'\ntypo = 1\n", ["gitseq.toml", "4", "typo"]),
        ("[[hook]]\nid = 'x'\nrun = 'true'\nstages = ['pre-comit']\n", ["pre-comit", "pre-commit"]),
        ("[[hook]\n", ["gitseq.toml", "1"]),
    ],
    ids=["unknown key", "unknown stage", "no TOML"],
)
def test_a_configuration_that_cannot_be_ends_with_2_and_says_where(repo, toml, words):
    repo.config(toml, commit=False)
    done = repo.gitseq("run")
    assert done.returncode == 2, text(done)
    assert not [word for word in words if word not in text(done)], text(done)
    assert "Traceback" not in text(done)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--no-such-option",),
        ("no-such-hook",),
        ("--from-ref", "HEAD"),
        ("--all-files", "--files", "a"),
        ("--stage", "x"),
    ],
    ids=" ".join,
)
def test_a_command_line_that_cannot_be_ends_with_2(repo, arguments):
    repo.config(hook("pass", "true"))
    done = repo.gitseq("run", *arguments)
    assert done.returncode == 2, text(done)
    assert "Traceback" not in text(done)


def test_outside_of_a_repository_a_run_ends_with_4(repo):
    done = repo.gitseq("run", cwd="..")
    assert done.returncode == 4, text(done)
    assert "not a git repository" in text(done)


def test_in_a_bare_repository_a_run_ends_with_4(repo):
    bare = repo.clone("bare.git", bare=True)
    done = bare.gitseq("run")
    assert done.returncode == 4, text(done)


def test_without_git_a_run_ends_with_4(staged):
    staged.config(hook("pass", "true"), commit=False)
    done = staged.gitseq("run", env={"PATH": "/nowhere"})
    assert done.returncode == 4, text(done)
    assert "git" in text(done)


def test_a_range_that_names_no_commit_is_refused_in_plain_words(repo):
    repo.config(hook("pass", "true"))
    done = repo.gitseq("run", "--from-ref", "no-such-branch", "--to-ref", "HEAD")
    assert done.returncode == 2, text(done)
    assert "no-such-branch" in text(done)


def test_an_index_that_changes_under_a_hook_is_told(staged, sequencer):
    """What was checked is not what would be committed (invariant 10)."""
    gate = sequencer.gate("in hook")
    staged.config(hook("slow", gate.shell, shell=True))
    staged.install()
    with spawned(["git", "commit", "-qm", "New"], env=staged.env, cwd=staged.path) as commit:
        gate.wait_reached()
        staged.write("unchecked.txt", "x\n")
        staged.git("add", "unchecked.txt")
        gate.release()
        _out, err = commit.communicate(timeout=20)
    assert commit.returncode != 0
    assert b"unchecked.txt" in err
    assert b"unchecked.txt" not in staged.git("ls-tree", "--name-only", "HEAD").stdout


def test_no_run_leaves_traces_outside_the_git_directory(staged):
    staged.config(hook("pass", "true"))
    staged.install()
    home = {path for path, _folders, _files in os.walk(staged.env["HOME"])}
    staged.commit()
    told(staged, "--all-files")
    assert staged.status() == b""
    assert {path for path, _folders, _files in os.walk(staged.env["HOME"])} == home


def test_a_log_file_that_cannot_be_written_is_told_and_decides_nothing(staged):
    staged.config(hook("logs", "echo said", "verbose = true", 'log_file = "no/such/folder/log"'), commit=False)
    done = staged.gitseq("run")
    assert done.returncode == 0, text(done)
    assert "log_file of logs: no/such/folder/log: No such file or directory" in text(done)


@pytest.mark.parametrize("arguments", [["list"], ["run", "--format", "json", "--all-files"], ["run", "--all-files"]])
def test_output_that_a_full_disk_has_no_room_for_is_no_success(repo, arguments):
    repo.config('[[hook]]\nid = "no-op"\nrun = "true"\n')
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [BIN / "gitseq", *arguments], cwd=repo.path, env=repo.env, stdout=full, stderr=subprocess.PIPE, timeout=60
        )
    assert done.returncode == 4
    assert b"could not be written: No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_commit_goes_on_where_its_output_finds_no_room(repo):
    repo.config('[[hook]]\nid = "no-op"\nrun = "true"\n')
    repo.install()
    repo.write("a.txt", "a\n")
    repo.add()
    before = repo.head()
    with open("/dev/full", "wb") as full:
        subprocess.run(["git", "commit", "-qm", "x"], cwd=repo.path, env=repo.env, stdout=full, timeout=60)
    assert repo.head() != before
