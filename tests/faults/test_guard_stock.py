"""The index's versions that are kept for the next run: used only as they were, and never with work of a user's."""

import errno
import hashlib
import os
import time

import pytest

from gitseq.guard import state, stock
from gitseq.guard.hide import hide
from gitseq.guard.journal import Where
from gitseq.guard.recover import recover
from gitseq.guard.restore import restore
from gitseq.host.fileops import FileOps
from tests.faults.test_guard_crashes import count_points, crash, whole_run
from tests.faults.test_guard_errors import fail
from tests.support import guarded
from tests.support.guarded import HOOKS, STAGED, TEXT, UNSTAGED, Counting, Dying, Failing, Note, Tree

NAMES = tuple(b"file %d" % number for number in range(8))
MADE_ANEW = "git --git-dir="


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(stock, "MANY", 4)


@pytest.fixture
def tree(folder):
    return many(folder + b"/tree", b"sha1")


def many(top: bytes, objects: bytes) -> Tree:
    """Files that are partly staged, in a repository of that object format."""
    os.mkdir(top)
    made = Tree(top)
    made.run(b"init", b"-q", b"--object-format=" + objects)
    for number, name in enumerate(NAMES):
        made.write(name, STAGED + b"of %d\n" % (number // 2))  # two by two the same
    made.run(b"add", b"-A")
    for name in NAMES:
        made.write(name, UNSTAGED)
        os.utime(made.path(name), (1_600_000_000, 1_600_000_000))
    return made


class Run:
    """One run, with what hooks saw and what it took."""

    def __init__(self, tree: Tree, hook=lambda: None) -> None:
        before, index = guarded.capture(tree.top), tree.index()
        self.ops = Counting()
        dirty = tree.dirty()
        guard = hide(tree.where(), dirty, self.ops.git_of(tree), self.ops)
        assert guard is not None
        for change in dirty:
            assert tree.read(change.path) == as_checked_out(tree, change.path), change.path
        self.seen = guarded.capture(tree.top)
        hook()
        self.restored = restore(guard, tree.git, self.ops)
        if not self.restored.conflicts:
            assert (guarded.capture(tree.top), tree.index()) == (before, index)
        assert state.unfinished(tree.git_dir) == []

    def made(self) -> int:
        """How many index versions had to be made."""
        return self.ops.log.count("set_mtime")


def as_checked_out(tree: Tree, path: bytes) -> bytes:
    return tree.run(b"cat-file", b"--filters", b":" + path)


def stocked(tree: Tree) -> "list[bytes]":
    try:
        names = sorted(os.listdir(state.stock_dir(tree.git_dir)))
    except FileNotFoundError:
        return []
    return [state.stock_dir(tree.git_dir) + b"/" + name for name in names]


def write(path: bytes, content: bytes) -> None:
    with open(path, "wb") as stream:
        stream.write(content)


@pytest.mark.parametrize("objects", [b"sha1", b"sha256"])
def test_a_second_large_hide_makes_and_removes_no_file(folder, objects):
    tree = many(folder + b"/tree", objects)
    assert Run(tree).made() == len(NAMES)
    places = {os.lstat(name).st_ino for name in stocked(tree)}
    again = Run(tree)
    assert again.made() == 0
    assert not [what for what in again.ops.log if what.startswith(MADE_ANEW)]
    assert {again.seen[name][3] for name in NAMES} == places
    assert again.ops.log.count("unlink") < len(NAMES)


def test_a_path_never_gets_another_content_of_the_age_and_size_that_caches_know_it_by(tree):
    one, other = NAMES[0], NAMES[-1]
    before = Run(tree).seen
    contents = [tree.run(b"show", b":" + name) for name in (other, one)]
    for name, content in zip((one, other), contents, strict=True):
        tree.write(name, content)
        tree.run(b"add", b"--", name)
        tree.write(name, UNSTAGED)
    after = Run(tree).seen
    assert after[one][0] == before[other][0] != before[one][0]
    assert all(after[name][2] != before[name][2] for name in (one, other))
    assert Run(tree).made() == 0


def test_only_what_changed_in_the_index_is_made_anew_and_what_is_of_no_use_goes(tree):
    Run(tree)
    tree.run(b"add", b"--", NAMES[0], NAMES[1])
    tree.write(NAMES[0], TEXT)
    assert Run(tree).made() == 1
    assert len(stocked(tree)) == len(NAMES) - 1


def test_what_was_changed_in_stock_is_not_used_whatever_its_times_say(tree):
    Run(tree)
    victim = stocked(tree)[0]
    st = os.lstat(victim)
    with open(victim, "r+b") as stream:
        stream.write(b"L")
    os.utime(victim, ns=(st.st_atime_ns, st.st_mtime_ns))
    assert Run(tree).made() == 1


@pytest.mark.parametrize("damage", ["empty", "folder", "link", "gone", "strange"])
def test_a_damaged_stock_is_no_obstacle(tree, damage):
    Run(tree)
    victim = stocked(tree)[0]
    os.unlink(victim)
    if damage == "empty":
        write(victim, b"")
    elif damage == "folder":
        os.makedirs(victim + b"/inside")
    elif damage == "link":
        os.symlink(tree.path(NAMES[0]), victim)
    elif damage == "strange":
        write(os.path.dirname(victim) + b"/\xff", b"")
    assert Run(tree).made() == 1
    assert len(stocked(tree)) == len(NAMES)


def test_a_file_that_a_hook_gave_a_second_name_is_not_kept(tree, folder):
    """Or a later run's hook that writes in place would write to that one's copy as well."""
    Run(tree, lambda: os.link(tree.path(NAMES[0]), folder + b"/second"))
    assert len(stocked(tree)) == len(NAMES) - 1
    os.link(stocked(tree)[0], folder + b"/third")
    assert Run(tree).made() == 2


def test_a_change_of_the_mode_in_the_index_is_seen(tree):
    Run(tree)
    tree.run(b"update-index", b"--chmod=+x", NAMES[0])
    assert Run(tree).seen[NAMES[0]][1] & 0o111
    umask = os.umask(0o077)
    try:
        assert Run(tree).seen[NAMES[1]][1] & 0o777 == 0o600
    finally:
        os.umask(umask)


@pytest.mark.parametrize(
    "settings",
    [
        [b"config core.autocrlf true"],
        [b"config core.autocrlf yes"],
        [b"attributes * eol=crlf"],
        [b"attributes * text=auto", b"config core.eol crlf"],
        [b"attributes * ident"],
        [b"attributes * working-tree-encoding=ISO-8859-1"],
    ],
)
def test_what_git_converts_is_written_by_git_each_time(tree, settings):
    Run(tree)
    for setting in settings:
        kind, rest = setting.split(b" ", 1)
        if kind == b"attributes":
            tree.write(b".gitattributes", rest + b"\n")
            tree.run(b"add", b".gitattributes")
        else:
            tree.run(b"config", *rest.split(b" "))
    assert Run(tree).made() >= len(NAMES)
    assert Run(tree).made() >= len(NAMES)


def test_line_endings_that_change_nothing_here_do_not_stand_in_the_way(tree):
    tree.write(b".gitattributes", b"* text=auto\n*.bin binary\n")
    tree.run(b"add", b".gitattributes")
    tree.run(b"config", b"core.autocrlf", b"input")
    Run(tree)
    assert Run(tree).made() == 0


def test_one_that_is_as_old_as_the_users_file_is_made_anew(tree):
    """With core.checkStat=minimal git takes two files of one size and second for the same."""
    Run(tree)
    second = os.lstat(stocked(tree)[0]).st_mtime_ns // 1_000_000_000
    for name in NAMES:
        os.utime(tree.path(name), (second, second))
    seen = Run(tree).seen
    assert not [name for name in NAMES if seen[name][2] // 1_000_000_000 == second]


def test_what_a_hook_touched_without_changing_it_is_made_anew(tree):
    Run(tree)
    for name in stocked(tree):
        os.utime(name)
    seen = Run(tree).seen
    assert all(seen[name][2] < time.time_ns() - 1_900_000_000 for name in NAMES)


def test_what_a_hook_changed_is_merged_and_not_kept_in_stock(tree):
    run = Run(tree, lambda: tree.write(NAMES[0], STAGED.replace(b"line 35\n", b"line 35 fixed\n") + b"of 0\n"))
    assert [conflict.merged for conflict in run.restored.conflicts] == [True]
    assert_only_index_versions(tree)
    assert len(stocked(tree)) == len(NAMES) - 1


def test_a_file_of_nobody_knows_whom_in_the_guards_folder_never_comes_into_stock(tree):
    guard = hide(tree.where(), tree.dirty(), tree.git)
    strange = guard.folder + b"/b/strange"
    write(strange, b"whose?")
    restored = restore(guard, tree.git)
    assert restored.problems
    assert stocked(tree) == []
    os.unlink(strange)
    assert all(result.complete for result in recover(tree.git_dir, tree.git))


def test_a_run_inside_another_keeps_the_stock_of_the_one_that_was_quicker(tree):
    outer = hide(tree.where(), tree.dirty(), tree.git)
    for name in NAMES:
        tree.write(name, TEXT)
    inner = hide(Where(tree.top, tree.git_dir, b"run-2"), tree.dirty(), tree.git)
    assert restore(inner, tree.git).complete
    places = stocked(tree)
    assert len(places) == len(NAMES)
    assert restore(outer, tree.git).complete
    assert stocked(tree) == places
    assert state.unfinished(tree.git_dir) == []


class _NoRename(FileOps):
    """A disk that takes no folder under another name."""

    def rename(self, source: bytes, target: bytes) -> None:
        if target.endswith(b"/stock"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().rename(source, target)


def test_what_cannot_be_kept_is_removed(tree):
    before = guarded.capture(tree.top)
    guard = hide(tree.where(), tree.dirty(), tree.git, _NoRename())
    assert guard is not None
    assert restore(guard, tree.git, _NoRename()).complete
    assert guarded.capture(tree.top) == before
    assert not os.path.lexists(state.stock_dir(tree.git_dir))
    assert state.unfinished(tree.git_dir) == []


def test_few_files_leave_the_stock_alone_until_it_is_old(tree):
    Run(tree)
    tree.run(b"add", *NAMES[1:])
    assert Run(tree).made() == 1
    assert len(stocked(tree)) == len(NAMES)
    old = time.time() - stock.KEEP_SECONDS - 10
    os.utime(state.stock_dir(tree.git_dir), (old, old))
    Run(tree)
    assert not os.path.lexists(state.stock_dir(tree.git_dir))


def test_a_stock_never_grows_beyond_its_bound(tree, monkeypatch):
    monkeypatch.setattr(stock, "MOST_BYTES", len(STAGED) * 6)
    Run(tree)
    assert len(stocked(tree)) == 5
    assert Run(tree).made() == 3


def assert_only_index_versions(tree: Tree) -> None:
    known = {entry.split(b" ")[2].decode() for entry in tree.index().split(b"\0") if entry}
    for name in stocked(tree):
        with open(name, "rb") as stream:
            content = stream.read()
        oid = os.path.basename(name).split(b".")[0].decode()
        algorithm = hashlib.sha1 if len(oid) == 40 else hashlib.sha256
        assert oid in known
        assert algorithm(b"blob %d\0" % len(content) + content).hexdigest() == oid


# --- kills and errors ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stocked_template(tmp_path_factory):
    """The odd tree without conversions, after a run that left a stock."""
    folder = os.fsencode(tmp_path_factory.mktemp("template"))
    made = guarded.odd_tree(folder + b"/tree")
    made.run(b"rm", b"-q", b"-f", b".gitattributes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stock, "MANY", 4)
        whole_run(made, "hook_none", Note(folder + b"/note"), Counting())
    assert len(stocked(made)) > 8
    return made


def points(template: Tree, folder: bytes, hook: str) -> "list[str]":
    log = count_points(template, folder, hook)
    assert log.count("set_mtime") < 16  # most is out of stock
    return log


@pytest.mark.parametrize("hook", HOOKS)
def test_a_kill_with_a_stock_loses_nothing_sampled(stocked_template, folder, hook):
    folder += b"/trial"
    log = points(stocked_template, folder, hook)
    for point in guarded.seeded("stock", hook).sample(range(len(log)), 6):
        crash(stocked_template, folder, hook, Dying(point), f"{hook}, killed at {point}: {log[point]}")
        assert_only_index_versions(Tree(folder + b"/tree"))


@pytest.mark.campaign
@pytest.mark.parametrize("hook", HOOKS)
def test_a_kill_with_a_stock_loses_nothing(stocked_template, folder, hook):
    folder += b"/trial"
    for point, what in enumerate(points(stocked_template, folder, hook)):
        crash(stocked_template, folder, hook, Dying(point), f"{hook}, killed at {point}: {what}")
        assert_only_index_versions(Tree(folder + b"/tree"))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_an_error_with_a_stock_loses_nothing_sampled(stocked_template, folder, code):
    folder += b"/trial"
    log = points(stocked_template, folder, "hook_hostile")
    for point in guarded.seeded("stock", code).sample(range(len(log)), 5):
        told = f"{code} at {point}: {log[point]}"
        fail(stocked_template, folder, "hook_hostile", Failing(point, code), told)
        assert_only_index_versions(Tree(folder + b"/tree"))
