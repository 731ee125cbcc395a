"""A run as SARIF 2.1.0, the format of code scanning: a rule for each hook, a result for each place it named."""

from urllib.parse import quote

from gitseq import __version__
from gitseq.core.annotations import Annotation
from gitseq.model import Report, Verdict
from gitseq.ui import json, places
from gitseq.ui.document import Document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class Sarif(Document):
    """Prints the report as SARIF."""

    def content(self, report: Report) -> bytes:
        """The document: one run of one tool."""
        rules = list(dict.fromkeys(told.hook.label for told in report.verdicts))
        results = [result for told in report.verdicts if told.failed for result in self._results(told, rules)]
        run = {
            "tool": {"driver": {"name": "gitseq", "version": __version__, "rules": _rules(report)}},
            "columnKind": "unicodeCodePoints",
            "invocations": [_invocation(report)],
            "results": results,
        }
        return json.dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})

    def _results(self, told: Verdict, rules: "list[str]") -> "list[dict[str, Any]]":
        """One for each place; a hook that named none fails without one."""
        rule = {"ruleId": told.hook.label, "ruleIndex": rules.index(told.hook.label)}
        found = places.of(told, self._top)
        if not found:
            return [{**rule, "level": "error", "message": _message(f"{told.hook.name}: {places.why(told)}")}]
        return [
            {**rule, "level": one.level, "message": _message(one.message), "locations": [_location(one)]}
            for one in found
        ]


def _rules(report: Report) -> "list[dict[str, Any]]":
    hooks = {told.hook.label: told.hook for told in reversed(report.verdicts)}
    names = dict.fromkeys(told.hook.label for told in report.verdicts)
    return [
        {
            "id": name,
            "name": hooks[name].name,
            "shortDescription": _message(hooks[name].description or hooks[name].name),
        }
        for name in names
    ]


def _invocation(report: Report) -> "dict[str, Any]":
    told = [{"level": "error", "message": _message(line)} for line in report.problem]
    return {
        "executionSuccessful": not report.problem,
        "exitCode": report.exit_code,
        "toolExecutionNotifications": told,
    }


def _location(one: Annotation) -> "dict[str, Any]":
    column = {"startColumn": one.column} if one.column else {}
    uri = quote(one.path.encode("utf-8", "surrogateescape"))
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": one.line, **column},
        }
    }


def _message(text: str) -> "dict[str, str]":
    return {"text": places.text(text.encode("utf-8", "surrogateescape"))}
