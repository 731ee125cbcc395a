"""What a wrapper costs, in each of the ways it can go; and what `gitseq --version` costs beside a bare Python.

    .venv/bin/python benchmarks/wrap_cost.py            or --rounds 20

The command is `true`. Contenders are interleaved in random order; medians in milliseconds, and over the first column.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measure

BIN = Path(sys.executable).parent
GITSEQ = str(BIN / "gitseq")
_LOOP = """
import os, subprocess, sys, time
for _ in range(int(sys.argv[1])):
    began = time.perf_counter()
    subprocess.run([sys.argv[2]], close_fds=sys.argv[3] == "close", check=True)
    print(time.perf_counter() - began)
"""


def environment(home: Path) -> "dict[str, str]":
    return {"HOME": str(home), "PATH": f"{BIN}:/usr/bin:/bin", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C.UTF-8"}


def timed(argv: "list[str]", env: "dict[str, str]", cwd: Path) -> float:
    began = time.perf_counter()
    subprocess.run(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def repository(folder: Path, env: "dict[str, str]") -> Path:
    """A repository whose hooks are gitseq's, with wrappers for `true`; the folder of these."""
    subprocess.run(["git", "init", "-q", str(folder)], env=env, check=True)
    (folder / "gitseq.toml").write_text('[[hook]]\nid = "a"\nrun = "true"\n')
    subprocess.run([GITSEQ, "wrap", "true", "git"], env=env, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return folder / ".git/gitseq/bin"


def nested(wrapper: Path, env: "dict[str, str]", cwd: Path, rounds: int, descriptors: str) -> "list[float]":
    """Seconds of each call from inside of one turn."""
    loop = [GITSEQ, "exec", "--", sys.executable, "-c", _LOOP, str(rounds), str(wrapper), descriptors]
    done = subprocess.run(loop, env=env, cwd=cwd, capture_output=True, check=True)
    return [float(line) for line in done.stdout.split()]


def compare(ways: "dict[str, tuple[list[str], Path]]", env: "dict[str, str]", rounds: int) -> "dict[str, list[float]]":
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 2):
        for name in random.sample(list(ways), len(ways)):
            argv, cwd = ways[name]
            seconds = timed(argv, env, cwd)
            if number >= 2:  # the first two fill caches
                times[name].append(seconds)
    return times


def show(times: "dict[str, list[float]]") -> None:
    base = measure.median(next(iter(times.values())))
    rows = [
        [
            name,
            f"{measure.median(values) * 1000:.1f}",
            f"{min(values) * 1000:.1f}",
            f"{measure.median(values) / base:.2f}",
        ]
        for name, values in times.items()
    ]
    print(measure.table(["", "median ms", "least ms", "x first"], rows), end="\n\n")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=60)
    rounds = options.parse_args().rounds
    print(measure.machine(), end="\n\n")
    with tempfile.TemporaryDirectory() as name:
        top = Path(name, "r")
        env = environment(Path(name))
        wrappers = repository(top, env)
        ways = {
            "/usr/bin/true": (["/usr/bin/true"], top),
            "wrapper, outside of any repository": ([str(wrappers / "true")], Path(name)),
            "wrapper, takes its turn": ([str(wrappers / "true")], top),
            "gitseq exec -- true": ([GITSEQ, "exec", "--", "true"], top),
            "git status": (["git", "status"], top),
            "wrapper, git status": ([str(wrappers / "git"), "status"], top),
        }
        show(compare(ways, env, rounds))
        inside = {
            "/usr/bin/true, inside of a turn": nested(Path("/usr/bin/true"), env, top, rounds, "keep"),
            "wrapper, inside of a turn": nested(wrappers / "true", env, top, rounds, "keep"),
            "the same, descriptors closed": nested(wrappers / "true", env, top, rounds, "close"),
        }
        show(inside)
        python = {
            "python -c pass": ([sys.executable, "-c", "pass"], top),
            "gitseq --version": ([GITSEQ, "--version"], top),
            "git --version": (["git", "--version"], top),
        }
        show(compare(python, env, rounds))


if __name__ == "__main__":
    main()
