"""What watching costs a hook: the same work in the cage and without it, one process and a hundred.

    .venv/bin/python benchmarks/watch_cost.py           (ten-second hooks; --quick: three-second ones)

The work is a fixed number of steps, counted so that it takes about that long without the cage. A round runs every way
once, in random order, and two times without the cage: what these two differ by is noise, and a caged time is held
against their mean, in the same round, so that slow minutes of the machine cancel out. The verdict is by the median of
these ratios and its 95 % interval (bootstrap): a slowdown is measurable when the whole interval lies above zero and the
median above the noise. Where the noise itself is above 2 % the machine is too busy to tell, and the exit code is 2; it
is 1 when a slowdown was measured. The same is told of the hook's processor seconds, which other work swings less, and
of what the engine itself used; neither changes the exit code.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import measure

ROOT = Path(__file__).resolve().parents[1]

_WORK = """
import os, sys, time
steps, processes = int(sys.argv[1]), int(sys.argv[2])
children = []
for _ in range(processes - 1):
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    children.append(pid)
for _ in range(steps):
    sum(range(1000))
for pid in children:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
"""

_ENGINE = """
import json, os, sys, time
sys.path.insert(0, sys.argv[1])
from gitseq.cage import run as cage
from gitseq.host import signals
from gitseq.model import Limits
argv = [os.fsencode(part) for part in sys.argv[4:]]
nothing = os.open(os.devnull, os.O_RDONLY)
with signals.Signals() as noted:
    limits = Limits(timeout=600.0, memory=4 << 30, processes=256)
    command = cage.Command(argv[0], argv, dict(os.environb), b"/", nothing, limits=limits)
    watch = cage.Watch(noted, state_dir=os.fsencode(sys.argv[2]), nested=sys.argv[3] == "polling")
    before = time.process_time()
    outcome = cage.run(command, watch)
    print(json.dumps([outcome.exit_code, outcome.duration, outcome.cpu, time.process_time() - before]))
"""


def calibrate(seconds: float) -> int:
    """Steps that take so long here."""
    steps = 20_000
    began = time.monotonic()
    for _ in range(steps):
        sum(range(1000))
    return round(steps * seconds / (time.monotonic() - began))


class Sample(NamedTuple):
    """Seconds the hook took, its processor seconds, and those the engine used meanwhile."""

    wall: float
    cpu: float
    engine: float


def direct(work: "list[str]") -> Sample:
    began = time.monotonic()
    pid = os.posix_spawn(work[0], work, os.environ)
    _pid, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"the work failed with {status}")
    return Sample(time.monotonic() - began, usage.ru_utime + usage.ru_stime, 0.0)


def caged(work: "list[str]", state_dir: str, way: str) -> Sample:
    engine = [sys.executable, "-I", "-S", "-c", _ENGINE, str(ROOT), state_dir, way, *work]
    done = subprocess.run(engine, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    code, wall, cpu, processor = json.loads(done.stdout)
    if code:
        raise SystemExit(f"the work failed with {code}")
    return Sample(wall, cpu, processor)


WAYS = ("no cage", "no cage again", "polling", "best rung")
_TOO_NOISY = 0.02
"""Two runs of the same thing that differ by more than this, at the median, leave nothing to be told."""


class Verdict(NamedTuple):
    """How a caged way compares with none: ratios minus one."""

    median: float
    low: float
    high: float
    noise: float

    @property
    def too_noisy(self) -> bool:
        return self.noise > _TOO_NOISY

    @property
    def is_slower(self) -> bool:
        return not self.too_noisy and self.low > 0 and self.median > self.noise

    def __str__(self) -> str:
        words = "the machine is too busy to tell" if self.too_noisy else "no measurable slowdown"
        words = "SLOWER" if self.is_slower else words
        figures = f"{self.median:+.2%}, 95 % between {self.low:+.2%} and {self.high:+.2%}, noise {self.noise:.2%}"
        return f"{words} ({figures})"


def judge(caged_times: "list[float]", first: "list[float]", second: "list[float]") -> Verdict:
    """Pairs of one round only; the interval is that of the median under resampling of the rounds."""
    ratios = [c * 2 / (a + b) - 1 for c, a, b in zip(caged_times, first, second, strict=True)]
    noise = statistics.median(abs(a / b - 1) for a, b in zip(first, second, strict=True))
    draw = random.Random(0)
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(2000))
    return Verdict(statistics.median(ratios), medians[50], medians[-51], noise)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three-second hooks, three rounds")
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    seconds, rounds = (3.0, options.rounds or 3) if options.quick else (10.0, options.rounds or 9)
    steps = calibrate(seconds)
    print(f"{measure.machine()}; {rounds} rounds of a {seconds:.0f} s hook\n")
    rows, verdicts, told = [], {}, []
    with tempfile.TemporaryDirectory(prefix="gitseq-watch-") as folder:
        os.mkdir(os.path.join(folder, "state"))
        for processes in (1, 100):
            work = [sys.executable, "-I", "-S", "-c", _WORK, str(steps), str(processes)]
            samples = take(work, os.path.join(folder, "state"), processes, rounds)
            rows += [row(processes, way, samples[way]) for way in WAYS]
            for way in WAYS[2:]:
                verdicts[processes, way] = judge(*([one.wall for one in samples[w]] for w in (way, *WAYS[:2])))
                told.append(f"{processes} process{'es' * (processes > 1)}, {way}: {verdicts[processes, way]}")
                told.append(
                    f"    its processor time: {judge(*([o.cpu for o in samples[w]] for w in (way, *WAYS[:2])))}"
                )
    print(measure.table(["processes", "way", "median s", "its cpu s", "engine, % of a core"], rows) + "\n")
    print("\n".join(told))
    if any(verdict.is_slower for verdict in verdicts.values()):
        raise SystemExit(1)
    if any(verdict.too_noisy for verdict in verdicts.values()):
        raise SystemExit(2)


def take(work: "list[str]", state_dir: str, processes: int, rounds: int) -> "dict[str, list[Sample]]":
    """Every way once a round, in random order."""
    samples: dict[str, list[Sample]] = {way: [] for way in WAYS}
    order = random.Random(processes)
    for _round in range(rounds):
        for way in order.sample(WAYS, len(WAYS)):
            samples[way].append(direct(work) if way.startswith("no cage") else caged(work, state_dir, way))
    return samples


def row(processes: int, way: str, taken: "list[Sample]") -> "list[str]":
    wall, cpu = (statistics.median(values) for values in zip(*((one.wall, one.cpu) for one in taken), strict=True))
    share = statistics.median(one.engine / one.wall for one in taken) * 100
    return [str(processes), way, f"{wall:.2f}", f"{cpu:.2f}", f"{share:.2f}"]


if __name__ == "__main__":
    main()
