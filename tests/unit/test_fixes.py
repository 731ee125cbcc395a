"""What a hook fixed goes into every index of the commit, and what it made beside it is told from that."""

import os

import pytest

from gitseq.errors import Refused
from gitseq.guard import fixes
from tests.support.guarded import Tree


@pytest.fixture
def tree(tmp_path):
    made = Tree.init(os.fsencode(tmp_path) + b"/tree")
    made.write(b"a.txt", b"a  \n")
    made.write(b"gone.txt", b"gone\n")
    return made


def test_a_fix_and_a_deletion_reach_both_indexes(tree):
    tree.run(b"add", b"-A")
    second = tree.git_dir + b"/next-index-1.lock"
    with open(tree.git_dir + b"/index", "rb") as one, open(second, "wb") as other:
        other.write(one.read())
    tree.write(b"a.txt", b"a\n")
    os.unlink(tree.path(b"gone.txt"))
    fixes.stage((b"a.txt", b"gone.txt"), tree.git, second)
    both = [tree.git([b"ls-files", b"-s"], index=index).out for index in (None, second)]
    assert both[0] == both[1]
    assert both[0].split(b"\t")[1:] == [b"a.txt\n"]
    assert tree.run(b"cat-file", b"blob", b":a.txt") == b"a\n"


def test_nothing_fixed_asks_git_for_nothing(tree):
    fixes.stage((), lambda *_asked: pytest.fail("git was started"))


def test_an_index_that_somebody_else_has_locked_refuses_the_fix(tree):
    tree.run(b"add", b"-A")
    tree.write(b"a.txt", b"a\n")
    with open(tree.git_dir + b"/index.lock", "wb"), pytest.raises(Refused):
        fixes.stage((b"a.txt",), tree.git)
    os.unlink(tree.git_dir + b"/index.lock")


def test_a_commit_is_emptied_when_nothing_differs_from_head_or_from_nothing_at_all(tree):
    assert fixes.is_emptied(tree.git)
    tree.run(b"add", b"-A")
    assert not fixes.is_emptied(tree.git)
    tree.run(b"commit", b"-q", b"-m", b"first")
    assert fixes.is_emptied(tree.git)
    tree.write(b"a.txt", b"a\n")
    tree.run(b"add", b"-A")
    assert not fixes.is_emptied(tree.git)


def test_what_is_ignored_or_tracked_is_not_untracked(tree):
    tree.run(b"add", b"a.txt")
    tree.write(b".gitignore", b"*.o\n")
    tree.write(b"x.o", b"")
    assert fixes.untracked(tree.git) == {b"gone.txt", b".gitignore"}
