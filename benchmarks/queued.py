"""W5, a line of trivial commands: forty of them started at once, each of which takes its turn and does nothing."""

import shlex
import shutil
import sys
from pathlib import Path

import contenders
import measure
from measure import Lane, Row, Sample
from workload import Trial, Workload

COMMANDS = 40
_FILELOCK = """
import subprocess, sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    subprocess.run(["true"], check=True)
"""


class Line(Lane):
    """Forty times one command, all at once, in one repository."""

    def __init__(self, name: str, command: str, path: Path, env: "dict[str, str]") -> None:
        super().__init__(f"{COMMANDS} commands", name)
        self._path = path
        self._env = env
        self._script = f"n=0; while [ $n -lt {COMMANDS} ]; do {command} & n=$((n+1)); done; wait"

    def round(self) -> Sample:
        return measure.run(["sh", "-c", self._script], self._env, self._path)


def ways(gitseq: Path) -> "dict[str, str]":
    """How to take turns, by name; each is a command of the shell."""
    polling = shlex.join([sys.executable, "-I", "-c", _FILELOCK, ".git/by-hand.lock"])
    found = {
        "nobody waits": "true",
        "gitseq exec": f"{shlex.quote(str(gitseq))} exec -- true",
        "filelock, 50 ms poll": polling,
        "mkdir, 1 s poll": "(until mkdir .git/held 2>/dev/null; do sleep 1; done; true; rmdir .git/held)",
    }
    return {**found, "flock(1)": "flock .git/by-hand.lock true"} if shutil.which("flock") else found


def run(trial: Trial) -> "list[Row]":
    env = contenders.environment(trial.installed.own, trial.folder)
    path = trial.folder / "repo"
    contenders.make_repository(path, 10, env)
    lanes = [
        Line(name, command, path, env)
        for name, command in ways(trial.installed.own / "gitseq").items()
        if not trial.wanted or name.split()[0] in trial.wanted
    ]
    return measure.compete(lanes, trial.rounds(5, 1), warm_up=0 if trial.quick else 1)


WORKLOAD = Workload(
    "W5",
    f"{COMMANDS} queued commands that do nothing",
    "Started at once; until the last one is through. gitseq hands over in order of arrival and keeps a record; "
    "flock(1) and polling do neither, and `mkdir` with a poll of a second is what shell scripts do.",
    run,
    base="flock(1)",
    unit="s",
)
