"""The end of a program that has a bug: a report on disk, its path on stderr, exit code 70; never a bare traceback."""

import os
import sys
import traceback

from gitseq import __version__
from gitseq.errors import GitseqError
from gitseq.host import clock, env, files
from gitseq.ui import plain


def report(arguments: "list[bytes]") -> int:
    """Write down the exception that is being handled, say where, and return the exit code."""
    text = _text(arguments)
    where = _write(text)
    plain.show_problem(
        (
            f"this is a bug in gitseq: {text.strip().splitlines()[-1]}",
            f"A report is in {where}" if where else text,
            "What was hidden of your work comes back with the next gitseq command here, or with: gitseq recover",
            "Please send the report to gitseq's authors. To go on without hooks, this once: GITSEQ=0 in front.",
        )
    )
    return GitseqError.exit_code


def _text(arguments: "list[bytes]") -> str:
    command = b" ".join(arguments).decode("utf-8", "backslashreplace")
    about = f"gitseq {__version__}, Python {sys.version}, {sys.platform}\ncommand: {command}\n\n"
    return about + traceback.format_exc()


def _write(text: str) -> str:
    """Where the report lies: with the repository's other state, else with temporary files; '' when nowhere."""
    name = f"crash-{int(clock.wall())}-{os.getpid()}.txt"
    temporary = os.fsencode(env.text(env.snapshot(), "TMPDIR", "/tmp"))  # noqa: S108 - the last resort
    for folder in (_state_dir(), temporary):
        try:
            path = os.path.join(folder, name.encode())
            files.write_whole(path, text.encode("utf-8", "backslashreplace"))
        except OSError:
            continue
        return os.fsdecode(path)
    return ""


def _state_dir() -> bytes:
    from gitseq.git import repo

    try:
        return repo.discover(env.snapshot(), os.getcwdb()).state_dir
    except (GitseqError, OSError):
        return b"/nonexistent"
