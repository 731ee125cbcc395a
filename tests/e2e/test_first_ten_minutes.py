"""A stranger's first ten minutes: whatever is typed next stands in the message before it, and works."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.procs import alive, pid_from, spawned, wait_until
from tests.support.repo import BIN, Repo, run_bounded, text
from tests.support.tmux import AVAILABLE, Tmux

FOLDER = Path(__file__).parents[2] / "docs" / "tutorial"
GITSEQ = str(BIN / "gitseq")


@pytest.fixture(scope="module")
def story():
    spec = importlib.util.spec_from_file_location("gitseq_story", FOLDER / "first_ten_minutes.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def shape(line: str) -> str:
    """A line without what differs from one time and machine to the next."""
    line = re.sub(r"(/|~/)[^\s:,]*", "/", line)
    line = re.sub(r"(?<=\s)(/|python[\d.]*)(?=\s)", "/", " " + line)
    line = re.sub(r"\b[0-9a-f]{7}\b", "0", line)
    line = re.sub(r"\d[\d.-]*", "0", line)
    line = re.sub(r"\b0 ?(ms|s|m|h|[KMG]iB|B)\b", "0", line)
    return re.sub(r" +", " ", line).strip()


def shapes(lines: "list[str]") -> "list[str]":
    """Which of two processes of a dead run is ended first is chance."""
    told = [shape(line) for line in lines]
    dead = [line for line in told if "ended what a dead run left" in line]
    return [line for line in told if line not in dead] + sorted(dead)


class Monitor:
    """Types the command for the monitor that a message named, and in it the key that its last line names."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo
        self.was_used = False

    def cancel(self, command: str) -> None:
        tmux = Tmux(self._repo)
        try:
            tmux.type(command)
            keys = tmux.shows("cancel")[-1]
            tmux.shows("tests (3 of 3)")
            tmux.key(re.search(r"(\w) cancel", keys)[1])
            tmux.shows("Asked to stop")
            tmux.key(re.search(r"(\w) quit", keys)[1])
            wait_until(lambda: tmux.format("#{alternate_on}") == "0", what="the shell's own screen")
            self.was_used = True
        finally:
            tmux.close()


def test_a_stranger_gets_through_by_what_the_messages_say_and_the_page_tells_the_same(story, make_repo, tmp_path):
    repo = make_repo("greetings")
    for made in (repo.path / ".git").rglob("*"):  # the story begins with `git init`
        if made.is_file():
            made.unlink()
    for name in [name for name in repo.env if name.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))]:
        del repo.env[name]  # as it is for a stranger, git config says who they are
    one = story.Stranger(repo.path, repo.env)
    monitor = Monitor(repo)
    story.play(one, monitor.cancel if AVAILABLE else None)
    assert monitor.was_used is AVAILABLE
    shown = story.blocks_of((FOLDER / "first-ten-minutes.md").read_text())
    assert set(shown) == set(one.blocks) - {"before"}
    for name, lines in shown.items():
        assert shapes(lines) == shapes(one.blocks[name]), f"python3 docs/tutorial/first_ten_minutes.py mends `{name}`"


def test_a_message_that_names_no_command_ends_the_story(story, tmp_path):
    one = story.Stranger(tmp_path, dict(os.environ))
    one.begin("x")
    one.types("echo 'gitseq: that did not work'")
    with pytest.raises(story.Lost, match="gitseq init"):
        one.told("gitseq init")
    with pytest.raises(story.Lost, match="ended with 3"):
        one.types("exit 3")


def test_filling_the_page_changes_nothing_but_the_blocks(story):
    page = (FOLDER / "first-ten-minutes.md").read_text()
    assert story.filled(page, story.blocks_of(page)) == page
    emptied = story.filled(page, {name: ["$ x"] for name in story.blocks_of(page)})
    assert emptied.count("$ x") == len(story.blocks_of(page))


# --- other places a newcomer may stand in -------------------------------------------------------------------------


