"""What hooks see while work is hidden, where it is hard to hide, and what becomes of what is written meanwhile."""

import errno
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time

import pytest

from gitseq.errors import EnvironmentProblem, NotRestored, Refused
from gitseq.guard import merge, state
from gitseq.guard.hide import hide
from gitseq.guard.journal import Dirty
from gitseq.guard.recover import recover, survey
from gitseq.guard.restore import restore
from gitseq.host import fileops, libc
from gitseq.host.fileops import FileOps
from tests.support import guarded
from tests.support.guarded import STAGED, TEXT, UNSTAGED, Counting, Tree

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else, or mount")


@pytest.fixture
def odd(folder):
    return guarded.odd_tree(folder + b"/tree")


@pytest.fixture
def tree(folder):
    """One committed file with a staged and an unstaged change."""
    made = Tree.init(folder + b"/tree")
    made.write(b"text.txt", TEXT)
    made.run(b"add", b"-A")
    made.run(b"commit", b"-q", b"-m", b"first")
    made.write(b"text.txt", STAGED)
    made.run(b"add", b"-A")
    made.write(b"text.txt", UNSTAGED)
    return made


def hidden(tree: Tree, ops: "FileOps | None" = None):
    guard = hide(tree.where(), tree.dirty(), tree.git, ops)
    assert guard is not None
    return guard


def there_and_back(tree: Tree, ops: "FileOps | None" = None) -> None:
    before, index, status = guarded.capture(tree.top), tree.index(), tree.state()
    guard = hidden(tree, ops)
    assert guarded.capture(tree.top) != before
    restored = restore(guard, tree.git, ops)
    assert restored.complete, restored
    assert restored.failure() is None
    assert (guarded.capture(tree.top), tree.index(), tree.state()) == (before, index, status)
    assert state.unfinished(tree.git_dir) == []


# --- what hooks see ----------------------------------------------------------------------------------


def test_hooks_see_exactly_what_a_checkout_of_the_index_would_give(odd, folder):
    hidden(odd)
    odd.run(b"checkout-index", b"-a", b"--prefix=" + folder + b"/expected/")
    expected = guarded.capture(folder + b"/expected")
    seen = guarded.capture(odd.top)
    assert not [name for name in seen if name.endswith(b"intended.txt")]
    for name, what in expected.items():
        if what[0] != "folder" and not name.endswith(b"intended.txt"):  # git exports those as empty files
            assert seen[name][:2] == what[:2], name
    assert odd.run(b"status", b"--porcelain=v2", b"-uno", b"--ignore-submodules=dirty").count(b" .M ") == 0
    restore_all(odd)


def restore_all(tree: Tree) -> None:
    assert all(result.complete for result in recover(tree.git_dir, tree.git))


def test_untracked_and_ignored_files_and_submodules_are_left_alone(odd):
    hidden(odd)
    assert odd.read(b"untracked.txt") == b"untracked\n"
    assert odd.read(b"build/ignored.o") == b"ignored\n"
    assert odd.read(b"sub/inside.txt") == b"edited inside\n"
    restore_all(odd)


def test_a_tree_without_unstaged_changes_is_not_touched(tree):
    assert hide(tree.where(), [], tree.git) is None
    assert hide(tree.where(), [Dirty(b"sub", "M", 0o160000, "0" * 40)], tree.git) is None
    assert not os.path.lexists(tree.git_dir + b"/gitseq")
    assert state.unfinished(tree.git_dir) == []


def test_attributes_with_unstaged_changes_do_not_shape_what_hooks_see(tree):
    """The user has just begun to turn line endings around; what is staged has not."""
    tree.write(b".gitattributes", b"*.bin binary\n")
    tree.run(b"add", b".gitattributes")
    tree.write(b".gitattributes", b"*.txt text eol=crlf\n")
    os.symlink(b"here", tree.path(b"link"))
    tree.write(b"run.sh", b"#!/bin/sh\n", 0o755)
    tree.run(b"add", b"link", b"run.sh")
    os.unlink(tree.path(b"link"))
    tree.write(b"run.sh", b"#!/bin/bash\n", 0o644)
    guard = hidden(tree)
    assert tree.read(b"text.txt") == STAGED
    assert os.readlink(tree.path(b"link")) == b"here"
    assert os.stat(tree.path(b"run.sh")).st_mode & stat.S_IXUSR
    assert tree.run(b"--no-optional-locks", b"diff") == b""
    assert restore(guard, tree.git).complete
    there_and_back(tree)


