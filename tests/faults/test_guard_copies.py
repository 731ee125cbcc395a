"""The second copy of what a conflict set aside: the very bytes, held by a ref, whoever dies while it is made."""

import errno
import os
import shutil
import signal

import pytest

from gitseq.errors import EnvironmentProblem
from gitseq.guard import copies, kept, objects
from gitseq.guard.hide import hide
from gitseq.guard.recover import recover
from gitseq.guard.restore import restore
from gitseq.host import procs
from gitseq.host.fileops import FileOps
from tests.support import guarded
from tests.support.guarded import NAME_LATIN, NAME_ODD, STAGED, TEXT, UNSTAGED, Tree

NAMES = (b"text.txt", NAME_LATIN, NAME_ODD, b"deep/er/text.txt", b"apart.txt")
CLASH = STAGED.replace(b"line 20\n", b"clash\n")
DAY = 24 * 3600
WAYS = ["libgit2", "git"]


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Who writes the objects."""
    use(request.param, monkeypatch.setattr)
    return request.param


def use(way: str, setattr_on=setattr) -> None:
    if way == "git":
        setattr_on(objects, "open_objects", lambda _git_dir, git: objects._ByGit(git))
        setattr_on(copies, "open_objects", objects.open_objects)


def made(top: bytes, *init: bytes) -> Tree:
    os.makedirs(top)
    tree = Tree(top)
    tree.run(b"init", b"-q", b"-b", b"main", *init)
    return with_changes(Tree(top))


def with_changes(tree: Tree) -> Tree:
    """Each file has one change staged and another that is not."""
    for content in (TEXT, STAGED, UNSTAGED):
        for name in NAMES:
            tree.write(name, content)
        if content is not UNSTAGED:
            tree.run(b"add", b"-A")
        if content is TEXT:
            tree.run(b"commit", b"-q", b"--allow-empty", b"-m", b"first")
    return tree


@pytest.fixture
def tree(folder):
    return made(folder + b"/tree")


def clash(tree: Tree, run: bytes = b"one") -> None:
    """A run in which hooks write to every hidden file."""
    guard = hide(tree.where(run), tree.dirty(), tree.git)
    for name in (b"text.txt", NAME_LATIN, NAME_ODD):
        tree.write(name, CLASH)
    shutil.rmtree(tree.path(b"deep"))
    tree.write(b"deep", b"a file where a folder was\n", 0o755)
    tree.write(b"apart.txt", STAGED.replace(b"line 35\n", b"line 35 fixed\n"))
    assert restore(guard, tree.git).conflicts


def copy_all(tree: Tree, ops: "FileOps | None" = None) -> "list[copies.Copy]":
    return copies.make_missing(tree.git_dir, tree.top, tree.git, ops)


def content(tree: Tree, copy: copies.Copy, name: bytes) -> bytes:
    return tree.run(b"cat-file", b"blob", copy.ref + b":" + name)


def judge(tree: Tree, copy: copies.Copy) -> None:
    """Every byte that was set aside is in git."""
    for name in (b"text.txt", NAME_LATIN, NAME_ODD):
        assert content(tree, copy, b"written/" + name) == CLASH
        assert content(tree, copy, b"staged/" + name) == STAGED
    assert content(tree, copy, b"yours/apart.txt") == UNSTAGED
    assert content(tree, copy, b"written/apart.txt") == STAGED.replace(b"line 35\n", b"line 35 fixed\n")
    assert content(tree, copy, b"in-the-way/deep") == b"a file where a folder was\n"


def test_the_copy_holds_every_version_and_outlives_the_folder_and_a_garbage_collection(tree, way):
    clash(tree)
    (copy,) = copy_all(tree)
    judge(tree, copy)
    shutil.rmtree(tree.git_dir + b"/gitseq")
    tree.run(b"gc", b"-q", b"--prune=now")
    (found,) = copies.listing(tree.git)
    judge(tree, found)
    assert (found.run, found.top, found.git_dir) == (b"one", tree.top, tree.git_dir)
    assert found.oid == copy.oid
    tree.run(b"fsck", b"--strict")


def test_both_ways_of_writing_make_the_same_commit(tree, monkeypatch):
    clash(tree)
    (first,) = copy_all(tree)
    copies.drop(first, tree.git)
    assert copies.listing(tree.git) == []
    use("git", monkeypatch.setattr)
    (second,) = copy_all(tree)
    assert second.oid == first.oid


def test_what_is_copied_is_not_copied_again(tree, way):
    clash(tree)
    assert len(copy_all(tree)) == 1
    assert copy_all(tree) == []
    clash(tree, b"two")
    assert [copy.run for copy in copy_all(tree)] == [b"two"]


def test_without_a_conflict_nothing_is_written(tree):
    guard = hide(tree.where(), tree.dirty(), tree.git)
    assert not restore(guard, tree.git).conflicts
    assert copy_all(tree) == []
    assert copies.listing(tree.git) == []


def test_the_patch_of_the_copy_is_that_of_the_folder(tree, way, folder):
    clash(tree)
    (copy,) = copy_all(tree)
    from_folder = kept.export(tree.git_dir, b"one", tree.git)
    shutil.rmtree(kept.state.kept_dir(tree.git_dir))
    assert copies.export(copy, tree.git, folder) == from_folder
    assert b"clash" in from_folder
    assert os.listdir(folder) == [b"tree"]


def test_filtered_files_are_copied_as_they_lie_and_exported_as_git_has_them(folder, way):
    tree = made(folder + b"/tree")
    tree.run(b"config", b"filter.rot.clean", b"tr a-m n-z")
    tree.run(b"config", b"filter.rot.smudge", b"tr n-z a-m")
    tree.write(b".gitattributes", b"text.txt filter=rot\n")
    tree.run(b"add", b".gitattributes")
    tree.run(b"commit", b"-q", b"-m", b"rot")
    tree.run(b"rm", b"-q", b"--cached", b"text.txt")
    tree.write(b"text.txt", b"bad\n")
    tree.run(b"add", b"text.txt")
    tree.write(b"text.txt", b"bad and more\n")
    guard = hide(tree.where(b"one"), tree.dirty(), tree.git)
    tree.write(b"text.txt", b"clash\n")
    assert restore(guard, tree.git).conflicts
    (copy,) = copy_all(tree)
    assert content(tree, copy, b"written/text.txt") == b"clash\n"
    assert copies.export(copy, tree.git, folder) == kept.export(tree.git_dir, b"one", tree.git)


def test_a_linked_work_tree_may_go_and_its_copy_stays(tree, folder, way):
    tree.run(b"stash", b"-q")
    tree.run(b"worktree", b"add", b"-q", b"-b", b"other", folder + b"/linked")
    linked = Tree(folder + b"/linked", tree.git_dir + b"/worktrees/linked")
    with_changes(linked)
    clash(linked)
    copy_all(linked)
    tree.run(b"worktree", b"remove", b"--force", linked.top)
    (copy,) = copies.listing(tree.git)
    judge(tree, copy)
    assert copy.top == linked.top


def test_no_hook_of_the_repository_runs_for_a_copy(tree, folder, way):
    hook = tree.git_dir + b"/hooks/reference-transaction"
    os.makedirs(os.path.dirname(hook), exist_ok=True)
    with open(hook, "wb") as stream:
        stream.write(b"#!/bin/sh\ntouch '" + folder + b"/ran'\n")
    os.chmod(hook, 0o755)
    clash(tree)
    (copy,) = copy_all(tree)
    copies.drop(copy, tree.git)
    assert not os.path.lexists(folder + b"/ran")


def test_folders_are_copied_whole_and_what_git_has_no_form_for_is_noted(tree, way):
    guard = hide(tree.where(b"one"), tree.dirty(), tree.git)
    os.unlink(tree.path(b"text.txt"))
    tree.write(b"text.txt/inside", b"in a folder\n")
    os.mkdir(tree.path(b"text.txt/empty"))
    os.mkfifo(tree.path(b"text.txt/pipe"))
    os.symlink(b"\xff nowhere", tree.path(b"text.txt/link"))
    tree.write(b"text.txt/.git/config", b"not ours\n")
    assert restore(guard, tree.git).conflicts
    (copy,) = copy_all(tree)
    assert content(tree, copy, b"written/text.txt/inside") == b"in a folder\n"
    assert content(tree, copy, b"written/text.txt/link") == b"\xff nowhere"
    assert len(copy.notes) == 3
    assert copies.listing(tree.git)[0].notes == copy.notes


@pytest.mark.parametrize("init", [b"--object-format=sha256", b"--shared=group"])
def test_repositories_that_libgit2_is_not_for_get_their_copy_from_git(folder, init, monkeypatch):
    tree = made(folder + b"/tree", init)
    made_by: list[str] = []
    by_git = objects._ByGit
    monkeypatch.setattr(objects, "_ByGit", lambda git: made_by.append("git") or by_git(git))
    clash(tree)
    (copy,) = copy_all(tree)
    judge(tree, copy)
    assert made_by == ["git"]


def test_a_git_directory_whose_name_is_not_utf8_is_no_obstacle(folder):
    tree = made(folder + b"/caf\xe9 \\n\nfolder")
    clash(tree)
    (copy,) = copy_all(tree)
    judge(tree, copy)
    assert copies.listing(tree.git)[0].top == tree.top


def test_without_pygit2_git_makes_the_copy(tree, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pygit2", None)
    clash(tree)
    (copy,) = copy_all(tree)
    judge(tree, copy)


def test_copies_are_dropped_after_90_days_and_the_newest_stays(tree):
    for run in (b"one", b"two", b"three"):
        clash(tree, run)
    made_now = copy_all(tree)
    now = max(copy.since for copy in made_now)
    assert copies.expire(tree.git, now + 89 * DAY) == []
    assert len(copies.expire(tree.git, now + 91 * DAY)) == 2
    assert len(copies.listing(tree.git)) == 1


def test_what_is_too_large_stays_where_it_is_and_is_told(tree, monkeypatch):
    clash(tree)
    monkeypatch.setattr(copies, "LARGEST", 10)
    with pytest.raises(EnvironmentProblem, match="too large"):
        copy_all(tree)
    assert kept.listing(tree.git_dir)


# --- dying and failing --------------------------------------------------------------------------------


class EndsAt(FileOps):
    """Dies, or fails, at a named step."""

    def __init__(self, name: str, what: int) -> None:
        self._name = name
        self._what = what

    def step(self, name: str) -> None:
        if name == self._name and self._what < 0:
            os.kill(os.getpid(), -self._what)
            signal.pause()
        if name == self._name:
            raise OSError(self._what, os.strerror(self._what))


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    folder = os.fsencode(tmp_path_factory.mktemp("copies"))
    tree = made(folder + b"/tree")
    clash(tree)
    return tree


def interrupt(template: Tree, folder: bytes, step: str, what: int, way: str) -> None:
    """The engine ends in the middle of the copy: nothing is lost, and the next look makes what is missing."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    tree = guarded.clone(template, folder + b"/tree")
    before, index = guarded.capture(tree.top), tree.index()

    def run() -> None:
        use(way)
        copy_all(tree, EndsAt(step, what))

    code = guarded.in_child(run)
    by_exception = what > 0 or what == -signal.SIGINT  # Python makes one of SIGINT
    assert code == (70 if by_exception else what), (step, what, way)
    after_death(tree, before, index, (step, what, way))


