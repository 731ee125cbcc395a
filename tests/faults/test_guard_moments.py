"""The guard at moments that have to be forced: who writes just then, what git cannot tell, what is no longer there."""

import errno
import os
import stat
from typing import Any

import pytest

from gitseq.errors import EnvironmentProblem, NotRestored, Refused
from gitseq.guard import fixes, look, state
from gitseq.guard.hide import hide
from gitseq.guard.journal import Dirty
from gitseq.guard.kept import export
from gitseq.guard.mounts import Mounts
from gitseq.guard.recover import recover, survey
from gitseq.guard.restore import restore
from gitseq.host import procs
from gitseq.host.fileops import FileOps
from tests.support import guarded
from tests.support.guarded import STAGED, TEXT, UNSTAGED, Counting, Tree


@pytest.fixture
def tree(folder):
    """A file with a staged and an unstaged change, a link and a deleted file with unstaged ones."""
    made = Tree.init(folder + b"/tree")
    made.write(b"text.txt", TEXT)
    made.write(b"gone.txt", TEXT)
    os.symlink(b"text.txt", made.path(b"link"))
    made.run(b"add", b"-A")
    made.run(b"commit", b"-q", b"-m", b"first")
    made.write(b"text.txt", STAGED)
    made.run(b"add", b"-A")
    made.write(b"text.txt", UNSTAGED)
    os.unlink(made.path(b"gone.txt"))
    os.unlink(made.path(b"link"))
    os.symlink(b"elsewhere", made.path(b"link"))
    return made


class At(Counting):
    """Calls `action(arguments)` before the changes of one kind, as often as it wants to be called again."""

    def __init__(self, what: str, action: Any) -> None:
        super().__init__()
        self._what = what
        self._action = action

    def tick(self, what: str, *arguments: object) -> None:
        super().tick(what, *arguments)
        if what == self._what and self._action is not None:
            action, self._action = self._action, None
            self._action = action if action(*arguments) else None


def hidden(tree: Tree, ops: "FileOps | None" = None) -> Any:
    guard = hide(tree.where(), tree.dirty(), tree.git, ops)
    assert guard is not None
    return guard


def content(path: bytes) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def as_before(tree: Tree, before: object) -> None:
    assert guarded.capture(tree.top) == before
    assert state.unfinished(tree.git_dir) == []


# --- hiding ------------------------------------------------------------------------------------------


def test_a_tracked_name_that_this_file_system_cannot_have_is_told_before_anything_moves(tree):
    oid = tree.run(b"hash-object", b"-w", b"--stdin", stdin=b"x").strip()
    tree.run(b"update-index", b"--add", b"--cacheinfo", b"100644," + oid + b"," + b"n" * 300)
    before = guarded.capture(tree.top)
    with pytest.raises(EnvironmentProblem, match="name too long"):
        hide(tree.where(), [*tree.dirty(), Dirty(b"n" * 300, "D", 0o100644, oid.decode())], tree.git)
    as_before(tree, before)


def test_an_untracked_file_that_is_gone_by_now_is_nothing_to_hide(tree):
    assert hide(tree.where(), [Dirty(b"temporary.txt", "?")], tree.git) is None


def test_an_interruption_while_files_are_moved_leaves_all_as_it_was(tree):
    before = guarded.capture(tree.top)

    def interrupted(*_arguments):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hidden(tree, At("link", interrupted))
    as_before(tree, before)


def test_a_folder_that_comes_back_in_the_moment_is_used(tree):
    tree.write(b"folder/file.txt", TEXT)
    tree.run(b"add", b"folder")
    os.unlink(tree.path(b"folder/file.txt"))
    os.rmdir(tree.path(b"folder"))
    guard = hidden(tree, At("step journal_written", lambda: os.mkdir(tree.path(b"folder"))))
    assert tree.read(b"folder/file.txt") == TEXT
    assert restore(guard, tree.git).complete
    assert not os.path.lexists(tree.path(b"folder"))


def test_a_file_in_a_folder_is_hidden_like_any_other_when_attributes_have_unstaged_changes(tree):
    tree.write(b".gitattributes", b"* text\n")
    tree.write(b"deep/er/file.txt", STAGED)
    tree.run(b"add", b"-A")
    tree.write(b".gitattributes", b"* -text\n")
    tree.write(b"deep/er/file.txt", UNSTAGED)
    before = guarded.capture(tree.top)
    guard = hidden(tree)
    assert tree.read(b"deep/er/file.txt") == STAGED
    assert restore(guard, tree.git).complete
    as_before(tree, before)


