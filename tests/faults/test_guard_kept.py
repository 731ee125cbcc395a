"""What is set aside can be listed, exported and is not kept for ever."""

import os
import shutil

import pytest

from gitseq.errors import UsageError
from gitseq.guard import journal, kept, state
from gitseq.guard.hide import hide
from gitseq.guard.restore import restore
from tests.support import guarded
from tests.support.guarded import STAGED, TEXT, UNSTAGED, Tree

DAY = 24 * 3600


@pytest.fixture
def tree(folder):
    made = Tree.init(folder + b"/tree")
    made.write(b"text.txt", TEXT)
    made.run(b"add", b"-A")
    made.run(b"commit", b"-q", b"-m", b"first")
    made.write(b"text.txt", STAGED)
    made.run(b"add", b"-A")
    made.write(b"text.txt", UNSTAGED)
    return made


def clash(tree: Tree, run: bytes, content: bytes = STAGED.replace(b"line 20\n", b"clash\n")) -> None:
    guard = hide(tree.where(run), tree.dirty(), tree.git)
    tree.write(b"text.txt", content)
    assert restore(guard, tree.git).conflicts


def test_a_conflict_is_listed_with_its_places(tree):
    clash(tree, b"one")
    (found,) = kept.listing(tree.git_dir)
    assert found.run == b"one"
    assert found.conflicts[0].path == b"text.txt"
    with open(found.conflicts[0].edited, "rb") as stream:
        assert b"clash\n" in stream.read()
    assert found.size > len(TEXT)


def test_a_kept_version_can_be_applied_as_a_patch(tree):
    clash(tree, b"one")
    patch = kept.export(tree.git_dir, b"one", tree.git)
    tree.run(b"checkout", b"--", b".")
    tree.run(b"apply", stdin=patch)
    assert tree.read(b"text.txt") == STAGED.replace(b"line 20\n", b"clash\n")


def test_the_work_of_a_run_that_died_can_be_applied_as_a_patch(folder):
    odd = guarded.odd_tree(folder + b"/odd")
    os.unlink(odd.path(b"file-to-fifo"))  # git has no form for it
    before = guarded.capture(odd.top)
    hide(odd.where(), odd.dirty(), odd.git)
    patch = kept.export(odd.git_dir, b"run-1", odd.git)
    assert os.listdir(state.guards_dir(odd.git_dir)) == [b"run-1"]
    odd.run(b"apply", b"--whitespace=nowarn", stdin=patch)
    after = guarded.capture(odd.top)
    for name, what in before.items():
        if name == b"mixed.txt":  # in git's own form there are no carriage returns to remember
            assert after[name][0] == what[0].replace(b"two\n", b"two\r\n")
        elif name == b"filtered.txt":
            assert after[name][0] == what[0].upper()
        elif what[0] != "folder":
            assert after[name][0] == what[0], name


def test_an_unknown_run_is_a_usage_error(tree):
    with pytest.raises(UsageError) as caught:
        kept.export(tree.git_dir, b"no such", tree.git)
    assert "gitseq recover --list" in caught.value.hint


def test_old_and_large_things_are_removed_and_the_newest_always_stays(tree, monkeypatch):
    now = 2_000_000_000.0
    for run, age in ((b"new", 20), (b"old", 30), (b"older", 40)):
        clash(tree, run)
        folder = state.kept_dir(tree.git_dir) + b"/" + run
        os.utime(folder, (now - age * DAY, now - age * DAY))
        for other in kept.listing(tree.git_dir):
            assert other.run != run or other.since == now - age * DAY
    assert [os.path.basename(name) for name in kept.collect(tree.git_dir, now - 25 * DAY)] == [b"older"]
    monkeypatch.setattr(kept, "KEEP_BYTES", 1)
    assert [os.path.basename(name) for name in kept.collect(tree.git_dir, now - 19 * DAY)] == [b"old"]
    assert kept.collect(tree.git_dir, now + 1000 * DAY) == []
    assert [found.run for found in kept.listing(tree.git_dir)] == [b"new"]


def kept_list(tree: Tree, run: bytes) -> bytes:
    return state.kept_dir(tree.git_dir) + b"/" + run + b"/" + state.LIST


def age(tree: Tree, *runs: bytes) -> None:
    """As if these were kept since long ago."""
    for number, run in enumerate(runs, 1):
        os.utime(state.kept_dir(tree.git_dir) + b"/" + run, (number * DAY, number * DAY))


def test_a_kept_folder_whose_list_is_damaged_fails_nobodys_run_and_goes_when_it_is_old(tree):
    for run in (b"old", b"new"):
        clash(tree, run)
    with open(kept_list(tree, b"old"), "wb") as stream:
        stream.write(b"rubbish")
    age(tree, b"old")
    assert [(found.run, len(found.conflicts)) for found in kept.listing(tree.git_dir)] == [(b"new", 1), (b"old", 0)]
    assert [os.path.basename(name) for name in kept.collect(tree.git_dir, 1000 * DAY)] == [b"old"]


def test_what_is_kept_on_a_disk_that_is_gone_keeps_nothing_else_from_being_removed(tree):
    for run in (b"old", b"new"):
        clash(tree, run)
    name = kept_list(tree, b"old")
    with open(name, "rb") as stream:
        found = journal.decode(stream.read(), name)
    with open(name, "wb") as stream:
        stream.write(journal.encode(found.replace(stores=(*found.stores, b"/nowhere/.gitseq-guard-old"))))
    age(tree, b"old")
    assert [os.path.basename(name) for name in kept.collect(tree.git_dir, 1000 * DAY)] == [b"old"]


def test_what_cannot_be_removed_now_is_removed_the_next_time(tree, monkeypatch):
    for run in (b"older", b"old", b"new"):
        clash(tree, run)
    age(tree, b"older", b"old")
    rmtree = shutil.rmtree

    def refuses(folder, *arguments):
        if folder.endswith(b"/old"):
            raise PermissionError(13, "Permission denied")
        rmtree(folder, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", refuses)
        assert [os.path.basename(name) for name in kept.collect(tree.git_dir, 1000 * DAY)] == [b"older"]
    assert [os.path.basename(name) for name in kept.collect(tree.git_dir, 1000 * DAY)] == [b"old"]
