"""W4, twelve commits at once in twelve linked work trees: memory, processes, order, and who got through.

The hook takes 300 MB, burns 0.7 s of processor time and has three children. Memory is what all processes below this
program hold, pages they share counted once, looked at from outside, twenty times a second at most.
"""

import random
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import contenders
import measure
import psutil
from contenders import Contender, Gitseq, Husky, Lefthook, PreCommit, Prek, Sh
from family import clear, descendants, resident
from measure import Row
from workload import Trial, Workload

WORK_TREES = 12
PATIENCE = 120.0
"""Seconds after which what has not ended is ended."""

HOOK = """#!{python} -IS
import os, time
held = bytearray(300 << 20)
for at in range(0, len(held), 4096):
    held[at] = 1
children = []
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        time.sleep(0.5)
        os._exit(0)
    children.append(pid)
while time.process_time() < 0.7:
    pass
for pid in children:
    os.waitpid(pid, 0)
"""
"""Its file name is how it is counted from outside."""


class Locked:
    """A contender as people make it wait by hand: its hook wrapped into flock(1)."""

    def set_up(self, repo: Path, hooks: int, command: str = "true") -> None:
        super().set_up(repo, hooks, command)  # type: ignore[misc]
        hook = repo / ".git" / "hooks" / "pre-commit"
        hook.rename(hook.with_name("pre-commit-itself"))
        lock = repo / ".git" / "by-hand.lock"
        hook.write_text(f'#!/bin/sh\nexec flock "{lock}" "{hook.with_name("pre-commit-itself")}" "$@"\n')
        hook.chmod(0o755)


class LockedPrek(Locked, Prek):
    name = "prek"
    title = "prek under flock(1)"


class LockedPreCommit(Locked, PreCommit):
    name = "pre-commit"
    title = "pre-commit under flock(1)"


KINDS: "tuple[type[Contender], ...]" = (Sh, Gitseq, Prek, LockedPrek, Lefthook, PreCommit, LockedPreCommit, Husky)
QUICK_KINDS = (Gitseq, Prek, LockedPrek)


class Round(NamedTuple):
    """What was seen of one round."""

    most_hooks: int
    peak: int
    """Bytes."""
    processes: int
    first: float
    """Seconds until the first commit was through ..."""
    last: float
    """... and the last."""
    refused: int


def look(hook: str) -> "tuple[int, int, int]":
    """(hooks running, bytes, processes) at this moment."""
    hooks = 0
    processes = descendants()
    ours = {process.pid for process in processes if _runs(process, hook)}
    for process in processes:
        with suppress(psutil.Error):
            hooks += process.pid in ours and process.ppid() not in ours
    return hooks, resident(processes), len(processes)


def _runs(process: psutil.Process, hook: str) -> bool:
    with suppress(psutil.Error):
        return hook in process.cmdline()
    return False


class Watch:
    """The most that was seen of each, looking often, but no more than a sixth of the time of one core."""

    def __init__(self, hook: str) -> None:
        self._hook = hook
        self._due = 0.0
        self.most = (0, 0, 0)

    def look_when_due(self) -> None:
        if time.monotonic() < self._due:
            return
        used = time.process_time()
        hooks, size, processes = look(self._hook)
        self.most = (max(self.most[0], hooks), max(self.most[1], size), max(self.most[2], processes))
        self._due = time.monotonic() + 5 * (time.process_time() - used)


class Arena:
    """One contender in its own repository, with its work trees."""

    def __init__(self, entrant: Contender, path: Path, hook: Path) -> None:
        self.entrant = entrant
        self._hook = str(hook)
        self._path = path
        self.rounds: "list[Round]" = []
        contenders.make_repository(path, 50, entrant.env)
        entrant.set_up(path, 1, self._hook)
        contenders.commit_set_up(path, entrant.env)
        for number in range(WORK_TREES):
            self._git(path, "worktree", "add", "-q", "-b", f"b{number}", str(self._tree(number)))
            entrant.set_up_linked(self._tree(number))

    def _tree(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}-{number}")

    def _git(self, cwd: Path, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=cwd, env=self.entrant.env, check=True, stdin=subprocess.DEVNULL)

    def round(self) -> None:
        """Twelve commits, started at once and watched until the last has ended."""
        for number in range(WORK_TREES):
            (self._tree(number) / "pkg0000" / "mod00.py").write_text(f"VALUE = {time.monotonic_ns()}\n")
            self._git(self._tree(number), "add", "-A")
        began = time.monotonic()
        commits = [self._commit(number) for number in range(WORK_TREES)]
        watch = Watch(self._hook)
        ended: "list[float]" = []
        while len(ended) < WORK_TREES and time.monotonic() - began < PATIENCE:
            watch.look_when_due()
            through = sum(commit.poll() is not None for commit in commits)
            ended += [time.monotonic() - began] * (through - len(ended))
            time.sleep(0.05)
        refused = sum(commit.returncode != 0 for commit in commits)
        clear()
        ended += [PATIENCE] * (WORK_TREES - len(ended))
        self.rounds.append(Round(*watch.most, ended[0], ended[-1], refused))

    def _commit(self, number: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            ["git", "commit", "-q", "-m", "x"],
            cwd=self._tree(number),
            env=self.entrant.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def row(self) -> Row:
        def middle(field: str) -> float:
            return measure.median([float(getattr(seen, field)) for seen in self.rounds])

        more: "dict[str, float | str]" = {
            "first back s": middle("first"),
            "peak MiB": middle("peak") / 2**20,
            "peak processes": int(middle("processes")),
            "hooks at once": max(seen.most_hooks for seen in self.rounds),
            "commits lost": sum(seen.refused for seen in self.rounds),
        }
        case = f"{WORK_TREES} commits in {WORK_TREES} work trees"
        return Row(case, self.entrant.title, [seen.last for seen in self.rounds], more)


def run(trial: Trial) -> "list[Row]":
    hook = trial.folder / "hungry-hook"
    hook.write_text(HOOK.format(python=sys.executable))
    hook.chmod(0o755)
    kinds = [kind for kind in KINDS if shutil.which("flock") or not issubclass(kind, Locked)]
    entrants = trial.entrants(kind for kind in kinds if kind in QUICK_KINDS or not trial.quick)
    arenas = [Arena(entrant, trial.folder / f"arena{number}", hook) for number, entrant in enumerate(entrants)]
    order = random.Random(0)
    for _ in range(trial.rounds(3, 1)):
        for arena in order.sample(arenas, len(arenas)):
            arena.round()
    return [arena.row() for arena in arenas]


WORKLOAD = Workload(
    "W4",
    f"{WORK_TREES} commits at once in {WORK_TREES} linked work trees",
    "The hook takes 300 MiB, burns 0.7 s of processor time and has three children. Memory and processes are those of "
    "everything together, pages that are shared counted once. One at a time costs wall time where cores idle, and buys "
    "memory and an early first answer.",
    run,
    unit="s",
    wall="until all are through",
)
