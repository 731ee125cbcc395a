"""A run as one JSON document on standard output, written when it is over."""

from gitseq.model import Event, Notice, Report, RunFinished, Verdict
from gitseq.ui.plain import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 1


class Json:
    """Collects events; prints the report at the end. Names and output that are not UTF-8 carry surrogates."""

    def __init__(self, fd: int = 1) -> None:
        self._fd = fd
        self._notices: list[dict[str, str]] = []

    def __call__(self, event: Event) -> None:
        """Note one event."""
        if isinstance(event, Notice):
            self._notices.append({"level": event.level, "text": event.text})
        elif isinstance(event, RunFinished):
            write_all(self._fd, dump(self.document(event.report)))

    def document(self, report: Report) -> "dict[str, Any]":
        """The report as JSON values."""
        return {
            "version": VERSION,
            "stage": report.stage,
            "execution_mode": "sequential",
            "exit_code": report.exit_code,
            "hooks": [_verdict(told) for told in report.verdicts],
            "notices": self._notices,
            "problem": list(report.problem),
        }


def dump(document: object) -> bytes:
    """A document as bytes, with a newline at its end; pure ASCII, so that surrogates survive any terminal."""
    import json

    return json.dumps(document, indent=2).encode("ascii") + b"\n"


def _verdict(told: Verdict) -> "dict[str, Any]":
    return {
        "id": told.hook.id,
        "project": told.hook.project,
        "name": told.hook.name,
        "status": told.status,
        "reason": told.reason,
        "exit_code": told.exit_code,
        "signal": told.signal,
        "reasons": list(told.reasons),
        "notes": list(told.notes),
        "duration": round(told.duration, 3),
        "cpu": round(told.cpu, 3),
        "peak_memory": told.peak_memory,
        "processes": told.processes,
        "files": told.files,
        "cached": told.cached,
        "modified": [text(path) for path in told.modified],
        "output": text(told.output),
    }


def text(data: bytes) -> str:
    """Bytes as a JSON string; `.encode("utf-8", "surrogateescape")` gives them back."""
    return data.decode("utf-8", "surrogateescape")
