"""What each built-in hook costs a file of a real tree, and what a read costs.

    .venv/bin/python benchmarks/builtin.py FOLDER        (the top of a git repository, such as an unpacked sdist)

Processor time, the least of some rounds; every hook sees the files its types select, a thousand
of them at most. The last lines are nine hygiene
hooks that share their reads, which is what the engine does with neighbours.
"""

import argparse
import os
import subprocess
import time
from collections.abc import Callable

from identify import identify

from gitseq.builtin.base import Batch, Context, File, PerFile
from gitseq.builtin.registry import load
from gitseq.core.builtins import DEFAULTS

NINE = (
    *("trailing-whitespace", "end-of-file-fixer", "check-yaml", "check-json", "check-toml", "check-merge-conflict"),
    *("check-added-large-files", "mixed-line-ending", "detect-private-key"),
)
HANDFUL = 64
"""Files that are read, and looked at together, at a time."""
NOT_FOR_A_TREE = frozenset(
    ("check-illegal-windows-names", "forbid-submodules", "file-contents-sorter", "sort-simple-yaml")
)
ARGS = {"forbid-pattern": ["FIXME"], "require-pattern": ["e"], "check-merge-conflict": ["--assume-in-merge"]}


def least(rounds: int, work: "Callable[[], object]") -> float:
    """Processor seconds."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def looking(check: PerFile, files: "list[File]") -> "Callable[[], object]":
    """Work: the check looks at the files, which have been read."""
    for file in files:
        file.shared()

    def look() -> None:
        for start in range(0, len(files), HANDFUL):
            for file in check.suspects(Batch(files[start : start + HANDFUL])):
                file.parses = False
                check.check_file(file)

    return look


class Tree:
    """The files of a repository, and which hook sees which."""

    def __init__(self, top: bytes) -> None:
        self.top = top
        self.context = Context(self.git, top + b"/.git", dict(os.environb), (), top)
        names = self.git((b"ls-files", b"-z")).split(b"\0")[:-1]
        self._tags = {name: identify.tags_from_path(os.fsdecode(os.path.join(top, name))) for name in names}

    def git(self, arguments: "tuple[bytes, ...]", stdin: bytes = b"") -> bytes:
        return subprocess.run([b"git", *arguments], cwd=self.top, input=stdin, capture_output=True, check=True).stdout

    def seen_by(self, name: str) -> "list[bytes]":
        types = set(DEFAULTS[name].get("types", ("file",)))
        return [path for path, tags in self._tags.items() if types <= tags]

    def run(self, names: "tuple[str, ...]") -> int:
        """Run hooks as neighbours, and forget what they say; how many files there were."""
        checks = [(load(name, ARGS.get(name, ())), frozenset(self.seen_by(name))) for name in names]
        running = [(check, seen) for check, seen in checks if check.begin(self.context) is None]
        paths = list(self._tags)
        for start in range(0, len(paths), HANDFUL):
            handful = [File(path, 0o100644, self.top) for path in paths[start : start + HANDFUL]]
            for file in handful:
                file.shared()
            for check, seen in running:
                for file in check.suspects(Batch([file for file in handful if file.path in seen])):  # type: ignore[attr-defined]
                    check.check_file(file)  # type: ignore[attr-defined]
        for check, _ in running:
            check.end(self.context)
        return len(self._tags)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    tree = Tree(os.path.abspath(os.fsencode(options.folder)))
    text = tree.seen_by("trailing-whitespace")
    read = least(options.rounds, lambda: [File(path, 0, tree.top).shared() for path in text])
    print(f"{'reading a text file':38} {len(text):6} files {read / len(text) * 1e6:9.1f} us each")
    for name in DEFAULTS:
        check = load(name, ARGS.get(name, ()))
        paths = tree.seen_by(name)
        if isinstance(check, PerFile) and paths and name not in NOT_FOR_A_TREE:
            paths = paths[:: len(paths) // 1000 + 1]
            check.begin(tree.context)
            cost = least(options.rounds, looking(check, [File(path, 0o100644, tree.top) for path in paths]))
            print(f"{name:38} {len(paths):6} files {cost / len(paths) * 1e6:9.1f} us each, once read")
    nine = least(options.rounds, lambda: tree.run(NINE))
    print(f"nine hooks over the tree, shared reads: {nine * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