@pytest.mark.parametrize("has_own_attributes", [False, True])
def test_files_of_many_folders_are_hidden_alike_whether_git_may_write_them_into_one_or_not(tree, has_own_attributes):
    names = [b"many/%02d/file.txt" % number for number in range(20)]
    for name in names:
        tree.write(name, STAGED)
    tree.run(b"add", b"many")
    for name in names:
        tree.write(name, UNSTAGED)
    if has_own_attributes:
        tree.write(b"many/.gitattributes", b"* text eol=crlf\n")  # untracked: git would not see it in an empty tree
    before = guarded.capture(tree.top)
    asked = []

    def git(arguments, stdin=b"", index=None):
        asked.extend(arguments)
        return tree.git(arguments, stdin, index)

    guard = hide(tree.where(), tree.dirty(), git)
    assert (b"--temp" in asked) is not has_own_attributes
    expected = STAGED.replace(b"\n", b"\r\n") if has_own_attributes else STAGED
    assert {tree.read(name) for name in names} == {expected}
    assert restore(guard, tree.git).complete
    as_before(tree, before)


def test_git_that_leaves_out_a_path_in_the_empty_tree_stops_the_run_before_anything_moves(tree):
    tree.write(b".gitattributes", b"* text\n")
    tree.run(b"add", b".gitattributes")
    tree.write(b".gitattributes", b"* -text\n")
    before = guarded.capture(tree.top)

    def forgetful(arguments, stdin=b"", index=None):
        done = tree.git(arguments, stdin, index)
        return procs.Completed(0, b"", b"") if b"--temp" in arguments else done

    with pytest.raises(EnvironmentProblem, match="did not write out"):
        hide(tree.where(), tree.dirty(), forgetful)
    as_before(tree, before)


def test_git_that_leaves_out_a_path_in_its_folder_stops_the_run_before_anything_moves(tree):
    """git 2.39 exits with 0 when a required filter fails."""
    before = guarded.capture(tree.top)

    def forgetful(arguments, stdin=b"", index=None):
        if arguments[0] == b"checkout-index":
            stdin = stdin.replace(b"text.txt\0", b"")
        return tree.git(arguments, stdin, index)

    with pytest.raises(EnvironmentProblem, match=r"did not write out the staged version of text\.txt") as caught:
        hide(tree.where(), tree.dirty(), forgetful)
    assert caught.value.kept == "Nothing was touched."
    as_before(tree, before)


def test_a_change_in_that_moment_that_the_system_does_not_name_is_told_without_a_name(tree):
    before = guarded.capture(tree.top)

    def unnamed(*_arguments):
        raise FileNotFoundError(errno.ENOENT, "gone")

    with pytest.raises(Refused) as caught:
        hidden(tree, At("link", unnamed))
    assert caught.value.what.startswith("A file was changed")
    as_before(tree, before)


def test_where_the_kernel_tells_no_mounts_the_device_alone_decides(monkeypatch, folder):
    device = os.lstat(folder).st_dev
    assert Mounts.now().place(folder)[1] != b""

    def no_such_file(*_arguments, **_options):
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", no_such_file)
    assert Mounts.now().place(folder) == (device, b"")


# --- what hooks write --------------------------------------------------------------------------------


def edited_of(restored, path: bytes) -> bytes:
    (conflict,) = [conflict for conflict in restored.conflicts if conflict.path == path]
    assert not conflict.merged
    return conflict.edited


def test_a_folder_in_place_of_a_file_is_kept_beside_the_users_version(tree):
    guard = hidden(tree)
    os.unlink(tree.path(b"text.txt"))
    tree.write(b"text.txt/inside", b"by the hook\n")
    restored = restore(guard, tree.git)
    assert tree.read(b"text.txt") == UNSTAGED
    assert content(edited_of(restored, b"text.txt") + b"/inside") == b"by the hook\n"


