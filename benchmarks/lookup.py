"""What the ledger's look-up costs in a large tree, over the floor of listing and selecting its files.

    .venv/bin/python benchmarks/lookup.py --rounds 7

Two hooks of our own over 50,000 files that have passed, all but one, which changes before every round: every key is
made and looked for. The floor is the same tree, listed and asked for its types for two commands that are for none of
it. Both by turns; the difference is what is judged. Last, the tree as it was passed: nothing is looked for.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import contenders
import measure
from measure import Sample

BIN = Path(sys.executable).parent
FILES = 50_000
BUDGET = 0.1
HOOKS = ("trailing-whitespace", "end-of-file-fixer")
RUN = [str(BIN / "gitseq"), "run", "--all-files"]


def configurations() -> "dict[str, str]":
    """What each of the two repositories has for a gitseq.toml."""
    cached = (f'[[hook]]\nid = "{name}"\nbuiltin = "{name}"\n' for name in HOOKS)
    command = 'run = "true"\ntypes = ["text", "executable"]\n'
    return {"ledger": "".join(cached), "floor": "".join(f'[[hook]]\nid = "{name}"\n{command}' for name in HOOKS)}


def made(top: Path, files: int, configuration: str, env: "dict[str, str]") -> Path:
    """A repository whose files have passed."""
    contenders.make_repository(top, files, env)
    (top / "gitseq.toml").write_text(configuration)
    contenders.commit_set_up(top, env)
    measure.run(RUN, env, top)
    return top


def changed(top: Path, number: int, env: "dict[str, str]") -> Path:
    """The same with one file that has not passed."""
    file = min(top.rglob("*.py"))
    file.write_text(f"number = {number}\n")
    subprocess.run(["git", "add", "-A"], cwd=top, env=env, check=True)
    return top


def main() -> None:
    """Measure, and print the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--files", type=int, default=FILES)
    options = parser.parse_args()
    rounds: "dict[str, list[Sample]]" = {"floor": [], "one of them new": [], "nothing changed": []}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        env = contenders.environment(BIN, home)
        tops = {name: made(Path(folder) / name, options.files, text, env) for name, text in configurations().items()}
        for number in range(options.rounds + 1):
            sample = (
                measure.run(RUN, env, changed(tops["floor"], number, env)),
                measure.run(RUN, env, changed(tops["ledger"], number, env)),
                measure.run(RUN, env, tops["ledger"]),
            )
            if number:  # the first is for the caches of the file system
                for found, one in zip(rounds.values(), sample, strict=True):
                    found.append(one)
    show(rounds, options.files)


def told(seconds: "list[float]") -> str:
    """Median and least, in milliseconds."""
    return f"{measure.median(seconds) * 1000:5.0f} ({min(seconds) * 1000:.0f})"


def show(rounds: "dict[str, list[Sample]]", files: int) -> None:
    """Medians and least, and what the look-up adds to the floor, round by round."""
    print(f"{files:,} files, {len(HOOKS)} hooks, {len(rounds['floor'])} rounds: median (least) ms, peak MiB")
    for name, found in rounds.items():
        times = [f"{title} {told([getattr(one, title) for one in found])}" for title in ("wall", "cpu")]
        print(f"  {name:16} {', '.join(times)}, peak {max(one.peak for one in found) // 1024}")
    pairs = list(zip(rounds["one of them new"], rounds["floor"], strict=True))
    wall = measure.median([(one.wall - floor.wall) * 1000 for one, floor in pairs])
    least = (min(one.wall for one, _ in pairs) - min(floor.wall for _, floor in pairs)) * 1000
    print(f"  the look-up adds {wall:.0f} ms to the floor, of the least {least:.0f} ms (budget {BUDGET * 1000:.0f} ms)")


if __name__ == "__main__":
    main()