def after_death(tree: Tree, before, index: bytes, told) -> None:
    assert guarded.capture(tree.top) == before, told
    assert tree.index() == index, told
    assert [one.run for one in kept.listing(tree.git_dir)] == [b"one"], told
    assert recover(tree.git_dir, tree.git) == []
    made_now = copy_all(tree)
    (copy,) = copies.listing(tree.git)
    assert not made_now or made_now[0].oid == copy.oid
    judge(tree, copy)
    assert copy_all(tree) == []
    assert b"missing" not in tree.run(b"fsck", b"--strict"), told


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", copies.STEPS)
def test_a_copy_that_is_cut_short_loses_nothing_and_is_made_the_next_time(template, folder, step, way, capfd):
    for what in (-signal.SIGKILL, errno.ENOSPC):
        interrupt(template, folder + b"/trial", step, what, way)


ENDS = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGHUP, -signal.SIGINT, errno.ENOSPC, errno.EIO)


@pytest.mark.campaign
@pytest.mark.parametrize("way", WAYS)
def test_a_copy_that_is_cut_short_anywhere_loses_nothing(template, folder, way, capfd):
    for what in ENDS:
        for step in copies.STEPS:
            interrupt(template, folder + b"/trial", step, what, way)


def kill_at_random(template: Tree, folder: bytes, number: int, way: str) -> bool:
    rng = guarded.seeded("copy", way, number)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    tree = guarded.clone(template, folder + b"/tree")
    before, index = guarded.capture(tree.top), tree.index()

    def run() -> None:
        use(way)
        copy_all(tree)

    code = guarded.in_child(run, rng.uniform(0.001, 0.12))
    for lock in (tree.git_dir + b"/" + copies.REFS + b"one.lock",):
        if os.path.lexists(lock):
            os.unlink(lock)
    after_death(tree, before, index, (number, way))
    return code != 0