def test_untracked_files_can_be_hidden_as_well(tree):
    tree.write(b"loose.txt", b"loose\n")
    tree.write(b"folder/loose.txt", b"loose\n")
    before = guarded.capture(tree.top)
    guard = hide(tree.where(), [*tree.dirty(), Dirty(b"loose.txt", "?"), Dirty(b"folder/", "?")], tree.git)
    assert guard is not None
    assert sorted(guarded.capture(tree.top)) == [b"text.txt"]
    assert restore(guard, tree.git).complete
    assert guarded.capture(tree.top) == before


def test_nothing_is_copied_so_a_huge_file_costs_no_memory(tree):
    with open(tree.path(b"huge"), "wb") as stream:
        stream.truncate(1 << 20)
    tree.run(b"add", b"huge")
    with open(tree.path(b"huge"), "r+b") as stream:
        stream.truncate(8 << 30)

    def with_little_memory():
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        before = os.lstat(tree.path(b"huge"))
        guard = hidden(tree)
        assert os.stat(tree.path(b"huge")).st_size == 1 << 20
        assert restore(guard, tree.git).conflicts == ()
        assert os.lstat(tree.path(b"huge"))[:9] == before[:9]

    assert guarded.in_child(with_little_memory) == 0


def test_a_huge_file_that_a_hook_changes_is_kept_twice_instead_of_merged(tree):
    for size in (1 << 20, 8 << 30):
        with open(tree.path(b"huge"), "ab") as stream:
            stream.truncate(size)
        if size == 1 << 20:
            tree.run(b"add", b"huge")
    guard = hidden(tree)
    tree.write(b"huge", b"changed\n")
    (conflict,) = restore(guard, tree.git).conflicts
    assert not conflict.merged
    assert os.stat(tree.path(b"huge")).st_size == 8 << 30
    assert _content(conflict.edited) == b"changed\n"


def test_the_folder_of_another_run_of_the_same_name_is_not_touched(tree):
    guard = hidden(tree)
    tree.write(b"other.txt", TEXT)
    tree.run(b"add", b"other.txt")
    os.unlink(tree.path(b"other.txt"))
    before = guarded.capture(guard.folder)
    with pytest.raises(EnvironmentProblem):
        hidden(tree)
    assert guarded.capture(guard.folder) == before
    restore_all(tree)
    assert tree.read(b"text.txt") == UNSTAGED


# --- where it is hard to hide ------------------------------------------------------------------------