def named(said: str, pattern: str) -> str:
    """The command that a message names, up to the end of its sentence."""
    found = re.search(rf"(?:: |; |next: )({pattern})(?=$|[\s.;,(])", said, re.M)
    assert found is not None, f"nothing like `{pattern}` in:\n{said}"
    return found[1]


def types(repo: Repo, line: str, cwd: "str | Path" = "") -> "subprocess.CompletedProcess[bytes]":
    return run_bounded(["/bin/sh", "-c", line], env=repo.env, cwd=repo.path / cwd)


VERBS_OF_A_REPOSITORY = "run status install init list validate logs recover reap uninstall monitor".split()


@pytest.mark.parametrize("verb", VERBS_OF_A_REPOSITORY)
def test_outside_of_a_repository_each_verb_says_how_to_make_one(repo, tmp_path, verb):
    folder = tmp_path / "nowhere"
    folder.mkdir()
    done = types(repo, f"gitseq {verb}", folder)
    assert done.returncode == 4
    assert types(repo, named(text(done), "git init"), folder).returncode == 0
    assert types(repo, "gitseq status", folder).returncode == 0


def test_in_a_bare_repository_one_is_led_to_a_work_tree(repo):
    bare = repo.clone("bare.git", bare=True)
    done = types(bare, "gitseq run")
    assert done.returncode == 4
    assert types(bare, named(text(done), "git worktree add PATH").replace("PATH", "../work")).returncode == 0
    assert types(bare, "gitseq status", bare.path.parent / "work").returncode == 0


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gitseq instal", "install"),
        ("gitseq statsu", "status"),
        ("gitseq --verison", "--version"),
        ("gitseq run --al-files", "--all-files"),
        ("gitseq recover --lst", "--list"),
        ("gitseq run --stage prepush", "pre-push"),
        ("gitseq run pre-psuh", "pre-push"),
        ("gitseq run tidyy", "tidy"),
    ],
)
def test_a_slip_of_the_finger_is_told_what_was_meant(repo, typed, meant):
    repo.config("[[hook]]\nid = 'tidy'\nrun = 'true'\n")
    done = types(repo, typed)
    assert done.returncode == 2
    assert f"id you mean `{meant}`?" in text(done)
    assert text(done).count("\n") <= 3
    assert not done.stdout


@pytest.mark.parametrize("typed", ["gitseq frobnicate", "gitseq", "gitseq status extra", "gitseq run --format xml"])
def test_what_cannot_be_meant_is_led_to_the_help(repo, typed):
    done = types(repo, typed)
    assert done.returncode == 2
    assert types(repo, named(text(done), "gitseq( run| status)? --help")).returncode == 0


def test_a_hook_of_another_stage_is_told_how_to_run(repo):
    repo.config("[[hook]]\nid = 'tidy'\nrun = 'true'\nstages = ['pre-push']\nalways_run = true\n")
    done = types(repo, "gitseq run tidy")
    assert done.returncode == 2
    assert types(repo, named(text(done), "gitseq run tidy --stage [a-z-]+")).returncode == 0


@pytest.mark.parametrize("typed", ["gitseq run", "gitseq validate", "gitseq list", "gitseq install", "git commit -m x"])
def test_without_a_configuration_one_is_led_to_init(repo, typed):
    repo.install()
    done = types(repo, f"{typed} --allow-empty" if typed.startswith("git ") else typed)
    assert types(repo, named(text(done), "gitseq init")).returncode == 0
    assert types(repo, "gitseq validate").returncode == 0


