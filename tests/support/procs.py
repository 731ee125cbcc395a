"""Processes in tests: wait for a condition instead of sleeping, know who descends from whom, end by pid.

Everything is bounded: nothing here waits longer than the time it was given.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

POLL_SECONDS = 0.01


class Process(NamedTuple):
    """A process that cannot be mistaken for a later one with the same pid."""

    pid: int
    start: float

    def command(self) -> str:
        """Its command line, or a word when it is gone."""
        try:
            return " ".join(psutil.Process(self.pid).cmdline()) or psutil.Process(self.pid).name()
        except psutil.Error:
            return "(gone)"


def wait_until(condition: Callable[[], object], timeout: float = 10.0, what: str = "") -> None:
    """Return as soon as `condition()` is true; AssertionError after `timeout` seconds."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            name = what or getattr(condition, "__name__", "condition")
            raise AssertionError(f"waited {timeout} s in vain for: {name}")
        time.sleep(POLL_SECONDS)


def python(code: str) -> list[str]:
    """The command that runs a piece of Python with the interpreter of these tests, without site start-up."""
    return [sys.executable, "-I", "-S", "-c", code]


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not waited for (a zombie) does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def assert_pid_gone(pid: int, timeout: float = 5.0) -> None:
    """The process ends within `timeout` seconds; a zombie counts as ended."""
    wait_until(lambda: not alive(pid), timeout, f"end of process {pid}")


def pid_from(path: "str | os.PathLike[str]", timeout: float = 10.0) -> int:
    """The pid that a script writes into a file (`echo $$ >path`), waited for until the line is whole."""
    file = Path(path)
    wait_until(lambda: file.is_file() and file.read_bytes().endswith(b"\n"), timeout, f"a pid in {file}")
    return int(file.read_text().split()[-1])


def descendants(pid: "int | None" = None) -> list[Process]:
    """Children, their children and so on, zombies left out; of this process when `pid` is None."""
    try:
        found = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    result = []
    for process in found:
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                result.append(Process(process.pid, process.create_time()))
    return result


def kill(process: Process) -> None:
    """SIGKILL, by pid and start time, so that a pid which was given anew is never hit."""
    with suppress(psutil.NoSuchProcess):
        found = psutil.Process(process.pid)
        if found.create_time() == process.start:
            found.kill()


@contextmanager
def spawned(
    argv: Sequence["str | bytes"], *, env: "Mapping[str, str] | None" = None, cwd: "str | Path | None" = None
) -> "Iterator[subprocess.Popen[bytes]]":
    """A command in a session of its own, its output in pipes; on leaving, its whole process group is gone."""
    process = subprocess.Popen(
        argv,
        env=None if env is None else dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def spawn_grandchild(seconds: int = 60) -> int:
    """The pid of a sleeping process whose parent has already ended; the caller ends it."""
    done = subprocess.run(
        ["/bin/sh", "-c", f"sleep {int(seconds)} >/dev/null 2>&1 </dev/null & echo $!"],
        stdout=subprocess.PIPE,
        check=True,
        timeout=10,
    )
    return int(done.stdout)
