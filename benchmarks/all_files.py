"""How time and memory grow with the repository: a no-op hook over every file, contender beside contender.

    make bench            or: .venv/bin/python benchmarks/all_files.py

Peak memory is that of the largest process of the run. The last two columns are per 1,000 files more than in the
smallest repository: where growth is linear, they stay the same from row to row.
"""

import argparse
import random
import tempfile
from pathlib import Path

import contenders
import measure
from contenders import Contender
from measure import Sample

SIZES = (1_000, 10_000, 50_000)
QUICK_SIZES = (500, 2_000)


class Lane:
    """One contender in a repository of one size; the repositories hold the same files."""

    def __init__(self, contender: Contender, folder: Path, files: int) -> None:
        self.contender = contender
        self.files = files
        self.path = folder / f"{contender.name}-{files}"
        self.samples: list[Sample] = []
        contenders.make_repository(self.path, files, contender.env)
        contender.set_up(self.path, 1)
        contenders.commit_set_up(self.path, contender.env)

    def round(self) -> Sample:
        return measure.run(self.contender.all_files(), self.contender.env, self.path)

    @property
    def wall(self) -> float:
        return measure.median([sample.wall for sample in self.samples])

    @property
    def peak(self) -> float:
        """MiB."""
        return max(sample.peak for sample in self.samples) / 1024


def compete(lanes: "list[Lane]", rounds: int) -> None:
    order = random.Random(0)
    for number in range(-1, rounds):
        order.shuffle(lanes)
        for lane in lanes:
            sample = lane.round()
            if number >= 0:
                lane.samples.append(sample)


def row(lane: Lane, smallest: Lane) -> "list[str]":
    cpu = measure.median([sample.cpu for sample in lane.samples])
    cells = [lane.contender.name, f"{lane.files:,}", f"{lane.wall * 1000:.0f}", f"{cpu * 1000:.0f}", f"{lane.peak:.0f}"]
    more = (lane.files - smallest.files) / 1000
    if not more:
        return [*cells, "", ""]
    return [*cells, f"{(lane.wall - smallest.wall) * 1000 / more:.2f}", f"{(lane.peak - smallest.peak) / more:.2f}"]


def run(options: argparse.Namespace, folder: Path) -> None:
    entrants = [entrant for entrant in contenders.chosen(options, folder / "home") if entrant.runs_all_files]
    (folder / "home").mkdir()
    print(f"{measure.machine()}\n{', '.join(f'{entrant.name} {entrant.version()}' for entrant in entrants)}")
    rounds = options.rounds or (3 if options.quick else 7)
    rows = []
    smallest: dict[str, Lane] = {}
    for files in QUICK_SIZES if options.quick else SIZES:
        lanes = [Lane(entrant, folder, files) for entrant in entrants]
        in_order = list(lanes)
        compete(lanes, rounds)
        rows += [row(lane, smallest.setdefault(lane.contender.name, lane)) for lane in in_order]
    rows.sort(key=lambda cells: [entrant.name for entrant in entrants].index(cells[0]))
    print(f"\n## `run --all-files` with one no-op hook, {rounds} rounds\n")
    head = ["contender", "files", "median ms", "cpu ms", "peak MiB", "ms / 1,000", "MiB / 1,000"]
    print(measure.table(head, rows), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    contenders.add_options(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitseq-bench-") as folder:
        run(options, Path(folder))


if __name__ == "__main__":
    main()
