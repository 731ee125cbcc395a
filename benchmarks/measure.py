"""Measuring one command: wall time, CPU and peak memory, from a process so small that it does not disturb.

The kernel counts what a process had in memory before `exec` into its peak, so a command started from a large Python
would look as large as that Python. A bare interpreter starts it instead; peaks below that one's own (about 9 MiB)
cannot be seen.
"""

import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_STARTER = """
import os, sys, time
out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
nothing = os.open(os.devnull, os.O_RDONLY)
actions = [(os.POSIX_SPAWN_DUP2, nothing, 0), (os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)]
begun = time.perf_counter()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ, file_actions=actions)
_, status, used = os.wait4(pid, 0)
wall = time.perf_counter() - begun
print(os.waitstatus_to_exitcode(status), wall, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


class Failed(Exception):
    """A contender did not do what it was to be measured at."""


class Sample(NamedTuple):
    """One command, run once."""

    wall: float
    """Seconds."""
    cpu: float
    """User and system seconds of the command and of all its descendants that were waited for."""
    peak: int
    """KiB of the largest process among these."""


def run(argv: "list[str]", env: "dict[str, str]", cwd: Path, code_wanted: int = 0) -> Sample:
    """Run a command that must end with the code wanted."""
    with tempfile.NamedTemporaryFile() as output:
        starter = [sys.executable, "-I", "-S", "-c", _STARTER, output.name, *argv]
        done = subprocess.run(starter, env=env, cwd=cwd, capture_output=True, timeout=600, check=True)
        code, wall, cpu, peak = done.stdout.split()
        if int(code) != code_wanted:
            said = Path(output.name).read_text(errors="replace")
            raise Failed(f"`{' '.join(argv)}` in {cwd} ended with {int(code)}:\n{said[-2000:]}")
    return Sample(float(wall), float(cpu), int(peak) if sys.platform == "linux" else int(peak) // 1024)


class Row(NamedTuple):
    """What one contender did in one case of a workload."""

    case: str
    contender: str
    walls: "list[float]"
    """Seconds, one of each round."""
    more: "dict[str, float | str]"
    """Further columns, by their heads, in the order they are shown."""


class Lane:
    """One contender in one case: what a round of it is, and what the rounds told."""

    def __init__(self, case: str, contender: str) -> None:
        self.case = case
        self.contender = contender
        self.samples: "list[Sample]" = []

    def round(self) -> Sample:
        """Prepare, which is not measured, and run once."""
        raise NotImplementedError

    def row(self) -> Row:
        cpu = median([sample.cpu for sample in self.samples])
        peak = max(sample.peak for sample in self.samples) / 1024
        more: "dict[str, float | str]" = {"cpu ms": cpu * 1000, "peak MiB": peak}
        return Row(self.case, self.contender, [sample.wall for sample in self.samples], more)


def compete(lanes: "Sequence[Lane]", rounds: int, warm_up: int = 1) -> "list[Row]":
    """Run every lane so many times, in random order within each round: a noisy moment hits them alike."""
    order = random.Random(0)
    turns = list(lanes)
    for number in range(-warm_up, rounds):
        order.shuffle(turns)
        for lane in turns:
            sample = lane.round()
            if number >= 0:
                lane.samples.append(sample)
    return [lane.row() for lane in lanes]


class Count(NamedTuple):
    """What one command asked of the kernel; free of noise, where seconds are not."""

    programs: int
    of_git: int
    threads: int
    calls: int


def count(argv: "list[str]", env: "dict[str, str]", cwd: Path) -> Count:
    """Count by strace: programs executed (of these git), threads begun, system calls."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        subprocess.run(
            ["strace", "-f", "-qq", "-s", "256", "-o", str(log), *argv],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=600,
            check=True,
        )
        return _read_trace(log.read_text(errors="replace"))


def _read_trace(trace: str) -> Count:
    seen: Counter[str] = Counter()
    executing: dict[str, str] = {}
    for line in trace.splitlines():
        pid, _, rest = line.partition(" ")
        rest = rest.lstrip()
        if rest.startswith(("+++", "---")):
            continue
        if not rest.startswith("<..."):
            seen["calls"] += 1
        if rest.startswith("execve("):
            executing[pid] = rest.split('"')[1]
        if "execve" in rest[:20] and rest.endswith("= 0"):
            seen["programs"] += 1
            seen["git"] += os.path.basename(executing[pid]).split("-")[0] == "git"
        if re.match(r"clone3?\(", rest) and "CLONE_THREAD" in rest:
            seen["threads"] += 1
    return Count(seen["programs"], seen["git"], seen["threads"], seen["calls"])


def median(values: "list[float]") -> float:
    return statistics.median(values)


def facts() -> "dict[str, str]":
    """What one must know of this machine to read a figure."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": str(cores),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release().split('-')[0]} {platform.machine()}",
        "git": git,
        "python": platform.python_version(),
        "file system": file_system(Path(tempfile.gettempdir())),
    }


def file_system(folder: Path) -> str:
    """The kind of file system a folder is on, as Linux calls it."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    kinds = {Path(fields[1]): fields[2] for fields in mounts}
    resolved = folder.resolve()
    return next((kinds[place] for place in (resolved, *resolved.parents) if place in kinds), "unknown")


def in_words(known: "dict[str, str]") -> str:
    """One line out of `facts`."""
    programs = f"git {known['git']}, Python {known['python']}"
    return f"{known['cores']} cores, {known['memory']}, {known['system']}, {known['file system']}, {programs}"


def machine() -> str:
    """One line: cores, memory, system, file system, git, Python."""
    return in_words(facts())


def table(head: "list[str]", rows: "list[list[str]]") -> str:
    """A Markdown table, its columns aligned; the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(cells: "list[str]") -> str:
        first = cells[0].ljust(widths[0])
        return (
            "| "
            + " | ".join([first, *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))])
            + " |"
        )

    rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|"
    return "\n".join([line(head), rule, *(line(row) for row in rows)])
