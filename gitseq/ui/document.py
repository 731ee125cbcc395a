"""Formats that are one document on standard output, written when the run is over; what is told meanwhile goes to
standard error."""

from gitseq.core import text
from gitseq.model import Event, Notice, Queued, Report, RunFinished
from gitseq.ui.plain import memory_of, show_problem, write_all


class Document:
    """A consumer that waits for the report."""

    def __init__(self, top: bytes, fd: int = 1) -> None:
        self._top = top
        self._fd = fd
        self._told_to_wait = False

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, Notice):
            self._note(event.level, event.text)
        elif isinstance(event, Queued) and not self._told_to_wait:
            self._told_to_wait = True
            self._note("info", f"Waiting for our turn: {event.text}{memory_of(event.holder)}")
        elif isinstance(event, RunFinished):
            write_all(self._fd, self.content(event.report))
            show_problem(event.report.problem)

    def content(self, report: Report) -> bytes:
        """The document."""
        raise NotImplementedError

    def _note(self, level: str, words: str) -> None:
        write_all(2, (text.notice(level, words, colour=False) + "\n").encode("utf-8", "backslashreplace"))
