"""The summary of a step, in Markdown, for the file that GITHUB_STEP_SUMMARY names: a table, and what failures said."""

import html
import os

from gitseq.core.units import format_duration
from gitseq.host import files
from gitseq.model import Event, Notice, Report, RunFinished, Verdict
from gitseq.ui import places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_TAIL = 8000
"""Characters of one hook's output; a step may have a megabyte."""
_ALL = 400_000
_MARKS = {"passed": "✅", "failed": "❌", "skipped": "⏭️"}


class Summary:
    """A consumer that hands events on and, at the end, adds to the summary."""

    def __init__(self, path: bytes, tell: "Callable[[Event], None]") -> None:
        self._path = path
        self._tell = tell

    def __call__(self, event: Event) -> None:
        """Hand an event on; write when it is the last."""
        if isinstance(event, RunFinished):
            try:
                files.append(self._path, "\n".join(markdown(event.report)).encode("utf-8", "backslashreplace") + b"\n")
            except OSError as error:
                told = f"the step summary could not be written: {os.fsdecode(self._path)}: {error.strerror}"
                self._tell(Notice("warning", told))
        self._tell(event)


def markdown(report: Report) -> "list[str]":
    """The lines of a summary."""
    word = "passed" if report.exit_code == 0 else "did not pass"
    lines = [f"### gitseq: {report.stage} {word}", ""]
    if report.verdicts:
        lines += ["| | hook | took | files | |", "|---|---|--:|--:|---|", *map(_row, report.verdicts), ""]
    if report.problem:
        lines += [*_fenced("\n".join(report.problem)), ""]
    room = _ALL
    for told in report.verdicts:
        output = places.text(told.output).strip()[-min(_TAIL, room) :] if room > 0 else ""
        if told.failed and output:
            room -= len(output)
            head = f"<details><summary>output of {html.escape(told.hook.name)}</summary>"
            lines += [head, "", *_fenced(output), "", "</details>", ""]
    return lines


def _row(told: Verdict) -> str:
    why = places.why(told) if told.failed else told.reason
    took = format_duration(round(told.duration, 2)) if told.status != "skipped" else ""
    cells = (_MARKS[told.status], _cell(told.hook.name), took, str(told.files), _cell(why))
    return "| " + " | ".join(cells) + " |"


def _cell(text: str) -> str:
    return html.escape(" ".join(text.split()), quote=False).replace("|", "\\|").replace("`", "\\`")


def _fenced(text: str) -> "list[str]":
    """A code block that no run of backticks in the text can end."""
    longest = max((len(run) for line in text.splitlines() for run in _backticks(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence + "text", *text.splitlines(), fence]


def _backticks(line: str) -> "list[str]":
    return [part for part in "".join(char if char == "`" else " " for char in line).split() if part]