def test_a_file_in_place_of_a_link_is_kept_beside_the_users_link(tree):
    guard = hidden(tree)
    os.unlink(tree.path(b"link"))
    tree.write(b"link", b"by the hook\n")
    restored = restore(guard, tree.git)
    assert os.readlink(tree.path(b"link")) == b"elsewhere"
    assert content(edited_of(restored, b"link")) == b"by the hook\n"


def test_a_file_where_an_untracked_one_was_hidden_is_kept_beside_it(tree):
    tree.write(b"untracked.txt", b"the user's\n")
    guard = hide(tree.where(), [Dirty(b"untracked.txt", "?")], tree.git)
    tree.write(b"untracked.txt", b"the hook's\n")
    restored = restore(guard, tree.git)
    assert tree.read(b"untracked.txt") == b"the user's\n"
    assert content(edited_of(restored, b"untracked.txt")) == b"the hook's\n"


@pytest.mark.parametrize("fails", [[b"cat-file", b"-s"], [b"cat-file", b"--filters"]])
def test_without_the_staged_object_both_versions_are_kept_instead_of_merged(tree, fails):
    guard = hidden(tree)
    fixed = STAGED.replace(b"line 35\n", b"line 35 fixed\n")
    tree.write(b"text.txt", fixed)

    def without_object(arguments, stdin=b"", index=None):
        return procs.Completed(128, b"", b"") if arguments[:2] == fails else tree.git(arguments, stdin, index)

    restored = restore(guard, without_object)
    assert tree.read(b"text.txt") == UNSTAGED
    assert content(edited_of(restored, b"text.txt")) == fixed


def test_a_merge_is_told_with_the_places_of_both_versions(tree):
    guard = hidden(tree)
    tree.write(b"text.txt", STAGED.replace(b"line 35\n", b"line 35 fixed\n"))
    restored = restore(guard, tree.git)
    (told,) = restored.notices()
    (conflict,) = restored.conflicts
    assert told.startswith("text.txt: merged; ")
    assert os.fsdecode(conflict.yours) in told
    assert os.fsdecode(conflict.edited) in told


# --- coming back -------------------------------------------------------------------------------------


def test_somebody_who_keeps_writing_is_a_problem_of_that_file_alone_and_the_users_version_waits(tree):
    one_by_one = Counting()
    one_by_one.swaps = False
    guard = hidden(tree, one_by_one)
    written = 0

    def writes_again(*_arguments):
        nonlocal written
        written += 1
        tree.write(b"text.txt", b"again %d\n" % written)
        return True

    restored = restore(guard, tree.git, At("link", writes_again))
    assert [problem.path for problem in restored.problems] == [b"text.txt"]
    assert "keeps writing" in restored.problems[0].why
    assert "gitseq recover" in restored.failure().hint
    assert os.readlink(tree.path(b"link")) == b"elsewhere"
    (recovered,) = recover(tree.git_dir, tree.git)
    assert recovered.complete
    assert tree.read(b"text.txt") == UNSTAGED


def closed(tree: Tree, monkeypatch) -> bytes:
    """A folder that says it may not be written to, whoever asks; root may always."""
    folder = tree.path(b"closed")
    tree.write(b"closed/file.txt", TEXT)
    tree.run(b"add", b"closed")
    tree.write(b"closed/file.txt", UNSTAGED)
    os.chmod(folder, 0o500)
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != folder and access(path, mode))
    return folder


def test_a_closed_folder_that_a_hook_removed_comes_back_with_the_users_file(tree, monkeypatch):
    folder = closed(tree, monkeypatch)
    guard = hidden(tree)
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    os.unlink(folder + b"/file.txt")
    os.rmdir(folder)
    restored = restore(guard, tree.git)
    assert restored.complete
    assert tree.read(b"closed/file.txt") == UNSTAGED


def test_a_closed_folder_that_goes_in_the_last_moment_is_no_problem(tree, monkeypatch):
    folder = closed(tree, monkeypatch)
    guard = hidden(tree)

    def goes(*_arguments):
        os.rename(folder, folder + b" moved")

    restored = restore(guard, tree.git, At("chmod", goes))
    assert restored.complete
    assert content(folder + b" moved/file.txt") == UNSTAGED


