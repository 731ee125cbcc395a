"""Names are bytes: whatever a file is called or has become, a hook gets exactly its name (invariant 13)."""

import os
import subprocess

import pytest

from tests.support.recorder import Recorder, hook
from tests.support.repo import Repo, text

NAMES = {
    "space": b"with space.txt",
    "leading space": b" leading.txt",
    "trailing space": b"trailing ",
    "newline": b"new\nline.txt",
    "only a newline at the end": b"end\n",
    "tab": b"tab\t.txt",
    "single quote": b"it's.txt",
    "double quote": b'dou"ble.txt',
    "backslash": b"back\\slash.txt",
    "leading dash": b"-n",
    "two dashes": b"--help",
    "leading dash in a folder": b"-d/-e.txt",
    "invalid UTF-8": b"latin\xe9.txt",
    "UTF-8": "schlange\N{SNAKE}.txt".encode(),
    "looks like a shell command": b"$(touch pwned)",
    "glob": b"*",
    "pathspec magic": b":(top)x",
    "colon": b":",
    "looks like a comment": b"#x",
    "control characters": b"\x01\x1b[31m.txt",
    "4 KiB path": b"/".join([b"d" * 200] * 18) + b"/f.txt",
}


@pytest.fixture
def recorded(repo: Repo) -> "tuple[Repo, Recorder]":
    """A repository with a pre-commit hook that records its files."""
    record = Recorder(repo)
    repo.config(hook("record", record.command))
    repo.install()
    return repo, record


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_hook_gets_the_name_of_a_staged_file_byte_for_byte(recorded, name):
    repo, record = recorded
    repo.write(name, "x\n")
    repo.git("add", "-A")
    repo.commit()
    assert record.only.args == [name]
    assert repo.status() == b""
    assert not (repo.path / "pwned").exists()


def test_all_odd_names_at_once_by_every_way_to_choose_files(recorded, tmp_path):
    repo, record = recorded
    for name in NAMES.values():
        repo.write(name, "x\n")
    repo.git("add", "-A")
    wanted = sorted(NAMES.values())

    def got() -> "list[bytes]":
        files = sorted(set(record.files) - {b"gitseq.toml", b"README.md"})
        record.forget()
        return files

    assert repo.gitseq("run").returncode == 0
    assert got() == wanted
    assert repo.gitseq("run", "--all-files").returncode == 0
    assert got() == wanted
    listing = tmp_path / "names"
    listing.write_bytes(b"".join(name + b"\0" for name in wanted))
    assert repo.gitseq("run", "--files0-from", str(listing)).returncode == 0
    assert got() == wanted
    assert repo.gitseq("run", "--files0-from", "-", input=listing.read_bytes()).returncode == 0
    assert got() == wanted
    repo.commit("--no-verify")
    assert repo.gitseq("run", "--last-commit").returncode == 0
    assert got() == wanted
    assert repo.gitseq("run", "--from-ref", "HEAD~1", "--to-ref", "HEAD").returncode == 0
    assert got() == wanted


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_change_by_a_hook_to_an_oddly_named_file_is_noticed_and_shown_without_control_characters(repo, name):
    repo.config(hook("fix", 'for f; do echo fixed >> "./$f"; done', shell=True))
    repo.install()
    repo.write(name, "x\n")
    repo.git("add", "-A")
    done = repo.commit(check=False)
    assert done.returncode == 1
    assert "- files were modified by this hook" in text(done)
    assert b"\x1b" not in done.stdout + done.stderr


def test_filters_match_names_that_are_not_utf_8(repo):
    record = Recorder(repo)
    repo.config(hook("record", record.command, "files = '^latin.*\\.txt$'"))
    repo.write(b"latin\xe9.txt", "x\n")
    repo.write("other.txt", "x\n")
    repo.git("add", "-A")
    assert repo.gitseq("run").returncode == 0
    assert record.only.args == [b"latin\xe9.txt"]


def test_a_deleted_file_is_not_handed_to_hooks(recorded):
    repo, record = recorded
    repo.commit_file("gone.txt", "x\n")
    repo.git("rm", "-q", "gone.txt")
    done = repo.commit()
    assert record.calls == []
    assert "(no files to check)Skipped" in text(done)


def test_a_staged_file_that_is_gone_from_the_work_tree_is_handed_over_as_it_is_staged(recorded):
    repo, record = recorded
    repo.write("gone.txt", "x\n")
    repo.write("there.txt", "x\n")
    repo.add()
    os.unlink(repo.file("gone.txt"))
    assert repo.gitseq("run").returncode == 0
    assert record.only.args == [b"gone.txt", b"there.txt"]
    assert not os.path.lexists(repo.file("gone.txt"))


