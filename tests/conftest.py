"""Fixtures named for situations, and the guard that every test runs under."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import guard
from tests.support.procs import descendants
from tests.support.repo import Repo, isolated_env
from tests.support.sequencer import Sequencer

MakeRepo = Callable[..., Repo]


@pytest.fixture(scope="session", autouse=True)
def own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests see nothing of the caller's environment: not its HOME, nor the GIT_* of a hook that runs these tests.

    Nor do they inherit that it ignores signals, as whatever is started with `nohup` or `&` would.
    """
    before = dict(os.environ)
    ignored = guard.heed_signals()
    environment = isolated_env(tmp_path_factory.mktemp("home"))
    environment["PYTEST_VERSION"] = before.get("PYTEST_VERSION", "")
    os.environ.clear()
    os.environ.update(environment)
    guard.adopt_orphans()
    guard.watch_starts()
    yield
    os.environ.clear()
    os.environ.update(before)
    guard.ignore_signals(ignored)


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail the test that leaves a process, writes to the real HOME, or starts what could."""

    processes = set(descendants())
    traces = guard.home_traces(guard.real_home())
    yield
    left = guard.leftovers(processes)
    named = [f"{process.pid}: {process.command()}" for process in left]
    guard.end(left)
    changed = dict(guard.home_traces(guard.real_home()).items() ^ traces.items())
    assert not named, f"the test left processes behind: {named}"
    started = guard.started_at_home()
    assert not started, f"the test started commands in the real HOME: {started}"
    assert not changed, f"the test wrote to the real HOME: {sorted(changed)}"


@pytest.fixture
def make_repo(tmp_path: Path) -> Iterator[MakeRepo]:
    """Makes empty repositories by name; none of them may be left with a lock of git's in it."""
    environment = isolated_env(tmp_path / "home")
    made: list[Repo] = []

    def make(name: str = "repo") -> Repo:
        made.append(Repo.init(tmp_path / name, environment))
        return made[-1]

    yield make
    left = [str(lock) for repo in made if repo.path.exists() for lock in repo.locks()]
    assert not left, f"the test left locks of git behind: {left}"


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A repository with one commit of one file, `README.md`."""
    repo = make_repo()
    repo.commit_file("README.md", "A repository\n", "First")
    return repo


@pytest.fixture
def in_merge_conflict(repo: Repo) -> Repo:
    """A merge of `side` stopped at a conflict in `f.txt`; `theirs.txt` came in without one."""
    repo.commit_file("f.txt", "base\n")
    repo.git("checkout", "-q", "-b", "side")
    repo.write("theirs.txt", "theirs\n")
    repo.git("add", "theirs.txt")
    repo.commit_file("f.txt", "side\n")
    repo.git("checkout", "-q", "main")
    repo.commit_file("f.txt", "main\n")
    assert repo.git("merge", "side", check=False).returncode == 1
    return repo


@pytest.fixture
def partially_staged(repo: Repo) -> Repo:
    """`f.txt` has one change staged and another that is not; `other.txt` has only an unstaged one."""
    repo.commit_file("other.txt", "committed\n")
    repo.commit_file("f.txt", "1\n2\n3\n")
    repo.write("f.txt", "staged\n2\n3\n")
    repo.git("add", "f.txt")
    repo.write("f.txt", "staged\n2\nunstaged\n")
    repo.write("other.txt", "unstaged\n")
    return repo


@pytest.fixture
def linked_worktree(repo: Repo) -> Repo:
    """A linked work tree, on branch `linked`, of the repository `repo`."""
    return repo.worktree("linked", "linked")


@pytest.fixture
def with_submodule(repo: Repo, make_repo: MakeRepo) -> Repo:
    """A repository with a submodule at `sub`; its own work tree is `Repo(repo.path / "sub", repo.env)`."""
    other = make_repo("library")
    other.commit_file("lib.txt", "lib\n")
    repo.submodule(other, "sub")
    return repo


@pytest.fixture
def sequencer(tmp_path: Path) -> Iterator[Sequencer]:
    """Gates at which processes wait for the test."""
    sequencer = Sequencer(tmp_path / "gates")
    yield sequencer
    sequencer.close()
