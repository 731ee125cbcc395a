"""`fixes = "stage"` with a real `git commit` in each of its modes: what is in the commit, and what is left."""

import os
import subprocess
import sys

import pytest

from tests.support.guarded import Tree

LINES = [b"line %d\n" % number for number in range(30)]
FIXER = os.path.join(os.path.dirname(os.path.dirname(__file__)), "support", "fixer.py")


def text(**changes: str) -> bytes:
    """The file with some lines changed: text(l3="bad")."""
    lines = list(LINES)
    for name, word in changes.items():
        lines[int(name[1:])] = word.encode() + b"\n"
    return b"".join(lines)


@pytest.fixture(params=["plain", "linked", "submodule"])
def tree(request, tmp_path):
    """Two committed files and the fixer as pre-commit hook, in three kinds of work tree."""
    top = os.fsencode(os.path.realpath(tmp_path))
    made = _with_files(Tree.init(top + b"/tree"))
    if request.param == "linked":
        made.run(b"worktree", b"add", b"-q", b"-b", b"other", top + b"/linked")
        made = Tree(top + b"/linked", made.git_dir + b"/worktrees/linked")
    elif request.param == "submodule":
        outer = Tree.init(top + b"/outer")
        outer.run(b"-c", b"protocol.file.allow=always", b"submodule", b"add", b"-q", made.top, b"inner")
        made = Tree(top + b"/outer/inner", outer.git_dir + b"/modules/inner")
    _install(made, "pre-commit")
    made.env[b"FIXER_LOG"] = top + b"/log"
    return made


@pytest.fixture
def plain(tmp_path):
    top = os.fsencode(os.path.realpath(tmp_path))
    made = _with_files(Tree.init(top + b"/tree"))
    _install(made, "pre-commit")
    made.env[b"FIXER_LOG"] = top + b"/log"
    return made


def _with_files(tree: Tree) -> Tree:
    for name in (b"a.txt", b"b.txt", b"bystander.txt", b"sub/c.txt"):
        tree.write(name, text())
    tree.run(b"add", b"-A")
    tree.run(b"commit", b"-q", b"-m", b"first")
    return tree


def _install(tree: Tree, stage: str) -> None:
    common = tree.run(b"rev-parse", b"--path-format=absolute", b"--git-common-dir").rstrip(b"\n")
    hook = common + b"/hooks/" + stage.encode()
    os.makedirs(os.path.dirname(hook), exist_ok=True)
    with open(hook, "wb") as stream:
        stream.write(f"#!/bin/sh\nexec '{sys.executable}' '{FIXER}' {stage}\n".encode())
    os.chmod(hook, 0o755)


def commit(tree: Tree, *arguments: bytes, cwd: bytes = b"", stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [b"git", b"commit", b"-q", b"-m", b"change", *arguments],
        env=tree.env,
        cwd=tree.path(cwd) if cwd else tree.top,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
    )


def committed(tree: Tree, name: bytes) -> bytes:
    return tree.run(b"show", b"HEAD:" + name)


def status(tree: Tree) -> bytes:
    return tree.run(b"status", b"--porcelain", b"--ignore-submodules=all")


def log(tree: Tree) -> bytes:
    with open(tree.env[b"FIXER_LOG"], "rb") as stream:
        return stream.read()


def succeeded(done) -> None:
    assert done.returncode == 0, (done.stdout, done.stderr)


MODES = {
    "as-is": ((), True),
    "all": ((b"-a",), False),
    "include": ((b"-i", b"a.txt"), False),
    "path": ((b"a.txt",), False),
    "path, staged before": ((b"a.txt",), True),
    "amend": ((b"--amend",), True),
    "amend all": ((b"--amend", b"-a"), False),
    "amend path": ((b"--amend", b"a.txt"), False),
}


@pytest.mark.parametrize(("arguments", "add"), MODES.values(), ids=MODES)
def test_a_fix_is_in_the_commit_and_the_tree_is_clean_afterwards(tree, arguments, add):
    tree.write(b"a.txt", text(l3="bad"))
    if add:
        tree.run(b"add", b"a.txt")
    succeeded(commit(tree, *arguments))
    assert committed(tree, b"a.txt") == text(l3="good")
    assert tree.read(b"a.txt") == text(l3="good")
    assert status(tree) == b""
    assert not [name for name in os.listdir(tree.git_dir) if name.endswith(b".lock")]