def test_a_commit_without_a_configuration_goes_on_as_the_message_says(repo):
    repo.install()
    done = types(repo, "git commit --allow-empty -m x")
    assert done.returncode == 1
    line = named(text(done), "PRE_COMMIT_ALLOW_NO_CONFIG=1 git commit")
    assert types(repo, f"{line} --allow-empty -m x").returncode == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".pre-commit-config.yaml", "repos: []\n"),
        (".gitseq.toml", 'minimum_version = "0.1"\n'),
        ("pyproject.toml", "[tool.gitseq]\nfail_fast = true\n"),
        ("gitseq.toml", ""),
    ],
)
def test_init_does_not_hide_the_configuration_that_is_there(repo, name, content):
    repo.write(name, content)
    done = types(repo, "gitseq init")
    assert done.returncode == 3
    assert name in text(done)
    assert repo.read(name).decode() == content
    assert (repo.path / "gitseq.toml").exists() is (name == "gitseq.toml")
    assert types(repo, named(text(done), "gitseq install")).returncode == 0


def test_init_is_not_kept_from_writing_by_a_pyproject_of_others(repo):
    repo.write("pyproject.toml", "[tool.other]\na = 1\n")
    assert types(repo, "gitseq init").returncode == 0


def test_init_that_cannot_write_leaves_nothing_and_says_why(repo):
    done = types(repo, "(ulimit -f 0; gitseq init 2>&1; echo ended with $?) | cat")
    assert "gitseq.toml cannot be written: " in text(done)
    assert "ended with 4" in text(done)
    assert not (repo.path / "gitseq.toml").exists()
    assert "[[hook]]" in text(types(repo, named(text(done), "gitseq init --dry-run")))


def test_install_twice_says_so_and_leads_on(repo):
    repo.config("[[hook]]\nid = 'a'\nrun = 'true'\n")
    for word in ("installed", "already installed"):
        done = types(repo, "gitseq install")
        assert text(done).startswith(f"{word} pre-commit ")
        assert types(repo, named(text(done), "gitseq run --all-files")).returncode == 0


def test_with_nothing_staged_a_run_says_how_to_see_all_files(repo):
    repo.config("[[hook]]\nid = 'a'\nrun = 'echo ran'\nverbose = true\n")
    done = types(repo, "gitseq run")
    assert done.returncode == 0
    assert b"ran" in types(repo, named(text(done), "gitseq run --all-files")).stdout


def test_a_stage_without_hooks_says_so_by_hand_and_not_under_git(repo):
    repo.config("[[hook]]\nid = 'a'\nrun = 'true'\n")
    done = types(repo, "gitseq run pre-push")
    assert done.returncode == 0
    assert types(repo, named(text(done), "gitseq list")).returncode == 0
    assert not types(repo, "gitseq run pre-push --format json").stdout.startswith(b"no hook")
    repo.install("post-commit")
    assert text(repo.commit("-q", "--allow-empty")) == ""


def test_a_refused_message_is_not_lost(repo):
    repo.config("[[hook]]\nid = 'long'\nshell = true\nrun = 'grep -q because \"$1\"'\nstages = ['commit-msg']\n")
    repo.install()
    done = types(repo, "git commit --allow-empty -m 'A thought of an hour'")
    assert done.returncode == 1
    (line,) = re.findall(r"^next: (git commit [^)]*\)\")", text(done), re.M)
    repo.env["GIT_EDITOR"] = "sed -i.old 's/hour/hour, because/'"
    assert types(repo, f"{line} --allow-empty").returncode == 0
    assert repo.git("log", "-1", "--format=%s").stdout == b"A thought of an hour, because\n"


def test_many_fixed_files_are_taken_with_one_short_command(repo):
    repo.config("[[hook]]\nid = 'fix'\nshell = true\nrun = 'for f in \"$@\"; do echo x >> \"$f\"; done'\n")
    for number in range(5):
        repo.write(f"it's {number}", "a\n")
    repo.add()
    done = types(repo, 'gitseq run --files "it\'s 1"')
    assert types(repo, named(text(done), r"git add [^;]+")).returncode == 0
    assert repo.git("diff", "--name-only").stdout == b""
    done = types(repo, "gitseq run")
    assert types(repo, named(text(done), r"git add -u")).returncode == 0
    assert repo.git("diff", "--name-only").stdout == b""


