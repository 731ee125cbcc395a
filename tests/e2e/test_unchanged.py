"""What is seen without git to be unchanged is unchanged for git; and where nothing happened, that is seen."""

import contextlib
import errno
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gitseq.git import repo as repositories
from gitseq.git import status
from gitseq.git.marks import Marks
from gitseq.git.unchanged import Index, is_unchanged
from tests.support.repo import Repo

LONG_AGO = 1_000_000_000


class Tree:
    """A work tree whose files are older than its index, and what is known of it."""

    def __init__(self, repo: Repo) -> None:
        self.path = repo.path
        self._repo = repo
        for name in ("a", "b", "d/f", "d/e/g", "x y"):
            repo.write(name, f"{name}\n")
        (repo.path / "link").symlink_to("a")
        repo.git("add", "-A")
        repo.git("commit", "-qm", "x")
        for name in ("a", "b", "d/f", "d/e/g", "x y", "README.md"):
            os.utime(repo.path / name, (LONG_AGO, LONG_AGO))
        repo.write("b", "unstaged\n")
        (repo.path / "x y").unlink()
        repo.git("update-index", "-q", "--refresh", check=False)
        self._env = {os.fsencode(name): os.fsencode(value) for name, value in repo.env.items()}
        self._found = repositories.discover(self._env, os.fsencode(repo.path))
        os.utime(repo.path / ".git" / "index")
        self._marks = Marks.take(self._found, self._env)
        self.before = self.listing()

    def listing(self) -> status.Listing:
        return status.read(self._found, self._env)

    def read_ahead(self) -> Index:
        index = Index(self._marks)
        assert index.noted()
        return index

    def is_unchanged(self, index: "Index | None" = None) -> bool:
        return is_unchanged(self._found, index or Index(self._marks), self.before.signatures)

    def stage_all(self) -> None:
        self._repo.git("add", "-A")


@pytest.fixture
def tree(repo: Repo) -> Tree:
    return Tree(repo)


def _same_size_and_mtime(path: Path) -> None:
    before = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replaced(path: Path) -> None:
    other = path.with_name("other")
    shutil.copy2(path, other)
    other.rename(path)


def _behind_a_link(path: Path) -> None:
    path.parent.rename(path.parent.with_name("moved"))
    path.parent.symlink_to("moved")


def _gone(path: Path) -> None:
    path.unlink()


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _a_link(path: Path) -> None:
    path.rename(path.with_name("behind"))
    path.symlink_to("behind")


def _executable(path: Path) -> None:
    path.chmod(0o755)


def _appended(path: Path) -> None:
    with path.open("a") as stream:
        stream.write("more\n")


def _nothing(path: Path) -> None:
    path.read_bytes()


CHANGES: "list[Callable[[Path], None]]" = [
    _same_size_and_mtime,
    _replaced,
    _behind_a_link,
    _gone,
    _a_folder,
    _a_link,
    _executable,
    _appended,
]


def test_a_tree_to_which_nothing_happened_is_seen_to_be_unchanged(tree):
    assert set(tree.before.signatures) == {b"b", b"x y"}
    assert tree.is_unchanged()
    (tree.path / "untracked").write_text("no matter\n")
    assert tree.is_unchanged()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
@pytest.mark.parametrize("name", ["d/f", "d/e/g"])
def test_no_change_of_a_tracked_file_goes_unseen(tree, change, name):
    change(tree.path / name)
    assert not tree.is_unchanged()


@pytest.mark.parametrize("change", [_same_size_and_mtime, _replaced, _gone, _executable, _appended])
def test_no_further_change_of_an_unstaged_file_goes_unseen(tree, change):
    change(tree.path / "b")
    assert not tree.is_unchanged()


def test_an_unstaged_deletion_that_is_undone_is_seen(tree):
    (tree.path / "x y").write_text("x y\n")
    assert not tree.is_unchanged()


def test_a_link_that_points_elsewhere_is_seen(tree):
    (tree.path / "link").unlink()
    (tree.path / "link").symlink_to("b")
    assert not tree.is_unchanged()


def test_an_index_that_was_written_after_it_was_read_ahead_has_git_asked(tree):
    index = tree.read_ahead()
    assert tree.is_unchanged(index)
    assert tree.is_unchanged(index)
    tree.stage_all()
    assert not tree.is_unchanged(index)


def test_an_index_that_cannot_be_read_has_git_asked(tree, monkeypatch):
    def bad_disk(*_read: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "pread", bad_disk)
    assert not tree.is_unchanged()


