"""git's own lock is never refused: every kind of commit, in every kind of work tree."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.lockprobe import COMMIT_HOOKS, LockProbe, running
from tests.support.repo import Repo, isolated_env

AS_IS, LOCKED, PARTIAL = "as-is", "locked", "partial"


class Place:
    """A work tree and where git keeps the index that its commits use."""

    def __init__(self, repo: Repo, index: Path, probe: LockProbe) -> None:
        self.repo = repo
        self.index = index
        self.probe = probe
        self.edits = 0

    def edit(self, name: str = "f.txt", *, stage: bool = False) -> None:
        self.edits += 1
        self.repo.write(name, f"{self.edits}\n")
        if stage:
            self.repo.git("add", "--", name)

    def commit(self, *options: str, stdin: bytes = b"") -> int:
        """Commit and return git's pid."""
        with running(["git", "commit", "-q", "-m", "x", *options], self.repo, stdin) as process:
            pass
        assert process.returncode == 0, options
        return process.pid


def _main(folder: Path, env: "dict[str, str]") -> "tuple[Repo, Path]":
    repo = Repo.init(folder / "main", env)
    return repo, repo.path / ".git/index"


def _linked(folder: Path, env: "dict[str, str]") -> "tuple[Repo, Path]":
    main, _index = _main(folder, env)
    main.commit_file("f.txt", "0\n")
    return main.worktree("linked", "linked"), main.path / ".git/worktrees/linked/index"


def _submodule(folder: Path, env: "dict[str, str]") -> "tuple[Repo, Path]":
    library = Repo.init(folder / "library", env)
    library.commit_file("f.txt", "0\n")
    main, _index = _main(folder, env)
    return main.submodule(library, "sub"), main.path / ".git/modules/sub/index"


def _separate_git_dir(folder: Path, env: "dict[str, str]") -> "tuple[Repo, Path]":
    repo = Repo(folder / "tree", env)
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "main", f"--separate-git-dir={folder / 'elsewhere'}")
    return repo, folder / "elsewhere/index"


def _symlinked_path(folder: Path, env: "dict[str, str]") -> "tuple[Repo, Path]":
    repo, index = _main(folder, env)
    (folder / "link").symlink_to(repo.path)
    return Repo(folder / "link", {**env, "PWD": str(folder / "link")}), index


def _symlinked_git_dir(folder: Path, env: "dict[str, str]") -> "tuple[Repo, Path]":
    repo, _index = _main(folder, env)
    (repo.path / ".git").rename(folder / "moved.git")
    (repo.path / ".git").symlink_to(folder / "moved.git")
    return repo, folder / "moved.git/index"


def _symlinked_index(folder: Path, env: "dict[str, str]") -> "tuple[Repo, Path]":
    repo, index = _main(folder, env)
    repo.commit_file("f.txt", "0\n")
    (folder / "kept").mkdir()
    index.rename(folder / "kept/real")
    (folder / "hop").symlink_to("kept/real")
    index.symlink_to(folder / "hop")
    return repo, folder / "kept/real"


def _user_index(folder: Path, env: "dict[str, str]") -> "tuple[Repo, Path]":
    repo, _index = _main(folder, env)
    repo.commit_file("f.txt", "0\n")
    repo.env["GIT_INDEX_FILE"] = str(folder / "my index")
    repo.git("read-tree", "HEAD")
    return repo, folder / "my index"


def _odd_name(folder: Path, env: "dict[str, str]") -> "tuple[Repo, Path]":
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/a\nb \xff"))
    odd.mkdir()
    return _main(odd, env)


PLACES: "dict[str, Callable[[Path, dict[str, str]], tuple[Repo, Path]]]" = {
    "main": _main,
    "linked": _linked,
    "submodule": _submodule,
    "separate-git-dir": _separate_git_dir,
    "symlinked-path": _symlinked_path,
    "symlinked-git-dir": _symlinked_git_dir,
    "symlinked-index": _symlinked_index,
    "user-index": _user_index,
    "odd-name": _odd_name,
}

COMMITS: "dict[str, tuple[str, Callable[[Place], int]]]" = {}


def _commit(mode: str) -> "Callable[[Callable[[Place], int]], Callable[[Place], int]]":
    def register(function: "Callable[[Place], int]") -> "Callable[[Place], int]":
        COMMITS[function.__name__.lstrip("_")] = (mode, function)
        return function

    return register


@_commit(AS_IS)
def _plain(place: Place) -> int:
    place.edit(stage=True)
    return place.commit()


@_commit(AS_IS)
def _allow_empty(place: Place) -> int:
    return place.commit("--allow-empty")


