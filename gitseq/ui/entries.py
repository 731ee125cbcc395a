"""The lines of the journal: what an event is written as, and where. Loaded when there is something to write, which is
while the first hook runs (`journal` has the reason).

`journal.jsonl` is written now; when it is large or old it is set aside as `journal.<time>-<pid>.jsonl` (see
`gitseq.host.lines`, which keeps lines whole). Output of hooks that failed is kept beside it, in `output/`. What the
fields mean is in docs/reference/journal.md.
"""

import os

from gitseq.core import jsonline
from gitseq.host import clock, files
from gitseq.host.lines import Lines, Upkeep
from gitseq.model import (
    CommandFinished,
    CommandStarted,
    Event,
    FixesStaged,
    HalfMemory,
    HookFinished,
    HookRetried,
    HookRevised,
    HookStarted,
    Killed,
    MemoryAwaited,
    Notice,
    Queued,
    Record,
    RunFinished,
    RunRefused,
    RunStarted,
    TurnCame,
    Verdict,
    WorkHidden,
    WorkRestored,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from gitseq.ui.journal import Place

VERSION = 1
"""Of the meaning of the fields. A new field or event does not change it."""
LONGEST = 1 << 16
"""Bytes of a line; what is longer is shortened, and marked."""
NAMES = 10
"""So many names of files are written down, of hooks that were given more."""
_DAY = 86400.0


class Sizes(Record):
    """How much of the past is kept."""

    largest: int = 8 << 20
    """Bytes after which a file is set aside ..."""
    oldest: float = 7 * _DAY
    """... or seconds after its first line."""
    keep: int = 64 << 20
    """Bytes of files that were set aside."""
    keep_for: float = 90 * _DAY
    """Seconds after the last line of such a file, and after an output was kept."""
    output: int = 256 << 10
    """Bytes kept of one hook's output."""
    outputs: int = 16 << 20
    """Bytes kept of all of them."""


class Entries:
    """The entries of one run."""

    def __init__(self, place: "Place", stage: str, what: str, began: float, sizes: Sizes) -> None:
        self.run = os.urandom(6).hex()
        """The id of this run."""
        self._place = place
        self._sizes = sizes
        self._common = {"v": VERSION, "run": self.run, "pid": os.getpid(), "stage": stage, "worktree": place.worktree}
        self._what = what
        self._began = began
        self._waited = 0.0
        self._position = -1
        self._lines: tuple[Lines, ...] | None = None

    def write(self, told: "list[tuple[float, Event]]") -> str:
        """Write down what was told, each with the time (seconds since the epoch) at which it was, as far as it is news.

        What cannot be written is lost, and nothing else is. What to tell of a file that somebody asked for, and will
        look for, when it is that one; or ''.
        """
        written = b"".join(self._encoded(told))
        if not written:
            return ""
        if self._lines is None:
            self._lines = self._open()
        problems = [_put(lines, written) for lines in self._lines]
        if not self._place.names_a_file or not problems[-1]:
            return ""
        log = self._place.log.decode("utf-8", "backslashreplace")
        return f"{log}, which GITSEQ_LOG names, cannot be written: {problems[-1]}"

    def _encoded(self, told: "list[tuple[float, Event]]") -> "Iterator[bytes]":
        for when, event in told:
            name = _NAMES.get(type(event))
            if name is None or not self._is_news(event):
                continue
            fields = _FIELDS[name](event)
            if isinstance(event, (HookFinished, HookRetried, HookRevised)) and event.verdict.failed:
                fields["output"] = self._keep_output(event)
            elif isinstance(event, RunFinished):
                fields["what"] = self._what
                fields["duration"], fields["waited"] = round(when - self._began, 3), round(self._waited, 3)
            line = jsonline.encode({"v": VERSION, "time": round(when, 3), "event": name, **self._common, **fields})
            if len(line) > LONGEST:
                from gitseq.ui import keeping

                line = keeping.shortened(line, LONGEST)
            yield line

    def _is_news(self, event: Event) -> bool:
        """What is told every second is written down when it changes."""
        if isinstance(event, Queued):
            before, self._position = self._position, event.position
            return event.position != before
        if isinstance(event, TurnCame):
            self._waited += event.waited
        return not (isinstance(event, MemoryAwaited) and event.waited > 0)

    def _open(self) -> "tuple[Lines, ...]":
        folder = self._place.folder
        upkeep = Upkeep(self._sizes.largest, self._is_old, self._prune)
        try:
            files.ensure_private_dir(folder)
        except OSError:
            return self._also()
        return (Lines(folder + b"/journal.jsonl", upkeep), *self._also())

    def _also(self) -> "tuple[Lines, ...]":
        """The file that GITSEQ_LOG names; a relative path is one below the top of the work tree."""
        log = self._place.log
        return (Lines(os.path.join(self._place.worktree, log)),) if self._place.names_a_file else ()

    def _is_old(self, head: bytes) -> bool:
        """Whether a file that starts like this is to be set aside for its age."""
        seconds = head.partition(b'"time": ')[2].partition(b".")[0]
        return seconds.isdigit() and clock.wall() - int(seconds) > self._sizes.oldest

    def _prune(self) -> None:
        from gitseq.ui import keeping

        keeping.prune(self._place.folder, self._sizes, clock.wall())

    def _keep_output(self, event: "HookFinished | HookRetried | HookRevised") -> str:
        """Where the output lies, relative to the journal's folder; '' when there is none."""
        if not event.verdict.output.strip():
            return ""
        from gitseq.ui import keeping

        return keeping.output(self._place.folder, self.run, event.verdict, self._sizes)


def _put(lines: Lines, written: bytes) -> str:
    """Why it cannot be written, or ''."""
    try:
        lines.write(written)
    except OSError as error:
        return os.strerror(error.errno or 0)
    return ""


def command(done: CommandFinished) -> "dict[str, Any]":
    """How a command of `gitseq exec` ended, for the journal and for `--json`."""
    return {
        "argv": done.argv,
        "exit_code": done.exit_code,
        "attempt": done.attempt,
        "duration": round(done.duration, 4),
        "cpu": round(done.cpu, 4),
        "peak_memory": done.peak_memory,
        "processes": done.processes,
        "killed": done.killed,
    }


def _started(event: HookStarted) -> "dict[str, Any]":
    hook = event.hook
    return {
        "hook": hook.label,
        "project": hook.project,
        "argv": hook.argv,
        "shell": hook.shell,
        "files": event.files,
        "names": event.names[:NAMES],
        "root": hook.root,
        "input": event.input,
        "timeout": hook.timeout,
        "memory": hook.memory,
        "processes": hook.processes,
    }


def _verdict(told: Verdict) -> "dict[str, Any]":
    return {
        "hook": told.hook.label,
        "status": told.status,
        "exit_code": told.exit_code,
        "signal": told.signal,
        "reason": told.reason,
        "reasons": told.reasons,
        "notes": told.notes,
        "duration": round(told.duration, 4),
        "cpu": round(told.cpu, 4),
        "peak_memory": told.peak_memory,
        "processes": told.processes,
        "contained_by": told.contained_by,
        "files": told.files,
        "cached": told.cached,
        "modified": told.modified[:NAMES],
        "modified_count": len(told.modified),
    }


def _killed(event: Killed) -> "dict[str, Any]":
    known = tuple({"pid": pid, "command": line, "memory": size} for pid, line, size in event.processes[:NAMES])
    return {
        "cause": event.cause,
        "hook": event.hook,
        "limit": event.limit,
        "peak": round(event.peak, 3),
        "processes": known,
    }


_NAMES = {
    Queued: "wait",
    TurnCame: "grant",
    RunStarted: "run",
    WorkHidden: "hide",
    MemoryAwaited: "gate",
    HookStarted: "hook-start",
    HalfMemory: "memory-half",
    Killed: "kill",
    HookRetried: "hook-retry",
    HookFinished: "hook-end",
    FixesStaged: "fix",
    HookRevised: "hook-revised",
    WorkRestored: "restore",
    CommandStarted: "exec-start",
    CommandFinished: "exec-end",
    Notice: "notice",
    RunRefused: "refusal",
    RunFinished: "end",
}

_FIELDS: "dict[str, Callable[[Any], dict[str, Any]]]" = {
    "wait": lambda event: {
        "position": event.position,
        "total": event.total,
        "holder": event.holder,
        "text": event.text,
    },
    "grant": lambda event: {
        "what": event.what,
        "waited": round(event.waited, 3),
        "nested": event.depth,
        "lease": event.lease,
    },
    "run": lambda event: {"hooks": tuple(hook.label for hook in event.hooks)},
    "hide": lambda event: {"files": len(event.paths), "names": event.paths[:NAMES]},
    "gate": lambda event: {"hook": event.hook.label, "free": event.free, "wanted": event.hook.min_free_memory},
    "hook-start": _started,
    "memory-half": lambda event: {"hook": event.hook.label, "used": event.used, "cap": event.cap},
    "kill": _killed,
    "hook-retry": lambda event: {**_verdict(event.verdict), "attempt": event.attempt},
    "hook-end": lambda event: _verdict(event.verdict),
    "fix": lambda event: {"hook": event.hook.label, "files": len(event.paths), "names": event.paths[:NAMES]},
    "hook-revised": lambda event: _verdict(event.verdict),
    "restore": lambda event: {"files": event.files, "problem": event.problem},
    "exec-start": lambda event: {"argv": event.argv, "attempt": event.attempt},
    "exec-end": command,
    "notice": lambda event: {"level": event.level, "text": event.text},
    "refusal": lambda event: {"exit_code": event.exit_code, "problem": event.problem},
    "end": lambda event: {"exit_code": event.report.exit_code},
}
