"""A partial commit in every kind of repository: what is unstaged is hidden, and comes back to the byte.

Also when the engine is killed while a hook runs, and then by the next command.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.guarded import capture
from tests.support.procs import spawned
from tests.support.repo import BIN, Repo, isolated_env, run_bounded, text

SEE = """
[[hook]]
id = "see"
run = '''{gate}cat d/a.txt d/b.txt > ../seen'''
shell = true
pass_filenames = false
"""
FIX = """
[[hook]]
id = "fix"
run = "sed -i s/staged/fixed/"
files = "a.txt"
fixes = "stage"
"""
NUMBERS = "1\n2\n3\n4\n5\n6\n7\n8\n"
STAGED = NUMBERS.replace("1", "staged")
UNSTAGED = STAGED.replace("8", "unstaged")


class Kind(NamedTuple):
    """A kind of repository."""

    make: "Callable[[Path, dict[str, str]], Repo]"
    prepare: "Callable[[Repo], object]" = lambda repo: None
    seen: str = STAGED + NUMBERS
    """What a hook has to see of d/a.txt and d/b.txt."""


def init(*options: str) -> "Callable[[Path, dict[str, str]], Repo]":
    def make(path: Path, env: "dict[str, str]") -> Repo:
        path.mkdir()
        repo = Repo(path, env)
        repo.git("init", "-q", "-b", "main", *options)
        repo._settle()
        return repo

    return make


def configured(**settings: str) -> "Callable[[Path, dict[str, str]], Repo]":
    def make(path: Path, env: "dict[str, str]") -> Repo:
        repo = init()(path, env)
        for name, value in settings.items():
            repo.git("config", name.replace("__", "."), value)
        return repo

    return make


def filtered(path: Path, env: "dict[str, str]") -> Repo:
    """As LFS does it: git has a pointer, the work tree the content, which lies in a store of its own."""
    store = path.parent / "store"
    store.mkdir()
    program = path.parent / "filter.py"
    program.write_text(
        "import hashlib, pathlib, sys\n"
        "store, content = pathlib.Path(sys.argv[1]), sys.stdin.buffer.read()\n"
        "if sys.argv[2] == 'clean':\n"
        "    name = hashlib.sha256(content).hexdigest()\n"
        "    (store / name).write_bytes(content)\n"
        "    sys.stdout.write('pointer ' + name)\n"
        "else:\n"
        "    sys.stdout.buffer.write((store / content.split()[1].decode()).read_bytes())\n"
    )
    repo = init()(path, env)
    for way in ("clean", "smudge"):
        repo.git("config", f"filter.large.{way}", f"'{sys.executable}' -IS '{program}' '{store}' {way}")
    repo.git("config", "filter.large.required", "true")
    repo.write(".gitattributes", "*.txt filter=large\n")
    return repo


def partial_clone(path: Path, env: "dict[str, str]") -> Repo:
    """The server has the blobs; here lie those that were checked out."""
    server = init()(path.parent / "server", env)
    server.git("config", "uploadpack.allowFilter", "true")
    server.git("config", "uploadpack.allowAnySHA1InWant", "true")
    server.commit_file("old.txt", "old\n")
    server.commit_file("old.txt", "new\n")
    run_bounded(
        ["git", "clone", "-q", "--filter=blob:none", f"file://{server.path}", str(path)], env=env, cwd=path.parent
    )
    repo = Repo(path, env)
    repo._settle()
    return repo


def linked_with_own_settings(path: Path, env: "dict[str, str]") -> Repo:
    main = init()(path.parent / "main", env)
    main.commit_file("first", "first\n")
    main.git("config", "extensions.worktreeConfig", "true")
    main.git("worktree", "add", "-q", "-b", "linked", str(path))
    repo = Repo(path, env)
    repo.git("config", "--worktree", "core.autocrlf", "true")
    return repo


def separate_git_dir(path: Path, env: "dict[str, str]") -> Repo:
    return init("--separate-git-dir", str(path.parent / "elsewhere.git"))(path, env)


def fsmonitor(path: Path, env: "dict[str, str]") -> Repo:
    """A monitor, version 2 of the protocol, that says: look at everything."""
    monitor = path.parent / "monitor"
    monitor.write_text("#!/bin/sh\nprintf 'token\\0/\\0'\n")
    monitor.chmod(0o755)
    repo = configured(core__fsmonitorHookVersion="2")(path, env)
    repo.git("config", "core.fsmonitor", str(monitor))
    return repo


def sparse(*options: str) -> "Callable[[Repo], object]":
    def prepare(repo: Repo) -> None:
        repo.git("sparse-checkout", "init", *options)
        repo.git("sparse-checkout", "set", "--skip-checks", "d", *([] if "--cone" in options else ["/*.toml"]))
        assert not os.path.lexists(repo.file("out/side.txt"))

    return prepare


def flagged(flag: str) -> "Callable[[Repo], object]":
    def prepare(repo: Repo) -> None:
        repo.git("update-index", flag, "out/side.txt")
        repo.write("out/side.txt", "edited, and git was told not to look\n")

    return prepare


def untracked_cache(repo: Repo) -> None:
    for folder in ("", "d", "out"):
        os.utime(repo.file(folder), (1, 1))  # git looks at whole seconds only, and would miss what is made in this one
    repo.git("status")


def without_execute_bits(repo: Repo) -> None:
    os.chmod(repo.file("out/side.txt"), 0o755)


KINDS = {
    "plain": Kind(init()),
    "reftable": Kind(init("--ref-format=reftable")),
    "sha256": Kind(init("--object-format=sha256")),
    "partial clone": Kind(partial_clone),
    "sparse, cone": Kind(init(), sparse("--cone")),
    "sparse, no cone": Kind(init(), sparse("--no-cone")),
    "sparse index": Kind(init(), sparse("--cone", "--sparse-index")),
    "fsmonitor": Kind(fsmonitor),
    "untracked cache": Kind(configured(core__untrackedCache="true"), untracked_cache),
    "split index": Kind(configured(core__splitIndex="true"), lambda repo: repo.git("update-index", "--split-index")),
    "index without hash": Kind(configured(index__skipHash="true")),
    "many files": Kind(configured(feature__manyFiles="true")),
    "autocrlf": Kind(configured(core__autocrlf="true"), seen=(STAGED + NUMBERS).replace("\n", "\r\n")),
    "filters": Kind(filtered),
    "assume-unchanged": Kind(init(), flagged("--assume-unchanged")),
    "skip-worktree": Kind(init(), flagged("--skip-worktree")),
    "no file modes": Kind(configured(core__fileMode="false"), without_execute_bits),
    "no symbolic links": Kind(configured(core__symlinks="false")),
    "own settings": Kind(linked_with_own_settings, seen=(STAGED + NUMBERS).replace("\n", "\r\n")),
    "separate git dir": Kind(separate_git_dir),
    "minimal stat": Kind(configured(core__checkStat="minimal", core__trustctime="false")),
}


@pytest.fixture(params=KINDS)
def kind(request):
    found = KINDS[request.param]
    if request.param == "reftable":
        probe = subprocess.run(["git", "init", "-h"], capture_output=True, text=True, check=False)
        if "--ref-format" not in probe.stdout + probe.stderr:
            pytest.skip("this git has no reftable")
    return found


@pytest.fixture
def repo(kind, tmp_path):
    """d/a.txt staged in part, d/b.txt changed, d/gone.txt deleted, all unstaged; d/new.txt untracked."""
    repo = kind.make(tmp_path / "repo", isolated_env(tmp_path / "home"))
    for name in ("d/a.txt", "d/b.txt", "d/gone.txt", "out/side.txt"):
        repo.write(name, NUMBERS)
    repo.write("gitseq.toml", SEE.format(gate=""))
    repo.git("-c", "core.safecrlf=false", "add", "-A")
    repo.commit()
    repo.write("d/a.txt", STAGED)
    repo.git("-c", "core.safecrlf=false", "add", "d/a.txt")
    kind.prepare(repo)
    repo.write("d/a.txt", UNSTAGED)
    repo.write("d/b.txt", "mixed\r\nline\nends\r\n")
    os.unlink(repo.file("d/gone.txt"))
    repo.write("d/new.txt", "untracked\n")
    repo.install()
    yield repo
    assert not repo.locks()


def seen(repo: Repo) -> str:
    return (repo.path.parent / "seen").read_bytes().decode()


def state(repo: Repo) -> "dict[str, object]":
    asked = {"status": ("status", "--porcelain"), "index": ("ls-files", "-s", "-t"), "flags": ("ls-files", "-v")}
    return {name: repo.git("--no-optional-locks", *command).stdout for name, command in asked.items()}


def test_unstaged_work_is_hidden_from_a_partial_commit_and_comes_back(repo, kind):
    before = capture(os.fsencode(repo.path))
    repo.commit()
    assert seen(repo) == kind.seen
    assert capture(os.fsencode(repo.path)) == before
    assert repo.status() == b" M d/a.txt\n M d/b.txt\n D d/gone.txt\n?? d/new.txt\n"
    assert repo.git("cat-file", "--filters", "HEAD:d/a.txt").stdout.decode() == kind.seen[: len(kind.seen) // 2 + 3]


def test_a_fix_joins_the_commit_and_unstaged_work_does_not(repo):
    repo.config(FIX, commit=False)
    repo.git("add", "gitseq.toml")
    before = capture(os.fsencode(repo.path))
    done = repo.commit()
    assert "fixed and staged: d/a.txt" in text(done)
    assert (
        repo.git("cat-file", "--filters", "HEAD:d/a.txt").stdout.split()
        == STAGED.replace("staged", "fixed").encode().split()
    )
    assert repo.status() == b" M d/a.txt\n M d/b.txt\n D d/gone.txt\n?? d/new.txt\n"
    after = capture(os.fsencode(repo.path))
    if repo.read("d/a.txt") != UNSTAGED.encode():  # else the two did not go together: line endings differ
        assert repo.read("d/a.txt").decode() == UNSTAGED.replace("staged\n2", "fixed\n2")
        del before[b"d/a.txt"], after[b"d/a.txt"]
    else:
        assert "as you left it" in text(done)
    assert after == before


def test_a_kill_in_the_middle_is_made_good_by_the_next_command(repo, kind, sequencer):
    gate = sequencer.gate("in hook")
    repo.config(SEE.format(gate=gate.shell), commit=False)
    repo.git("add", "gitseq.toml")
    before, index = capture(os.fsencode(repo.path)), state(repo)
    with spawned([str(BIN / "gitseq"), "run"], env=repo.env, cwd=repo.path) as run:
        gate.wait_reached()
        assert repo.read("d/a.txt").decode() != UNSTAGED
        run.kill()
        run.wait(20)
    done = repo.gitseq("exec", "--", "true")
    assert done.returncode == 0, text(done)
    assert "Brought back" in text(done)
    assert capture(os.fsencode(repo.path)) == before
    assert state(repo) == index


@pytest.fixture
def half_here(tmp_path):
    """A partial clone whose index names a blob that only the server has; the work tree has another version."""
    repo = partial_clone(tmp_path / "repo", isolated_env(tmp_path / "home"))
    repo.write("gitseq.toml", SEE.format(gate="").replace("d/a.txt d/b.txt", "old.txt"))
    repo.git("add", "gitseq.toml")
    repo.install()
    missing = Repo(tmp_path / "server", repo.env).git("rev-parse", "HEAD~1:old.txt").stdout.strip()
    repo.git("update-index", "--cacheinfo", b"100644," + missing + b",old.txt")
    assert b"?" + missing in repo.git("rev-list", "--objects", "--missing=print", "HEAD~1").stdout
    return repo


def test_a_blob_that_only_the_server_has_is_fetched_for_the_hooks(half_here):
    half_here.commit()
    assert seen(half_here) == "old\n"
    assert half_here.read("old.txt") == b"new\n"
    assert half_here.status() == b" M old.txt\n"


def test_a_server_that_is_gone_refuses_the_commit_and_touches_nothing(half_here):
    (half_here.path.parent / "server").rename(half_here.path.parent / "gone")
    before, index = capture(os.fsencode(half_here.path)), state(half_here)
    done = half_here.gitseq("run")  # of a commit git itself thinks better, before it calls any hook
    assert done.returncode == 4
    assert "git could not write out what is staged" in text(done)
    assert 'isolate = "none"' in text(done)
    assert capture(os.fsencode(half_here.path)) == before
    assert state(half_here) == index
    assert not list((half_here.git_dir / "gitseq/guard").iterdir())