@pytest.mark.campaign
@pytest.mark.parametrize("way", WAYS)
def test_a_copy_killed_at_any_time_loses_nothing(template, folder, way):
    killed = [kill_at_random(template, folder + b"/trial", number, way) for number in range(90)]
    assert any(killed)
    print(f"{way}: {sum(killed)} of {len(killed)} killed")


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_killed_at_any_time_loses_nothing_sampled(template, folder, way):
    for number in range(5):
        kill_at_random(template, folder + b"/trial", number, way)


def test_a_store_that_takes_nothing_is_told_in_its_own_words(tree, way):
    clash(tree)
    objects_dir = tree.git_dir + b"/objects"
    for number in range(256):
        if not os.path.lexists(objects_dir + b"/%02x" % number):
            tree.write(b".git/objects/%02x" % number, b"a file where a folder belongs")
    with pytest.raises(EnvironmentProblem) as caught:
        copy_all(tree)
    assert caught.value.why
    assert kept.listing(tree.git_dir)


def test_git_that_cannot_list_its_refs_is_told(tree):
    with pytest.raises(EnvironmentProblem, match="could not list its refs") as caught:
        copies.listing(lambda *_arguments: procs.Completed(128, b"", b"fatal: broken refs\n"))
    assert caught.value.why == "fatal: broken refs"


