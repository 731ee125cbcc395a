"""Repositories made of real sources: what W2 and W3 work on."""

import shutil
import subprocess
from pathlib import Path

import contenders
import measure
from contenders import Contender
from measure import Lane, Sample

_SETTLE = 5
"""So often the fixers may have something left to fix."""
EXCLUDED = ".mypy_cache\n.ruff_cache\n"


def git(path: Path, env: "dict[str, str]", *arguments: str) -> None:
    command = ["git", *arguments]
    subprocess.run(command, cwd=path, env=env, check=True, capture_output=True, stdin=subprocess.DEVNULL)


def repository(sources: Path, path: Path, env: "dict[str, str]") -> Path:
    """A repository of a copy of the sources (or of what another repository holds), before its first commit."""
    shutil.copytree(sources, path, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    git(path, env, "init", "-q", "-b", "main")
    git(path, env, "config", "gc.auto", "0")
    git(path, env, "config", "maintenance.auto", "false")
    (path / ".git/info/exclude").write_text(EXCLUDED)
    return path


def settle(path: Path, argv: "list[str]", env: "dict[str, str]") -> None:
    """Run hooks until they find nothing more to fix, and commit that."""
    for _ in range(_SETTLE):
        contenders.commit_set_up(path, env)
        done = subprocess.run(argv, cwd=path, env=env, capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            git(path, env, "status")  # the index knows the time of every file
            return
    said = (done.stdout + done.stderr).decode(errors="replace")[-2000:]
    raise measure.Failed(f"`{' '.join(argv)}` does not come to rest:\n{said}")


class Site:
    """One contender in its own copy of the sources; several lanes may run in it by turns."""

    def __init__(self, entrant: Contender, path: Path, argv: "list[str]") -> None:
        self.entrant = entrant
        self.env = entrant.env
        self.path = path
        self.argv = argv
        """What runs the hooks over the whole tree."""

    def git(self, *arguments: str) -> None:
        git(self.path, self.env, *arguments)

    def forget(self) -> None:
        """Drop what gitseq knows to have passed."""
        shutil.rmtree(self.path / ".git/gitseq/ledger", ignore_errors=True)


class WholeTree(Lane):
    """Runs over all files."""

    def __init__(self, case: str, name: str, site: Site, *, forget: bool = False) -> None:
        super().__init__(case, name)
        self._site = site
        self._forget = forget

    def round(self) -> Sample:
        if self._forget:
            self._site.forget()
        return measure.run(self._site.argv, self._site.env, self._site.path)


class CommitOne(Lane):
    """Commits of one changed file."""

    def __init__(self, case: str, site: Site, file: Path) -> None:
        super().__init__(case, site.entrant.title)
        self._site = site
        self._file = file
        self._text = file.read_text()
        self._number = 0

    def round(self) -> Sample:
        self._number += 1
        self._file.write_text(f"# {self._number}\n{self._text}")
        self._site.git("add", str(self._file))
        return measure.run(["git", "commit", "-q", "-m", f"Round {self._number}"], self._site.env, self._site.path)
