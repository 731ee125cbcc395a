"""What git is in the middle of."""

import os

import pytest

from gitseq.git import state
from gitseq.git.repo import discover
from tests.support.repo import Repo


def operations(repo: Repo) -> "set[str]":
    env = {os.fsencode(name): os.fsencode(value) for name, value in repo.env.items()}
    return set(state.operations(discover({}, os.fsencode(repo.path)), env))


@pytest.fixture(params=["main", "linked"])
def diverged(request: pytest.FixtureRequest, repo: Repo) -> Repo:
    """Standing on `here`, whose two commits conflict with `side` in f.txt."""
    repo.commit_file("f.txt", "base\n")
    tree = repo if request.param == "main" else repo.worktree("linked", "linked")
    tree.git("switch", "-q", "-c", "side")
    for content in ("side 1\n", "side 2\n"):
        tree.commit_file("f.txt", content)
    tree.git("switch", "-q", "-c", "here", "HEAD~2")
    for content in ("here 1\n", "here 2\n"):
        tree.commit_file("f.txt", content)
    return tree


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("merge side", {"merge"}),
        ("rebase side", {"rebase"}),
        ("rebase --apply side", {"rebase"}),
        ("cherry-pick side", {"cherry-pick"}),
        ("cherry-pick side~1 side", {"cherry-pick"}),
        ("revert HEAD~1", {"revert"}),
        ("bisect start HEAD HEAD~2", {"bisect"}),
    ],
)
def test_an_operation_is_in_progress_from_its_stop_to_its_end(diverged, command, expected):
    assert operations(diverged) == set()
    diverged.git(*command.split(), check=False)
    assert operations(diverged) == expected
    diverged.git(command.split()[0], "reset" if expected == {"bisect"} else "--abort")
    assert operations(diverged) == set()


def test_a_mailbox_that_does_not_apply_is_am(diverged):
    patch = diverged.git("format-patch", "--stdout", "-1", "side").stdout
    diverged.git("am", input=patch, check=False)
    assert operations(diverged) == {"am"}


def test_between_two_picks_the_series_is_still_in_progress(diverged):
    for command, operation in (("cherry-pick side~1 side", "cherry-pick"), ("revert HEAD~1 HEAD~2", "revert")):
        diverged.git(*command.split(), check=False)
        diverged.write("f.txt", f"resolved {operation}\n")
        diverged.git("add", "f.txt")
        diverged.git("commit", "-q", "-m", "by hand")
        assert operations(diverged) == {operation}
        diverged.git(operation, "--quit")


def test_operations_within_operations_are_all_told(diverged):
    diverged.git("bisect", "start")
    diverged.git("merge", "side", check=False)
    assert operations(diverged) == {"bisect", "merge"}


def test_heads_that_are_no_files_are_asked_of_git(repo, tmp_path):
    """Where refs are kept in tables, CHERRY_PICK_HEAD is in one of them."""
    script = tmp_path / "bin/git"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\ncase $* in *CHERRY_PICK_HEAD) exit 0;; esac\nexit 1\n")
    script.chmod(0o755)
    (repo.path / ".git/reftable").mkdir()
    with_tables = Repo(repo.path, {**repo.env, "PATH": f"{script.parent}:{repo.env['PATH']}"})
    assert operations(with_tables) == {"cherry-pick"}
