"""What hooks cost a commit: `git commit` of one file with no-op hooks, contender beside contender.

    make bench            or: .venv/bin/python benchmarks/startup.py --rounds 21 --count

Each contender has its own identical repository. Every round measures each of them once, in random order, so that a
noisy moment hits them alike. Ratios travel from machine to machine, milliseconds do not: a baseline, not a gate.
"""

import argparse
import random
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import contenders
import measure
from contenders import Contender
from measure import Sample

WARM_UP = 2
PEER = "prek"


class Table(NamedTuple):
    """One table: so many files in the repository, so many hooks; and what gitseq may take of a peer's time."""

    files: int
    hooks: int
    budgets: "dict[str, float]"


TABLES = (
    Table(200, 1, {PEER: 1.5, "pre-commit": 0.1}),
    Table(5000, 1, {PEER: 1.2}),
    Table(200, 10, {PEER: 0.8}),
)


class Lane:
    """One contender in its own repository."""

    def __init__(self, contender: Contender, path: Path, table: Table) -> None:
        self.contender = contender
        self.path = path
        self.samples: list[Sample] = []
        self._number = 0
        contenders.make_repository(path, table.files, contender.env)
        contender.set_up(path, table.hooks)
        contenders.commit_set_up(path, contender.env)

    def stage(self) -> "list[str]":
        """Change and stage one file; the commit to be measured."""
        self._number += 1
        file = self.path / "pkg0000" / "mod00.py"
        file.write_text(f'"""Module 0."""\n\nVALUE = {self._number}\n')
        subprocess.run(["git", "add", str(file)], cwd=self.path, env=self.contender.env, check=True)
        return ["git", "commit", "-q", "-m", f"Round {self._number}"]

    def round(self) -> Sample:
        return measure.run(self.stage(), self.contender.env, self.path)

    def count(self) -> measure.Count:
        return measure.count(self.stage(), self.contender.env, self.path)


def compete(lanes: "list[Lane]", rounds: int) -> None:
    """Measure every lane so many times, in random order within each round."""
    order = random.Random(0)
    for number in range(-WARM_UP, rounds):
        order.shuffle(lanes)
        for lane in lanes:
            sample = lane.round()
            if number >= 0:
                lane.samples.append(sample)


def show(lanes: "list[Lane]", table: Table, counted: bool) -> None:
    walls = {lane.contender.name: measure.median([sample.wall for sample in lane.samples]) for lane in lanes}
    cpus = {lane.contender.name: measure.median([sample.cpu for sample in lane.samples]) for lane in lanes}
    head = ["contender", "median ms", "min ms", f"x {PEER}", "x pre-commit", "cpu ms", f"cpu x {PEER}"]
    head += ["programs", "of git", "threads", "calls"] if counted else []
    rows = [row(lane, walls, cpus, counted) for lane in lanes]
    print(
        f"\n## {table.files} files, {table.hooks} no-op hook{'s' * (table.hooks > 1)}, {len(lanes[0].samples)} rounds\n"
    )
    print(measure.table(head, rows))
    print("\n" + "\n".join(verdicts(walls, table)), flush=True)


def row(lane: Lane, walls: "dict[str, float]", cpus: "dict[str, float]", counted: bool) -> "list[str]":
    name = lane.contender.name

    def milliseconds(seconds: float) -> str:
        return f"{seconds * 1000:.1f}"

    def ratio(times: "dict[str, float]", peer: str) -> str:
        return f"{times[name] / times[peer]:.2f}" if peer in times else ""

    cells = [name, milliseconds(walls[name]), milliseconds(min(sample.wall for sample in lane.samples))]
    cells += [ratio(walls, PEER), ratio(walls, "pre-commit"), milliseconds(cpus[name]), ratio(cpus, PEER)]
    return [*cells, *(str(number) for number in lane.count())] if counted else cells


def verdicts(walls: "dict[str, float]", table: Table) -> "list[str]":
    """How gitseq stands to its budget (DESIGN section 2)."""
    if "gitseq" not in walls:
        return []
    found = []
    for peer, budget in table.budgets.items():
        if peer in walls:
            ratio = walls["gitseq"] / walls[peer]
            word = "within" if ratio <= budget else "OVER"
            found.append(f"gitseq is at {ratio:.2f} x {peer}: {word} the budget of {budget} x")
    return found


def run(options: argparse.Namespace, folder: Path) -> None:
    entrants = contenders.chosen(options, folder / "home")
    (folder / "home").mkdir()
    versions = [f"{entrant.name} {version}" for entrant in entrants if (version := entrant.version())]
    counted = options.count and shutil.which("strace") is not None
    print(f"{measure.machine()}\n{', '.join(versions)}")
    if options.count and not counted:
        print("(strace was not found: no counts)")
    for number, table in enumerate(TABLES):
        if options.quick and table.files > 1000:
            continue
        lanes = [Lane(entrant, folder / f"{number}-{entrant.name}", table) for entrant in entrants]
        in_order = list(lanes)
        compete(lanes, options.rounds or (5 if options.quick else 21))
        show(in_order, table, counted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    contenders.add_options(parser)
    parser.add_argument("--count", action="store_true", help="also count programs, threads and system calls by strace")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitseq-bench-") as folder:
        run(options, Path(folder))


if __name__ == "__main__":
    main()
