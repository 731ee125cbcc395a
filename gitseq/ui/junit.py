"""A run as JUnit XML, which every CI server reads: a test suite, of which each hook is a test case."""

import re
from xml.sax.saxutils import escape, quoteattr

from gitseq.model import Report, Verdict
from gitseq.ui import places
from gitseq.ui.document import Document

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold in any way (section 2.2)."""


class JUnit(Document):
    """Prints the report as JUnit XML."""

    def content(self, report: Report) -> bytes:
        """The document. A problem that ended the run is a test case with an error."""
        cases = [_case(told, report.stage) for told in report.verdicts]
        if report.problem:
            cases.append(_problem(report))
        counts = {
            "tests": str(len(cases)),
            "failures": str(sum(told.failed for told in report.verdicts)),
            "errors": str(int(bool(report.problem))),
            "skipped": str(sum(told.status == "skipped" for told in report.verdicts)),
            "time": _seconds(sum(told.duration for told in report.verdicts)),
        }
        suite = f"<testsuite{_attributes({'name': f'gitseq.{report.stage}', **counts})}>"
        head = ['<?xml version="1.0" encoding="utf-8"?>', f"<testsuites{_attributes({'name': 'gitseq', **counts})}>"]
        return "\n".join([*head, suite, *cases, "</testsuite>", "</testsuites>", ""]).encode()


def _case(told: Verdict, stage: str) -> str:
    about = {"classname": f"gitseq.{stage}", "name": told.hook.label, "time": _seconds(told.duration)}
    return f"<testcase{_attributes(about)}>{_inside(told)}</testcase>"


def _inside(told: Verdict) -> str:
    output = _valid(places.text(told.output))
    if told.status == "skipped":
        return f"<skipped{_attributes({'message': told.reason})}/>"
    if told.failed:
        return f"<failure{_attributes({'message': places.why(told)})}>{escape(output)}</failure>"
    return f"<system-out>{escape(output)}</system-out>" if output.strip() else ""


def _problem(report: Report) -> str:
    about = {"classname": f"gitseq.{report.stage}", "name": "gitseq", "time": _seconds(0)}
    message = _attributes({"message": report.problem[0]})
    told = escape(_valid("\n".join(report.problem)))
    return f"<testcase{_attributes(about)}><error{message}>{told}</error></testcase>"


def _attributes(values: "dict[str, str]") -> str:
    return "".join(f" {name}={quoteattr(_valid(value))}" for name, value in values.items())


def _valid(text: str) -> str:
    return _NOT_XML.sub("�", text)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
