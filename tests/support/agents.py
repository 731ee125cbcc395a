"""Processes that stand in gitseq's queue and do what the test says, one statement at a time.

    a.do("lease = acquire()")            # run it, wait for its end; raises if it raised
    b.start("lease = acquire()")         # run it, and go on
    b.waits()                            # it is blocked in the queue now
    a.do("lease.release()")
    b.ended()                            # the outcome of what was started

An agent is a fresh interpreter in a session of its own; `child` starts another one below it, as a hook would.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gitseq.core import queueing
from gitseq.queue import places, state
from tests.support.procs import wait_until

ROOT = Path(__file__).parents[2]

_PRELUDE = r"""
import json, os, sys
sys.path[:0] = json.loads(sys.argv[1])
from gitseq.core import queueing
from gitseq.errors import GitseqError
from gitseq.host import locks, proctree
from gitseq.queue import lease as leases, nesting, places, record, tickets, turn
ENV = dict(os.environb)
told = []
def place(name):
    return places.Place("repo", os.path.realpath(os.fsencode(name)) + b"/gitseq")
def acquire(name=sys.argv[2], limit=float("inf"), what=sys.argv[3], tick=1.0, gone=None, env=None):
    claim = leases.Claim(what, b"/work/tree", ENV if env is None else env, gone)
    return turn.acquire(place(name), claim, leases.Patience(limit, told.append, tick))
def joined(name=sys.argv[2], env=None):
    return nesting.joined(ENV if env is None else env, place(name))
def say(value):
    sys.stdout.write(json.dumps(value))
    sys.stdout.flush()
def outcome(call):
    try:
        return ["done", call()]
    except GitseqError as error:
        return [type(error).__name__, error.lines()]
children = []
def spawn(code, env=None, argv=(), **options):
    import subprocess
    if env is None: env = {**ENV, b"GITSEQ_TOKEN": lease.token}
    command = [*argv, sys.executable, "-I", "-S", "-c", sys.argv[5] + code, *sys.argv[1:]]
    process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)
    children.append(process)
    return process
def ended(process, text=None):
    return json.loads(process.communicate(text, timeout=30)[0])
def child(code, env=None, argv=(), **options):
    return ended(spawn(code, env, argv, **options))
"""

_LOOP = r"""
replies = os.fdopen(int(sys.argv[4]), "w")
for line in sys.stdin:
    answer = None
    try:
        exec(json.loads(line), globals())
        reply = ["done", answer]
    except GitseqError as error:
        reply = ["raised", type(error).__name__, error.exit_code, error.lines()]
    except BaseException as error:
        reply = ["raised", type(error).__name__, 1, [str(error)]]
    replies.write(json.dumps(reply) + "\n")
    replies.flush()
"""


class Raised(Exception):
    """What an agent was told to do ended with an exception."""

    def __init__(self, name: str, exit_code: int, lines: "list[str]") -> None:
        super().__init__(f"{name} ({exit_code}): {lines}")
        self.name = name
        self.exit_code = exit_code
        self.text = "\n".join(lines)


class Agent:
    """One process at the queue of one folder."""

    def __init__(
        self, folder: Path, what: str = "agent", env: "Mapping[str, str] | None" = None, prefix: "tuple[str, ...]" = ()
    ) -> None:
        self.folder = folder
        self.what = what
        replies, self._replies_child = os.pipe()
        self._replies = os.fdopen(replies, "r")
        interpreter = [sys.executable, "-I", "-S", "-c", _PRELUDE + _LOOP]
        arguments = [json.dumps([str(ROOT), *sys.path]), str(folder), what, str(self._replies_child), _PRELUDE]
        self.process = subprocess.Popen(
            [*prefix, *interpreter, *arguments],
            stdin=subprocess.PIPE,
            pass_fds=[self._replies_child],
            env=None if env is None else dict(env),
            start_new_session=True,
        )
        os.close(self._replies_child)
        self.pid: int = self.do("answer = os.getpid()")

    def start(self, code: str) -> None:
        """Begin with some statements and do not wait."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(code).encode() + b"\n")
        self.process.stdin.flush()

    def ended(self) -> Any:
        """Wait for the end of what was started; what it left in `answer`. Raises Raised, EOFError when it died."""
        line = self._replies.readline()
        if not line:
            raise EOFError(f"{self.what} is dead")
        outcome = json.loads(line)
        if outcome[0] == "raised":
            raise Raised(*outcome[1:])
        return outcome[1]

    def do(self, code: str) -> Any:
        """`start` and `ended`."""
        self.start(code)
        return self.ended()

    def waits(self, name: "Path | None" = None) -> None:
        """Return once it stands in line, and sleeps there."""
        where = places.Place("repo", os.path.realpath(os.fsencode(name or self.folder)) + b"/gitseq")

        def in_line() -> bool:
            standing = any(waiter.pid == self.pid for waiter in state.look(where).waiters)
            return standing and self._sleeps_in_a_lock()

        wait_until(in_line, what=f"{self.what} in the queue of {name or self.folder}")

    def _sleeps_in_a_lock(self) -> bool:
        lines = Path("/proc/locks").read_bytes().splitlines()
        return any(b"->" in line and b"FLOCK" in line and b" %d " % self.pid in line for line in lines)

    def signal(self, signum: int) -> None:
        """Send a signal to it alone."""
        os.kill(self.pid, signum)

    def kill(self) -> None:
        """SIGKILL, and wait until the kernel has taken everything back."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """End it and whatever is left in its session's process group. Twice is once."""
        if self._replies.closed:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self._replies.close()


def holder_of(folder: Path) -> "queueing.Holder | None":
    """Who holds the lease there."""
    return state.look(place_of(folder)).holder


def place_of(folder: Path) -> places.Place:
    """The queue that agents of that folder stand in."""
    return places.Place("repo", os.path.realpath(os.fsencode(folder)) + b"/gitseq")
