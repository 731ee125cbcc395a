"""Twelve commits at once in twelve linked work trees, contender beside contender: memory, order, and who got through.

    .venv/bin/python benchmarks/contention.py            (--quick: one round; --chart FILE: also draws it, as SVG)

The hook takes 300 MB, burns 0.7 s of processor time and has three children. Memory is what all processes below this
program hold, pages they share counted once, looked at twenty times a second from outside.
"""

import argparse
import ctypes
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import chart
import contenders
import measure
import psutil
from contenders import Contender, Gitseq, Lefthook, PreCommit, Prek, Sh
from family import clear, descendants, resident

WORK_TREES = 12
PATIENCE = 120.0
"""Seconds after which what has not ended is ended."""
_PR_SET_CHILD_SUBREAPER = 36

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
    title = "prek under flock(1)"


class LockedPreCommit(Locked, PreCommit):
    title = "pre-commit under flock(1)"


ENTRANTS: "tuple[type[Contender], ...]" = (Sh, Gitseq, Prek, LockedPrek, Lefthook, PreCommit, LockedPreCommit)


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

    @property
    def title(self) -> str:
        return getattr(self.entrant, "title", self.entrant.name)

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
        most = peak = processes = 0
        ended: "list[float]" = []
        while len(ended) < WORK_TREES and time.monotonic() - began < PATIENCE:
            seen = look(self._hook)
            most, peak, processes = max(most, seen[0]), max(peak, seen[1]), max(processes, seen[2])
            through = sum(commit.poll() is not None for commit in commits)
            ended += [time.monotonic() - began] * (through - len(ended))
            time.sleep(0.05)
        refused = sum(commit.returncode != 0 for commit in commits)
        clear()
        self.rounds.append(Round(most, peak, processes, ended[0] if ended else PATIENCE, ended[-1], refused))

    def _commit(self, number: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            ["git", "commit", "-q", "-m", "x"],
            cwd=self._tree(number),
            env=self.entrant.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def row(self) -> "list[str]":
        def middle(field: str) -> float:
            return measure.median([float(getattr(seen, field)) for seen in self.rounds])

        most = max(seen.most_hooks for seen in self.rounds)
        refused = sum(seen.refused for seen in self.rounds)
        sizes = [f"{middle('peak') / 2**20:.0f}", f"{middle('processes'):.0f}"]
        return [self.title, str(most), *sizes, f"{middle('first'):.1f}", f"{middle('last'):.1f}", str(refused)]


def run(options: argparse.Namespace, folder: Path) -> None:
    peers, own = contenders.peers_folder(options.peers), Path(sys.executable).parent
    kinds = [kind for kind in ENTRANTS if shutil.which("flock") or not issubclass(kind, Locked)]
    entrants = [kind(own if kind is Gitseq else peers, folder / "home") for kind in kinds]
    entrants = [entrant for entrant in entrants if not options.only or entrant.name in options.only]
    hook = folder / "hungry-hook"
    hook.write_text(HOOK.format(python=sys.executable))
    hook.chmod(0o755)
    arenas = [Arena(entrant, folder / f"arena{number}", hook) for number, entrant in enumerate(entrants)]
    rounds = options.rounds or (1 if options.quick else 3)
    for _ in range(rounds):
        for arena in arenas:
            arena.round()
    print(f"{measure.machine()}; {WORK_TREES} commits at once in {WORK_TREES} work trees, {rounds} round(s)\n")
    head = ["", "hooks at once", "peak MiB", "peak processes", "first one back s", "all done s", "commits lost"]
    print(measure.table(head, [arena.row() for arena in arenas]))
    if options.chart:
        peaks = {arena.title: float(arena.row()[2]) for arena in arenas}
        title = f"Peak memory of {WORK_TREES} commits at once, MiB"
        Path(options.chart).write_text(chart.bars(title, peaks, highlight="gitseq"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    contenders.add_options(parser)
    parser.add_argument("--chart", metavar="FILE", help="draw the peaks into this SVG file")
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="gitseq-contention-") as name:
        folder = Path(name)
        (folder / "home").mkdir()
        run(options, folder)


if __name__ == "__main__":
    main()
