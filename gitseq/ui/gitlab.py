"""A run as a code quality report, which GitLab shows in a merge request."""

import hashlib

from gitseq.core.annotations import ERROR, WARNING, Annotation
from gitseq.model import Report
from gitseq.ui import json, places
from gitseq.ui.document import Document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SEVERITIES = {ERROR: "major", WARNING: "minor"}


class GitLab(Document):
    """Prints the report as a list of issues. The format knows nothing but places in files, so a hook that named none
    is not in it: the job's exit code and log tell of that one."""

    def content(self, report: Report) -> bytes:
        """The document."""
        seen: dict[str, int] = {}
        found = [(told.hook.label, one) for told in report.verdicts for one in places.of(told, self._top)]
        return json.dump([_issue(hook, one, seen) for hook, one in found])


def _issue(hook: str, one: Annotation, seen: "dict[str, int]") -> "dict[str, Any]":
    return {
        "description": places.text(one.message.encode("utf-8", "surrogateescape")),
        "check_name": hook,
        "fingerprint": _fingerprint(hook, one, seen),
        "severity": _SEVERITIES.get(one.level, "info"),
        "location": {"path": places.text(one.path.encode("utf-8", "surrogateescape")), "lines": {"begin": one.line}},
    }


def _fingerprint(hook: str, one: Annotation, seen: "dict[str, int]") -> str:
    """Without the line, so that an issue stays the same when lines are added above; the second of its kind in a file
    is counted, because GitLab drops what has a fingerprint it has seen."""
    kind = f"{hook}\0{one.path}\0{one.message}"
    number = seen[kind] = seen.get(kind, 0) + 1
    told = f"{kind}\0{number}".encode("utf-8", "surrogateescape")
    return hashlib.sha256(told).hexdigest()[:32]
