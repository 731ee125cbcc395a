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

from tests.support.procs import Process, descendants, kill, wait_until

PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 1.0
_ENDING = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT)
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
    """The HOME of whoever runs the tests, whatever the environment says."""
    return Path(pwd.getpwuid(os.getuid()).pw_dir)


def home_traces(home: Path) -> "dict[str, int]":
    """What a hook manager or git would leave in a HOME, with the time it last changed."""
    places = (
        home,
        home / ".config",
        home / ".cache",
        home / ".local/share",
        home / ".local/state",
        home / ".config/git",
    )
    found: dict[str, int] = {}
    for place in places:
        with suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                if place.name == "git" or any(mark in entry.name for mark in _MARKS):
                    found[entry.path] = entry.stat(follow_symlinks=False).st_mtime_ns
    return found
