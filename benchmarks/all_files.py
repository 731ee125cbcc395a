"""W7, how time and memory grow with the repository: a no-op hook over every file, and in a commit of one."""

import shutil
from pathlib import Path

import measure
from contenders import Contender, Gitseq, Husky, Lefthook, Nothing, PreCommit, Prek
from measure import Lane, Row, Sample
from startup import Commit, set_up
from workload import Trial, Workload

SIZES = (1_000, 10_000, 50_000)
QUICK_SIZES = (500, 2_000)
KINDS = (Nothing, Gitseq, Prek, Lefthook, PreCommit, Husky)


class AllFiles(Lane):
    """Runs over all files, by one contender, in its own repository."""

    def __init__(self, case: str, contender: Contender, path: Path) -> None:
        super().__init__(case, contender.title)
        self._entrant = contender
        self._path = path

    def round(self) -> Sample:
        return measure.run(self._entrant.all_files(), self._entrant.env, self._path)


def run(trial: Trial) -> "list[Row]":
    rows: "list[Row]" = []
    for files in QUICK_SIZES if trial.quick else SIZES:
        entrants = trial.entrants(KINDS)
        places = [
            (entrant, set_up(entrant, trial.folder / f"{entrant.name}-{files}", files, 1)) for entrant in entrants
        ]
        every = [AllFiles(f"{files:,} files, all of them", *place) for place in places if place[0].runs_all_files]
        one = [Commit(f"{files:,} files, commit of one", *place) for place in places]
        rows += measure.compete([*every, *one], trial.rounds(5, 3))
        for _, path in places:
            shutil.rmtree(path)
    return rows


WORKLOAD = Workload(
    "W7",
    "One no-op hook by size of the repository",
    "Over all files (`run --all-files` or what it is called) and in a commit of one file. Peak memory is that of the "
    "largest process, of which some 9 MiB cannot be seen.",
    run,
)
