"""W1, what hooks cost a commit: `git commit` of one file with no-op hooks, contender beside contender.

Each contender has its own identical repository. Every round measures each of them once, in random order, so that a
noisy moment hits them alike. Ratios travel from machine to machine, milliseconds do not: a baseline, not a gate.
"""

import shutil
import subprocess
from pathlib import Path

import contenders
import measure
from contenders import Contender
from measure import Count, Lane, Row, Sample
from workload import Budget, Trial, Workload

CASES = ((200, 1), (200, 5), (200, 10), (5000, 1))
"""Files in the repository, hooks."""
QUICK_CASES = CASES[:2]


def title(files: int, hooks: int) -> str:
    return f"{files:,} files, {hooks} no-op hook{'s' * (hooks > 1)}"


class Commit(Lane):
    """Commits of one file, by one contender, in its own repository."""

    def __init__(self, case: str, contender: Contender, path: Path) -> None:
        super().__init__(case, contender.title)
        self._env = contender.env
        self._path = path
        self._number = 0

    def stage(self) -> "list[str]":
        """Change and stage one file; the commit to be measured."""
        self._number += 1
        file = self._path / "pkg0000" / "mod00.py"
        file.write_text(f'"""Module 0."""\n\nVALUE = {self._number}\n')
        subprocess.run(["git", "add", str(file)], cwd=self._path, env=self._env, check=True)
        return ["git", "commit", "-q", "-m", f"Round {self._number}"]

    def round(self) -> Sample:
        return measure.run(self.stage(), self._env, self._path)

    def count(self) -> Count:
        return measure.count(self.stage(), self._env, self._path)


def set_up(contender: Contender, path: Path, files: int, hooks: int) -> Path:
    """A repository in which the contender runs so many no-op hooks."""
    contenders.make_repository(path, files, contender.env)
    contender.set_up(path, hooks)
    contenders.commit_set_up(path, contender.env)
    return path


def run(trial: Trial) -> "list[Row]":
    rows: "list[Row]" = []
    for number, (files, hooks) in enumerate(QUICK_CASES if trial.quick else CASES):
        entrants = trial.entrants(contenders.ALL)
        paths = [trial.folder / f"{number}-{entrant.name}" for entrant in entrants]
        lanes = [
            Commit(title(files, hooks), entrant, set_up(entrant, path, files, hooks))
            for entrant, path in zip(entrants, paths, strict=True)
        ]
        found = measure.compete(lanes, trial.rounds(15, 5), warm_up=2)
        if not trial.quick and shutil.which("strace"):
            found = [_counted(row, lane.count()) for row, lane in zip(found, lanes, strict=True)]
        rows += found
    return rows


def _counted(row: Row, counts: Count) -> Row:
    heads = {"programs": counts.programs, "of git": counts.of_git, "threads": counts.threads, "calls": counts.calls}
    return row._replace(more={**row.more, **heads})


WORKLOAD = Workload(
    "W1",
    "`git commit` of one file with no-op hooks",
    "`none` has no hook, `sh` a shell script in its place, `floor-py` the least that a runner in Python can do. "
    "Programs, threads and system calls are counted by strace in one more commit, where it is installed: they are free "
    "of noise.",
    run,
    budgets=(
        Budget(title(200, 1), "prek", 1.5),
        Budget(title(200, 1), "pre-commit", 0.1),
        Budget(title(5000, 1), "prek", 1.2),
        Budget(title(200, 10), "prek", 0.8),
    ),
)
