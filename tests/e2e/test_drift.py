"""HEAD and the index moving under a run are named; what only looks like it accuses nobody."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from gitseq.git import call, marks
from gitseq.git import repo as repositories
from gitseq.git.marks import Drift, Head, Marks
from tests.support.lockprobe import LockProbe, running
from tests.support.procs import python
from tests.support.repo import Repo, isolated_env


class Watch:
    """The marks of a work tree from now on."""

    def __init__(self, repo: Repo) -> None:
        self.env = {os.fsencode(name): os.fsencode(value) for name, value in repo.env.items()}
        self.repo = repositories.discover(self.env, os.fsencode(repo.path))
        self.before = Marks.take(self.repo, self.env)

    def drift(self) -> Drift:
        return self.before.drift(self.repo, self.env, Marks.take(self.repo, self.env))


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_anything: object) -> None:
        raise AssertionError("git was started")

    monkeypatch.setattr(call, "ask", refuse)
    monkeypatch.setattr(call, "start", refuse)


def head_by_git(repo: Repo) -> Head:
    branch = repo.git("symbolic-ref", "-q", "HEAD", check=False).stdout.strip()
    return Head(branch, repo.head().encode())


# --- nothing moved -----------------------------------------------------------------------------------


def test_when_nothing_moves_no_process_is_started(repo, no_process):
    assert not Watch(repo).drift()


def test_a_status_refresh_accuses_nobody(repo):
    watch = Watch(repo)
    os.utime(repo.path / "README.md", (1, 1))
    index = (repo.path / ".git/index").stat().st_ino
    repo.git("status")
    assert (repo.path / ".git/index").stat().st_ino != index, "git was to write the index anew"
    assert not watch.drift()


def test_a_rewritten_index_with_the_same_bytes_costs_no_process(repo, no_process):
    watch = Watch(repo)
    index = repo.path / ".git/index"
    copy = index.with_name("copy")
    copy.write_bytes(index.read_bytes())
    copy.rename(index)
    assert not watch.drift()


def test_touching_files_and_staging_the_same_content_accuse_nobody(repo):
    watch = Watch(repo)
    repo.write("README.md", "A repository\n")
    repo.git("add", "README.md")
    repo.git("update-index", "--force-write-index")
    assert not watch.drift()


def test_a_file_that_is_only_announced_for_adding_accuses_nobody(repo):
    """`git add -N` commits nothing."""
    watch = Watch(repo)
    repo.write("new.txt", "new\n")
    repo.git("add", "-N", "new.txt")
    assert not watch.drift()


# --- the index ---------------------------------------------------------------------------------------


def test_what_somebody_staged_changed_or_removed_is_named(repo):
    for name in ("changed.txt", "removed.txt", "mode.sh"):
        repo.commit_file(name, "0\n")
    watch = Watch(repo)
    repo.write("changed.txt", "1\n")
    repo.write(b"new \xff\n.txt", "1\n")
    repo.git("add", "changed.txt", b"new \xff\n.txt")
    repo.git("rm", "-q", "--cached", "removed.txt")
    repo.git("update-index", "--chmod=+x", "mode.sh")
    drift = watch.drift()
    assert set(drift.paths) == {b"changed.txt", b"new \xff\n.txt", b"removed.txt", b"mode.sh"}
    (sentence,) = drift.sentences
    assert sentence.startswith("the index changed: changed.txt, mode.sh, new \\xff\\n.txt, removed.txt")


def test_a_staged_change_that_was_staged_over_is_named(repo):
    repo.write("README.md", "staged\n")
    repo.add("README.md")
    watch = Watch(repo)
    repo.write("README.md", "staged over\n")
    repo.add("README.md")
    assert watch.drift().paths == (b"README.md",)


def test_a_reset_or_a_stash_elsewhere_is_named(repo):
    repo.write("README.md", "staged\n")
    repo.add("README.md")
    for command in ("reset", "stash"):
        watch = Watch(repo)
        repo.git(command, "-q")
        assert watch.drift().paths == (b"README.md",), command
        repo.write("README.md", "staged\n")
        repo.add("README.md")


def test_many_paths_are_counted(repo):
    watch = Watch(repo)
    for number in range(8):
        repo.write(f"{number}.txt", "x\n")
    repo.add()
    assert watch.drift().sentences == ("the index changed: 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 3 more",)


def test_the_first_file_ever_staged_is_named(make_repo):
    repo = make_repo()
    watch = Watch(repo)
    assert watch.before.index is None
    repo.write("a.txt", "a\n")
    repo.add("a.txt")
    assert watch.drift().paths == (b"a.txt",)


def test_an_index_that_vanishes_is_named(repo):
    watch = Watch(repo)
    (repo.path / ".git/index").unlink()
    assert watch.drift().paths == (b"README.md",)


@pytest.mark.parametrize("settings", [("index.skipHash", "true"), ("index.version", "4"), ("core.splitIndex", "true")])
def test_other_forms_of_the_index_are_told_apart_as_well(repo, settings):
    repo.git("config", *settings)
    repo.git("update-index", "--force-write-index", check=False)
    repo.commit_file("f.txt", "0\n")
    watch = Watch(repo)
    os.utime(repo.path / "f.txt", (1, 1))
    repo.git("status")
    assert not watch.drift()
    repo.write("f.txt", "1\n")
    repo.add("f.txt")
    assert watch.drift().paths == (b"f.txt",)


def test_an_index_without_a_checksum_is_compared_by_its_entries(repo):
    """What index.skipHash writes, whether or not this git knows the setting."""
    index = repo.path / ".git/index"
    repo.git("update-index", "--chmod=+x", "README.md")
    repo.git("update-index", "--chmod=-x", "README.md")  # a change drops the tree cache, and with it the length
    index.write_bytes(index.read_bytes()[:-20] + bytes(20))
    watch = Watch(repo)
    repo.git("-c", "index.skipHash=true", "update-index", "--chmod=+x", "README.md")
    index.write_bytes(index.read_bytes()[:-20] + bytes(20))
    assert watch.before.index is not None
    assert len(index.read_bytes()) == len(watch.before.index.content())
    assert watch.drift().paths == (b"README.md",)


def test_nothing_is_left_behind_by_comparing(repo):
    watch = Watch(repo)
    repo.write("a.txt", "a\n")
    repo.add("a.txt")
    watch.drift()
    assert list((repo.path / ".git/gitseq").iterdir()) == []
    assert not (repo.path / ".git/index.lock").exists()


def test_marks_give_back_their_descriptors(repo):
    watch = Watch(repo)
    before = len(os.listdir("/dev/fd"))
    for _mark in range(50):
        Marks.take(watch.repo, watch.env)
    assert len(os.listdir("/dev/fd")) == before


# --- HEAD --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "commit --allow-empty -m x",
        "commit --amend --allow-empty -m y",
        "update-ref HEAD HEAD~1",
        "reset -q --soft HEAD~1",
    ],
)
def test_a_commit_that_moves_is_named_from_where_to_where(repo, command):
    repo.commit_file("f.txt", "0\n")
    old = repo.head()
    watch = Watch(repo)
    repo.git(*command.split())
    (sentence,) = watch.drift().sentences
    assert sentence == f"HEAD (branch main) moved from {old[:10]} to {repo.head()[:10]}"


def test_another_branch_at_the_same_commit_is_named(repo):
    watch = Watch(repo)
    repo.git("switch", "-q", "-c", "nb")
    assert watch.drift().sentences == ("HEAD switched from branch main to branch nb: the commit would land there",)


def test_a_switch_to_another_commit_is_named(repo):
    first = repo.head()
    second = repo.commit_file("f.txt", "0\n")
    watch = Watch(repo)
    repo.git("switch", "-q", "--detach", "HEAD~1")
    assert watch.drift().sentences[0] == (
        f"HEAD switched from branch main to a detached HEAD ({second[:10]} to {first[:10]})"
    )


def test_the_first_commit_is_named(make_repo):
    repo = make_repo()
    watch = Watch(repo)
    repo.commit("--allow-empty")
    assert watch.drift().sentences == (f"HEAD (branch main) moved from no commit to {repo.head()[:10]}",)


def test_a_branch_packed_meanwhile_accuses_nobody(repo, monkeypatch):
    watch = Watch(repo)
    repo.git("pack-refs", "--all")
    assert not (repo.path / ".git/refs/heads/main").exists()
    assert not watch.drift()


def test_every_form_of_head_reads_as_git_reads_it(repo, no_process, monkeypatch):
    def same() -> bool:
        watch = Watch(repo)
        return watch.before.head == head_by_git(repo)

    assert same()
    repo.git("branch", "mai")  # a name that another ends with
    repo.git("branch", "x/main")
    repo.git("pack-refs", "--all")
    assert same()
    repo.commit_file("f.txt", "0\n")  # loose above packed
    assert same()
    repo.git("tag", "-a", "-m", "annotated", "t")
    repo.git("pack-refs", "--all")  # with a peeled line
    assert same()
    repo.git("switch", "-q", "--detach")
    assert same()
    repo.git("switch", "-q", "--orphan", "new")
    assert same()
    repo.git("switch", "-q", "main")
    repo.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    repo.git("symbolic-ref", "HEAD", "refs/heads/alias")
    assert Watch(repo).before.head == Head(b"refs/heads/alias", repo.head().encode())


def test_a_branch_name_of_any_bytes_is_read_and_shown(repo, no_process):
    repo.git("switch", "-q", "-c", b"caf\xe9/\xe2\x82\xac")
    watch = Watch(repo)
    assert watch.before.head.branch == b"refs/heads/caf\xe9/\xe2\x82\xac"
    repo.git("switch", "-q", "main")
    assert "branch caf\\xe9/€" in watch.drift().sentences[0]


def test_each_work_tree_has_its_own_head(repo, linked_worktree):
    here, there = Watch(repo), Watch(linked_worktree)
    linked_worktree.commit("--allow-empty")
    assert not here.drift()
    assert there.drift().sentences[0].startswith("HEAD (branch linked) moved")


def test_a_ref_that_a_work_tree_keeps_for_itself_is_read_there(repo, linked_worktree, no_process):
    for tree in (repo, linked_worktree):
        tree.commit("--allow-empty", message=str(tree.path))
        tree.git("update-ref", "refs/worktree/own", "HEAD")
        tree.git("symbolic-ref", "HEAD", "refs/worktree/own")
    for tree in (repo, linked_worktree):
        assert Watch(tree).before.head.oid == tree.head().encode()


def test_a_repository_of_sha256_is_read_as_well(tmp_path):
    env = isolated_env(tmp_path / "home")
    made = Repo(tmp_path / "repo", env)
    made.path.mkdir()
    if made.git("init", "-q", "--object-format=sha256", check=False).returncode != 0:
        pytest.skip("this git knows no SHA-256")
    watch = Watch(made)
    made.write("a.txt", "a\n")
    made.add("a.txt")
    assert watch.drift().paths == (b"a.txt",)
    made.commit()
    watch = Watch(made)
    assert len(watch.before.head.oid) == 64
    assert not watch.drift()
    made.commit("--allow-empty")
    assert "moved from" in watch.drift().sentences[0]


def test_a_head_that_is_a_symbolic_link_is_asked_of_git(repo):
    """As git made it before 2005, and makes it with core.preferSymlinkRefs."""
    head = repo.path / ".git/HEAD"
    head.unlink()
    head.symlink_to("refs/heads/main")
    assert Watch(repo).before.head == head_by_git(repo)


def test_refs_that_are_no_files_are_asked_of_git(repo, tmp_path):
    """In a repository with reftable HEAD says `ref: refs/heads/.invalid` and only git knows better."""
    script = tmp_path / "bin/git"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\ncase $1 in symbolic-ref) echo refs/heads/true;; rev-parse) cat $HOME/oid;; esac\n")
    script.chmod(0o755)
    oid = Path(repo.env["HOME"], "oid")
    oid.write_text("a" * 40 + "\n")
    (repo.path / ".git/HEAD").write_text("ref: refs/heads/.invalid\n")
    watch = Watch(Repo(repo.path, {**repo.env, "PATH": f"{script.parent}:{repo.env['PATH']}"}))
    assert watch.before.head == Head(b"refs/heads/true", b"a" * 40)
    oid.write_text("b" * 40 + "\n")
    (repo.path / ".git/HEAD").write_text("ref: refs/heads/.invalid\n")
    assert watch.drift().sentences == ("HEAD (branch true) moved from aaaaaaaaaa to bbbbbbbbbb",)


@pytest.mark.parametrize("damage", [b"", b"ref:", b"nonsense\n", b"ref: refs/heads/main\nmore\n"])
def test_a_damaged_head_is_no_traceback(repo, damage):
    watch = Watch(repo)
    (repo.path / ".git/HEAD").write_bytes(damage)
    marks.read_head(watch.repo, watch.env)
    (repo.path / ".git/HEAD").write_bytes(b"ref: refs/heads/main\n")
    (repo.path / ".git/refs/heads/main").write_bytes(damage)
    marks.read_head(watch.repo, watch.env)


# --- in a hook ---------------------------------------------------------------------------------------

_PROBE = """
import json, os, sys
sys.path.insert(0, {library!r})
from gitseq.git.marks import Marks
from gitseq.git.repo import discover
env = dict(os.environb)
repo = discover(env, os.getcwdb())
before = Marks.take(repo, env)
{gate}
drift = before.drift(repo, env, Marks.take(repo, env))
with open({answers!r}, "w") as stream:
    json.dump([list(drift.sentences), [os.fsdecode(path) for path in drift.paths]], stream)
