"""What gitseq adds to hooks that do something: `run --all-files` of twenty hooks beside their bare commands.

    .venv/bin/python benchmarks/overhead.py --rounds 9

Every hook reads all files it is given and takes its 50 to 100 ms. A round runs the twenty commands one after the other
by themselves, then gitseq with the same commands as hooks; the quotient of the two is what is judged. On a machine that
others use, too, it is too large: a hook that sleeps takes no longer there, and all that gitseq does takes longer. So
the processor time that gitseq adds is told beside it, and what the quotient would be if that were all.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import contenders
import measure

BIN = Path(sys.executable).parent
HOOKS = 20
FILES = 300
BUDGET = 1.1
SCRIPT = 'cat -- "$@" > /dev/null; sleep 0.0'


def scripts() -> "list[str]":
    """The commands, as `sh -c` takes them; they differ in how long they take: 50 to 97.5 ms."""
    return [f"{SCRIPT}{500 + 25 * number}" for number in range(HOOKS)]


def configuration() -> str:
    """The same commands as hooks."""
    tables = (f"[[hook]]\nid = 'hook-{number}'\nshell = true\nrun = '{one}'\n" for number, one in enumerate(scripts()))
    return "\n".join(tables)


def cpu() -> float:
    """Seconds of processor time of all that was started and has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bare(top: Path, env: "dict[str, str]") -> "tuple[float, float]":
    """Seconds of the commands by themselves, the start of their shells included; and of processor time."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=top, env=env, check=True, capture_output=True).stdout
    files = [name for name in names.split(b"\0") if name]
    spent = cpu()
    began = time.perf_counter()
    for script in scripts():
        subprocess.run(["sh", "-c", script, "hook", *files], cwd=top, env=env, check=True)
    return time.perf_counter() - began, cpu() - spent


def with_gitseq(top: Path, env: "dict[str, str]") -> "tuple[float, float]":
    """Seconds of the run, and of processor time."""
    command = [str(BIN / "gitseq"), "run", "--all-files"]
    spent = cpu()
    began = time.perf_counter()
    done = subprocess.run(command, cwd=top, env=env, check=True, capture_output=True)
    took, used = time.perf_counter() - began, cpu() - spent
    assert done.stdout.count(b"Passed\n") == HOOKS, done.stdout.decode()
    return took, used


def main() -> None:
    """Measure, and print one row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--files", type=int, default=FILES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        top, home = Path(folder) / "repo", Path(folder) / "home"
        home.mkdir()
        env = contenders.environment(BIN, home)
        contenders.make_repository(top, options.files, env)
        (top / "gitseq.toml").write_text(configuration())
        contenders.commit_set_up(top, env)
        rounds = []
        for number in range(-1, options.rounds):
            sample = (*bare(top, env), *with_gitseq(top, env))
            if number >= 0:
                rounds.append(sample)
    show(rounds, options.files)


def show(rounds: "list[tuple[float, float, float, float]]", files: int) -> None:
    """Medians over all rounds, the least disturbed round, and the budget."""
    alone, _cpu, took, _used = (measure.median([one[column] for one in rounds]) for column in range(4))
    ratio = measure.median([one[2] / one[0] for one in rounds])
    least = min(one[2] for one in rounds) / min(one[0] for one in rounds)
    added = min(one[3] for one in rounds) - min(one[1] for one in rounds)
    nominal = sum(0.05 + 0.0025 * number for number in range(HOOKS)) + min(one[1] for one in rounds)
    print(f"{HOOKS} hooks on {files} files, {len(rounds)} rounds, medians")
    print(f"  bare commands {alone * 1000:.0f} ms, gitseq run --all-files {took * 1000:.0f} ms")
    print(f"  ratio {ratio:.3f}, of the minima {least:.3f} (budget {BUDGET})")
    undisturbed = 1 + added / nominal
    print(f"  processor time added {added * 1000:.0f} ms: ratio {undisturbed:.3f} to {nominal * 1000:.0f} ms")


if __name__ == "__main__":
    main()
