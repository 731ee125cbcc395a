"""Wrapped commands take their turn, and otherwise nothing tells them from the commands themselves."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.procs import python, spawned, wait_until
from tests.support.repo import BIN, text

GITSEQ = str(BIN / "gitseq")
GIVE_UP = {"GITSEQ_WAIT": "0s"}
SHELLS = ["dash", "bash", "busybox"]


def wrap(repo, *names, check=True):
    """Wrap commands; the environment of somebody who has the folder first on PATH."""
    repo.gitseq("wrap", *names, check=check)
    return with_folder(repo, repo.common_dir / "gitseq/bin")


def with_folder(repo, *folders):
    return {**repo.env, "PATH": ":".join([*map(str, folders), repo.env["PATH"]])}


def run(argv, env, cwd, **options):
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, "timeout": 60, "check": False, **options}
    return subprocess.run(argv, env=env, cwd=cwd, **options)


@contextmanager
def turn_taken(repo, sequencer):
    """Somebody else holds the lease meanwhile."""
    gate = sequencer.gate("inside")
    with spawned([GITSEQ, "exec", "--", "sh", "-c", gate.shell], env=repo.env, cwd=repo.path) as holder:
        gate.wait_reached()
        yield
        gate.release()
        holder.wait(20)


def turns(repo):
    """The commands that the journal knows to have had a turn."""
    journal = repo.common_dir / "gitseq/journal/journal.jsonl"
    lines = journal.read_text().splitlines() if journal.exists() else []
    return [entry["argv"] for entry in map(json.loads, lines) if entry["event"] == "exec-end"]


# --- turns


def test_a_wrapped_command_waits_for_its_turn(repo, sequencer):
    env = wrap(repo, "true")
    with turn_taken(repo, sequencer):
        assert run(["true"], {**env, **GIVE_UP}, repo.path).returncode == 75
    assert run(["true"], {**env, **GIVE_UP}, repo.path).returncode == 0


def test_it_waits_in_subfolders_linked_work_trees_and_behind_symbolic_links(repo, linked_worktree, sequencer, tmp_path):
    env = wrap(repo, "true")
    (repo.path / "a/b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(repo.path / "a/b")
    with turn_taken(repo, sequencer):
        for folder in (repo.path / "a/b", linked_worktree.path, tmp_path / "link"):
            shell = f"cd {folder} && exec true"  # a shell that was led here has the link in its PWD
            assert run(["bash", "-c", shell], {**env, **GIVE_UP}, tmp_path).returncode == 75, folder


def test_gitseq_0_runs_the_command_itself(repo, sequencer):
    env = wrap(repo, "true")
    with turn_taken(repo, sequencer):
        assert run(["true"], {**env, "GITSEQ": "0"}, repo.path).returncode == 0


def test_where_there_is_no_repository_or_no_gitseq_it_runs_at_once(repo, make_repo, sequencer, tmp_path):
    env = wrap(repo, "true")
    other = make_repo("other")
    with turn_taken(repo, sequencer):
        for folder in (tmp_path, Path("/"), other.path, repo.common_dir):
            assert run(["true"], {**env, **GIVE_UP}, folder).returncode == 0, folder
    assert not (other.common_dir / "gitseq").exists()


def test_a_broken_configuration_is_told_and_nothing_runs_beside_others(repo):
    env = wrap(repo, "true")
    repo.write("gitseq.toml", "hook = 3\n")
    done = run(["true"], env, repo.path)
    assert done.returncode == 2
    assert b"gitseq.toml:1: hook" in done.stderr


# --- nesting


@pytest.mark.parametrize("close_fds", [True, False], ids=["descriptors closed", "descriptors kept"])
def test_inside_of_a_turn_it_runs_at_once_and_takes_none(repo, close_fds):
    env = wrap(repo, "true")
    script = f"import subprocess; subprocess.run(['true'], close_fds={close_fds}, check=True)"
    assert run([GITSEQ, "exec", "--", *python(script)], {**env, **GIVE_UP}, repo.path).returncode == 0
    assert len(turns(repo)) == 1


@pytest.mark.parametrize("git_dir", ["", ".git"], ids=["found", "named"])
def test_inside_of_a_turn_git_dir_makes_no_difference(repo, git_dir):
    env = wrap(repo, "true")
    inside = ["env", f"GIT_DIR={git_dir}", "true"]
    assert run([GITSEQ, "exec", "--", *inside], {**env, **GIVE_UP}, repo.path).returncode == 0
    assert len(turns(repo)) == 1


def test_a_hook_finds_the_command_itself(repo):
    env = wrap(repo, "printf")
    repo.config('[[hook]]\nid = "say"\nrun = "printf heard"\nverbose = true\nalways_run = true\n')
    done = run([GITSEQ, "run"], {**env, **GIVE_UP}, repo.path)
    assert b"heard" in done.stdout
    assert turns(repo) == []


def test_a_token_that_was_carried_off_is_not_believed(repo, sequencer):
    env = wrap(repo, "true")
    gate = sequencer.gate("inside")
    script = f"echo $GITSEQ_TOKEN >token\n{gate.shell}"
    with spawned([GITSEQ, "exec", "--", "sh", "-c", script], env=repo.env, cwd=repo.path) as holder:
        gate.wait_reached()
        token = (repo.path / "token").read_text().strip()
        assert run(["true"], {**env, **GIVE_UP, "GITSEQ_TOKEN": token}, repo.path).returncode == 75
        gate.release()
        holder.wait(20)
    assert run(["true"], {**env, "GITSEQ_TOKEN": token}, repo.path).returncode == 0
    assert ["/usr/bin/true"] in turns(repo) or ["/bin/true"] in turns(repo)


def test_inside_of_another_repository_s_turn_it_takes_one_of_its_own(repo, make_repo):
    env = wrap(repo, "true")
    other = make_repo("other")
    assert run([GITSEQ, "exec", "--", "true"], {**env, **GIVE_UP}, other.path).returncode == 0
    inside = ["env", "-C", str(repo.path), "true"]
    assert run([GITSEQ, "exec", "--", *inside], {**env, **GIVE_UP}, other.path).returncode == 0
    assert len(turns(repo)) == 1


# --- the command is the command


@pytest.mark.parametrize("inside", [True, False], ids=["takes its turn", "runs at once"])
def test_arguments_input_output_and_exit_code_are_the_command_s(repo, inside, tmp_path):
    repo.hook_script("tool", 'printf "<%s>" "$0" "$@"; cat; echo err >&2; exit 7')
    env = wrap(repo, "tool")
    folder = repo.path if inside else tmp_path
    odd = [b"--wait", b"", b"*", b"a b", b"\xff\n", b"--"]
    done = run(["tool", *odd], env, folder, stdin=None, input=b"in\n")
    tool = os.fsencode(shutil.which("tool", path=repo.env["PATH"]))
    assert done.stdout == b"".join(b"<%s>" % word for word in [tool, *odd]) + b"in\n"
    assert (done.stderr, done.returncode) == (b"err\n", 7)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_environment_is_the_command_s_but_for_the_token(repo, shell, tmp_path):
    env = {**wrap(repo, "env"), "name": "kept", "IFS": "kept", "gitseq_real": "x", "PY": "kept", "LIB": "kept"}
    script = repo.common_dir / "gitseq/bin/env"
    applet = [shutil.which(shell), *(["sh"] if shell == "busybox" else []), str(script)]
    for folder in (repo.path, tmp_path):
        told = {line for line in run([*applet, "-0"], env, folder).stdout.decode().split("\0") if line}
        plain = {
            line for line in run([*applet, "-0"], {**env, "GITSEQ": "0"}, folder).stdout.decode().split("\0") if line
        }
        ours = {line for line in told ^ plain if not line.startswith(("gitseq_", "_=", "GITSEQ"))}
        assert not ours, ours
        assert {"name=kept", "PY=kept", "LIB=kept"} <= told


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGSEGV, signal.SIGKILL, signal.SIGINT])
def test_a_command_that_dies_of_a_signal_is_seen_to_die_of_it(repo, signum):
    repo.hook_script("dies", f"kill -{signum.value} $$")
    assert run(["dies"], wrap(repo, "dies"), repo.path).returncode == -signum


def test_a_signal_reaches_the_command_and_its_answer_counts(repo, sequencer):
    gate = sequencer.gate("inside")
    repo.hook_script("tool", f"trap 'exit 9' TERM\n{gate.shell.replace('dd', 'exec 3>&1; dd')} & wait $!\n")
    with spawned(["tool"], env=wrap(repo, "tool"), cwd=repo.path) as process:
        gate.wait_reached()
        process.terminate()
        assert process.wait(20) == 9


def test_a_wait_ended_by_a_signal_is_seen_to_have_been(repo, sequencer):
    env = wrap(repo, "true")
    with turn_taken(repo, sequencer), spawned(["true"], env=env, cwd=repo.path) as process:
        wait_until(lambda: len(list((repo.common_dir / "gitseq/queue").glob("t.*"))) > 1, what="a second ticket")
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM


def test_a_command_that_does_not_exist_is_told_as_a_shell_would(repo):
    env = wrap(repo, "no-such-tool")
    done = run(["no-such-tool"], env, repo.path)
    assert (done.returncode, done.stderr) == (127, b"no-such-tool: command not found\n")


# --- which command


def test_two_folders_of_wrappers_and_a_link_to_one_lead_to_the_command(repo, make_repo, tmp_path):
    env = wrap(repo, "true")
    other = make_repo("other")
    other.gitseq("wrap", "true", check=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/true").symlink_to(repo.common_dir / "gitseq/bin/true")
    folders = [tmp_path / "mine", repo.common_dir / "gitseq/bin", other.common_dir / "gitseq/bin"]
    for order in (folders, folders[::-1]):
        assert run(["true"], with_folder(repo, *order), repo.path, timeout=20).returncode == 0
    assert len(turns(repo)) == 2
    assert env


def test_an_entry_of_path_that_is_empty_or_holds_odd_letters_is_searched(repo):
    env = wrap(repo, "tool")
    repo.write("a *?[x/tool", "#!/bin/sh\necho odd\n", 0o755)
    found = {**env, "PATH": env["PATH"] + f":{repo.path}/a *?[x"}
    assert run(["tool"], found, repo.path).stdout == b"odd\n"
    repo.write("tool", "#!/bin/sh\necho here\n", 0o755)
    assert run(["tool"], {**env, "PATH": env["PATH"] + ":"}, repo.path).stdout == b"here\n"


@pytest.mark.parametrize("verb", ["status", "log", "add", "-h", "config", "--version"])
def test_git_that_does_not_commit_does_not_wait(repo, sequencer, verb):
    env = wrap(repo, "git")
    repo.commit_file("a", "a")
    with turn_taken(repo, sequencer):
        done = run(["git", verb], {**env, **GIVE_UP}, repo.path)
    assert done.returncode != 75


@pytest.mark.parametrize(
    "words",
    [["commit"], ["-c", "a.b=c", "commit"], ["-C", ".", "push"], ["--no-pager", "-C", "/", "-C{top}", "merge", "x"]],
)
def test_git_that_commits_waits(repo, sequencer, words):
    env = wrap(repo, "git")
    words = [str(repo.path) if word == "-C{top}" else word for word in words]
    if str(repo.path) in words:
        words.insert(words.index(str(repo.path)), "-C")
    with turn_taken(repo, sequencer):
        assert run(["git", *words], {**env, **GIVE_UP}, repo.path).returncode == 75


def test_git_with_a_folder_waits_for_the_repository_that_lies_there(repo, make_repo, sequencer, tmp_path):
    env = wrap(repo, "git")
    other = make_repo("other")
    other.gitseq("exec", "--", "true", check=True)
    other.commit_file("a", "a")
    commit = ["commit", "-q", "--allow-empty", "-m", "x"]
    with turn_taken(repo, sequencer):
        assert run(["git", "-C", "../other", *commit], {**env, **GIVE_UP}, repo.path).returncode == 0
        assert run(["git", "-C", "repo", *commit], {**env, **GIVE_UP}, tmp_path).returncode == 75
    assert len(turns(other)) == 2


def test_a_wrapped_commit_runs_its_hooks_in_the_same_turn(repo):
    repo.config('[[hook]]\nid = "h"\nrun = "true"\nalways_run = true\n')
    repo.install()
    env = wrap(repo, "git")
    done = run(["git", "commit", "--allow-empty", "-m", "x"], {**env, **GIVE_UP}, repo.path)
    assert done.returncode == 0, text(done)
    assert len(turns(repo)) == 1


# --- the folder


def test_wrap_says_what_to_type_and_later_that_it_was_done(repo):
    done = repo.gitseq("wrap", "true")
    line = next(line for line in done.stdout.decode().splitlines() if "export PATH" in line)
    check = run(["sh", "-c", f"{line}\nexec true"], repo.env, repo.path)
    assert check.returncode == 0
    assert len(turns(repo)) == 1
    again = run([GITSEQ, "wrap", "true"], with_folder(repo, repo.common_dir / "gitseq/bin"), repo.path)
    assert b"PATH finds them." in again.stdout
    assert b"note:" not in again.stdout
    mistyped = run([GITSEQ, "wrap", "no-such-tool"], with_folder(repo, repo.common_dir / "gitseq/bin"), repo.path)
    assert b"note: there is no `no-such-tool` on PATH now\n" in mistyped.stdout


def test_a_file_that_is_no_wrapper_is_never_overwritten_nor_removed(repo, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/mine").write_text("mine")
    folder = ("--dir", str(tmp_path / "bin"))
    done = repo.gitseq("wrap", "true", "mine", *folder)
    assert done.returncode == 3
    assert sorted(path.name for path in (tmp_path / "bin").iterdir()) == ["mine"]
    repo.gitseq("wrap", "true", *folder, check=True)
    assert repo.gitseq("unwrap", "mine", *folder).returncode == 2
    repo.gitseq("unwrap", *folder, check=True)
    assert [path.read_text() for path in (tmp_path / "bin").iterdir()] == ["mine"]


def test_unwrap_takes_away_one_or_all(repo):
    wrap(repo, "true", "false")
    folder = repo.common_dir / "gitseq/bin"
    repo.gitseq("unwrap", "true", check=True)
    assert sorted(path.name for path in folder.iterdir()) == [".gitseq-wrapper", "false"]
    repo.gitseq("unwrap", check=True)
    assert not folder.exists()
    assert b"nothing is wrapped" in repo.gitseq("unwrap", check=True).stdout


@pytest.mark.parametrize("name", ["a/b", "", "-x", ".", "..", "gitseq", "sh", "a b", "caf\u00e9"])
def test_what_is_no_plain_command_is_refused(repo, name):
    assert repo.gitseq("wrap", "--", name).returncode == 2
    assert not (repo.common_dir / "gitseq").exists()


def test_wrappers_are_written_anew_when_gitseq_has_moved(repo):
    env = wrap(repo, "true")
    script = repo.common_dir / "gitseq/bin/.gitseq-wrapper"
    text = script.read_text()
    script.write_text(text.replace(sys.executable, "/gone/python"))
    # gitseq on PATH is asked instead ...
    assert run(["true"], env, repo.path).returncode == 0
    assert len(turns(repo)) == 1
    # ... and where there is none, the command runs, and it is told that it had no turn
    poor = {**env, "PATH": f"{script.parent}:/usr/bin:/bin"}
    if shutil.which("gitseq", path="/usr/bin:/bin") is None:
        done = run(["true"], poor, repo.path)
        assert done.returncode == 0
        assert b"runs without taking its turn" in done.stderr
    repo.gitseq("wrap", check=True)
    assert script.read_text() == text


# --- functions


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_functions_call_the_wrapper_and_the_command_once_it_is_gone(repo, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    repo.hook_script("tool-x", 'printf "<%s>" "$@"; exit 7')
    functions = repo.gitseq("wrap", "--shell", shell, "tool-x", check=True).stdout.decode()
    (repo.path / "functions").write_text(functions)
    script = f"source ./functions; tool-x 'a b' '*'; {'exit $status' if shell == 'fish' else 'exit $?'}"
    for count in (1, 1):
        done = run([shell, "-c", script], repo.env, repo.path)
        assert (done.stdout, done.returncode) == (b"<a b><*>", 7), done.stderr
        assert len(turns(repo)) == count
        repo.gitseq("unwrap", check=True)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_sh_understands_the_wrapper(shell):
    template = Path(__file__).parents[2] / "hooks/wrap.sh"
    applet = [shell, *(["sh"] if shell == "busybox" else []), "-n", str(template)]
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    assert run(applet, dict(os.environ), "/").returncode == 0