def test_a_file_that_a_hook_left_half_written_is_not_offered_to_be_taken(repo):
    body = "echo x >> README.md; sleep 60"
    repo.config(f"[[hook]]\nid = 'cut'\nshell = true\nrun = '{body}'\ntimeout = '500ms'\nalways_run = true\n")
    done = types(repo, "gitseq run")
    assert done.returncode == 1
    assert "git add README.md" not in text(done)
    named(text(done), "gitseq run cut")


def test_hidden_work_that_was_written_over_is_brought_back_by_the_command_that_is_named(repo, sequencer):
    gate = sequencer.gate("in hook")
    pid_file = repo.path.parent / "daemon"
    body = f"sleep 300 & echo $! > {pid_file}\n{gate.shell}"
    repo.config(f"[[hook]]\nid = 'h'\nshell = true\nrun = '''\n{body}'''\nalways_run = true\n")
    repo.install()
    repo.write("README.md", "unstaged\n")
    with spawned([GITSEQ, "run"], env=repo.env, cwd=repo.path) as run:
        gate.wait_reached()
        run.kill()
        run.wait(20)
    repo.write("README.md", "written meanwhile\n")
    done = types(repo, "gitseq status")
    assert "hidden" in text(done)
    assert "gitseq recover" in text(types(repo, "gitseq uninstall"))
    recovered = types(repo, named(text(done), "gitseq recover"))
    both = text(recovered) + repo.read("README.md").decode()
    kept = [path.read_bytes() for path in (repo.path / ".git/gitseq").rglob("*") if path.is_file()]
    assert "unstaged" in both or any(b"unstaged" in content for content in kept)
    assert not alive(pid_from(pid_file))
    assert "hidden" not in text(types(repo, "gitseq status"))


def test_everyday_oddities_change_nothing(repo):
    """A detached HEAD, no HOME, a C locale, shims switched off, a narrow terminal."""
    repo.config("[[hook]]\nid = 'no'\nrun = 'false'\nalways_run = true\n")
    repo.install()
    repo.git("checkout", "-q", "--detach")
    assert repo.commit("--allow-empty", check=False).returncode == 1
    for line in ("env -u HOME gitseq run", "LANG=C LC_ALL=C gitseq run", "COLUMNS=40 gitseq run"):
        done = types(repo, line)
        assert done.returncode == 1
        assert named(text(done), "gitseq run no") == "gitseq run no"
    assert repo.commit("--allow-empty", env={"GITSEQ": "0"}).returncode == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="this user may write everything")
def test_in_a_read_only_repository_the_message_names_the_folder(repo):
    repo.config("[[hook]]\nid = 'a'\nrun = 'true'\n")
    git_dir = repo.path / ".git"
    git_dir.chmod(0o500)
    try:
        done = types(repo, "gitseq run --all-files")
    finally:
        git_dir.chmod(0o700)
    assert done.returncode == 4
    assert ".git/gitseq" in text(done)


@pytest.mark.skipif(not AVAILABLE, reason="needs tmux")
def test_a_waiter_on_a_narrow_terminal_is_told_how_to_look(repo, sequencer):
    gate = sequencer.gate("in hook")
    repo.config(f"[[hook]]\nid = 'h'\nshell = true\nrun = '''\n{gate.shell}'''\nalways_run = true\n")
    tmux = Tmux(repo, columns=40)
    try:
        with spawned([GITSEQ, "run"], env=repo.env, cwd=repo.path) as run:
            gate.wait_reached()
            tmux.run(GITSEQ, "run")
            tmux.shows("To look on: gitseq status")
            tmux.shows("Waiting for our turn (1 s)")
            assert sum("Waiting for our turn" in line for line in tmux.screen()) == 1
            tmux.key("C-c")
            tmux.shows("interrupted")
            gate.release()
            assert run.wait(20) == 0
    finally:
        tmux.close()
