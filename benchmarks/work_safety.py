"""What becomes of unstaged work when a run is ended, when the user goes on editing, and when two runs overlap.

Every cell is tried with the released programs: a repository with one file staged in part and one changed and not
staged, a hook that stops in the middle, and then what the row says. Afterwards it is looked at what lies in the work
tree, what the next run says and does, and whether the hook still lives. Prints two Markdown tables.

    python benchmarks/work_safety.py [--peers DIR] [--only NAME]

The peers are installed into .venv-bench as for the other benchmarks; lint-staged (with which husky is used) by npm,
where there is one.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import contenders
import measure
import psutil
from contenders import Contender, Gitseq, Husky, Lefthook, PreCommit, Prek
from family import adopt, clear, descendants

PATIENCE = 20.0
BETWEEN = 2.0
"""Seconds that the second of two runs is given to come to its hook while the first one is in its own."""
LINES = [f"line {number}\n" for number in range(30)]
PARTIAL, WHOLE = "partial.txt", "whole.txt"
STAGED, UNSTAGED, SAVED, SAVED_THERE = "staged text", "unstaged text", "saved meanwhile", "saved on the very line"

HOOK = """
import os, sys, time
here = sys.argv[1]
for number in range(1, 10):
    try:
        os.mkdir(os.path.join(here, f"run{number}"))
        break
    except FileExistsError:
        pass
mine = os.path.join(here, f"run{number}")

def note(name):
    with open(os.path.join(mine, name + ".tmp"), "w") as out:
        out.write(open("partial.txt").read())
    os.rename(os.path.join(mine, name + ".tmp"), os.path.join(mine, name))

note("before")
end = time.monotonic() + 30
while not os.path.exists(os.path.join(mine, "go")) and time.monotonic() < end:
    time.sleep(0.02)
