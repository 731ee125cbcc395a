"""A run in the log of a GitHub workflow: plain lines, output in groups, and annotations where files are named.

The rules for escaping are those of the runner's command parser: `%`, CR and LF in a message, and `:` and `,` as well in
a property. A hook's own output is shown with commands stopped: what a tool prints of a file it read must not be taken
for a command. Annotations that tools write as commands are read by us and written again.
"""

import os

from gitseq.core.annotations import NOTE, Annotation
from gitseq.model import Event, HookRevised, RunFinished, Verdict
from gitseq.ui import places
from gitseq.ui.plain import Plain

MOST = 50
"""Annotations of one run. The runner shows ten of each level for a step; the rest would only hide the log."""


class GitHub(Plain):
    """`Plain`, with workflow commands."""

    def __init__(self, top: bytes, *, colour: bool = False, verbose: bool = False, fd: int = 1) -> None:
        super().__init__(colour=colour, verbose=verbose, fd=fd)
        self._top = top
        self._left = MOST

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, HookRevised):
            event = HookRevised(event.verdict.replace(output=b""))
        super().__call__(event)
        if isinstance(event, RunFinished) and event.report.problem:
            self._command("error", {"title": "gitseq"}, "\n".join(event.report.problem))

    def finish(self, verdict: Verdict) -> None:
        """Complete the line of a hook, then its output as a group, then what it says about files."""
        super().finish(verdict.replace(output=b"", modified=tuple(map(_inert, verdict.modified))))
        output = verdict.output.strip(b"\r\n")
        if output.strip() and (verdict.failed or self._verbose or verdict.hook.verbose):
            self._group(f"output of {verdict.hook.name}", output)
        if verdict.failed:
            self._annotate(verdict)

    def _group(self, name: str, output: bytes) -> None:
        token = os.urandom(16).hex()
        self._write(f"::group::{escaped(name)}\n::stop-commands::{token}\n")
        self._write_bytes(output + b"\n")
        self._write(f"::{token}::\n::endgroup::\n")

    def _annotate(self, verdict: Verdict) -> None:
        found = places.of(verdict, self._top)
        if not found:
            self._command("error", {"title": verdict.hook.label}, f"{verdict.hook.name}: {places.why(verdict)}")
        for one in found[: self._left]:
            self._command(_level(one), _properties(one, verdict.hook.label), one.message)
        if len(found) > self._left:
            self._notice("info", f"{len(found) - self._left} more places are named in the output")
        self._left = max(0, self._left - len(found))

    def _notice(self, level: str, words: str) -> None:
        super()._notice(level, words)
        if level in ("warning", "error") and not self._begun:
            self._command(level, {"title": "gitseq"}, words)

    def _command(self, name: str, properties: "dict[str, str]", message: str) -> None:
        told = ",".join(f"{key}={escaped_property(value)}" for key, value in properties.items())
        self._write(f"::{name} {told}::{escaped(message)}\n")


def _inert(path: bytes) -> bytes:
    """A name that stands alone on a line and is no command: the runner looks past the blanks in front of it."""
    return path.replace(b"::", b":\\x3a", 1) if path.lstrip().startswith(b"::") else path


def _level(one: Annotation) -> str:
    return "notice" if one.level == NOTE else one.level


def _properties(one: Annotation, hook: str) -> "dict[str, str]":
    column = {"col": str(one.column)} if one.column else {}
    return {"file": one.path, "line": str(one.line), **column, "title": hook}


def escaped(message: str) -> str:
    """A message as the runner's parser takes it back."""
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_property(value: str) -> str:
    """A property as the runner's parser takes it back."""
    return escaped(value).replace(":", "%3A").replace(",", "%2C")
