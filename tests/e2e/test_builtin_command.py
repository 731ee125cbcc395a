"""`gitseq builtin`, and pre-commit itself using the hooks that this repository offers."""

import subprocess
from pathlib import Path

import pytest
import yaml

from gitseq.core.builtins import DEFAULTS
from tests.support.repo import BIN, text

ROOT = Path(__file__).parents[2]
OFFERED = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


def test_it_mends_a_file_says_so_and_is_content_the_second_time(repo):
    repo.write("a b.txt", "x  \ny\n", 0o755)
    first = repo.gitseq("builtin", "trailing-whitespace", "a b.txt")
    assert (first.returncode, repo.read("a b.txt")) == (1, b"x\ny\n")
    assert b"a b.txt" in first.stdout
    assert (repo.path / "a b.txt").stat().st_mode & 0o777 == 0o755
    assert repo.gitseq("builtin", "trailing-whitespace", "a b.txt").returncode == 0


def test_a_file_that_cannot_be_written_is_told_and_no_crash(repo):
    repo.write("a.txt", "x  \n")
    (repo.path / ".git/gitseq").write_text("in the way")
    done = repo.gitseq("builtin", "trailing-whitespace", "a.txt")
    assert (done.returncode, repo.read("a.txt")) == (1, b"x  \n")
    assert b"a.txt: cannot be written" in done.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--markdown-linebreak-ext=md", "a.md"], 0),
        (["--markdown-linebreak-ext", "md", "a.md"], 0),
        (["--markdown-linebreak-ext", "md", "--", "a.md"], 0),
        (["--markdown-linebreak-ext=txt", "a.md"], 1),
        (["a.md"], 1),
        ([], 0),
    ],
)
def test_its_arguments_are_told_from_files(repo, words, code):
    repo.write("a.md", "x  \ny\n")
    assert repo.gitseq("builtin", "trailing-whitespace", *words).returncode == code


def test_a_hook_that_looks_at_all_files_together(repo):
    repo.write("a.txt", "a\n")
    repo.write("A.txt", "b\n")
    repo.add()
    assert repo.gitseq("builtin", "check-case-conflict", "a.txt", "A.txt").returncode == 1


@pytest.mark.parametrize("words", [["no-such-hook"], ["trailing-whitespace", "--no-such-option", "a"]])
def test_what_it_does_not_know_is_told(repo, words):
    done = repo.gitseq("builtin", *words)
    assert done.returncode == 2
    assert "built-in hook" in text(done)


def test_every_hook_is_offered_and_can_be_started(repo):
    assert list(OFFERED) == list(DEFAULTS)
    repo.commit_file("a.txt", "a\n")
    for name, hook in OFFERED.items():
        words = hook["entry"].split()
        assert words[:2] == ["gitseq", "builtin"]
        if not name.endswith("-pattern"):  # these need a pattern
            assert repo.gitseq(*words[1:], env={"AWS_SECRET_ACCESS_KEY": "k" * 40}).returncode in (0, 1), name


def test_pre_commit_runs_them(repo):
    """By `language: system`, so that nothing is installed: the entry, the filters and the file names are the same."""
    wanted = ["trailing-whitespace", "end-of-file-fixer", "conventional-commit"]
    hooks = [{**OFFERED[name], "language": "system"} for name in wanted]
    repo.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}))
    repo.write("a.txt", "x  \ny")
    repo.add()
    pre_commit = [str(BIN / "pre-commit"), "run"]
    done = subprocess.run(pre_commit, cwd=repo.path, env=repo.env, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1, done.stdout
    assert repo.read("a.txt") == b"x\ny\n"
    repo.write("message", "no convention\n")
    message = [*pre_commit, "--hook-stage", "commit-msg", "--commit-msg-filename", "message"]
    done = subprocess.run(message, cwd=repo.path, env=repo.env, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert b"conventional" in done.stdout
