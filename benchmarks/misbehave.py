"""W6, a commit whose hook misbehaves, contender beside contender: how it ended, when, and what was left.

Every program limits itself (30 s, 600 MiB, 90 processes), so that a contender without caps harms nothing. What is left
is counted by adoption: this program becomes the parent of every orphan.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import contenders
import psutil
from contenders import Contender, Gitseq, Husky, Lefthook, PreCommit, Prek
from family import clear, descendants, resident
from measure import Row
from workload import Trial, Workload

TIMEOUT, GRACE, PROCESSES = 3, 1, 32
PATIENCE = 7.0
"""Seconds after which a commit that has not ended counts as hanging."""
SETTLE = 0.3

PROGRAMS = {
    "hang": "import time; time.sleep(30)",
    "stubborn": """
import signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
time.sleep(30)
""",
    "setsid": """
import os, time
if os.fork() == 0:
    os.setsid()
    os.closerange(0, 3)
    time.sleep(30)
""",
    "daemon": """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 256)
        os.execve("/bin/sleep", ["sleep", "30"], {})
    os._exit(0)
""",
    "stdout": """
import os, time
if os.fork() == 0:
    time.sleep(30)
""",
    "hog": """
import time
held = [b"x" * (1 << 20) for _ in range(600)]
time.sleep(3.6)
""",
    "bomb": """
import os, time
tokens, put = os.pipe()
os.write(put, b"x" * 90)
os.close(put)
while os.read(tokens, 1):
    if os.fork() == 0:
        os.setsid()
time.sleep(3.6)
""",
    "shared": """
import os, time
held = bytearray(300 << 20)
for at in range(0, len(held), 4096):
    held[at] = 1
children = []
for _ in range(8):
    pid = os.fork()
    if pid == 0:
        time.sleep(1)
        os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
""",
}


class Case(NamedTuple):
    """A row: the program, what it is called, and the memory cap of the hook."""

    program: str
    title: str
    memory: str = "256MiB"
    kill_runner: bool = False


CASES = (
    Case("hang", "hangs"),
    Case("stubborn", "hangs and ignores TERM"),
    Case("setsid", "leaves a grandchild in its own session"),
    Case("daemon", "leaves a double-forked daemon, no environment, no descriptors"),
    Case("stdout", "leaves a child that holds stdout"),
    Case("hog", "allocates 600 MiB, cap 256 MiB"),
    Case("bomb", "forks without end (90), cap 32"),
    Case("shared", "300 MiB shared by 8 children, cap 600 MiB (must pass)", memory="600MiB"),
    Case("hang", "hangs, and the runner gets SIGKILL; then a next commit", kill_runner=True),
)
QUICK = ("setsid", "daemon", "hog", "shared")


class End(NamedTuple):
    """How a commit ended."""

    code: "int | None"
    seconds: float
    left: int
    peak: int

    def words(self, case: Case) -> str:
        what = "hangs" if self.code is None else "passes" if self.code == 0 else "refused"
        size = f", {self.peak >> 20} MiB" if case.program in ("hog", "shared") else ""
        return f"{what}, {self.seconds:.1f} s{size}, {self.left} left"


class Caged(Gitseq):
    """gitseq with the caps of the case."""

    def configure(self, repo: Path, command: "list[str]", case: Case) -> None:
        caps = f'timeout = "{TIMEOUT}s"\ngrace = "{GRACE}s"\nmemory = "{case.memory}"\nprocesses = {PROCESSES}\n'
        run = json.dumps(" ".join(command))
        text = f'[[hook]]\nid = "it"\nrun = {run}\npass_filenames = false\nalways_run = true\n{caps}'
        (repo / "gitseq.toml").write_text(text)
        self._ask(str(self.folder / "gitseq"), "install", cwd=repo)


class LocalHook(PreCommit):
    """pre-commit, and prek; neither knows a cap."""

    def configure(self, repo: Path, command: "list[str]", _case: Case) -> None:
        hook = {"id": "it", "name": "it", "language": "system", "entry": " ".join(command)}
        config = {"repos": [{"repo": "local", "hooks": [{**hook, "pass_filenames": False, "always_run": True}]}]}
        (repo / ".pre-commit-config.yaml").write_text(json.dumps(config))
        self._ask(str(self.folder / self.name), "install", cwd=repo)


class LocalPrek(LocalHook, Prek):
    """prek reads pre-commit's file."""

    name = "prek"