@_commit(AS_IS)
def _amend(place: Place) -> int:
    place.edit(stage=True)
    return place.commit("--amend")


@_commit(LOCKED)
def _all(place: Place) -> int:
    place.edit()
    return place.commit("-a")


@_commit(LOCKED)
def _amend_all(place: Place) -> int:
    place.edit()
    return place.commit("--amend", "-a")


@_commit(LOCKED)
def _include(place: Place) -> int:
    place.edit("g.txt", stage=True)
    place.edit()
    return place.commit("-i", "f.txt")


@_commit(LOCKED)
def _amend_include(place: Place) -> int:
    place.edit()
    return place.commit("--amend", "-i", "f.txt")


@_commit(LOCKED)
def _patch(place: Place) -> int:
    place.edit()
    return place.commit("-p", stdin=b"y\n")


@_commit(LOCKED)
def _interactive(place: Place) -> int:
    place.edit()
    return place.commit("--interactive", stdin=b"u\n1\n\nq\n")


@_commit(PARTIAL)
def _path(place: Place) -> int:
    place.edit("g.txt", stage=True)
    place.edit()
    return place.commit("f.txt")


@_commit(PARTIAL)
def _only(place: Place) -> int:
    place.edit()
    return place.commit("-o", "f.txt")


@_commit(PARTIAL)
def _amend_path(place: Place) -> int:
    place.edit()
    return place.commit("--amend", "f.txt")


@_commit(PARTIAL)
def _amend_only(place: Place) -> int:
    place.edit("g.txt", stage=True)
    return place.commit("--amend", "--only")


FEW = ("plain", "all", "path")
"""The commits that are made in every place; the others are left to the campaign but for two places."""


def _pairs() -> "list[object]":
    return [
        pytest.param(place, kind, marks=[] if kind in FEW or place in ("main", "linked") else pytest.mark.campaign)
        for place in PLACES
        for kind in COMMITS
    ]


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("place")
    repo, index = PLACES[request.param](folder, isolated_env(folder / "home"))
    for name in ("f.txt", "g.txt"):
        repo.commit_file(name, "first\n")
    probe = LockProbe(folder, [repo.env])
    for stage in COMMIT_HOOKS if request.param == "main" else COMMIT_HOOKS[:1]:
        probe.hook(stage)
    return Place(repo, index, probe)


def _same_file(first: "str | bytes | Path", second: "str | bytes | Path") -> bool:
    folders = os.path.dirname(os.fsencode(first)), os.path.dirname(os.fsencode(second))
    return os.path.samefile(*folders) and os.path.basename(os.fsencode(first)) == os.path.basename(os.fsencode(second))


@pytest.mark.parametrize(("place", "kind"), _pairs(), indirect=["place"])
def test_a_commit_is_never_refused_for_its_own_lock(place: Place, kind: str) -> None:
    mode, commit = COMMITS[kind]
    place.probe.answers()
    git = commit(place)
    answers = place.probe.answers()
    assert {answer["by"] for answer in answers} == set(os.listdir(place.probe.hooks))
    for answer in answers:
        assert answer["caller"] == git
        if mode == AS_IS:
            assert answer["state"] is None, answer
            continue
        assert (answer["state"], answer["mode"], answer["git"]) == ("ours", mode, git), answer
        assert _same_file(answer["path"], f"{place.index}.lock")
    assert not os.path.lexists(f"{place.index}.lock")


