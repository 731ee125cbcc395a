"""A run as plain lines on standard output, in the shape people know from pre-commit."""

import errno
import os

from gitseq.core import text
from gitseq.model import (
    Event,
    Hook,
    HookFinished,
    HookRetried,
    HookRevised,
    HookStarted,
    MemoryAwaited,
    Notice,
    Queued,
    Report,
    RunFinished,
    RunStarted,
    Verdict,
)

LOOKING = "To look on: gitseq status, or live: gitseq monitor. Ctrl-C leaves the line."
"""What somebody who waits may want to type in another terminal."""


class Plain:
    """Shows events line by line; the name of a hook stands there before it starts."""

    def __init__(self, *, colour: bool = False, verbose: bool = False, fd: int = 1) -> None:
        self._colour = colour
        self._verbose = verbose
        self._fd = fd
        self._columns = 0
        self._minute_told = -1
        self._project: "str | None" = None
        """Whose hooks the lines are about; None when there is but one project, and nothing to say."""
        self._begun = ""
        """The line that stands there without its ending."""

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, RunStarted):
            self._columns = text.columns(event.hooks)
            self._project = "/" if any(hook.project for hook in event.hooks) else None
        elif isinstance(event, HookStarted):
            self._begin(event.hook)
        elif isinstance(event, HookFinished):
            self.finish(event.verdict)
        elif isinstance(event, HookRevised):
            self._revised(event.verdict)
        elif isinstance(event, Queued):
            self._queued(event)
        elif isinstance(event, HookRetried):
            self._notice("info", f"attempt {event.attempt} ended with {event.verdict.exit_code}; once more")
        elif isinstance(event, MemoryAwaited) and not event.waited:
            self._notice("info", text.waits_for_memory(event.hook, event.free))
        elif isinstance(event, Notice):
            self._notice(event.level, event.text)
        elif isinstance(event, RunFinished):
            self._end(event.report)

    def _queued(self, event: Queued) -> None:
        """One line at once, then one a minute: a log is to show that we wait, not how long a minute is."""
        minute = int(event.waited // 60)
        if minute != self._minute_told:
            told_before, self._minute_told = self._minute_told, minute
            self._notice("info", f"Waiting for our turn: {event.text}{memory_of(event.holder)}")
            if told_before < 0:
                self._notice("info", LOOKING)

    def _notice(self, level: str, words: str) -> None:
        """A line of its own; a line that was begun is begun again below."""
        line = text.notice(level, words, self._colour) + "\n"
        self._write(f"\n{line}{self._begun}" if self._begun else line)

    def _revised(self, verdict: Verdict) -> None:
        """The line of an earlier hook once more; one that was begun meanwhile is begun again below."""
        begun, project = self._begun, self._project
        if begun:
            self._write("\n")
        self._begin(verdict.hook)
        self.finish(verdict.replace(output=b""))
        if begun:
            self._head(project)
            self._begun = begun
            self._write(begun)

    def finish(self, verdict: Verdict) -> None:
        """Complete the line of a hook and show what it said."""
        if verdict.status == "skipped":
            self._head(verdict.hook.project)
            self._write(text.skipped(verdict, self._columns, self._colour) + "\n")
            return
        if verdict.from_ledger:
            self._head(verdict.hook.project)
            self._write(text.passed_before(verdict, self._columns, self._colour) + "\n")
            return
        self._begun = ""
        lines = [text.ending(verdict, self._colour), *text.details(verdict, self._verbose, self._colour)]
        self._write("\n".join(lines) + "\n")
        output = verdict.output.rstrip().lstrip(b"\r\n")  # an indented first line keeps its indentation
        if output and (verdict.failed or self._verbose or verdict.hook.verbose):
            self._write_bytes(b"\n" + output + b"\n\n")
        elif len(lines) > 1:
            self._write("\n")

    def _end(self, report: Report) -> None:
        """Say why it ended, and what to type."""
        if self._begun:  # the hook's line was not completed
            self._write("\n")
        show_problem(report.problem)
        if report.exit_code == 1 and not report.problem:
            from gitseq.core import advice  # rare

            self._write("".join(line + "\n" for line in advice.after(report)))

    def _head(self, project: "str | None") -> None:
        """A line over the hooks of each project, where there are several."""
        if self._project is not None and project is not None and self._project != project:
            self._project = project
            self._write(text.heading(project) + "\n")

    def _begin(self, hook: Hook) -> None:
        self._head(hook.project)
        self._begun = text.start(hook.name, self._columns)
        self._write(self._begun)

    def _write(self, line: str) -> None:
        self._write_bytes(line.encode("utf-8", "backslashreplace"))

    def _write_bytes(self, data: bytes) -> None:
        write_all(self._fd, data)


def memory_of(pid: int) -> str:
    """`, 270 MiB`: what a process and all below it have in memory; '' when there is none to be seen."""
    from gitseq.core.units import format_size
    from gitseq.host import tree

    members = tree.walk([pid]) if pid else []
    return f", {format_size(sum(member.resident for member in members))}" if members else ""


def show_problem(lines: "tuple[str, ...]") -> None:
    """Say on stderr why a run or a command ended: what happened, why, what is kept, what to type next."""
    if lines:
        shown = "\n".join(["gitseq: " + lines[0], *("  " + line for line in lines[1:])]) + "\n"
        write_all(2, shown.encode("utf-8", "backslashreplace"))


def write_all(fd: int, data: bytes) -> None:
    """Write to a descriptor; a reader that has gone away (`gitseq run | head`) is no reason to stop.

    Nor is a full disk; but of that somebody has to be told in the end: see `lost`.
    """
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            _lost.append(os.strerror(error.errno))


_lost: "list[str]" = []


def lost() -> str:
    """Why some of what was to be written is missing where somebody may read it; '' when nothing is."""
    return _lost[0] if _lost else ""