def test_a_closed_folder_that_cannot_be_closed_again_is_told(tree, monkeypatch):
    closed(tree, monkeypatch)
    guard = hidden(tree)

    def fails(*_arguments):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    restored = restore(guard, tree.git, At("chmod", fails))
    assert [(problem.path, problem.why) for problem in restored.problems] == [(b"closed", "Operation not permitted")]
    assert tree.read(b"closed/file.txt") == UNSTAGED
    assert recover(tree.git_dir, tree.git)[0].complete
    assert stat.S_IMODE(os.stat(tree.path(b"closed")).st_mode) == 0o500
    os.chmod(tree.path(b"closed"), 0o700)  # so that it can be removed


@pytest.mark.parametrize("swaps", [True, False])
def test_what_is_written_through_an_open_descriptor_into_our_file_is_kept(tree, swaps):
    hiding = Counting()
    hiding.swaps = swaps
    guard = hidden(tree, hiding)
    with open(tree.path(b"text.txt"), "ab") as stream:  # an editor that has the staged version open

        def saves(*_arguments):
            stream.write(b"late\n")
            stream.flush()

        restored = restore(guard, tree.git, At("step tree_restored", saves))
    assert tree.read(b"text.txt") == UNSTAGED
    assert content(edited_of(restored, b"text.txt")) == STAGED + b"late\n"


def number_of(guard, path: bytes) -> int:
    (number,) = [item.number for item in guard.journal.items if item.path == path]
    return number


@pytest.mark.parametrize("takes_a_place", [True, False])
def test_a_strangers_file_among_the_users_is_not_removed_and_told_until_it_is_gone(tree, takes_a_place):
    before = guarded.capture(tree.top)
    guard = hidden(tree)
    name = guard.folder + b"/b/%d" % (number_of(guard, b"text.txt") if takes_a_place else 99)

    def arrives(*_arguments):
        tree.write(b"stranger", b"nobody else has this\n")
        os.rename(tree.path(b"stranger"), name)

    restored = restore(guard, tree.git, At("step tree_restored", arrives))
    assert [problem.path for problem in restored.problems] == [b""]
    assert os.fsdecode(guard.folder) in restored.failure().kept
    assert content(name) == b"nobody else has this\n"
    os.unlink(name)
    assert recover(tree.git_dir, tree.git)[0].complete
    as_before(tree, before)


def test_what_is_kept_is_handed_over_with_its_list_though_the_first_attempt_failed_halfway(tree):
    guard = hidden(tree)
    tree.write(b"text.txt", STAGED.replace(b"line 20\n", b"line 20 by the hook\n"))

    def fails_at_the_folder(source, _target):
        if source.endswith(b"/kept"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return True

    restore(guard, tree.git, At("rename", fails_at_the_folder))
    assert sorted(os.listdir(guard.folder + b"/kept"))[-1:] == [state.LIST]
    (recovered,) = recover(tree.git_dir, tree.git)
    kept = state.kept_dir(tree.git_dir) + b"/" + guard.journal.run
    assert edited_of(recovered, b"text.txt").startswith(kept + b"/")
    assert os.path.lexists(kept + b"/" + state.LIST)
    assert state.unfinished(tree.git_dir) == []


class Died(BaseException):
    """The process ends here."""


def test_a_deleted_file_that_the_user_makes_anew_after_a_death_is_the_users(tree):
    guard = hidden(tree)
    assert tree.read(b"gone.txt") == TEXT

    def dies(*_arguments):
        raise Died

    with pytest.raises(Died):
        restore(guard, tree.git, At("exchange", dies))  # of the next file: the deleted one is deleted again
    assert not os.path.lexists(tree.path(b"gone.txt"))
    tree.write(b"gone.txt", b"anew\n")
    (restored,) = recover(tree.git_dir, tree.git)
    assert restored.complete
    assert restored.conflicts == ()
    assert tree.read(b"gone.txt") == b"anew\n"


# --- journals and patches ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"), [(b"\0end 3\0", b"\0end x\0"), (b"\0end 3\0", b"\0end 2\0"), (b"\0item 0 ", b"\0item x ")]
)
def test_a_journal_that_is_damaged_anywhere_is_told_and_nothing_is_removed(tree, old, new):
    guard = hidden(tree)
    name = guard.folder + b"/journal"
    whole = content(name)
    assert old in whole
    with open(name, "wb") as stream:
        stream.write(whole.replace(old, new))
    with pytest.raises(NotRestored, match="cannot be read"):
        recover(tree.git_dir, tree.git)
    assert content(guard.folder + b"/b/%d" % number_of(guard, b"text.txt")) == UNSTAGED