@pytest.mark.parametrize(("arguments", "add"), MODES.values(), ids=MODES)
def test_without_a_fix_nothing_changes_but_the_commit(tree, arguments, add):
    tree.write(b"a.txt", text(l3="fine"))
    if add:
        tree.run(b"add", b"a.txt")
    succeeded(commit(tree, *arguments))
    assert committed(tree, b"a.txt") == text(l3="fine")
    assert status(tree) == b""


@pytest.mark.parametrize("arguments", [(), (b"--amend",)])
def test_unstaged_hunks_of_a_fixed_file_stay_unstaged(tree, arguments):
    tree.write(b"a.txt", text(l3="bad"))
    tree.run(b"add", b"a.txt")
    tree.write(b"a.txt", text(l3="bad", l20="not yet"))
    succeeded(commit(tree, *arguments))
    assert committed(tree, b"a.txt") == text(l3="good")
    assert tree.read(b"a.txt") == text(l3="good", l20="not yet")
    assert status(tree) == b" M a.txt\n"


def test_unstaged_work_that_is_bad_as_well_is_not_fixed(tree):
    tree.write(b"a.txt", text(l3="bad"))
    tree.run(b"add", b"a.txt")
    tree.write(b"a.txt", text(l3="bad", l20="bad"))
    succeeded(commit(tree))
    assert committed(tree, b"a.txt") == text(l3="good")
    assert tree.read(b"a.txt") == text(l3="good", l20="bad")


def test_a_declined_hunk_stays_out(plain):
    plain.write(b"a.txt", text(l3="bad", l20="declined"))
    succeeded(commit(plain, b"-p", stdin=b"y\nn\n"))
    assert committed(plain, b"a.txt") == text(l3="good")
    assert plain.read(b"a.txt") == text(l3="good", l20="declined")
    assert status(plain) == b" M a.txt\n"


def test_a_fix_in_conflict_with_an_unstaged_hunk_is_committed_and_the_users_text_stays(tree):
    tree.write(b"a.txt", text(l3="bad"))
    tree.run(b"add", b"a.txt")
    tree.write(b"a.txt", text(l3="bad and more"))
    succeeded(commit(tree))
    assert committed(tree, b"a.txt") == text(l3="good")
    assert tree.read(b"a.txt") == text(l3="bad and more")
    assert status(tree) == b" M a.txt\n"
    assert b"as you left it" in log(tree)


def test_other_files_staged_before_a_path_commit_stay_staged_and_out_of_it(tree):
    tree.write(b"b.txt", text(l5="bad, staged, not in this commit"))
    tree.run(b"add", b"b.txt")
    tree.write(b"a.txt", text(l3="bad"))
    succeeded(commit(tree, b"a.txt"))
    assert committed(tree, b"a.txt") == text(l3="good")
    assert committed(tree, b"b.txt") == text()
    assert status(tree) == b"M  b.txt\n"
    assert tree.read(b"b.txt") == text(l5="bad, staged, not in this commit")


def test_other_unstaged_files_stay_unstaged(tree):
    tree.write(b"a.txt", text(l3="bad"))
    tree.run(b"add", b"a.txt")
    tree.write(b"b.txt", text(l5="bad, unstaged"))
    succeeded(commit(tree))
    assert status(tree) == b" M b.txt\n"
    assert tree.read(b"b.txt") == text(l5="bad, unstaged")


def test_a_commit_from_a_folder_below_is_no_different(tree):
    tree.write(b"sub/c.txt", text(l3="bad"))
    succeeded(commit(tree, b"c.txt", cwd=b"sub"))
    assert committed(tree, b"sub/c.txt") == text(l3="good")
    assert status(tree) == b""


def test_a_change_to_a_file_that_was_not_staged_is_left_and_told(plain):
    plain.env[b"FIX_BYSTANDER"] = b"1"
    plain.write(b"bystander.txt", text(l9="bad"))
    plain.run(b"commit", b"-q", b"--no-verify", b"-a", b"-m", b"bad bystander")
    plain.write(b"a.txt", text(l3="fine"))
    plain.run(b"add", b"a.txt")
    succeeded(commit(plain))
    assert status(plain) == b" M bystander.txt\n"
    assert b"not part of this commit, so not staged: bystander.txt" in log(plain)


