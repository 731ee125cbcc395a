"""Random trees, random deaths of engine or hook: no survivor, ever (invariants 6 and 7)."""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.faults.cage import WAYS, Cage, enter
from tests.support.procs import wait_until

PROGRAM = Path(__file__).with_name("wild_tree.py")
FATES = ("end", "timeout", "processes", "term", "kill hook", "kill engine", "kill engine")
"""What ends the tree; the engine's own death is the hardest, so it comes twice as often."""
EXPECTED = dict.fromkeys(FATES, (0,)) | {"kill engine": (0, -signal.SIGKILL), "term": (0, -signal.SIGTERM)}
"""How the engine ends; a signal may come when the tree is already gone and the engine on its way out."""


@pytest.fixture(params=WAYS)
def cage(request: pytest.FixtureRequest) -> Iterator[Cage]:
    yield from enter(request.param)


def survivors(log: Path) -> list[psutil.Process]:
    """Processes that have the name of the log among their arguments: the whole tree has, and nobody else."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        command = process.info["cmdline"] or []
        if str(log) in command and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def grow_and_end(cage: Cage, seed: int) -> None:
    choice = random.Random(seed)
    fate = choice.choice(FATES)
    log = cage.folder / f"log.{seed}"
    program = cage.folder / "wild.py"
    if not program.exists():
        shutil.copyfile(PROGRAM, program)
    limits = {"grace": choice.choice((0.0, 0.05, 0.2))}
    if fate == "timeout":
        limits["timeout"] = choice.uniform(0.02, 0.4)
    if fate == "processes":
        limits["processes"] = 3
    command = [cage.way.python, "-I", "-S", str(program), str(seed), "3", str(log)]
    if fate == "end":
        command = ["/bin/sh", "-c", '"$@" & sleep ' + str(choice.uniform(0.05, 0.3)), "sh", *command]
    engine = cage.start(argv=command, limits={"timeout": 20.0, **limits}, token=f"t{seed}")
    try:
        if fate in ("term", "kill hook", "kill engine"):
            wait_until(log.exists, what="the first process of the tree")
            time.sleep(choice.uniform(0.0, 0.25))  # a random moment is what is wanted, not a condition
            strike(fate, engine, log)
        _out, err = engine.communicate(timeout=40)
        assert engine.returncode in EXPECTED[fate], err.decode()
    finally:
        engine.kill()
        engine.communicate()
    if fate == "kill engine":
        cage.do(op="reap", dead=f"t{seed}")
    left = survivors(log)
    said = [(process.pid, process.status(), process.ppid()) for process in left]
    for process in left:
        process.kill()
    assert not said, f"seed {seed}, {fate}: survived: {said}"
    assert not cage.records(), f"seed {seed}, {fate}"
    assert not cage.leaves(), f"seed {seed}, {fate}"


def strike(fate: str, engine: "subprocess.Popen[bytes]", log: Path) -> None:
    if fate == "term":
        engine.terminate()
    elif fate == "kill engine":
        engine.kill()
    else:
        leader = int(log.read_text().split()[0])
        with suppress(ProcessLookupError):
            os.kill(leader, signal.SIGKILL)


def test_no_process_of_a_wild_tree_survives(cage: Cage) -> None:
    for seed in range(9):
        grow_and_end(cage, seed)


@pytest.mark.campaign
def test_no_process_of_any_wild_tree_survives(cage: Cage) -> None:
    for seed in range(1000, 1200):
        grow_and_end(cage, seed)
