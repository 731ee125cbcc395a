"""What waiting costs: the hand-off from one holder to the next, the idle waiter, and the turn nobody disputes.

    .venv/bin/python benchmarks/queue_handoff.py            or --quick

In every round each contender, in random order, lets its waiters line up one after the other behind a holder, which
then lets go. Each waiter notes when it got in and when it was done; a hand-off is the time from one's end to the next
one's beginning, so the work in between does not count. An inversion is a waiter that overtook an earlier one.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock

from gitseq.host import locks
from gitseq.queue import lease, places, turn

ROOT = Path(__file__).parents[1]
GITSEQ = Path(sys.executable).parent / "gitseq"

_TURN = """
import os, sys, time
sys.path.insert(0, sys.argv[4])
from gitseq.queue import lease, places, turn
place = places.Place("repo", os.fsencode(sys.argv[1]) + b"/gitseq")
open(sys.argv[3], "w").close()
with turn.acquire(place, lease.Claim("benchmark", b"", {}), lease.Patience()):
    begun = time.time()
    time.sleep(0.005)
    line = f"{sys.argv[2]} {begun} {time.time()}\\n"
    with open(sys.argv[1] + "/log", "a") as stream: stream.write(line)
"""
_HOLD = """
import os, sys
sys.path.insert(0, {root!r})
from gitseq.queue import lease, places, turn
with turn.acquire(places.Place("repo", os.fsencode({state!r})), lease.Claim("hold", b"", {{}}), lease.Patience()):
    print("held", flush=True)
    sys.stdin.read()
"""
_FILELOCK = """
import sys, time
from filelock import FileLock
open(sys.argv[3], "w").close()
with FileLock(sys.argv[1] + "/lock"):
    begun = time.time()
    time.sleep(0.005)
    line = f"{sys.argv[2]} {begun} {time.time()}\\n"
    with open(sys.argv[1] + "/log", "a") as stream: stream.write(line)
"""
_INSIDE = 'begun=$EPOCHREALTIME; sleep 0.005; echo "$2 $begun $EPOCHREALTIME" >>"$1/log"'
_FLOCK = f'touch "$3"; exec flock "$1/lock" bash -c \'{_INSIDE}\' bash "$1" "$2"'
_EXEC = f'cd "$1"; touch "$3"; exec "$4" exec -- bash -c \'{_INSIDE}\' bash "$1" "$2"'
_MKDIR = f'touch "$3"; until mkdir "$1/held" 2>/dev/null; do sleep 1; done; {_INSIDE}; rmdir "$1/held"'


class Contender(NamedTuple):
    """A way to take turns."""

    name: str
    argv: "list[str]"
    last: str = ""
    """What follows folder, number and the file that says `I am about to wait`."""


CONTENDERS = [
    Contender("gitseq", [sys.executable, "-I", "-S", "-c", _TURN], str(ROOT)),
    Contender("gitseq exec -- bash", ["bash", "-c", _EXEC, "bash"], str(GITSEQ)),
    Contender("flock(1) bash", ["bash", "-c", _FLOCK, "bash"]),
    Contender("filelock, 50 ms poll", [sys.executable, "-I", "-c", _FILELOCK]),
    Contender("mkdir, sleep 1", ["bash", "-c", _MKDIR, "bash"]),
]


class Round(NamedTuple):
    """One line of waiters, emptied."""

    hand_offs: "list[float]"
    inversions: int


def start(contender: Contender, folder: Path, number: int) -> "subprocess.Popen[bytes]":
    """A waiter, once it is about to wait."""
    ready = folder / f"ready.{number}"
    argv = [*contender.argv, str(folder), str(number), str(ready), contender.last]
    process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    while not ready.exists():
        time.sleep(0.001)
    return process


def one_round(contender: Contender, waiters: int) -> Round:
    """The waiters of one contender behind a holder that keeps them until all of them stand."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["git", "init", "-q", name], check=True)
        release = hold(contender, folder)
        processes = []
        for number in range(waiters):
            processes.append(start(contender, folder, number))
            # From there to its place in line; the odd part keeps those that poll from polling in step.
            time.sleep((0.4 if "exec" in contender.name else 0.1) + random.random() * 0.1)
        (folder / "log").write_text(f"-1 0 {time.time()}\n")
        release()
        for process in processes:
            process.wait(120)
        lines = [line.split() for line in (folder / "log").read_text().splitlines()]
    order = [int(line[0]) for line in lines]
    gaps = [float(after[1]) - float(before[2]) for before, after in pairwise(lines)]
    return Round(gaps, sum(after < before for before, after in pairwise(order)))