def test_an_index_that_was_written_has_git_asked(tree):
    tree.stage_all()
    assert not tree.is_unchanged()


@pytest.fixture
def numbers() -> "Iterator[int]":
    return itertools.count()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from([*CHANGES, _nothing]), st.sampled_from(["a", "b", "d/f", "d/e/g"]))))
@example(steps=[])
def test_whatever_is_seen_as_unchanged_is_unchanged_for_git(make_repo, numbers, steps):
    repo = make_repo(f"tree-{next(numbers)}")
    repo.commit_file("README.md", "A repository\n", "First")
    tree = Tree(repo)
    for change, name in steps:
        with contextlib.suppress(OSError):  # the step before may have put it away
            change(tree.path / name)
    if tree.is_unchanged():
        assert status.edited_between(tree.before, tree.listing()) == []
    else:
        assert any(change is not _nothing for change, _name in steps)


def test_a_hook_that_changes_nothing_costs_one_listing_of_git(repo, tmp_path):
    repo.config('[[hook]]\nid = "no-op"\nrun = "true"\n')
    os.utime(repo.path / "gitseq.toml", (LONG_AGO, LONG_AGO))
    repo.git("update-index", "--refresh", check=False)
    repo.install()
    repo.write("new.txt", "new\n")
    repo.add("new.txt")
    as_young = (repo.path / "new.txt").stat().st_mtime_ns
    os.utime(repo.path / ".git" / "index", ns=(as_young, as_young))
    trace = tmp_path / "trace"
    trace.mkdir()
    repo.env["GIT_TRACE2_EVENT"] = str(trace)
    repo.commit()
    started = [line for path in trace.iterdir() for line in path.read_text().splitlines() if '"event":"start"' in line]
    assert sum('"status"' in line for line in started) == 1, started


def test_a_hook_that_changes_a_file_it_was_not_given_is_found_out(repo):
    repo.config('[[hook]]\nid = "sly"\nrun = "echo more >> README.md"\nshell = true\nfiles = "new"\n')
    repo.write("new.txt", "new\n")
    repo.add("new.txt")
    repo.install()
    done = repo.commit(check=False)
    assert done.returncode == 1
    assert b"README.md" in done.stdout + done.stderr
    assert subprocess.run(["git", "diff", "--quiet"], cwd=repo.path, env=repo.env).returncode == 1


def test_no_command_is_blamed_for_what_a_built_in_hook_fixed_before_it(repo):
    command = '[[hook]]\nid = "{}"\nrun = "true"\n'
    fixing = '[[hook]]\nid = "fixing"\nbuiltin = "trailing-whitespace"\n'
    repo.config(command.format("before") + fixing + command.format("after"))
    repo.write("new.txt", "new \n")
    repo.add("new.txt")
    done = repo.gitseq("run")
    told = [line.split(b".")[0] for line in done.stdout.splitlines() if line.endswith(b"Failed")]
    assert told == [b"fixing"], done.stdout


def test_a_file_written_between_two_commands_is_told_of_the_one_it_was_written_after(repo):
    """The first leaves a process behind that writes when it is asked to end, which is after the command has ended."""
    late = "trap 'echo more >> new.txt; exit' TERM; echo > started; while :; do sleep 0.01; done"
    script = f"({late}) & while test ! -e started; do sleep 0.01; done"
    first = f'[[hook]]\nid = "leaving"\nshell = true\nrun = """{script}"""\n'
    repo.config(first + '[[hook]]\nid = "innocent"\nrun = "true"\n')
    repo.write("new.txt", "new\n")
    repo.add("new.txt")
    done = repo.gitseq("run")
    told = [line.split(b".")[0] for line in done.stdout.splitlines() if line.endswith(b"Failed")]
    assert told == [b"leaving"], done.stdout


def test_hooks_that_are_given_other_files_are_told_apart_by_what_they_are_given(repo):
    hook = '[[hook]]\nid = "{0}"\nrun = "true"\nfiles = "{0}"\n'
    repo.config(hook.format("one") + hook.format("two") + hook.format("one.").replace('id = "one."', 'id = "again"'))
    repo.write("one.txt", "1\n")
    repo.write("two.txt", "2\n")
    repo.add()
    repo.gitseq("run", check=True)
    told = [json.loads(line) for line in repo.read(".git/gitseq/journal/journal.jsonl").splitlines()]
    inputs = {line["hook"]: line["input"] for line in told if line["event"] == "hook-start"}
    assert inputs["one"] == inputs["again"] != inputs["two"] != ""
