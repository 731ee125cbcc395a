"""Which command lines will lock the index."""

import pytest

from gitseq.core.gitcommand import is_git, takes_index_lock


@pytest.mark.parametrize(
    "line",
    [
        "git commit",
        "git -c a=b commit -m x",
        "/usr/bin/git add .",
        "git -p --no-pager stash",
        "git --exec-path /x rm a",
    ],
)
def test_a_git_that_changes_the_index_takes_its_lock(line):
    assert takes_index_lock(line.encode().split())


@pytest.mark.parametrize(
    "line",
    [
        "git log",
        "git",
        "git -C commit commit",
        "git --git-dir=x commit",
        "make commit",
        "git -c",
        "git --version",
        "gitk add",
    ],
)
def test_others_do_not(line):
    assert not takes_index_lock(line.encode().split())


def test_git_is_known_by_its_name_only():
    assert is_git([b"/opt/git"])
    assert not is_git([b"git-lfs"])