def test_a_journal_that_cannot_be_read_is_told_and_nothing_is_removed(tree):
    guard = hidden(tree)
    name = guard.folder + b"/journal"
    os.rename(name, name + b".moved")
    os.mkdir(name)
    with pytest.raises(NotRestored, match="cannot be read"):
        recover(tree.git_dir, tree.git)
    os.rmdir(name)
    os.rename(name + b".moved", name)
    assert recover(tree.git_dir, tree.git)[0].complete


def test_work_that_was_hidden_before_the_repository_moved_comes_back_where_it_is_now(tree, folder):
    before = guarded.capture(tree.top)
    hidden(tree)
    os.rename(tree.top, folder + b"/moved")
    moved = Tree(folder + b"/moved")
    (restored,) = recover(moved.git_dir, moved.git, top=moved.top)
    assert restored.complete
    as_before(moved, before)


def test_a_survey_tells_what_it_may_not_look_at(tree, monkeypatch):
    hidden(tree)

    def forbidden(_journal, _item):
        raise PermissionError(errno.EACCES, "Permission denied", tree.path(b"text.txt"))

    monkeypatch.setattr(look, "at", forbidden)
    (found,) = survey(tree.git_dir)
    assert not found.as_left
    assert found.lines() == [f"{os.fsdecode(tree.path(b'text.txt'))}: cannot be looked at: Permission denied"]


def test_a_pipe_has_no_place_in_a_patch_and_the_rest_has(tree):
    os.unlink(tree.path(b"link"))
    os.mkfifo(tree.path(b"link"))
    guard = hidden(tree)
    patch = export(tree.git_dir, guard.journal.run, tree.git)
    assert b"+line 20 unstaged" in patch
    assert b"a/link b/link" in patch
    assert b"deleted file mode 120000" in patch


def test_git_that_cannot_write_the_patch_is_told_and_nothing_is_changed(tree):
    guard = hidden(tree)
    before = sorted(os.listdir(guard.folder))

    def failing(arguments, stdin=b"", index=None):
        if arguments[0] == b"write-tree":
            return procs.Completed(128, b"", b"fatal: disk full\n")
        return tree.git(arguments, stdin, index)

    with pytest.raises(EnvironmentProblem, match="could not write the patch") as caught:
        export(tree.git_dir, guard.journal.run, failing)
    assert caught.value.why == "fatal: disk full"
    assert sorted(os.listdir(guard.folder)) == before


# --- fixes -------------------------------------------------------------------------------------------


def test_without_fixes_git_is_not_even_asked():
    fixes.stage((), lambda *_arguments: pytest.fail("there was nothing to stage"))


def test_an_index_that_somebody_else_holds_refuses_the_fixes_in_gits_words_and_they_stay(tree):
    with open(tree.git_dir + b"/index.lock", "xb"):
        pass
    index = tree.index()
    with pytest.raises(Refused, match=r"could not be staged: text\.txt") as caught:
        fixes.stage((b"text.txt",), tree.git)
    assert "index.lock" in caught.value.why
    assert tree.read(b"text.txt") == UNSTAGED
    assert tree.index() == index


def test_a_second_index_that_went_away_with_its_git_is_never_made_again(tree):
    gone = tree.git_dir + b"/next-index-1.lock"
    with pytest.raises(Refused, match=r"could not be staged: text\.txt") as caught:
        fixes.stage((b"text.txt",), tree.git, gone)
    assert "the git that called us is gone" in caught.value.why
    assert not os.path.lexists(gone)


def test_before_the_first_commit_only_an_empty_index_leaves_nothing_to_commit(folder):
    tree = Tree.init(folder + b"/tree")
    assert fixes.is_emptied(tree.git)
    tree.write(b"text.txt", TEXT)
    tree.run(b"add", b"text.txt")
    assert not fixes.is_emptied(tree.git)


def test_a_commit_that_was_fixed_away_is_refused_with_the_way_to_an_empty_one():
    refused = fixes.emptied()
    assert "nothing is left to commit" in refused.what
    assert "--allow-empty" in refused.hint
