"""Many processes at one queue, killed at random, and a checker that believes none of them.

Inside its turn a worker puts down a marker that names it, and takes it away before it lets go. Whoever enters and
finds a marker must find its owner dead: a living one is an overlap. Entries go into one append-only log with their
ticket numbers: a number lower than the one before it is an inversion of the order of arrival.
"""

import contextlib
import os
import random
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from gitseq.core import queueing
from gitseq.queue import lease, turn
from tests.support.agents import place_of

ROOT = Path(__file__).parents[2]

_WORKER = r"""
import os, random, sys, time
sys.path[:0] = [sys.argv[1]]
from gitseq.errors import GaveUp
from gitseq.host import proctree
from gitseq.queue import lease as leases, places, turn, waiting
waiting._PULSE = 1e6  # who is not woken shall stand there to the end, and nobody get past him
folder, seed = os.fsencode(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
place = places.Place("repo", folder + b"/gitseq")
me = b"%d %d" % (os.getpid(), proctree.start_of(os.getpid()))
marker, mine = folder + b"/inside", folder + b"/mine.%d" % os.getpid()
with open(mine, "wb") as stream: stream.write(me)
log = os.open(folder + b"/log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
wrong = os.open(folder + b"/wrong", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

def enter(lease):
    end = time.monotonic() + 2
    seen = None
    while True:
        try:
            os.link(mine, marker)
            return
        except FileExistsError:
            pass
        try:
            with open(marker, "rb") as stream: found = stream.read()
        except FileNotFoundError:
            os.write(wrong, b"OVERLAP %s met one who then left by himself: %s\n" % (me, seen or b"?"))
            continue
        if seen is not None and found != seen:
            os.write(wrong, b"OVERLAP %s met two: %s, %s\n" % (me, seen, found))
        seen = found
        pid, start = map(int, found.split())
        if proctree.start_of(pid) != start:  # a SIGKILL gives the locks back a moment before the process is gone
            os.unlink(marker)
        elif time.monotonic() > end:
            os.write(wrong, b"OVERLAP %s met %s, alive\n" % (me, found))
            os.unlink(marker)
        else:
            time.sleep(0.0005)

while True:
    patience = chance.choice((float("inf"), float("inf"), float("inf"), 0.05))
    try:
        lease = turn.acquire(place, leases.Claim("stress", folder, {}), leases.Patience(patience))
    except GaveUp:
        continue
    except Exception as error:
        os.write(wrong, b"ERROR " + repr(error).encode() + b"\n")
        continue
    enter(lease)
    os.write(log, b"%d %d\n" % (lease.record.ticket, os.getpid()))
    if lease.unsettled and chance.random() < 0.9: lease.settle()
    time.sleep(chance.random() * 0.002)
    os.unlink(marker)
    lease.release()
    time.sleep(chance.random() * 0.004)
"""


class Outcome(NamedTuple):
    """What a campaign saw."""

    entries: int
    kills: int
    kills_inside: int
    overlaps: list[str]
    inversions: int
    recovery: float
    """Seconds until somebody got the lease after all had been killed at once."""
    left: list[str]
    """Tickets and records that still lay there after that."""


def campaign(folder: Path, *, processes: int, seconds: float, seed: int, pace: float) -> Outcome:
    """Let the processes compete for some seconds while they are killed at random and replaced; then kill them all.

    `pace` is the longest time between two kills, in seconds.
    """
    chance = random.Random(seed)
    workers = [_worker(folder, chance) for _ in range(processes)]
    kills = inside = 0
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(chance.random() * pace)
            victim = _choose(workers, folder, chance)
            was_inside = _marked(folder) == victim.pid
            victim.kill()
            victim.wait()
            kills += 1
            inside += was_inside
            workers.remove(victim)
            (folder / f"mine.{victim.pid}").unlink(missing_ok=True)
            workers.append(_worker(folder, chance))
    finally:
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.wait()
    started = time.monotonic()
    with turn.acquire(place_of(folder), lease.Claim("last", b"", {}), lease.Patience(10)) as last:
        recovery = time.monotonic() - started
        last.settle()
    numbers = [int(line.split()[0]) for line in (folder / "log").read_text().splitlines()]
    return Outcome(
        len(numbers),
        kills,
        inside,
        (folder / "wrong").read_text().splitlines(),
        sum(after <= before for before, after in pairwise(numbers)),
        recovery,
        [name for name in os.listdir(folder / "gitseq/queue") + os.listdir(folder / "gitseq") if _matters(name)],
    )


def _matters(name: str) -> bool:
    return name.startswith(queueing.TICKET_PREFIX) or name == "lease.json"


def _worker(folder: Path, chance: random.Random) -> "subprocess.Popen[bytes]":
    argv = [sys.executable, "-I", "-S", "-c", _WORKER, str(ROOT), str(folder), str(chance.randrange(1 << 30))]
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, env={})


def _choose(workers: "list[subprocess.Popen[bytes]]", folder: Path, chance: random.Random) -> "subprocess.Popen[bytes]":
    """Half of the time whoever is inside, if he can be seen there."""
    marked = _marked(folder) if chance.random() < 0.5 else 0
    return next((worker for worker in workers if worker.pid == marked), chance.choice(workers))


def _marked(folder: Path) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int((folder / "inside").read_text().split()[0])
    return 0