note("after")
"""


class Careful(Gitseq):
    command = ("gitseq", "run")
    next_command = ("gitseq", "run")

    def configure(self, repo: Path, hook: "list[str]") -> None:
        run = json.dumps(" ".join(hook))
        (repo / "gitseq.toml").write_text(f'[[hook]]\nid = "it"\nrun = {run}\npass_filenames = false\n')


class CarefulPreCommit(PreCommit):
    command = ("pre-commit", "run")

    def configure(self, repo: Path, hook: "list[str]") -> None:
        entry = {"id": "it", "name": "it", "language": "system", "entry": " ".join(hook), "pass_filenames": False}
        (repo / ".pre-commit-config.yaml").write_text(json.dumps({"repos": [{"repo": "local", "hooks": [entry]}]}))


class CarefulPrek(CarefulPreCommit, Prek):
    name = "prek"
    command = ("prek", "run")


class CarefulLefthook(Lefthook):
    command = ("lefthook", "run", "pre-commit")

    def configure(self, repo: Path, hook: "list[str]") -> None:
        job = {"name": "it", "run": " ".join(hook)}
        (repo / "lefthook.yml").write_text(json.dumps({"pre-commit": {"jobs": [job]}}))


class LintStaged(Husky):
    """What husky calls in most of its repositories."""

    name = "lint-staged"
    command = ("lint-staged",)

    def configure(self, repo: Path, hook: "list[str]") -> None:
        program = repo / "lint-staged.config.mjs"
        program.write_text(f"export default {{ '*.txt': () => {json.dumps(' '.join(hook))} }}\n")

    def version(self) -> str:
        return self._ask("lint-staged", "--version")


class Site:
    """A contender in a repository of its own, with unstaged work in it."""

    def __init__(self, entrant: Contender, folder: Path) -> None:
        self.entrant = entrant
        self.repo = folder / "repo"
        self.notes = folder / "notes"
        self.notes.mkdir(parents=True)
        (folder / "hook.py").write_text(HOOK)
        self._git_init()
        program = [sys.executable, "-IS", str(folder / "hook.py"), str(self.notes)]
        entrant.configure(self.repo, program)  # type: ignore[attr-defined]
        contenders.commit_set_up(self.repo, entrant.env)
        self.edit(self.repo)

    def _git_init(self) -> None:
        self.repo.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("config", "gc.auto", "0")
        for name in (PARTIAL, WHOLE):
            (self.repo / name).write_text("".join(LINES))

    def git(self, *arguments: str, cwd: "Path | None" = None) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=cwd or self.repo, env=self.entrant.env, check=True, capture_output=True, text=True
        )
        return done.stdout

    def edit(self, top: Path) -> None:
        """One file staged in part, one changed and not staged."""
        change(top / PARTIAL, 3, STAGED)
        self.git("add", PARTIAL, cwd=top)
        change(top / PARTIAL, 20, UNSTAGED)
        change(top / WHOLE, 20, UNSTAGED)

    def start(self, top: Path) -> "subprocess.Popen[bytes]":
        with open(os.devnull, "rb") as nothing, open(self.notes / f"output-{time.monotonic_ns()}", "wb") as output:
            return subprocess.Popen(
                self.command(),
                cwd=top, env=self.entrant.env, stdin=nothing, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    def command(self) -> "list[str]":
        program, *rest = self.entrant.command  # type: ignore[attr-defined]
        native = self.entrant._program if isinstance(self.entrant, Lefthook) else None
        return [native or str(self.entrant.folder / program), *rest]

    def next_run(self) -> str:
        """What the next run in that work tree prints, its hook let through at once."""
        for number in range(1, 10):
            if not (self.notes / f"run{number}").exists():
                (self.notes / f"run{number}").mkdir()
                break
        self.entrant.configure(self.repo, ["true"])  # type: ignore[attr-defined]
        done = subprocess.run(
            self.command(), cwd=self.repo, env=self.entrant.env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", timeout=60, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    def output(self) -> str:
        return "".join(path.read_text(errors="replace") for path in sorted(self.notes.glob("output-*")))

    def reached(self, number: int) -> bool:
        return (self.notes / f"run{number}" / "before").exists()

    def release(self, number: int) -> None:
        with suppress(FileNotFoundError):
            (self.notes / f"run{number}" / "go").touch()

    def seen(self, number: int) -> str:
        """What the hook of one run saw, at its start and at its end."""
        return "".join(path.read_text() for path in (self.notes / f"run{number}").glob("*") if path.suffix != ".tmp")

    def whereabouts(self, words: str, top: "Path | None" = None) -> str:
        """Where somebody who looks for it finds a text that is not in the work tree."""
        top = top or self.repo
        stash = subprocess.run(
            ["git", "stash", "list", "-p"], cwd=top, env=self.entrant.env, capture_output=True, text=True, check=True
        )
        if words in stash.stdout:
            return "stash"
        home = Path(self.entrant.env["HOME"])
        for root, told in ((self.repo / ".git", "file in .git"), (home, "patch in a cache")):
            if any(words in _text(path) for path in root.rglob("*") if path.is_file()):
                return told
        lost = self.git("fsck", "--lost-found", "--no-progress", cwd=top)
        oids = [line.split()[-1] for line in lost.splitlines() if line.startswith("dangling")]
        if any(words in self.git("show", oid, cwd=top) for oid in oids):
            return "dangling git object"
        return "LOST"


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def change(path: Path, number: int, words: str) -> None:
    lines = path.read_text().splitlines(keepends=True)
    lines[number] = words + "\n"
    path.write_text("".join(lines))


def holds(top: Path, words: str) -> "list[bool]":
    return [words in _text(top / name) for name in (PARTIAL, WHOLE)]


def wait_until(condition, seconds: float) -> bool:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def finish(process: "subprocess.Popen[bytes]") -> int:
    try:
        return process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return 999


def hooks_alive() -> bool:
    for process in descendants():
        with suppress(psutil.NoSuchProcess):
            if "hook.py" in " ".join(process.cmdline()):
                return True
    return False


# --- one run that is ended, or edited under ----------------------------------------------------------


class Ending(NamedTuple):
    """A row of the first table."""

    title: str
    signal: int = 0
    group: bool = False
    saves: "tuple[int, str] | None" = None


ENDINGS = (
    Ending("INT to the runner", signal.SIGINT),
    Ending("INT to its group (Ctrl-C)", signal.SIGINT, group=True),
    Ending("TERM to the runner", signal.SIGTERM),
    Ending("HUP to the runner", signal.SIGHUP),
    Ending("KILL to the runner", signal.SIGKILL),
    Ending("KILL to its group", signal.SIGKILL, group=True),
    Ending("you save a changed file meanwhile, elsewhere in it", saves=(10, SAVED)),
    Ending("you save it, on the line that was unstaged", saves=(20, SAVED_THERE)),
    Ending("you save it, then TERM to the runner", signal.SIGTERM, saves=(20, SAVED_THERE)),
)


def ended(site: Site, row: Ending) -> str:
    """A cell of the first table."""
    runner = site.start(site.repo)
    if not wait_until(lambda: site.reached(1), PATIENCE):
        return "never came to its hook: " + site.output()[-200:]
    if row.saves is not None:
        change(site.repo / WHOLE, *row.saves)
    if row.signal:
        send = os.killpg if row.group else os.kill
        send(runner.pid, row.signal)
    else:
        site.release(1)
    finish(runner)
    time.sleep(0.2)  # what is about to end by itself does not live on
    lived = hooks_alive()
    words = [_work(site, row)]
    if lived:
        words.append("**the hook lives on**" if hooks_alive() else "and ends the hook, which lived on")
    site.release(1)
    return "; ".join(words)


def _work(site: Site, row: Ending) -> str:
    there = holds(site.repo, UNSTAGED)
    saved = row.saves[1] if row.saves else ""
    if saved:
        return _both(site, saved)
    if all(there):
        return "back"
    where = site.whereabouts(UNSTAGED)
    said = site.next_run()
    if all(holds(site.repo, UNSTAGED)):
        return "the next run brings it back" + (" and says so" if "rought back" in said else "")
    silent = ", in silence" if UNSTAGED not in said and "patch" not in said.lower() else ""
    return f"**gone** ({where}), also after the next run{silent}"


def _both(site: Site, saved: str) -> str:
    tree = _text(site.repo / WHOLE)
    told = site.output()
    if UNSTAGED not in tree and saved in tree and site.whereabouts(UNSTAGED) == "file in .git":
        told += site.next_run()
        tree = _text(site.repo / WHOLE)
    if UNSTAGED in tree and saved in tree:
        return "both are in the file"
    parts = []
    for name, words in (("from before", UNSTAGED), ("saved", saved)):
        if words in tree:
            parts.append(f"{name}: in the tree")
        else:
            where = site.whereabouts(words)
            parts.append(f"**{name} LOST**" if where == "LOST" else f"{name}: {where}" + _named(where, told))
    return ", ".join(parts)


def _named(where: str, told: str) -> str:
    """Whether the run said where it is."""
    named = {"file in .git": ".git/", "stash": "stash", "patch in a cache": "patch"}.get(where)
    return ", named" if named and named in told else ", **not named**"


# --- two runs that overlap ----------------------------------------------------------------------------


def overlapping(site: Site, linked: bool) -> str:
    """A cell of the second table: A is in its hook, the user edits, B starts, A ends, B ends."""
    second_top = site.repo
    if linked:
        second_top = site.repo.parent / "linked"
        site.git("worktree", "add", "-q", "-b", "linked", str(second_top))
        site.edit(second_top)
    first = site.start(site.repo)
    if not wait_until(lambda: site.reached(1), PATIENCE):
        return "never came to its hook"
    if not linked:
        change(site.repo / WHOLE, 10, SAVED)
    second = site.start(second_top)
    overlapped = wait_until(lambda: site.reached(2), BETWEEN)
    site.release(1)
    codes = [finish(first)]
    wait_until(lambda: site.reached(2) or second.poll() is not None, PATIENCE)
    site.release(2)
    codes.append(finish(second))
    return "; ".join(_overlap_words(site, second_top, codes, overlapped=overlapped, linked=linked))


def _overlap_words(site: Site, second_top: Path, codes: "list[int]", *, overlapped: bool, linked: bool) -> "list[str]":
    words = ["both hooks at once" if overlapped else "one after the other"]
    words.append("both pass" if codes == [0, 0] else f"exit codes {codes[0]} and {codes[1]}")
    if UNSTAGED in site.seen(2):
        words.append("**B's hook saw unstaged text**")
    tops = [site.repo, second_top] if linked else [site.repo]
    for top in tops:
        for name in (PARTIAL, WHOLE):
            if UNSTAGED not in _text(top / name):
                place = f" of {top.name}" if linked else ""
                words.append(f"**{name}{place}: the unstaged edit is gone** ({site.whereabouts(UNSTAGED, top)})")
    if not linked and SAVED not in _text(site.repo / WHOLE):
        where = site.whereabouts(SAVED)
        words.append(f"the edit made meanwhile {where}" if where != "LOST" else "**the edit made meanwhile LOST**")
    return words if len(words) > 2 else [*words, "all work there"]


# --- tables -------------------------------------------------------------------------------------------

KINDS = (Careful, CarefulPreCommit, CarefulPrek, CarefulLefthook, LintStaged)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, metavar="DIR", help="a virtual environment that has the peers")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this contender (repeatable)")
    options = parser.parse_args()
    adopt()
    wanted = [kind for kind in KINDS if not options.only or kind.name in options.only]
    with tempfile.TemporaryDirectory(prefix="gitseq-safety-") as name:
        show(Path(name), wanted, options.peers)


def show(folder: Path, wanted: "list[type[Contender]]", given: "Path | None") -> None:
    installed = contenders.installed(given)
    usable = [(kind, place) for kind in wanted if (place := getattr(installed, kind.place)) is not None]
    versions = [f"{one.name} {one.version()}" for one in installed.entrants(wanted, folder / "home")]
    print(measure.machine() + "\n" + ", ".join(versions) + "\n")
    names = [kind.name for kind, _place in usable]
    rows = [
        [row.title, *(cell(folder, kind, at, lambda s, r=row: ended(s, r)) for kind, at in usable)] for row in ENDINGS
    ]
    print(measure.table(["what happens during the run", *names], rows) + "\n")
    overlaps = []
    for title, linked in (("A and B in one work tree", False), ("A and B in two work trees", True)):
        cells = [cell(folder, kind, at, lambda s, way=linked: overlapping(s, way)) for kind, at in usable]
        overlaps.append([title, *cells])
    print(measure.table(["two runs that overlap", *names], overlaps))


def cell(folder: Path, kind: "type[Contender]", place: Path, trial) -> str:  # type: ignore[no-untyped-def]
    """One cell, in a home and a repository that nobody has used before."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        (Path(own) / "home").mkdir()
        site = Site(kind(place, Path(own) / "home"), Path(own))
        try:
            told: str = trial(site)
        finally:
            clear()
    print(f"{kind.name}: {told}", file=sys.stderr, flush=True)
    return told


if __name__ == "__main__":
    main()
