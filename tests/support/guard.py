"""What no test may leave behind: a process, a lock of git's, a trace in the HOME of whoever runs the tests.

The pytest process becomes the one that orphans are handed to (PR_SET_CHILD_SUBREAPER), so a daemonised leftover of a
test is a descendant of ours and is found, named and ended by pid. Off Linux only living parents' children are seen.
"""

import ctypes
import os
import pwd
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.support.procs import Process, descendants, kill, wait_until

PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 1.0
_ENDING = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT)
_STARTS = {"subprocess.Popen": 3, "os.posix_spawn": 2, "os.exec": 2}
"""Where the environment stands among what an audit hook is told."""
_MARKS = ("gitseq", "pre-commit", "prek", "gitconfig")


def adopt_orphans() -> None:
    """From now on orphaned descendants become our children instead of init's."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def heed_signals() -> "list[signal.Signals]":
    """From now on what is started dies of the signals that it should; those that were ignored before."""
    ignored = [each for each in _ENDING if signal.getsignal(each) == signal.SIG_IGN]
    for each in ignored:
        signal.signal(each, signal.default_int_handler if each == signal.SIGINT else signal.SIG_DFL)
    return ignored


def ignore_signals(ignored: "list[signal.Signals]") -> None:
    """The opposite."""
    for each in ignored:
        signal.signal(each, signal.SIG_IGN)


def leftovers(before: "set[Process]", grace: float = GRACE_SECONDS) -> list[Process]:
    """Descendants that were not there before and do not end within the grace; orphans that ended are reaped."""

    def now() -> list[Process]:
        return [process for process in descendants() if process not in before]

    if now():
        with suppress(AssertionError):
            wait_until(lambda: not now(), grace)
    reap_orphans()
    return now()


def reap_orphans() -> None:
    """Wait for children that have ended and that nobody else will wait for."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def end(processes: "list[Process]") -> None:
    """Kill and reap; at most two seconds."""
    for process in processes:
        kill(process)
    with suppress(AssertionError):
        wait_until(lambda: not (set(processes) & set(descendants())), 2.0)
    reap_orphans()


def real_home() -> Path:
    """The HOME of whoever runs the tests, whatever the environment says; a user whom nobody knows has none."""
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return Path("/nonexistent")


_started_at_home: list[str] = []


def watch_starts() -> None:
    """From now on note each command that is started with the real HOME, or with none, for which that one stands in.

    Traces in the real HOME show it only afterwards, if they are of a kind that we know. An environment that is quite
    empty is somebody's who knows what is started.
    """
    home = os.fsencode(real_home())

    def heard(event: str, what: "tuple[Any, ...]") -> None:
        if event in _STARTS:
            given = what[_STARTS[event]]
            env = {
                os.fsencode(name): os.fsencode(value)
                for name, value in (os.environ if given is None else given).items()
            }
            if env and env.get(b"HOME", home) == home:
                _started_at_home.append(repr(what[1]))

    sys.addaudithook(heard)


def started_at_home() -> list[str]:
    """What was noted since this was last asked."""
    noted = _started_at_home[:]
    del _started_at_home[:]
    return noted


def home_traces(home: Path) -> "dict[str, int]":
    """What a hook manager or git would leave in a HOME, and what lies in that, with the time it last changed."""
    places = [
        home,
        home / ".config",
        home / ".cache",
        home / ".local/share",
        home / ".local/state",
        home / ".config/git",
    ]
    found: dict[str, int] = {}
    for place in places:
        inside = any(mark in place.name for mark in ("git", *_MARKS))
        with suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                if inside or any(mark in entry.name for mark in _MARKS):
                    found[entry.path] = entry.stat(follow_symlinks=False).st_mtime_ns
                    if not inside and entry.is_dir(follow_symlinks=False):
                        places.append(Path(entry.path))
    return found