"""


@pytest.mark.parametrize("options", [(), ("-a",), ("f.txt",)])
def test_what_somebody_else_does_while_a_hook_runs_is_named(repo, tmp_path, sequencer, options):
    probe = LockProbe(tmp_path, [repo.env])
    repo.commit_file("f.txt", "0\n")
    repo.write("f.txt", "1\n")
    repo.write("stranger.txt", "1\n")
    if not options:
        repo.add("f.txt")
    gate, answers = sequencer.gate("hook"), tmp_path / "drift"
    library = str(Path(marks.__file__).parents[2])
    script = tmp_path / "drift.py"
    script.write_text(_PROBE.format(library=library, gate=gate.python, answers=str(answers)))
    probe.hook("pre-commit", f"exec {probe.command.rpartition(' ')[0]} {script}\n")
    with running(["git", "commit", "-m", "x", *options], repo):
        gate.wait_reached()
        staged = repo.git("add", "stranger.txt", check=False).returncode == 0
        repo.git("switch", "-q", "-c", "nb", check=False)
        switched = repo.git("symbolic-ref", "HEAD").stdout == b"refs/heads/nb\n"
        gate.release()
    sentences, paths = json.loads(answers.read_text())
    assert staged == (not options), "git's own lock keeps others out in every other mode"
    assert paths == (["stranger.txt"] if staged else [])
    assert any("branch nb" in sentence for sentence in sentences) == switched


def test_taking_marks_loads_nothing_heavy():
    code = (
        f"import sys, os; sys.path.insert(0, {str(Path(marks.__file__).parents[2])!r}); before = set(sys.modules)\n"
        "from gitseq.git import marks, indexlock, caller\n"
        "print(*sorted(n for n in set(sys.modules) - before if not n.startswith('gitseq')))"
    )
    loaded = subprocess.run(python(code), stdout=subprocess.PIPE, check=True).stdout.split()
    assert set(loaded) <= {b"_signal", b"errno", b"select", b"time"}