def test_a_renamed_file_is_handed_over_by_its_new_name(recorded):
    repo, record = recorded
    repo.commit_file("old.txt", "the same content\n" * 20)
    repo.git("mv", "old.txt", "new name.txt")
    repo.commit()
    assert record.only.args == [b"new name.txt"]


def test_a_file_whose_mode_changed_is_handed_over(recorded):
    repo, record = recorded
    repo.commit_file("script", "#!/bin/sh\n")
    os.chmod(repo.file("script"), 0o755)
    repo.commit("-a")
    assert record.only.args == [b"script"]


def test_a_symbolic_link_is_no_file_unless_a_hook_asks_for_it(repo):
    files, links = Recorder(repo, "files"), Recorder(repo, "links")
    repo.config(hook("files", files.command) + hook("links", links.command, 'types = ["symlink"]'))
    os.symlink("nowhere", repo.file("dangling"))
    os.symlink("README.md", repo.file("link"))
    repo.write("file.txt", "x\n")
    repo.add()
    assert repo.gitseq("run").returncode == 0
    assert files.only.args == [b"file.txt"]
    assert links.only.args == [b"dangling", b"link"]


def test_a_file_that_became_a_symbolic_link_is_one_now(repo):
    links = Recorder(repo, "links")
    repo.commit_file("f", "x\n")
    repo.config(hook("links", links.command, 'types = ["symlink"]'))
    os.unlink(repo.file("f"))
    os.symlink("README.md", repo.file("f"))
    repo.add()
    assert repo.gitseq("run").returncode == 0
    assert links.only.args == [b"f"]


def test_a_submodule_that_moved_on_is_not_handed_over_as_a_file(with_submodule):
    repo = with_submodule
    record = Recorder(repo)
    repo.config(hook("record", record.command))
    sub = Repo(repo.path / "sub", repo.env)
    sub.commit_file("lib.txt", "newer\n")
    repo.write("f.txt", "x\n")
    repo.add()
    assert repo.gitseq("run").returncode == 0
    assert record.only.args == [b"f.txt"]
    assert repo.gitseq("run", "--all-files").returncode == 0
    assert not any(name.startswith(b"sub") for name in record.files)


def test_a_file_that_is_only_intended_to_be_added_is_not_handed_over(recorded):
    repo, record = recorded
    repo.write("intended.txt", "x\n")
    repo.git("add", "-N", "intended.txt")
    repo.write("staged.txt", "x\n")
    repo.git("add", "staged.txt")
    assert repo.commit(check=False).returncode == 0
    assert record.only.args == [b"staged.txt"]
    assert repo.read("intended.txt") == b"x\n"


def test_an_executable_is_told_from_other_files(repo):
    record = Recorder(repo)
    repo.config(hook("record", record.command, 'types = ["executable"]'))
    repo.write("run.me", "#!/bin/sh\n", 0o755)
    repo.write("read.me", "x\n", 0o644)
    repo.add()
    assert repo.gitseq("run").returncode == 0
    assert record.only.args == [b"run.me"]


def test_tags_are_those_of_identify(repo):
    record = Recorder(repo)
    repo.config(hook("record", record.command, 'types_or = ["python", "yaml"]'))
    for name in ("a.py", "b.yaml", "c.yml", "d.txt", "Makefile"):
        repo.write(name, "x\n")
    repo.write("script", "#!/usr/bin/env python3\n", 0o755)
    repo.add()
    assert repo.gitseq("run").returncode == 0
    assert record.only.args == [b"a.py", b"b.yaml", b"c.yml", b"script"]


def test_files_are_named_from_where_the_user_stands(recorded):
    repo, record = recorded
    repo.commit_file("sub/a.txt", "x\n")
    assert repo.gitseq("run", "--files", "a.txt", "../README.md", cwd="sub").returncode == 0
    assert sorted(record.only.args) == [b"README.md", b"sub/a.txt"]


def test_ten_thousand_names_arrive_once_each_and_in_order(recorded):
    repo, record = recorded
    names = [b"%05d-%s.txt" % (number, b"x" * 60) for number in range(10_000)]
    listing = b"".join(name + b"\0" for name in names)
    for name in names:
        os.close(os.open(repo.file(name), os.O_CREAT | os.O_WRONLY, 0o644))
    assert repo.gitseq("run", "--files0-from", "-", input=listing).returncode == 0
    assert record.files == names


def test_a_message_in_a_linked_work_tree_has_its_type_told(repo, tmp_path):
    """git names it by its whole path there."""
    repo.config("[[hook]]\nid = 'msg'\nrun = 'test -s'\nstages = ['commit-msg']\ntypes = ['text']\nfiles = '.'\n")
    repo.install()
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "-q", str(linked))
    command = ["git", "commit", "--allow-empty", "-m", "hello"]
    done = subprocess.run(command, cwd=linked, env=repo.env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert b"msg" in done.stdout + done.stderr
