"""What a file has beside its bytes and its mode: ACLs and extended attributes stay when it is fixed or hidden."""

import errno
import os
import stat

import pytest

from gitseq.builtin.base import File
from gitseq.engine import inside
from gitseq.host import files
from tests.support import attributes

FIXER = '[[hook]]\nid = "trailing-whitespace"\nbuiltin = "trailing-whitespace"\nfixes = "{fixes}"\n'
STAGED = "one \n2\n3\n4\n5\nsix\n"


def fixed(path, scratch):
    file = File(os.fsencode(path))
    assert file.shared() is not None
    return inside.write(file, b"fixed\n", os.fsencode(scratch))


@pytest.fixture
def marked(tmp_path):
    """A file with an attribute and an ACL."""
    path = tmp_path / "marked"
    path.write_text("text \n")
    path.chmod(0o660)
    attributes.put(path, {"user.origin": b"here", attributes.ACCESS: attributes.acl(12345, 0o660)})
    return path


def test_a_fix_keeps_attributes_acl_and_mode(marked, tmp_path):
    before, mode = attributes.of(marked), marked.stat().st_mode
    assert len(before) == 2
    assert fixed(marked, tmp_path / "scratch") is None
    assert marked.read_text() == "fixed\n"
    assert (attributes.of(marked), marked.stat().st_mode) == (before, mode)


def test_a_fix_brings_no_acl_along_that_the_scratch_folder_hands_down(tmp_path):
    path, scratch = tmp_path / "plain", tmp_path / "scratch"
    path.write_text("text \n")
    path.chmod(0o640)
    scratch.mkdir()
    attributes.put(scratch, {attributes.DEFAULT: attributes.acl(12345, 0o770)})
    assert fixed(path, scratch) is None
    assert attributes.of(path) == {}
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSPC])
def test_where_attributes_cannot_be_copied_the_file_itself_is_written(marked, tmp_path, monkeypatch, number):
    before, inode = attributes.of(marked), marked.stat().st_ino

    def refused(*_arguments):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, "setxattr", refused)
        assert fixed(marked, tmp_path / "scratch") is None
    assert marked.read_text() == "fixed\n"
    assert (attributes.of(marked), marked.stat().st_ino) == (before, inode)


def test_a_file_system_without_attributes_is_no_problem(tmp_path, monkeypatch):
    path = tmp_path / "plain"
    path.write_text("text \n")

    def refused(*_arguments):
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(os, "listxattr", refused)
    with path.open("rb+") as stream:
        assert files.copy_attributes(os.fsencode(path), stream.fileno())


@pytest.mark.parametrize("fixes", ["fail", "stage"])
@pytest.mark.parametrize("hidden", [False, True], ids=["staged", "partly staged"])
def test_a_commit_leaves_attributes_on_the_users_file(repo, fixes, hidden):
    repo.config(FIXER.format(fixes=fixes))
    repo.install("pre-commit")
    path = repo.path / "a.txt"
    repo.commit_file("a.txt", "zero\n")
    repo.write("a.txt", STAGED)
    attributes.put(path, {"user.origin": b"here", attributes.ACCESS: attributes.acl(12345, 0o664)})
    before = attributes.of(path)
    repo.add("a.txt")
    if hidden:
        with path.open("a") as stream:
            stream.write("unstaged\n")
    done = repo.commit(check=False)
    assert done.returncode == (1 if fixes == "fail" else 0)
    assert path.read_text().endswith("six\nunstaged\n" if hidden else "six\n")
    assert attributes.of(path) == before


def test_untracked_files_that_are_hidden_come_back_with_their_attributes(repo):
    repo.config('isolate = "all"\n[[hook]]\nid = "look"\nrun = "test ! -e new.txt"\npass_filenames = false\n')
    repo.install("pre-commit")
    repo.write("a.txt", "a\n")
    repo.add("a.txt")
    path = repo.path / "new.txt"
    path.write_text("new\n")
    attributes.put(path, {"user.origin": b"here"})
    repo.commit()
    assert attributes.of(path) == {"user.origin": b"here"}
