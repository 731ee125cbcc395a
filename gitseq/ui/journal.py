"""The journal: every run on record, one JSON line an event, in `<common git dir>/gitseq/journal/`.

A line is one write to a file opened for appending, so lines of runs that write at the same time do not mix, and a
run that is killed leaves what it had written. A journal that cannot be written stops nothing.
"""

import os

from gitseq.core import jsonline
from gitseq.host import clock, files
from gitseq.model import (
    CommandFinished,
    Event,
    HalfMemory,
    HookFinished,
    HookRetried,
    HookRevised,
    HookStarted,
    MemoryAwaited,
    Notice,
    Queued,
    RunFinished,
    RunStarted,
    TurnCame,
    Verdict,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_LARGEST = 8 << 20
"""Bytes after which the journal is set aside as `journal.1.jsonl`, in the place of the one before."""


class Journal:
    """A consumer of events that writes them down and hands them on."""

    def __init__(self, state_dir: bytes, worktree: bytes, stage: str, tell: "Callable[[Event], None]") -> None:
        self._folder = state_dir + b"/journal"
        self._worktree = worktree
        self._stage = stage
        self._tell = tell
        self._fd = -1
        self.run = os.urandom(6).hex()
        """The id of this run."""

    def __call__(self, event: Event) -> None:
        """Hand an event on, then write it down."""
        self._tell(event)
        name = _NAMES.get(type(event))
        if name is None or (isinstance(event, (Queued, MemoryAwaited)) and event.waited > 0):
            return  # told every second, written down once
        self._write({"event": name, **_FIELDS[name](event)})

    def _write(self, fields: "dict[str, Any]") -> None:
        common = {"time": round(clock.wall(), 3), "run": self.run, "pid": os.getpid(), "stage": self._stage}
        line = jsonline.encode({**common, "worktree": self._worktree, **fields})
        try:
            if self._fd < 0:
                self._fd = self._open()
            os.write(self._fd, line)
        except OSError:
            return

    def _open(self) -> int:
        files.ensure_dir(self._folder, 0o700)
        path = self._folder + b"/journal.jsonl"
        signature = files.signature(path)
        if signature is not None and signature[1] > _LARGEST:
            os.rename(path, self._folder + b"/journal.1.jsonl")
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


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


def _verdict(told: Verdict) -> "dict[str, Any]":
    return {
        "hook": told.hook.id,
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
        "modified": told.modified,
    }


_NAMES = {
    RunStarted: "run",
    Queued: "wait",
    TurnCame: "turn",
    HookStarted: "hook-start",
    CommandFinished: "exec",
    HookRetried: "hook-retry",
    MemoryAwaited: "memory-wait",
    HalfMemory: "memory-half",
    HookFinished: "hook-end",
    HookRevised: "hook-revised",
    Notice: "notice",
    RunFinished: "end",
}

_FIELDS: "dict[str, Callable[[Any], dict[str, Any]]]" = {
    "run": lambda event: {"hooks": tuple(hook.id for hook in event.hooks)},
    "wait": lambda event: {"text": event.text, "holder": event.holder},
    "turn": lambda event: {"waited": round(event.waited, 3)},
    "hook-start": lambda event: {
        "hook": event.hook.id,
        "argv": event.hook.argv,
        "shell": event.hook.shell,
        "timeout": event.hook.timeout,
        "memory": event.hook.memory,
        "processes": event.hook.processes,
    },
    "exec": lambda event: command(event),
    "hook-retry": lambda event: {**_verdict(event.verdict), "attempt": event.attempt},
    "memory-wait": lambda event: {"hook": event.hook.id, "free": event.free},
    "memory-half": lambda event: {"hook": event.hook.id, "used": event.used, "cap": event.cap},
    "hook-end": lambda event: _verdict(event.verdict),
    "hook-revised": lambda event: _verdict(event.verdict),
    "notice": lambda event: {"level": event.level, "text": event.text},
    "end": lambda event: {"exit_code": event.report.exit_code, "problem": event.report.problem},
}
