"""What is read of an index is what git says of it, and an index that says more than that is left to git."""

import os
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseq.core import gitindex

NEVER = 1 << 62
"""An index that was written so late that no file is as young as it."""
DEBUG = re.compile(
    rb"([^\0]+)\0  ctime: (\d+):(\d+)\n  mtime: (\d+):(\d+)\n  dev: \d+\tino: (\d+)\n  uid: \d+\tgid: \d+\n"
    rb"  size: (\d+)\tflags: 0\n"
)


def index_of(repo) -> bytes:
    return (repo.path / ".git" / "index").read_bytes()


def by_git(repo) -> "dict[bytes, tuple[int, ...]]":
    listing = subprocess.run(
        ["git", "ls-files", "--debug", "-z"], cwd=repo.path, env=repo.env, capture_output=True, check=True
    ).stdout
    second = 1_000_000_000
    return {
        path: (inode, size, mtime * second + mtime_ns, ctime * second + ctime_ns)
        for path, *numbers in DEBUG.findall(listing)
        for ctime, ctime_ns, mtime, mtime_ns, inode, size in [map(int, numbers)]
    }


@pytest.fixture
def filled(repo):
    """A repository with files of every kind of name."""
    for name in (b"a", b"b" * 7, b"c" * 8, b"d e\n\xff", b"-f", b"deep/er/file", b"u" * 200, b"long/" * 300 + b"x"):
        repo.write(name, name * 3)
    repo.write("run", "#!/bin/sh\n", 0o755)
    (repo.path / "link").symlink_to("nowhere")
    repo.git("add", "-A")
    return repo


def test_every_entry_is_what_git_says_of_it(filled):
    assert gitindex.noted(index_of(filled), NEVER, 0) == by_git(filled) != {}


def test_an_index_with_extensions_is_read_like_one_without(filled):
    filled.git("commit", "-m", "with a cache of trees")
    filled.git("update-index", "--untracked-cache")
    assert b"TREE" in index_of(filled)
    assert b"UNTR" in index_of(filled)
    assert gitindex.noted(index_of(filled), NEVER, 0) == by_git(filled)


def test_a_file_as_young_as_the_index_is_left_to_git_unless_git_has_looked_into_it_since(filled):
    youngest = max(mtime for _inode, _size, mtime, _ctime in by_git(filled).values())
    assert youngest % 1_000_000
    assert gitindex.noted(index_of(filled), youngest, 0) is None
    assert gitindex.noted(index_of(filled), youngest, youngest) is None
    assert gitindex.noted(index_of(filled), youngest, youngest + 1) is not None
    assert gitindex.noted(index_of(filled), youngest + 1, 0) is not None


def test_a_young_file_of_a_clock_that_counts_seconds_is_left_to_git(filled):
    second = 2_000_000_000
    os.utime(filled.path / "a", (second, second))
    filled.git("update-index", "--refresh")
    assert gitindex.noted(index_of(filled), second * 10**9, NEVER) is None
    assert gitindex.noted(index_of(filled), second * 10**9 + 1, NEVER) is not None


@pytest.mark.parametrize(
    "change",
    [
        ["update-index", "--index-version", "4"],
        ["update-index", "--split-index"],
        ["update-index", "--assume-unchanged", "a"],
        ["update-index", "--skip-worktree", "a"],
        ["update-index", "--add", "--cacheinfo", "160000,1234567890123456789012345678901234567890,sub"],
        ["rm", "--cached", "-q", "a", "&&", "add", "-N", "a"],
        ["sparse-checkout", "set", "--cone", "--sparse-index", "deep"],
    ],
    ids=lambda change: " ".join(change[:2]),
)
def test_what_is_said_in_another_way_is_left_to_git(filled, change):
    filled.git("commit", "-m", "x")
    assert gitindex.noted(index_of(filled), NEVER, 0) is not None
    for command in " ".join(change).split(" && "):
        filled.git(*command.split())
    assert gitindex.noted(index_of(filled), NEVER, 0) is None


def test_a_conflict_is_left_to_git(filled):
    filled.git("commit", "-m", "base")
    filled.git("checkout", "-q", "-b", "side")
    filled.write("a", "theirs\n")
    filled.git("commit", "-am", "theirs")
    filled.git("checkout", "-q", "-")
    filled.write("a", "ours\n")
    filled.git("commit", "-am", "ours")
    assert filled.git("merge", "side", check=False).returncode == 1
    assert gitindex.noted(index_of(filled), NEVER, 0) is None


def test_an_index_of_another_hash_is_left_to_git(repo):
    repo.git("init", "-q", "--object-format=sha256", "other")
    for number in range(40):
        repo.write(f"other/{number}", str(number))
    repo.git("-C", "other", "add", "-A")
    assert gitindex.noted((repo.path / "other" / ".git" / "index").read_bytes(), NEVER, 0) is None


def test_a_name_that_has_no_end_is_left_to_git():
    entry = bytes(24) + (0o100644).to_bytes(4, "big") + bytes(12) + bytes(20) + b"\x0f\xff"
    assert gitindex.noted(b"DIRC\0\0\0\2\0\0\0\1" + entry + b"x" * 8000, NEVER, 0) is None
    assert gitindex.noted(b"DIRC\0\0\0\2\0\0\0\1" + entry[:50], NEVER, 0) is None


def test_more_files_than_pay_are_left_to_git(filled):
    content = bytearray(index_of(filled))
    content[8:12] = (gitindex.MOST + 1).to_bytes(4, "big")
    assert gitindex.noted(bytes(content), NEVER, 0) is None


@given(at=st.integers(0, 2000), what=st.binary(max_size=9), cut=st.integers(0, 2000))
def test_an_index_that_is_torn_or_overwritten_never_raises(at, what, cut):
    entries = b"".join(bytes(40) + bytes(20) + b"\0\1" + name + bytes(9) for name in (b"a", b"b", b"c"))
    content = b"DIRC\0\0\0\2\0\0\0\3" + entries + b"TREE\0\0\0\4abcd" + bytes(20)
    damaged = (content[:at] + what + content[at + len(what) :])[: cut or None]
    found = gitindex.noted(damaged, NEVER, 0)
    assert found is None or isinstance(found, dict)