def test_a_new_file_made_by_a_hook_is_told_and_not_committed(plain):
    plain.env[b"MAKE_NEW"] = b"1"
    plain.write(b"a.txt", text(l3="bad"))
    plain.run(b"add", b"a.txt")
    succeeded(commit(plain))
    assert status(plain) == b"?? new.txt\n"
    assert b"new: b'new.txt'" in log(plain)


def test_a_file_a_hook_deletes_is_deleted_in_the_commit(plain):
    plain.write(b"a.txt", text(l3="bad"))
    plain.write(b"b.txt", text(l3="vanish"))
    plain.run(b"add", b"-A")
    succeeded(commit(plain))
    assert status(plain) == b""
    assert b"b.txt" not in plain.run(b"ls-tree", b"--name-only", b"HEAD")


@pytest.mark.parametrize("arguments", [(), (b"-a",), (b"a.txt",)])
def test_a_commit_that_the_fixes_emptied_is_refused(tree, arguments):
    tree.write(b"a.txt", text(l3="good"))
    tree.run(b"commit", b"-q", b"--no-verify", b"-a", b"-m", b"good already")
    head = tree.run(b"rev-parse", b"HEAD")
    tree.write(b"a.txt", text(l3="bad"))
    tree.run(b"add", b"a.txt")
    assert commit(tree, *arguments).returncode == 1
    assert tree.run(b"rev-parse", b"HEAD") == head
    assert b"nothing is left to commit" in log(tree)


def test_a_first_commit_takes_fixes_as_well(tmp_path):
    made = Tree.init(os.fsencode(os.path.realpath(tmp_path)) + b"/tree")
    _install(made, "pre-commit")
    made.env[b"FIXER_LOG"] = made.top + b".log"
    made.write(b"a.txt", text(l3="bad"))
    made.run(b"add", b"-A")
    succeeded(commit(made))
    assert committed(made, b"a.txt") == text(l3="good")
    assert status(made) == b""


def test_fixes_of_filtered_files_go_through_the_filter(plain):
    plain.run(b"config", b"filter.rot.clean", b"tr a-m n-z")
    plain.run(b"config", b"filter.rot.smudge", b"tr n-z a-m")
    plain.write(b".gitattributes", b"a.txt filter=rot\n")
    plain.write(b"a.txt", b"bad\n")
    plain.run(b"add", b"-A")
    succeeded(commit(plain))
    assert (
        committed(plain, b"a.txt")
        == subprocess.run([b"tr", b"a-m", b"n-z"], input=b"good\n", capture_output=True, check=True).stdout
    )
    assert plain.read(b"a.txt") == b"good\n"
    assert status(plain) == b""


def test_a_merge_fails_with_the_command_that_helps_instead_of_passing_silently(plain):
    _install(plain, "pre-merge-commit")
    plain.run(b"branch", b"side")
    plain.write(b"a.txt", text(l3="main"))
    plain.run(b"commit", b"-q", b"-a", b"-m", b"main")
    plain.run(b"checkout", b"-q", b"side")
    plain.write(b"b.txt", text(l3="bad"))
    plain.run(b"commit", b"-q", b"--no-verify", b"-a", b"-m", b"side")
    plain.run(b"checkout", b"-q", b"main")
    done = subprocess.run([b"git", b"merge", b"-q", b"side"], env=plain.env, cwd=plain.top, check=False)
    assert done.returncode != 0
    assert b"git add -- b.txt && git merge --continue" in log(plain)
    plain.run(b"add", b"b.txt")
    succeeded(commit(plain))
    assert committed(plain, b"b.txt") == text(l3="good")
    assert plain.run(b"rev-list", b"--parents", b"-n1", b"HEAD").count(b" ") == 2


def test_a_lock_of_somebody_else_fails_the_run_instead_of_committing_without_the_fix(plain):
    with open(plain.env[b"FIXER_LOG"], "wb"):
        pass
    plain.write(b"a.txt", text(l3="bad"))
    plain.run(b"add", b"a.txt")
    head = plain.run(b"rev-parse", b"HEAD")
    hook = plain.git_dir + b"/hooks/pre-commit"
    with open(hook, "rb") as stream:
        content = stream.read()
    with open(hook, "wb") as stream:
        stream.write(content.replace(b"exec ", b": > .git/index.lock\nexec "))
    done = commit(plain)
    os.unlink(plain.git_dir + b"/index.lock")
    assert done.returncode == 1
    assert b"could not be staged: a.txt" in log(plain)
    assert plain.run(b"rev-parse", b"HEAD") == head