def test_the_longest_names_go_away_and_come_back(tree):
    room = 4094 - len(tree.top) - 1
    parts = [b"%03d" % number + b"x" * 97 for number in range(room // 101)]
    name = b"/".join(parts)
    name += b"/" + b"y" * (room - len(name) - 1)
    assert len(tree.path(name)) == 4094
    for content in (TEXT, STAGED):
        tree.write(name, content)
        tree.run(b"add", b"-A")
    tree.write(name, UNSTAGED)
    os.symlink(b"x", tree.path(b"/".join([*parts[:-1], b"link"])))
    there_and_back(tree)


def test_a_git_directory_on_another_file_system_is_no_obstacle(folder, tmp_path):
    if os.stat(folder).st_dev == os.stat(tmp_path).st_dev:
        pytest.skip("there is only one file system here")
    there = os.fsencode(os.path.realpath(tmp_path)) + b"/elsewhere.git"
    made = guarded.odd_tree(folder + b"/tree")
    shutil.move(os.fsdecode(made.path(b".git")), os.fsdecode(there))
    made.write(b".git", b"gitdir: " + there + b"\n")
    tree = Tree(made.top, there)
    there_and_back(tree)
    guard = hidden(tree)
    assert tree.run(b"status", b"--porcelain", b"-unormal").count(b"gitseq-guard") == 0
    tree.write(b"text.txt", TEXT.replace(b"line 20\n", b"another\n"))
    restored = restore(guard, tree.git)
    (conflict,) = restored.conflicts
    with open(conflict.edited, "rb") as stream:
        assert b"another\n" in stream.read()
    assert tree.read(b"text.txt") == UNSTAGED


@as_root
def test_a_second_mount_of_the_same_file_system_is_no_obstacle(tree, folder):
    """Device numbers are equal there, and a rename from one to the other fails all the same."""
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no right to mount")
    script = (
        "import sys; from tests.faults import test_guard_cases as cases; from tests.support.guarded import Tree;"
        "tree = Tree(sys.argv[1].encode()); cases.there_and_back(tree)"
    )
    for mounted in (tree.git_dir, tree.path(b"sub")):
        tree.write(b"sub/file.txt", TEXT)
        tree.run(b"add", b"sub")
        tree.write(b"sub/file.txt", UNSTAGED)
        command = b'mount --bind "$1" "$1" && shift && exec "$@"'
        inside = [os.fsencode(sys.executable), b"-c", script.encode(), tree.top]
        done = subprocess.run([b"unshare", b"-m", b"sh", b"-c", command, b"sh", mounted, *inside], check=False)
        assert done.returncode == 0


def _without_links(*_arguments):
    raise PermissionError(errno.EPERM, "Operation not permitted")


class NoLinks(FileOps):
    link = staticmethod(_without_links)


@pytest.mark.parametrize("has_renameat2", [True, False])
def test_file_systems_without_hard_links_are_no_obstacle(odd, monkeypatch, has_renameat2):
    if not has_renameat2:
        monkeypatch.setattr(fileops, "_renameat2", lambda *_names: errno.ENOSYS)
    there_and_back(odd, NoLinks())


@pytest.mark.parametrize("has_renameat2", [True, False])
def test_without_hard_links_a_file_in_the_way_is_still_not_overwritten(folder, monkeypatch, has_renameat2):
    if not has_renameat2:
        monkeypatch.setattr(fileops, "_renameat2", lambda *_names: errno.ENOSYS)
    for name in (b"one", b"two"):
        with open(folder + b"/" + name, "wb") as stream:
            stream.write(name)
    with pytest.raises(FileExistsError):
        fileops.move_without_overwriting(NoLinks(), folder + b"/one", folder + b"/two")
    assert sorted(os.listdir(folder)) == [b"one", b"two"]


NOBODY = 65534


def _as_nobody(tree: Tree, action) -> None:
    def become_and_act():
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, 0)
        os.setresuid(NOBODY, NOBODY, 0)
        try:
            action()
        finally:
            os.setresuid(0, 0, 0)  # who measures coverage writes it down as who it was

    os.chmod(os.path.dirname(tree.top), 0o711)
    assert guarded.in_child(become_and_act) == 0


def _give_away(tree: Tree) -> None:
    for folder, folders, names in os.walk(tree.top):
        for name in (b".", *folders, *names):
            os.lchown(os.path.join(folder, name), NOBODY, NOBODY)


@as_root
def test_a_file_of_another_user_goes_away_and_comes_back(tree):
    """fs.protected_hardlinks refuses to link it, so it has to come back by a rename."""
    _give_away(tree)
    os.chown(tree.path(b"text.txt"), 0, 0)
    os.chmod(tree.path(b"text.txt"), 0o644)
    _as_nobody(tree, lambda: there_and_back(tree))
    assert os.stat(tree.path(b"text.txt")).st_uid == 0


@as_root
def test_a_closed_folder_is_opened_for_the_while(tree):
    tree.write(b"closed/file.txt", TEXT)
    tree.run(b"add", b"-A")
    tree.write(b"closed/file.txt", UNSTAGED)
    _give_away(tree)
    os.chmod(tree.path(b"closed"), 0o500)
    _as_nobody(tree, lambda: there_and_back(tree))


@as_root
def test_a_folder_that_is_closed_to_us_stops_the_run_before_anything_moves(tree):
    tree.write(b"closed/file.txt", TEXT)
    tree.run(b"add", b"-A")
    tree.write(b"closed/file.txt", UNSTAGED)
    _give_away(tree)
    os.chown(tree.path(b"closed"), 0, 0)
    os.chmod(tree.path(b"closed"), 0o755)
    before = guarded.capture(tree.top)

    def refused():
        with pytest.raises(EnvironmentProblem) as caught:
            hidden(tree)
        assert "no permission" in caught.value.what

    _as_nobody(tree, refused)
    assert guarded.capture(tree.top) == before


def test_sparse_checkouts_keep_what_is_not_checked_out_out(tree):
    tree.write(b"outside/file.txt", TEXT)
    tree.run(b"add", b"-A")
    tree.run(b"commit", b"-q", b"-m", b"outside")
    tree.run(b"sparse-checkout", b"set", b"--no-cone", b"/text.txt")
    tree.write(b"text.txt", UNSTAGED + b"more\n")
    guard = hidden(tree)
    assert sorted(guarded.capture(tree.top)) == [b"text.txt"]
    assert restore(guard, tree.git).complete
    there_and_back(tree)


def test_a_file_present_despite_sparse_rules_is_hidden_like_any_other(tree):
    tree.write(b"outside/file.txt", TEXT)
    tree.run(b"add", b"-A")
    tree.run(b"commit", b"-q", b"-m", b"outside")
    tree.run(b"sparse-checkout", b"set", b"--no-cone", b"/text.txt")
    tree.write(b"outside/file.txt", UNSTAGED)
    there_and_back_if_dirty(tree)


def there_and_back_if_dirty(tree: Tree) -> None:
    """Older gits do not look at such a file at all; then the guard leaves it alone as well."""
    if tree.dirty():
        there_and_back(tree)


# --- what is written meanwhile ------------------------------------------------------------------------


def test_a_fix_apart_from_the_users_lines_is_merged_and_both_are_kept(tree):
    guard = hidden(tree)
    tree.write(b"text.txt", tree.read(b"text.txt").replace(b"line 35\n", b"line 35 fixed\n"))
    restored = restore(guard, tree.git)
    assert tree.read(b"text.txt") == UNSTAGED.replace(b"line 35\n", b"line 35 fixed\n")
    (conflict,) = restored.conflicts
    assert conflict.merged
    assert _content(conflict.yours) == UNSTAGED
    assert _content(conflict.edited) == STAGED.replace(b"line 35\n", b"line 35 fixed\n")
    assert restored.failure() is None


def test_a_fix_in_conflict_leaves_the_users_version_and_keeps_the_other(tree):
    before = guarded.capture(tree.top)
    guard = hidden(tree)
    clash = STAGED.replace(b"line 20\n", b"line 20 by the hook\n")
    tree.write(b"text.txt", clash)
    restored = restore(guard, tree.git)
    assert guarded.capture(tree.top) == before
    (conflict,) = restored.conflicts
    assert not conflict.merged
    assert _content(conflict.edited) == clash
    failure = restored.failure()
    assert isinstance(failure, NotRestored)
    assert "text.txt" in failure.why
    assert os.fsdecode(conflict.edited) in failure.hint
    assert restored.failure(staged=frozenset([b"text.txt"])) is None


def _content(path: bytes) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def test_a_change_of_mode_by_a_hook_is_merged(tree):
    guard = hidden(tree)
    os.chmod(tree.path(b"text.txt"), 0o755)
    assert restore(guard, tree.git).complete
    assert os.stat(tree.path(b"text.txt")).st_mode & stat.S_IXUSR
    assert tree.read(b"text.txt") == UNSTAGED


@pytest.mark.parametrize("rewrite", ["same content", "checkout", "what the user has"])
def test_a_rewrite_that_says_nothing_new_leaves_no_trace(tree, rewrite):
    before = guarded.capture(tree.top)
    guard = hidden(tree)
    if rewrite == "checkout":
        tree.write(b"text.txt", b"")
        tree.run(b"checkout", b"--", b".")
    else:
        tree.write(b"text.txt", STAGED if rewrite == "same content" else UNSTAGED)
    restored = restore(guard, tree.git)
    assert restored.conflicts == ()
    assert guarded.capture(tree.top) == before
    assert not os.path.lexists(state.kept_dir(tree.git_dir))


@pytest.mark.parametrize(
    ("attributes", "written", "is_lost_on_git"),
    [(b"* text=auto\n", STAGED.replace(b"\n", b"\r\n"), False), (b"* filter=strip\n", STAGED + b"OUT 42\n", True)],
)
def test_what_a_filter_would_leave_out_of_an_edit_is_kept_and_other_line_endings_are_not(
    tree, attributes, written, is_lost_on_git
):
    tree.run(b"config", b"filter.strip.clean", b"sed /^OUT/d")
    tree.write(b".git/info/attributes", attributes)
    guard = hidden(tree)
    tree.write(b"text.txt", written)
    restored = restore(guard, tree.git)
    if is_lost_on_git:
        assert tree.read(b"text.txt") == UNSTAGED + b"OUT 42\n"
        assert _content(restored.conflicts[0].edited) == written
    else:
        assert tree.read(b"text.txt") == UNSTAGED
        assert restored.conflicts == ()


def test_an_edit_the_user_has_already_made_is_no_conflict(tree):
    user = UNSTAGED.replace(b"line 35\n", b"line 35 fixed\n")
    tree.write(b"text.txt", user)
    before = guarded.capture(tree.top)
    guard = hidden(tree)
    tree.write(b"text.txt", STAGED.replace(b"line 35\n", b"line 35 fixed\n"))
    restored = restore(guard, tree.git)
    assert restored.conflicts == ()
    assert guarded.capture(tree.top) == before


def test_intent_to_add_survives_a_hook_that_checks_everything_out(odd):
    """`git checkout -- .` truncates such files to nothing when they are not taken out of the way."""
    before, index = guarded.capture(odd.top), odd.index()
    guard = hidden(odd)
    odd.run(b"checkout", b"--", b".")
    restored = restore(guard, odd.git)
    assert restored.conflicts == ()
    after = guarded.capture(odd.top)
    clean = {b"clean.txt", b".gitignore", b".gitattributes"}  # git writes these again
    assert {name for name in before if after.get(name) != before[name]} <= clean
    assert odd.index() == index


def test_what_the_user_goes_on_writing_where_the_unstaged_change_is_becomes_the_merge(tree):
    further = UNSTAGED.replace(b"line 20 unstaged\n", b"line 20 unstaged\nand more of it\n")
    guard = hidden(tree)
    tree.write(b"text.txt", further)
    (conflict,) = restore(guard, tree.git).conflicts
    assert conflict.merged
    assert tree.read(b"text.txt") == further


def test_what_an_editor_saved_over_is_told_from_a_fix(tree):
    guard = hidden(tree)
    (item,) = guard.journal.items
    assert not merge.is_saved_over(guard.journal, item, tree.git)
    tree.write(b"text.txt", STAGED.replace(b"line 35\n", b"line 35 fixed\n"))
    assert not merge.is_saved_over(guard.journal, item, tree.git)
    tree.write(b"text.txt", UNSTAGED)
    assert not merge.is_saved_over(guard.journal, item, tree.git)  # a formatter may have come to the same
    tree.write(b"text.txt", UNSTAGED + b"and more\n")
    assert merge.is_saved_over(guard.journal, item, tree.git)
    os.unlink(tree.path(b"text.txt"))
    assert not merge.is_saved_over(guard.journal, item, tree.git)
    restore_all(tree)


def test_of_what_is_too_large_to_look_at_the_blob_decides(tree, monkeypatch):
    monkeypatch.setattr(merge, "_LARGEST", 10)
    guard = hidden(tree)
    tree.write(b"other", STAGED)
    os.rename(tree.path(b"other"), tree.path(b"text.txt"))
    assert restore(guard, tree.git).conflicts == ()
    assert tree.read(b"text.txt") == UNSTAGED


def test_what_is_written_where_a_file_is_intended_to_be_added_is_kept_beside_the_users_file(tree):
    tree.write(b"new.txt", b"the user's\n")
    tree.run(b"add", b"-N", b"new.txt")
    guard = hidden(tree)
    assert not os.path.lexists(tree.path(b"new.txt"))
    tree.write(b"new.txt", b"an agent's\n")
    restored = restore(guard, tree.git)
    kept = [tree.read(b"new.txt"), *(_content(one.edited) for one in restored.conflicts if one.path == b"new.txt")]
    assert sorted(kept) == [b"an agent's\n", b"the user's\n"]


def test_git_stash_and_clean_in_a_hook_lose_nothing(odd):
    before = guarded.capture(odd.top)
    guard = hidden(odd)
    odd.run(b"clean", b"-fdxq")
    odd.run(b"checkout", b"-f", b"HEAD", b"--", b".")
    assert restore(guard, odd.git).complete
    texts = {what[0] for what in guarded.capture(odd.top).values()} | _kept_texts(odd)
    lost = {name for name, what in before.items() if what[0] not in texts}
    assert lost == {b"untracked.txt", b"build/ignored.o", b"clean.txt"}  # these were never hidden


def test_an_edit_by_the_way_of_its_mtime_is_not_taken_for_our_file(tree):
    """Same size, in place, within the same clock tick: the index's version is dated back so that this shows."""
    guard = hidden(tree)
    tree.write(b"text.txt", STAGED.replace(b"staged", b"STAGED"))
    restored = restore(guard, tree.git)
    assert b"STAGED" in tree.read(b"text.txt")
    assert restored.conflicts[0].merged


def test_index_versions_are_dated_back_and_into_another_second_than_the_users_file(tree):
    """The first so that a write within one tick of the clock shows, the second for core.checkStat=minimal."""
    now = time.time_ns()
    past = now // 1_000_000_000 - 2
    for second in (past, past + 1):
        os.utime(tree.path(b"text.txt"), (second, second))
        guard = hidden(tree)
        placed = os.lstat(tree.path(b"text.txt")).st_mtime_ns
        assert placed < time.time_ns() - 1_900_000_000
        assert placed // 1_000_000_000 != second
        assert restore(guard, tree.git).complete
        assert os.lstat(tree.path(b"text.txt")).st_mtime == second


class Interfering(Counting):
    """Just before one change somebody else does something."""

    def __init__(self, what: str, action, swaps: bool = True) -> None:
        super().__init__()
        self.swaps = swaps
        self._what = what
        self._action = action

    def tick(self, what: str, *arguments: object) -> None:
        super().tick(what, *arguments)
        if what == self._what and self._action is not None:
            action, self._action = self._action, None
            action()


def test_a_file_saved_in_the_moment_it_is_hidden_is_not_overwritten(tree):
    saved = UNSTAGED.replace(b"line 30\n", b"line 30 saved\n")
    with pytest.raises(Refused) as caught:
        hidden(tree, Interfering("link", lambda: tree.write(b"text.txt", saved), swaps=False))
    assert "text.txt" in caught.value.what
    assert b"line 30 saved\n" in tree.read(b"text.txt") or _kept_texts(tree) == {saved}
    assert UNSTAGED in {tree.read(b"text.txt"), *_kept_texts(tree)}
    assert state.unfinished(tree.git_dir) == []


@pytest.mark.parametrize("by_rename", [False, True])
def test_a_file_saved_in_the_moment_it_changes_places_is_hidden_as_saved(tree, by_rename):
    saved = UNSTAGED.replace(b"line 30\n", b"line 30 saved\n")
    save = _rename_over if by_rename else Tree.write
    moment = Interfering("step journal_written", lambda: save(tree, b"text.txt", saved))
    guard = hidden(tree, moment)
    assert tree.read(b"text.txt") == STAGED
    assert restore(guard, tree.git).complete
    assert tree.read(b"text.txt") == saved
    assert _kept_texts(tree) == set()


def _rename_over(tree: Tree, name: bytes, content: bytes) -> None:
    tree.write(b".new", content)
    os.rename(tree.path(b".new"), tree.path(name))


def _kept_texts(tree: Tree) -> "set[bytes]":
    found = set()
    for folder, _folders, names in os.walk(state.kept_dir(tree.git_dir)):
        found |= {_content(os.path.join(folder, name)) for name in names if name != state.LIST}
    return found


def test_a_file_deleted_in_the_moment_it_is_hidden_stays_deleted(tree):
    with pytest.raises(Refused):
        hidden(tree, Interfering("step journal_written", lambda: os.unlink(tree.path(b"text.txt"))))
    assert not os.path.lexists(tree.path(b"text.txt"))
    assert state.unfinished(tree.git_dir) == []


@pytest.mark.parametrize("by_rename", [False, True])
@pytest.mark.parametrize(("moment", "swaps"), [("exchange", True), ("link", False)])
def test_a_file_saved_while_it_is_brought_back_is_not_overwritten(tree, moment, swaps, by_rename):
    guard = hidden(tree, Interfering("", None, swaps))
    saved = b"saved in the very moment\n"
    save = _rename_over if by_rename else Tree.write
    restored = restore(guard, tree.git, Interfering(moment, lambda: save(tree, b"text.txt", saved)))
    assert restored.complete
    assert tree.read(b"text.txt") == UNSTAGED
    assert saved in _kept_texts(tree)


@pytest.mark.parametrize("by_rename", [False, True])
@pytest.mark.parametrize(("moment", "swaps"), [("exchange", True), ("rename", False)])
def test_a_file_saved_between_the_look_and_the_move_is_not_taken_for_ours(tree, moment, swaps, by_rename):
    guard = hidden(tree, Interfering("", None, swaps))
    saved = STAGED.replace(b"line 35\n", b"line 35 saved\n")
    save = _rename_over if by_rename else Tree.write
    restored = restore(guard, tree.git, Interfering(moment, lambda: save(tree, b"text.txt", saved)))
    assert tree.read(b"text.txt") == UNSTAGED.replace(b"line 35\n", b"line 35 saved\n")
    assert restored.conflicts[0].merged


class _SavedAndKilled(Counting):
    """Somebody saves before the first exchange, and before the second we are killed."""

    def __init__(self, save) -> None:
        super().__init__()
        self._save = save

    def tick(self, what: str, *arguments: object) -> None:
        super().tick(what, *arguments)
        if what == "exchange":
            if self.log.count("exchange") > 1:
                os.kill(os.getpid(), signal.SIGKILL)
            self._save()


def test_a_file_saved_in_the_moment_before_a_kill_is_merged_by_the_next_run(tree):
    guard = hidden(tree)
    saved = STAGED.replace(b"line 35\n", b"line 35 saved\n")
    ops = _SavedAndKilled(lambda: _rename_over(tree, b"text.txt", saved))
    assert guarded.in_child(lambda: restore(guard, tree.git, ops)) == -signal.SIGKILL
    (waiting,) = survey(tree.git_dir)
    assert not waiting.as_left
    (restored,) = recover(tree.git_dir, tree.git)
    assert tree.read(b"text.txt") == UNSTAGED.replace(b"line 35\n", b"line 35 saved\n")
    assert restored.conflicts[0].merged


def test_a_file_written_in_place_in_the_moment_before_a_kill_is_kept_beside_the_users(tree):
    guard = hidden(tree)
    saved = STAGED.replace(b"line 35\n", b"line 35 saved\n")
    ops = _SavedAndKilled(lambda: tree.write(b"text.txt", saved))
    assert guarded.in_child(lambda: restore(guard, tree.git, ops)) == -signal.SIGKILL
    (restored,) = recover(tree.git_dir, tree.git)
    assert tree.read(b"text.txt") == UNSTAGED
    assert saved in _kept_texts(tree)
    assert "text.txt" in restored.notices()[0]


def test_a_hidden_file_that_somebody_took_out_of_the_guards_folder_stops_nothing(tree):
    guard = hidden(tree)
    (item,) = guard.journal.items
    os.rename(guard.journal.user(item), tree.path(b"taken"))
    assert restore(guard, tree.git).complete
    assert tree.read(b"taken") == UNSTAGED
    assert state.unfinished(tree.git_dir) == []


def test_file_systems_that_cannot_exchange_names_are_no_obstacle(odd):
    there_and_back(odd, Interfering("", None, swaps=False))


def test_an_exchange_that_fails_says_why(folder):
    with pytest.raises(FileNotFoundError) as caught:
        FileOps().exchange(folder + b"/one", folder + b"/two")
    assert caught.value.filename == folder + b"/one"


def test_without_the_library_function_names_are_not_exchanged(folder, monkeypatch):
    monkeypatch.setitem(libc._addresses, "renameat2", 0)
    monkeypatch.setattr(fileops, "_renameat2", lambda *_names: errno.ENOSYS)
    with pytest.raises(OSError, match="not implemented"):
        FileOps().exchange(folder + b"/one", folder + b"/two")


def test_a_link_in_place_of_a_folder_is_not_followed_out_of_the_tree(tree, folder):
    tree.write(b"sub/file.txt", TEXT)
    tree.run(b"add", b"-A")
    tree.write(b"sub/file.txt", UNSTAGED)
    guard = hidden(tree)
    os.rename(tree.path(b"sub"), folder + b"/outside")
    os.symlink(folder + b"/outside", tree.path(b"sub"))
    restored = restore(guard, tree.git)
    assert _content(folder + b"/outside/file.txt") == TEXT
    assert tree.read(b"sub/file.txt") == UNSTAGED
    assert not os.path.islink(tree.path(b"sub"))
    assert restored.conflicts[0].path == b"sub"


# --- recovering --------------------------------------------------------------------------------------


def test_a_survey_says_what_recovering_would_do_and_touches_nothing(odd):
    hidden(odd)
    before = guarded.capture(odd.top)
    (found,) = survey(odd.git_dir)
    assert found.as_left
    assert "deleted.txt: delete it again, as you had" in found.lines()
    assert "text.txt: put your version back" in found.lines()
    odd.write(b"text.txt", b"by somebody\n")
    (found,) = survey(odd.git_dir)
    assert not found.as_left
    odd.write(b"text.txt", before[b"text.txt"][0])
    odd.write(b"folder-to-file/by somebody", b"new\n")
    assert not survey(odd.git_dir)[0].as_left
    os.unlink(odd.path(b"folder-to-file/by somebody"))
    assert guarded.capture(odd.top).keys() == before.keys()
    restore_all(odd)


def test_two_work_trees_recover_each_their_own(tree, folder):
    tree.run(b"worktree", b"add", b"-q", b"-b", b"other", folder + b"/second")
    second = Tree(folder + b"/second", tree.git_dir + b"/worktrees/second")
    second.write(b"text.txt", b"unstaged in the second\n")
    before = guarded.capture(tree.top), guarded.capture(second.top)
    hidden(tree)
    hidden(second)
    assert all(result.complete for result in recover(second.git_dir, second.git))
    assert guarded.capture(second.top) == before[1]
    assert tree.read(b"text.txt") == STAGED
    assert len(state.unfinished(tree.git_dir)) == 1
    restore_all(tree)
    assert guarded.capture(tree.top) == before[0]


def _linked(tree: Tree, folder: bytes) -> Tree:
    tree.run(b"worktree", b"add", b"-q", b"-b", b"other", folder + b"/linked")
    linked = Tree(folder + b"/linked", tree.git_dir + b"/worktrees/linked")
    linked.write(b"text.txt", b"unstaged in the linked one\n")
    return linked


def test_a_linked_work_tree_that_the_user_has_locked_stays_locked_by_the_user(tree, folder):
    linked = _linked(tree, folder)
    tree.run(b"worktree", b"lock", b"--reason", b"on a stick", linked.top)
    there_and_back(linked)
    assert _content(linked.git_dir + b"/locked") == b"on a stick\n"


class _HalfALock(FileOps):
    """Ends in the middle of writing the lock: `end` is called with half of it on the disk."""

    def __init__(self, end) -> None:
        self._end = end

    def write(self, path: bytes, content: bytes) -> None:
        if os.path.basename(path) != state.LOCKED:
            super().write(path, content)
            return
        super().write(path, content[: len(content) // 2])
        self._end()


def test_a_disk_that_is_full_when_a_linked_work_tree_is_locked_leaves_no_lock(tree, folder):
    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    linked = _linked(tree, folder)
    with pytest.raises(EnvironmentProblem, match="No space left"):
        hidden(linked, _HalfALock(full))
    assert not os.path.lexists(linked.git_dir + b"/locked")
    assert state.unfinished(linked.git_dir) == []


def test_a_death_while_a_linked_work_tree_is_locked_leaves_no_lock_that_recovery_does_not_take_away(tree, folder):
    linked = _linked(tree, folder)
    guarded.in_child(lambda: hidden(linked, _HalfALock(lambda: os.kill(os.getpid(), signal.SIGKILL))))
    assert all(result.complete for result in recover(linked.git_dir, linked.git))
    assert not os.path.lexists(linked.git_dir + b"/locked")
    assert state.unfinished(linked.git_dir) == []


def test_a_damaged_journal_is_told_and_nothing_is_removed(tree):
    guard = hidden(tree)
    with open(guard.folder + b"/journal", "r+b") as stream:
        stream.truncate(40)
    with pytest.raises(NotRestored) as caught:
        recover(tree.git_dir, tree.git)
    assert "/b" in caught.value.kept
    assert _content(guard.folder + b"/b/0") == UNSTAGED


def test_a_folder_without_a_journal_that_holds_work_is_never_removed(tree):
    guard = hidden(tree)
    os.unlink(guard.folder + b"/journal")
    (result,) = recover(tree.git_dir, tree.git)
    assert not result.complete
    assert _content(guard.folder + b"/b/0") == UNSTAGED


def test_a_repository_with_sha256_is_no_obstacle(folder):
    if subprocess.run(["git", "init", "-q", "--object-format=sha256", folder + b"/probe"], check=False).returncode:
        pytest.skip("this git knows no sha256")
    shutil.rmtree(folder + b"/probe")
    os.makedirs(folder + b"/tree")
    Tree(folder + b"/tree").run(b"init", b"-q", b"--object-format=sha256")
    tree = Tree(folder + b"/tree")
    tree.write(b"text.txt", TEXT)
    tree.run(b"add", b"-A")
    tree.write(b"text.txt", UNSTAGED)
    there_and_back(tree)
    guard = hidden(tree)
    tree.write(b"text.txt", TEXT.replace(b"line 35\n", b"line 35 fixed\n"))
    assert restore(guard, tree.git).conflicts[0].merged


def test_the_guard_imports_nothing_heavy():
    """It stands between the shim and the first hook whenever something is unstaged."""
    heavy = (
        "typing enum re dataclasses collections functools contextlib subprocess pathlib json argparse tempfile shutil"
    )
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules);"
        "import gitseq.guard.recover, gitseq.guard.fixes, gitseq.guard.mounts, gitseq.core.restage;"
        "print(*sorted((set(sys.modules) - before) & set(sys.argv[2:])))"
    )
    here = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    command = [sys.executable, "-I", "-S", "-c", code, here, *heavy.split(), "logging", "threading", "signal", "ctypes"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "\n"