@pytest.fixture(params=["main", "linked"])
def busy(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A main or a linked work tree whose branch `side` conflicts with it in f.txt."""
    repo, index = PLACES[request.param](tmp_path, isolated_env(tmp_path / "home"))
    for branch, content in (("base", "base\n"), ("side", "side\n"), ("here", "here\n")):
        start = () if branch == "base" else ("base",)
        repo.git("switch", "-q", "-c", branch, *start)
        repo.commit_file("f.txt", content)
    probe = LockProbe(tmp_path, [repo.env])
    for stage in (*COMMIT_HOOKS, "pre-merge-commit", "pre-rebase"):
        probe.hook(stage)
    return Place(repo, index, probe)


def _states(place: Place) -> "list[tuple[str, str | None, str | None]]":
    return [(answer["by"], answer["state"], answer.get("mode")) for answer in place.probe.answers()]


def _expected(*, mode: "str | None" = None) -> "list[tuple[str, str | None, str | None]]":
    return [(stage, mode and "ours", mode) for stage in COMMIT_HOOKS]


@pytest.mark.parametrize("options", ["commit", "commit -a", "commit -i f.txt", "merge --continue"])
def test_concluding_a_conflicted_merge_is_not_refused(busy: Place, options: str) -> None:
    busy.repo.git("merge", "side", check=False)
    busy.repo.write("f.txt", "resolved\n")
    if options in ("commit", "merge --continue"):
        busy.repo.git("add", "f.txt")
    command = options.split()
    message = ["-m", "x"] if command[0] == "commit" else []
    busy.repo.git(command[0], *message, *command[1:])
    assert _states(busy) == _expected(mode=LOCKED if len(command) > 1 and command[0] == "commit" else None)


def test_concluding_a_conflicted_cherry_pick_is_not_refused(busy: Place) -> None:
    busy.repo.git("cherry-pick", "side", check=False)
    busy.repo.write("f.txt", "resolved\n")
    busy.repo.git("add", "f.txt")
    busy.repo.git("cherry-pick", "--continue")
    assert _states(busy) == _expected()


def test_a_merge_is_not_refused(busy: Place) -> None:
    busy.repo.git("switch", "-q", "-c", "other", "base")
    busy.repo.commit_file("other.txt", "other\n")
    busy.repo.git("merge", "-q", "--no-edit", "side")
    stages = ("pre-merge-commit", "prepare-commit-msg", "commit-msg")
    assert _states(busy) == [(stage, None, None) for stage in stages]


def test_commits_inside_a_rebase_are_not_refused(busy: Place) -> None:
    busy.repo.commit_file("other.txt", "other\n")
    fix = "git commit -q --allow-empty -m as-is && echo more >>f.txt && git commit -q -a -m all"
    busy.repo.git("rebase", "-q", "-f", "-x", fix, "HEAD~1")
    states = _states(busy)
    assert states[0] == ("pre-rebase", None, None)
    assert states[-6:] == [*_expected(), *_expected(mode=LOCKED)]


def test_a_reworded_commit_is_not_refused(busy: Place) -> None:
    busy.repo.commit_file("other.txt", "other\n")
    env = {"GIT_SEQUENCE_EDITOR": "sed -i s/^pick/reword/"}
    busy.repo.git("rebase", "-q", "-i", "HEAD~1", env=env)
    states = _states(busy)
    assert states[0] == ("pre-rebase", None, None)
    assert [state for state in states if state[0] == "pre-commit"] == [("pre-commit", None, None)]
    assert {state for _stage, state, _mode in states} == {None}


def test_the_first_commit_is_not_refused(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "new", isolated_env(tmp_path / "home"))
    probe = LockProbe(tmp_path, [repo.env])
    probe.hook("pre-commit")
    repo.commit("--allow-empty")
    (answer,) = probe.answers()
    assert answer["state"] is None


def test_a_commit_from_a_sub_folder_or_by_an_alias_is_not_refused(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "new", isolated_env(tmp_path / "home"))
    repo.commit_file("d/f.txt", "0\n")
    probe = LockProbe(tmp_path, [repo.env])
    probe.hook("pre-commit")
    repo.write("d/f.txt", "1\n")
    repo.git("commit", "-a", "-m", "x", cwd="d")
    repo.write("d/f.txt", "2\n")
    repo.git("-c", "alias.ci=!sh -c 'git commit -m x d/f.txt'", "ci", cwd="d")
    assert [(answer["state"], answer["mode"]) for answer in probe.answers()] == [("ours", LOCKED), ("ours", PARTIAL)]


def test_a_hook_run_by_hand_under_git_has_no_lock_but_a_caller(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "new", isolated_env(tmp_path / "home"))
    probe = LockProbe(tmp_path, [repo.env])
    probe.hook("pre-commit")
    with running(["git", "hook", "run", "pre-commit"], repo) as git:
        pass
    if git.returncode == 129:
        pytest.skip("this git has no `git hook`")
    (answer,) = probe.answers()
    assert (answer["state"], answer["caller"]) == (None, git.pid)


def test_the_common_answer_loads_nothing_for_the_rare_one(tmp_path: Path) -> None:
    from tests.support.procs import python

    repo = Repo.init(tmp_path / "new", isolated_env(tmp_path / "home"))
    library = str(Path(__file__).parents[2])
    code = (
        f"import sys, os; sys.path.insert(0, {library!r})\n"
        "from gitseq.git import indexlock, marks, caller; from gitseq.git.repo import discover\n"
        "repo = discover({}, os.getcwdb()); indexlock.check(repo, {}); marks.Marks.take(repo, {})\n"
        "print(*sorted(name for name in sys.modules if 'lock' in name))"
    )
    done = subprocess.run(python(code), cwd=repo.path, stdout=subprocess.PIPE, check=True)
    assert done.stdout.split() == [b"gitseq.git.indexlock", b"gitseq.host.clock"]