def test_a_ref_that_somebody_moved_meanwhile_is_not_removed(tree):
    clash(tree)
    (copy,) = copy_all(tree)
    head = tree.run(b"rev-parse", b"HEAD").strip()
    tree.run(b"update-ref", copy.ref, head)
    with pytest.raises(EnvironmentProblem, match="could not be removed"):
        copies.drop(copy, tree.git)
    assert copies.listing(tree.git)[0].oid == head


def test_a_copy_names_what_is_in_it_without_what_was_staged(tree):
    clash(tree)
    (copy,) = copy_all(tree)
    names = copies.paths(copy, tree.git)
    assert b"written/text.txt" in names
    assert {name.split(b"/")[0] for name in names} == {b"written", b"yours", b"in-the-way"}


def test_what_goes_while_it_is_copied_is_left_out_and_the_rest_is_copied(tree):
    clash(tree)
    (one,) = kept.listing(tree.git_dir)
    (edited,) = [conflict.edited for conflict in one.conflicts if conflict.path == b"text.txt"]

    class Vanishing(FileOps):
        def step(self, name: str) -> None:
            if name == copies.COPY_BEGUN:
                os.unlink(edited)

    (copy,) = copy_all(tree, Vanishing())
    names = copies.paths(copy, tree.git)
    assert b"written/text.txt" not in names
    assert b"written/" + NAME_LATIN in names


def test_a_link_in_a_copy_is_in_its_patch_as_a_link(tree, folder):
    guard = hide(tree.where(b"one"), tree.dirty(), tree.git)
    os.unlink(tree.path(b"text.txt"))
    os.symlink(b"elsewhere", tree.path(b"text.txt"))
    assert restore(guard, tree.git).conflicts
    (copy,) = copy_all(tree)
    patch = copies.export(copy, tree.git, folder)
    assert b"new file mode 120000" in patch
    assert b"+elsewhere" in patch
    assert patch == kept.export(tree.git_dir, b"one", tree.git)


def test_a_ref_that_is_there_already_is_not_overwritten(tree, way):
    store = objects.open_objects(tree.git_dir, tree.git)
    head = tree.run(b"rev-parse", b"HEAD").strip()
    store.create_ref(copies.REFS + b"one", head)
    for name in (b"one", b"one/below"):
        with pytest.raises(EnvironmentProblem, match="took no copy"):
            store.create_ref(copies.REFS + name, head)
    assert tree.run(b"rev-parse", copies.REFS + b"one").strip() == head


def test_a_store_that_takes_nothing_is_told(tree, way):
    store = objects.open_objects(tree.git_dir, tree.git)
    shutil.move(os.fsdecode(tree.git_dir) + "/objects", os.fsdecode(tree.git_dir) + "/moved")
    tree.write(b".git/objects", b"a file")
    for write in (lambda: store.write(b"blob", b"new content\n"), lambda: store.blob(tree.path(b"text.txt"))):
        with pytest.raises(EnvironmentProblem, match="took no copy"):
            write()