def hold(contender: Contender, folder: Path) -> "Callable[[], object]":
    """Take the turn before everybody; what is returned gives it back."""
    if contender.name.startswith("gitseq"):
        return hold_by_gitseq(folder / "gitseq" if contender.last == str(ROOT) else folder / ".git/gitseq")
    if contender.name.startswith("mkdir"):
        (folder / "held").mkdir()
        return (folder / "held").rmdir
    lock = FileLock(folder / "lock")
    lock.acquire()
    return lock.release


def hold_by_gitseq(state: Path) -> "Callable[[], object]":
    """In another process: whoever is started below a holder is nested, and does not wait."""
    script = _HOLD.format(root=str(ROOT), state=str(state))
    holder = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    holder.stdout.readline()
    return holder.communicate


def idle_cost(contender: Contender, waiters: int, seconds: float) -> float:
    """Milliseconds of processor time that all waiters together use in one second of waiting."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["git", "init", "-q", name], check=True)
        release = hold(contender, folder)
        processes = [start(contender, folder, number) for number in range(waiters)]
        time.sleep(2)
        before = sum(used(process.pid) for process in processes)
        time.sleep(seconds)
        after = sum(used(process.pid) for process in processes)
        for process in processes:
            process.kill()
            process.wait()
        release()
    return (after - before) / seconds * 1000


def used(pid: int) -> float:
    """Processor time of a process and of its children that have ended, to the nanosecond where the kernel says it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    return own + (int(fields[13]) + int(fields[14])) / 100


def uncontended(rounds: int) -> "dict[str, float]":
    """Microseconds for taking a free turn and giving it back; median."""
    with tempfile.TemporaryDirectory(dir=ROOT) as name:
        place, claim, patience = (
            places.Place("repo", os.fsencode(name) + b"/g"),
            lease.Claim("b", b"", {}),
            lease.Patience(),
        )

        def by_flock() -> None:
            fd = os.open(name + "/flock", os.O_RDWR | os.O_CREAT)
            locks.try_lock(fd)
            locks.unlock(fd)
            os.close(fd)

        ways = {
            "gitseq: acquire, release": lambda: turn.acquire(place, claim, patience).release(),
            "filelock: acquire, release": lambda: FileLock(name + "/filelock").acquire().lock.release(),
            "bare flock": by_flock,
        }
        times: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way in random.sample(sorted(ways), len(ways)):
                begun = time.perf_counter()
                ways[way]()
                times[way].append(time.perf_counter() - begun)
    return {way: statistics.median(taken) * 1e6 for way, taken in times.items()}


def compare(rounds: int, waiters: int) -> None:
    """Print one table of hand-offs."""
    found: dict[str, list[Round]] = {contender.name: [] for contender in CONTENDERS}
    for _ in range(rounds):
        for contender in random.sample(CONTENDERS, len(CONTENDERS)):
            found[contender.name].append(one_round(contender, waiters))
    print(f"hand-off, {waiters} in line, {rounds} interleaved rounds")
    print(f"{'':24}{'median ms':>10}{'p95 ms':>10}{'inversions':>12}")
    for name, results in found.items():
        gaps = sorted(gap * 1000 for result in results for gap in result.hand_offs)
        inversions = sum(result.inversions for result in results)
        print(f"{name:24}{statistics.median(gaps):10.2f}{gaps[int(len(gaps) * 0.95)]:10.2f}{inversions:9d}/{len(gaps)}")
    print()


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and waiters")
    options = parser.parse_args()
    for rounds, waiters in ((4, 1), (2, 5)) if options.quick else ((15, 1), (5, 10)):
        compare(rounds, waiters)
    idle = 10 if options.quick else 50
    print(f"{idle} idle waiters, processor time of all together")
    for contender in (CONTENDERS[0], CONTENDERS[2], CONTENDERS[3], CONTENDERS[4]):
        print(f"{contender.name:24}{idle_cost(contender, idle, 5):10.2f} ms/s")
    print("\nnobody else there")
    for way, microseconds in uncontended(500 if options.quick else 3000).items():
        print(f"{way:28}{microseconds:8.1f} us")


if __name__ == "__main__":
    main()
