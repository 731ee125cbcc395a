"""Whole-tree hygiene and what it costs to do it again: nine built-in hooks over a large source tree (workload W2).

    .venv/bin/python benchmarks/hygiene.py TREE          a folder of sources, such as an unpacked sdist
    .venv/bin/python benchmarks/hygiene.py TREE --tools  also ruff check, ruff format and mypy (workload W3)

Contenders take turns within every round: gitseq with an empty ledger, gitseq when nothing has changed, prek with its
built-in hooks, pre-commit with its own (their environments installed beforehand). Ratios are to prek.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import contenders
import measure
from measure import Sample

HOOKS = (
    "trailing-whitespace",
    "end-of-file-fixer",
    "check-yaml",
    "check-json",
    "check-toml",
    "check-merge-conflict",
    "check-added-large-files",
    "mixed-line-ending",
    "detect-private-key",
)
_LENIENT = "--disable-error-code arg-type --disable-error-code attr-defined"
TOOLS = (
    ("ruff", "ruff check --quiet --exit-zero", "true"),
    ("ruff-format", "ruff format --quiet", "true"),
    (
        "mypy",
        f"mypy --ignore-missing-imports --no-error-summary {_LENIENT} {{package}}",
        '"tree"',
    ),
)
_SETTLE = 5
"""So often the fixers may have something left to fix."""


class Lane:
    """One contender in a copy of the tree."""

    def __init__(
        self, name: str, argv: "list[str]", path: Path, env: "dict[str, str]", *, forget: bool = False
    ) -> None:
        self.name = name
        self.argv = argv
        self.path = path
        self.env = env
        self.forget = forget
        self.samples: list[Sample] = []

    def round(self) -> Sample:
        if self.forget:
            shutil.rmtree(self.path / ".git/gitseq/ledger", ignore_errors=True)
        return measure.run(self.argv, self.env, self.path)


def gitseq_configuration(tools: bool, package: str) -> str:
    if not tools:
        return "\n".join(f'[[hook]]\nid = "{name}"\nbuiltin = "{name}"\n' for name in HOOKS)
    tables = []
    for name, command, cache in TOOLS:
        alone = "pass_filenames = false\n" if name == "mypy" else ""
        command = command.format(package=package)
        tables.append(f'[[hook]]\nid = "{name}"\nrun = "{command}"\ntypes = ["python"]\ncache = {cache}\n{alone}')
    return "\n".join(tables)


def pre_commit_configuration(repo: str, tools: bool, package: str) -> str:
    if not tools:
        listed = "".join(f"  - id: {name}\n" for name in HOOKS)
        rev = "" if repo == "builtin" else "  rev: v6.0.0\n"
        return f"repos:\n- repo: {repo}\n{rev}  hooks:\n{listed}"
    listed = "".join(
        f"  - {{id: {name}, name: {name}, language: system, types: [python], entry: {command.format(package=package)}, "
        f"require_serial: true, pass_filenames: {'false' if name == 'mypy' else 'true'}}}\n"
        for name, command, _cache in TOOLS
    )
    return f"repos:\n- repo: local\n  hooks:\n{listed}"


def git(path: Path, env: "dict[str, str]", *arguments: str) -> None:
    command = ["git", *arguments]
    subprocess.run(command, cwd=path, env=env, check=True, capture_output=True, stdin=subprocess.DEVNULL)


def settled(tree: Path, folder: Path, argv: "list[str]", env: "dict[str, str]", files: "dict[str, str]") -> Path:
    """A repository of the tree in which the hooks find nothing more to fix."""
    shutil.copytree(tree, folder, symlinks=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    git(folder, env, "init", "-q", "-b", "main")
    git(folder, env, "config", "gc.auto", "0")
    (folder / ".git/info/exclude").write_text(".mypy_cache\n.ruff_cache\n")
    for _ in range(_SETTLE):
        git(folder, env, "add", "-A")
        git(folder, env, "commit", "-q", "--allow-empty", "--no-verify", "-m", "Files")
        done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            git(folder, env, "status")  # the index knows the time of every file
            return folder
    raise SystemExit(f"`{' '.join(argv)}` does not come to rest:\n{done.stdout.decode(errors='replace')[-2000:]}")


def lanes(options: argparse.Namespace, folder: Path) -> "list[Lane]":
    peers = contenders.peers_folder(options.peers)
    own = Path(sys.executable).parent
    tree = Path(options.tree).resolve()
    home = folder / "home"
    home.mkdir()
    found = []
    env = contenders.environment(own, home)
    argv = [str(own / "gitseq"), "run", "--all-files"]
    config = {"gitseq.toml": gitseq_configuration(options.tools, options.package)}
    path = settled(tree, folder / "gitseq", argv, env, config)
    found += [Lane("gitseq, first run", argv, path, env, forget=True), Lane("gitseq, unchanged", argv, path, env)]
    repos = {"prek": "builtin", "pre-commit": options.hooks_repo}
    for name, repo in repos.items():
        if name == "pre-commit" and not (repo or options.tools):
            continue
        env = contenders.environment(peers, home)
        env["PATH"] = f"{peers}:{own}:{env['PATH']}"
        argv = [str(peers / name), "run", "--all-files"]
        config = {".pre-commit-config.yaml": pre_commit_configuration(repo or "", options.tools, options.package)}
        found.append(Lane(name, argv, settled(tree, folder / name, argv, env, config), env))
    return found


def row(lane: Lane, prek: Lane) -> "list[str]":
    wall = measure.median([sample.wall for sample in lane.samples])
    cpu = measure.median([sample.cpu for sample in lane.samples])
    wall_of_prek = measure.median([sample.wall for sample in prek.samples])
    cpu_of_prek = measure.median([sample.cpu for sample in prek.samples])
    peak = max(sample.peak for sample in lane.samples) // 1024
    numbers = [f"{wall * 1000:.0f}", f"{wall / wall_of_prek:.2f}", f"{cpu * 1000:.0f}", f"{cpu / cpu_of_prek:.2f}"]
    return [lane.name, *numbers, f"{peak}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", help="a folder of sources")
    parser.add_argument("--tools", action="store_true", help="ruff and mypy instead of the hygiene hooks")
    parser.add_argument("--package", default=".", help="what mypy is to check")
    parser.add_argument(
        "--hooks-repo", default="", help="where pre-commit finds pre-commit-hooks; without it, left out"
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--peers", type=Path, metavar="DIR", help="a virtual environment that has the peers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitseq-bench-") as name:
        taking_part = lanes(options, Path(name))
        order = random.Random(0)
        for number in range(-1, options.rounds):
            pairs = [taking_part[:2], *([lane] for lane in taking_part[2:])]  # "unchanged" comes right after "first"
            order.shuffle(pairs)
            for lane in (lane for pair in pairs for lane in pair):
                sample = lane.round()
                if number >= 0:
                    lane.samples.append(sample)
        prek = next(lane for lane in taking_part if lane.name == "prek")
        head = ["contender", "median ms", "x prek", "cpu ms", "x prek", "peak MiB"]
        print(f"{measure.machine()}, load {os.getloadavg()[0]:.1f}, {options.rounds} rounds\n")
        print(measure.table(head, [row(lane, prek) for lane in taking_part]))


if __name__ == "__main__":
    main()