class Timed(Lefthook):
    """lefthook with the one cap it knows."""

    def configure(self, repo: Path, command: "list[str]", _case: Case) -> None:
        job = {"name": "it", "run": " ".join(command), "timeout": f"{TIMEOUT}s"}
        (repo / "lefthook.yml").write_text(json.dumps({"pre-commit": {"jobs": [job]}}))
        self._ask(self._program, "install", cwd=repo)


class Staged(Husky):
    """lint-staged, which knows no cap; the files it appends are ignored."""

    def configure(self, repo: Path, command: "list[str]", _case: Case) -> None:
        self.write(repo, {"*": [" ".join(command)]})


KINDS = (Caged, LocalPrek, Timed, LocalHook, Staged)


def commit(repo: Path, entrant: Contender, during: "Callable[[], None] | None" = None) -> End:
    """One commit, watched from outside."""
    (repo / "pkg0000" / "mod00.py").write_text(f"VALUE = {time.monotonic_ns()}\n")
    subprocess.run(["git", "add", "-A"], cwd=repo, env=entrant.env, check=True)
    began = time.monotonic()
    with open(os.devnull, "r+b") as nothing:
        git = subprocess.Popen(
            ["git", "commit", "-q", "-m", "x"],
            cwd=repo, env=entrant.env, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True,
        )  # fmt: skip
    peak = 0
    if during is not None:
        during()
    while git.poll() is None and time.monotonic() - began < PATIENCE:
        peak = max(peak, resident(descendants()))
        time.sleep(0.05)
    seconds = time.monotonic() - began
    time.sleep(SETTLE)  # what is about to end by itself is not left
    left = len(descendants()) if git.returncode is not None else len(descendants()) - 1
    return End(git.returncode, seconds, left, peak)


def kill_runner() -> None:
    """SIGKILL to whatever runs the hook, and to git, as an impatient supervisor would."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        hooks = [process for process in descendants() if "time.sleep(30)" in " ".join(process.cmdline())]
        if hooks:
            break
        time.sleep(0.02)
    time.sleep(0.2)
    for process in descendants():
        with suppress(psutil.NoSuchProcess):
            line = " ".join(process.cmdline())
            if "time.sleep(30)" not in line and "import time" not in line:
                process.send_signal(signal.SIGKILL)


def attempt(case: Case, entrant: Contender, folder: Path) -> Row:
    """One cell of the table."""
    repo = folder / f"{entrant.name}-{CASES.index(case)}"
    contenders.make_repository(repo, 2, entrant.env)
    program = [sys.executable, "-I", "-S", str(folder / f"{case.program}.py")]
    if case.kill_runner:
        program = [sys.executable, "-I", "-S", "-c", "'import time; time.sleep(30)'"]
    entrant.configure(repo, program, case)  # type: ignore[attr-defined]
    contenders.commit_set_up(repo, entrant.env)
    try:
        if not case.kill_runner:
            end = commit(repo, entrant)
            words = end.words(case)
        else:
            end = commit(repo, entrant, kill_runner)
            entrant.configure(repo, ["true"], case)  # type: ignore[attr-defined]
            second = commit(repo, entrant)
            words = f"{end.left} left; after the next commit {second.left} left"
    finally:
        clear()
    return Row(case.title, entrant.name, [end.seconds], {"outcome": words, "left": end.left})


def run(trial: Trial) -> "list[Row]":
    for title, code in PROGRAMS.items():
        (trial.folder / f"{title}.py").write_text(code)
    entrants = trial.entrants(KINDS)
    cases = [case for case in CASES if not trial.quick or case.program in QUICK]
    return [attempt(case, entrant, trial.folder) for case in cases for entrant in entrants]


WORKLOAD = Workload(
    "W6",
    "A commit whose hook misbehaves",
    f"One try each. Caps, where known: timeout {TIMEOUT} s, grace {GRACE} s, {PROCESSES} processes, memory as told. "
    f'A commit that has not ended after {PATIENCE:.0f} s "hangs". "Left" are processes alive after its end, or after '
    "those seconds.",
    run,
    outcomes=True,
)
