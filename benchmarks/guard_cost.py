"""What hiding and restoring unstaged changes costs: a baseline, not a gate.

A repository of 5,000 files with 10 or 1,000 unstaged changes. Four ways, interleaved in random order:

    guard       gitseq.guard: hide + restore, plus one `git status` listing that a run needs anyway
    anew        the same without what the guard kept of the last time
    patch       git diff > patch; git checkout -- .; git apply patch: what pre-commit and prek do
    stash       git stash push --keep-index; git stash pop --index

Then the whole of a `git commit` with one no-op hook, beside the peers, each in a repository of its own: with nothing
unstaged, with 10 and with 1,000 unstaged changes, and the difference, which is what hiding and restoring costs.

    python benchmarks/guard_cost.py [--files 5000] [--rounds 9] [--folder DIR] [--peers DIR]
                                    [--part steps|commits] [--pause 60]
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import contenders
import measure as measuring

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from gitseq.git import status
from gitseq.guard import state
from gitseq.guard.hide import hide
from gitseq.guard.journal import Dirty, Where
from gitseq.guard.restore import restore
from gitseq.host import procs

LINES = b"".join(b"line %d of a file of ordinary length\n" % number for number in range(60))
CHANGED = (10, 1000)


class Bench:
    def __init__(self, top: bytes) -> None:
        self.top = top
        names = ("PATH", "TMPDIR")
        self.env = {name.encode(): os.environb[name.encode()] for name in names if name in os.environ}
        self.env.update({b"HOME": top, b"GIT_CONFIG_GLOBAL": b"/dev/null", b"GIT_CONFIG_NOSYSTEM": b"1"})
        for role in (b"AUTHOR", b"COMMITTER"):
            self.env[b"GIT_%s_NAME" % role] = self.env[b"GIT_%s_EMAIL" % role] = b"bench"
        self.run = 0

    def call(self, *arguments: bytes, stdin: bytes = b"") -> bytes:
        command = [b"git", *arguments]
        done = subprocess.run(command, cwd=self.top, env=self.env, input=stdin, capture_output=True, check=True)
        return done.stdout

    def git(self, arguments, stdin=b"", index=None):
        env = {**self.env, b"GIT_OPTIONAL_LOCKS": b"0", **({b"GIT_INDEX_FILE": index} if index else {})}
        return procs.capture([b"git", *arguments], env, cwd=self.top, stdin=stdin)

    def build(self, files: int) -> None:
        self.call(b"init", b"-q")
        for number in range(files):
            folder = self.top + b"/d%02d/e%d" % (number % 50, number % 7)
            os.makedirs(folder, exist_ok=True)
            with open(folder + b"/f%d.txt" % number, "wb") as stream:
                stream.write(LINES + b"%d\n" % number)
        self.call(b"add", b"-A")
        self.call(b"commit", b"-q", b"-m", b"all")
        time.sleep(1.1)  # past the racy moment, or git compares every file's content
        self.call(b"status")

    def edit(self, count: int) -> None:
        self.call(b"checkout", b"-q", b"-f", b"HEAD", b"--", b".")
        for name in self.call(b"ls-files", b"-z").split(b"\0")[:count]:
            with open(self.top + b"/" + name, "ab") as stream:
                stream.write(b"unstaged\n")
        os.sync()  # or the disk is still busy with these edits, and whoever comes first waits for it

    # --- the four ways, each returns (hide, restore) in seconds ---

    def guard(self) -> "tuple[float, float]":
        self.run += 1
        begun = time.perf_counter()
        listing = self.git(status._STATUS)
        dirty = [Dirty(*change.values()) for change in status.parse(listing.out, self.top).unstaged]
        guard = hide(Where(self.top, self.top + b"/.git", b"%d" % self.run), dirty, self.git)
        hidden = time.perf_counter()
        assert guard is not None
        assert not restore(guard, self.git).conflicts
        return hidden - begun, time.perf_counter() - hidden

    def anew(self) -> "tuple[float, float]":
        shutil.rmtree(state.stock_dir(self.top + b"/.git"), ignore_errors=True)
        return self.guard()

    def patch(self) -> "tuple[float, float]":
        begun = time.perf_counter()
        patch = self.call(b"diff", b"--binary", b"--no-color", b"--no-ext-diff", b"--ignore-submodules")
        self.call(b"checkout", b"--", b".")
        hidden = time.perf_counter()
        self.call(b"apply", b"--whitespace=nowarn", stdin=patch)
        return hidden - begun, time.perf_counter() - hidden

    def stash(self) -> "tuple[float, float]":
        begun = time.perf_counter()
        self.call(b"stash", b"push", b"-q", b"--keep-index")
        hidden = time.perf_counter()
        self.call(b"stash", b"pop", b"-q", b"--index")
        return hidden - begun, time.perf_counter() - hidden


# --- whole commits, beside the peers ------------------------------------------------------------------

COMMIT = ["git", "commit", "-q", "-m", "x"]
AMOUNTS = (0, *CHANGED)
KINDS = (contenders.Gitseq, contenders.Prek, contenders.PreCommit, contenders.Lefthook)


class Commits:
    """One contender, with a repository for each number of unstaged changes."""

    def __init__(self, entrant: contenders.Contender, folder: Path, files: int) -> None:
        self.entrant = entrant
        self._repos: dict[int, Path] = {}
        first = folder / f"{entrant.name}-0"
        contenders.make_repository(first, files, entrant.env)
        entrant.set_up(first, 1)
        contenders.commit_set_up(first, entrant.env)
        for amount in AMOUNTS:
            self._repos[amount] = folder / f"{entrant.name}-{amount}"
            if amount:
                shutil.copytree(first, self._repos[amount], symlinks=True)
                entrant.set_up(self._repos[amount], 1)
        for amount, repo in self._repos.items():
            self._prepare(repo, amount)

    def _prepare(self, repo: Path, amount: int) -> None:
        names = sorted(repo.glob("pkg*/*.py"))
        for name in names[1 : amount + 1]:
            name.write_text(name.read_text() + "UNSTAGED = True\n")
        names[0].write_text("STAGED = True\n")
        self._git(repo, "add", str(names[0]))
        time.sleep(1.1)  # past the racy moment, or git compares every file's content
        self._git(repo, "status")

    def _git(self, repo: Path, *arguments: str) -> None:
        command = ["git", *arguments]
        subprocess.run(command, cwd=repo, env=self.entrant.env, check=True, capture_output=True)

    def commit(self, amount: int) -> measuring.Sample:
        """One commit, which is taken back afterwards."""
        repo = self._repos[amount]
        sample = measuring.run(COMMIT, self.entrant.env, repo)
        self._git(repo, "reset", "-q", "--soft", "HEAD~1")
        return sample


def compare_commits(folder: Path, peers: "Path | None", files: int, rounds: int, pause: float) -> None:
    entrants = contenders.installed(peers).entrants(KINDS, folder / "home")
    found = [Commits(entrant, folder, files) for entrant in entrants]
    cells = [(one, amount) for one in found for amount in AMOUNTS]
    samples: dict[tuple[str, int], list[measuring.Sample]] = {(one.entrant.name, amount): [] for one, amount in cells}
    for turn in range(rounds + 1):
        time.sleep(pause if turn else 0)
        for one, amount in random.sample(cells, len(cells)):
            taken = one.commit(amount)
            if turn:  # the first round only warms up
                samples[one.entrant.name, amount].append(taken)
    print(f"\n`git commit`, {files} files, one no-op hook; median (least) of {rounds} interleaved rounds, ms")
    for what in ("wall", "cpu"):
        rows = []
        for one in found:
            name = one.entrant.name
            rows.append(row(f"{name} {one.entrant.version()}", [samples[name, amount] for amount in AMOUNTS], what))
        heads = [f"{amount} unstaged" for amount in AMOUNTS] + [f"cost of {amount}" for amount in CHANGED]
        print(measuring.table([what, *heads], rows))


def row(title: str, samples: "list[list[measuring.Sample]]", what: str) -> "list[str]":
    """Times with each number of unstaged changes, and what is more than with none."""
    times = [[getattr(sample, what) * 1000 for sample in some] for some in samples]
    medians, least = [statistics.median(some) for some in times], [min(some) for some in times]
    whole = [f"{middle:.0f} ({low:.0f})" for middle, low in zip(medians, least, strict=True)]
    cost = [f"{middle - medians[0]:.0f} ({low - least[0]:.0f})" for middle, low in zip(medians, least, strict=True)]
    return [title, *whole, *cost[1:]]


# --- the steps alone ----------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--folder", help="where to build the repositories (default: the system's temporary folder)")
    parser.add_argument("--peers", type=Path, metavar="DIR", help="a virtual environment that has the peers")
    parser.add_argument(
        "--pause",
        type=float,
        default=0.0,
        help="seconds between rounds of commits; ext4 without a journal makes files slower for minutes after many went",
    )
    parser.add_argument("--part", choices=["steps", "commits"], help="only one of the two tables")
    options = parser.parse_args()
    folder = os.path.realpath(tempfile.mkdtemp(prefix="guard-cost-", dir=options.folder))
    print(measuring.machine())
    try:
        if options.part != "commits":
            show_steps(os.fsencode(folder) + b"/steps", options.files, options.rounds)
        if options.part != "steps":
            compare_commits(Path(folder), options.peers, options.files, options.rounds, options.pause)
    finally:
        shutil.rmtree(folder)


def show_steps(top: bytes, files: int, rounds: int) -> None:
    os.mkdir(top)
    bench = Bench(top)
    bench.build(files)
    print(f"{files} files, medians of {rounds} interleaved rounds, ms (hide + restore = both)")
    for count in CHANGED:
        show(count, measure(bench, count, rounds))


def measure(bench: Bench, count: int, rounds: int) -> "dict[str, list[tuple[float, float]]]":
    ways = ("guard", "anew", "patch", "stash")
    times: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _round in range(rounds):
        for way in random.sample(ways, len(ways)):
            bench.edit(count)
            times[way].append(getattr(bench, way)())
    return times


def show(count: int, times: "dict[str, list[tuple[float, float]]]") -> None:
    for way, measured in times.items():
        hidden, restored = (statistics.median(column) * 1000 for column in zip(*measured, strict=True))
        both = statistics.median(sum(pair) for pair in measured) * 1000
        print(f"{count:5d} changed  {way:6s} {hidden:8.1f} + {restored:7.1f} = {both:8.1f}")


if __name__ == "__main__":
    main()
