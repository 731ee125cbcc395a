"""What watching costs a hook: its speed in the moments in which it is watched, and in those in which nobody looks.

    .venv/bin/python benchmarks/watch_cost.py           (a minute for each row; --quick: ten seconds)

Whole runs with and without a cage cannot tell: on a shared machine two runs of the same ten seconds differ by a tenth.
So one hook runs on, counting what it gets done, while its engine is suspended for every other tenth of a second
(SIGSTOP): the work, its processes and its control group stay what they are, and what differs between neighbouring
slices is only whether anybody watches. A slice's speed is held against the mean of those before and after it, so that
slow moments of the machine cancel out. For the noise, the same is done to work that nobody watches at all. Since an
engine that goes on looks at once, it looks more often here than it does by itself.

The verdict is by the median of these ratios and its 95 % interval (bootstrap): a slowdown is measurable when the whole
interval lies above zero. Where an interval is wider than 2 % the machine is too busy to tell, and the exit code is 2;
it is 1 when a slowdown was measured. The engine's own processor time is told beside it.
"""

import argparse
import itertools
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from pathlib import Path
from typing import NamedTuple

import measure

ROOT = Path(__file__).resolve().parents[1]
SLICE = 0.1
"""Seconds of being watched, and of not being."""
_EDGE = 0.005
"""Seconds at both ends of a slice that are left out: a signal takes its time."""
_WORK = """
import os, sys, time
until, processes, told = time.monotonic() + float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
children = []
for _ in range(processes - 1):
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
        os._exit(0)
    children.append(pid)
steps = [time.monotonic()]
while steps[-1] < until:
    for _ in range(50):
        sum(range(1000))
    steps.append(time.monotonic())
for pid in children:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
with open(told + ".part", "w") as stream:
    stream.writelines(f"{when}\\n" for when in steps)
os.rename(told + ".part", told)
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
    limits = Limits(timeout=3600.0, memory=4 << 30, processes=256)
    command = cage.Command(argv[0], argv, dict(os.environb), b"/", nothing, limits=limits)
    watch = cage.Watch(noted, state_dir=os.fsencode(sys.argv[2]), nested=sys.argv[3] == "polling")
    before = time.process_time()
    outcome = cage.run(command, watch)
    print(json.dumps([outcome.exit_code, outcome.rung, outcome.processes, time.process_time() - before]))
"""


class Hook(NamedTuple):
    """One hook's life."""

    steps: "list[float]"
    """When each step of its work was done, on the monotonic clock."""
    switches: "list[float]"
    """When a slice ended and the next began; the first slice is a watched one."""
    rung: str
    engine: float
    """The engine's processor seconds, as a share of the seconds in which it watched."""


class Verdict(NamedTuple):
    """How much longer a step takes while somebody watches: ratios minus one."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:+.2%} ({self.low:+.2%} to {self.high:+.2%})"


def live(way: str, processes: int, seconds: float, folder: Path) -> Hook:
    """Let the work run its time, and suspend whoever watches it for every other slice."""
    told = folder / f"{way.replace(' ', '-')}-{processes}"
    work = [sys.executable, "-I", "-S", "-c", _WORK, str(seconds), str(processes), str(told)]
    if way == "nobody":
        argv = work
    else:
        argv = [sys.executable, "-I", "-S", "-c", _ENGINE, str(ROOT), str(folder / "state"), way, *work]
    started = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    switches = [time.monotonic()]
    try:
        for is_watched in itertools.cycle((False, True)):
            time.sleep(SLICE)
            if told.exists() or started.poll() is not None:
                break
            if way != "nobody":
                started.send_signal(signal.SIGCONT if is_watched else signal.SIGSTOP)
            switches.append(time.monotonic())
    finally:
        started.send_signal(signal.SIGCONT)
    output, _ = started.communicate(timeout=60)
    if started.returncode:
        raise SystemExit(f"the work failed with {started.returncode}")
    steps = [float(line) for line in told.read_text().split()]
    if way == "nobody":
        return Hook(steps, switches, "", 0.0)
    code, rung, seen, processor = json.loads(output)
    if code or seen < processes:
        raise SystemExit(f"the work ended with {code}, and {seen} of its {processes} processes were seen")
    return Hook(steps, switches, rung, processor / (seconds / 2))


def speeds(hook: Hook) -> "list[float]":
    """Steps a second in each slice, between its edges."""
    found = []
    for begin, end in itertools.pairwise(hook.switches):
        first, last = bisect_left(hook.steps, begin + _EDGE), bisect_left(hook.steps, end - _EDGE) - 1
        if last > first:
            found.append((last - first) / (hook.steps[last] - hook.steps[first]))
    return found


def judge(speed: "list[float]") -> Verdict:
    """Watched slices, the even ones, against the mean of their two neighbours; the first, with its start, left out."""
    ratios = [(speed[at - 1] + speed[at + 1]) / 2 / speed[at] - 1 for at in range(2, len(speed) - 1, 2)]
    draw = random.Random(0)
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(2000))
    return Verdict(statistics.median(ratios), medians[50], medians[-51])


WAYS = ("nobody", "polling", "best rung")
_TOO_WIDE = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="hooks of ten seconds")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each hook runs")
    options = parser.parse_args()
    seconds = 10.0 if options.quick else options.seconds
    print(f"{measure.machine()}; hooks of {seconds:.0f} s, watched for every other tenth of a second\n")
    rows, slower, noisy = [], False, False
    with tempfile.TemporaryDirectory(prefix="gitseq-watch-") as folder:
        os.mkdir(os.path.join(folder, "state"))
        for processes, way in itertools.product((1, 100), WAYS):
            hook = live(way, processes, seconds, Path(folder))
            verdict = judge(speeds(hook))
            noisy |= way != "nobody" and verdict.high - verdict.low > _TOO_WIDE
            slower |= way != "nobody" and verdict.low > 0
            rows.append([str(processes), hook.rung or way, str(verdict), f"{hook.engine:.2%}" if hook.rung else ""])
    print(measure.table(["processes", "watched by", "slower by (95 %)", "engine, of a core"], rows) + "\n")
    if noisy:
        print("the machine is too busy to tell")
        raise SystemExit(2)
    print("SLOWER" if slower else "no measurable slowdown")
    raise SystemExit(1 if slower else 0)


if __name__ == "__main__":
    main()
