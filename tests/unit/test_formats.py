"""A report in every format, to the letter where others parse it."""

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from gitseq.core.text import heading
from gitseq.engine.asked import passed_before
from gitseq.model import (
    Event,
    Hook,
    HookFinished,
    HookRevised,
    HookStarted,
    Notice,
    Report,
    RunFinished,
    RunStarted,
    Verdict,
)
from gitseq.ui.github import MOST, GitHub, escaped, escaped_property
from gitseq.ui.gitlab import GitLab
from gitseq.ui.junit import JUnit
from gitseq.ui.plain import Plain
from gitseq.ui.sarif import Sarif
from gitseq.ui.summary import Summary, markdown

LINT = Hook("lint", "Lint: all, 100%", ("lint",), description="Finds mistakes")
PLAIN = Hook("plain", "plain", ("false",))
OUTPUT = (
    b"\x1b[31msrc/a.py:3:7\x1b[0m: E1 bad % thing, really\n"
    b"src/a.py:4: warning: hm\nsrc/missing.py:1:1: not here\n../outside.py:1:1: not ours\n"
    b"::error file=src/a.py,line=9::one%0Atwo\n::set-env name=X::y\n\x07 <&> ]]> \xff\n"
)


@pytest.fixture
def top(tmp_path) -> bytes:
    tree = tmp_path / "tree"
    (tree / "src").mkdir(parents=True)
    (tree / "src" / "a.py").write_text("x\n" * 9)
    (tmp_path / "outside.py").write_text("")
    return os.fsencode(tree)


def report(*verdicts: Verdict, code: int = 1, problem: "tuple[str, ...]" = ()) -> Report:
    return Report("pre-commit", verdicts, code, problem)


BAD = Verdict(LINT, "failed", exit_code=1, output=OUTPUT, duration=1.23456, files=2)
SILENT = Verdict(PLAIN, "failed", exit_code=2)
GOOD = Verdict(PLAIN.replace(id="good", name="good"), "passed", output=b"src/a.py:1:1: fine\n")
SKIPPED = Verdict(PLAIN.replace(id="skip", name="skip"), "skipped", reason="no files to check")
ALL = report(GOOD, BAD, SILENT, SKIPPED)


def shown(make, events: "list[Event]") -> str:
    """What a consumer that is made with a descriptor writes to it."""
    ours, theirs = os.pipe()
    consumer = make(theirs)
    for event in events:
        consumer(event)
    os.close(theirs)
    with open(ours, "rb") as stream:
        return stream.read().decode("utf-8", "surrogateescape")


# --- github


def github(top: bytes, *verdicts: Verdict, more: "tuple[Event, ...]" = ()) -> "list[str]":
    events: list[Event] = [RunStarted("pre-commit", tuple(told.hook for told in verdicts))]
    for told in verdicts:
        events += [HookStarted(told.hook), HookFinished(told)] if told.status != "skipped" else [HookFinished(told)]
    return shown(lambda fd: GitHub(top, fd=fd), [*events, *more]).splitlines()


def commands(lines: "list[str]") -> "list[str]":
    return [line for line in lines if line.startswith(("::error", "::warning", "::notice"))]


def outside_of_groups(lines: "list[str]") -> "list[str]":
    """What the runner takes for commands: the lines that are not between stop-commands and its token."""
    found, token = [], ""
    for line in lines:
        if token:
            token = "" if line == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        else:
            found.append(line)
    return found


def test_github_annotates_places_that_exist_and_escapes_to_the_letter(top):
    assert commands(outside_of_groups(github(top, BAD))) == [
        "::error file=src/a.py,line=3,col=7,title=lint::E1 bad %25 thing, really",
        "::warning file=src/a.py,line=4,title=lint::hm",
        "::error file=src/a.py,line=9,title=lint::one%0Atwo",
    ]


def test_github_stops_commands_while_a_hook_s_output_is_shown(top):
    lines = github(top, BAD)
    assert "::set-env name=X::y" in lines
    assert "::set-env name=X::y" not in outside_of_groups(lines)
    assert "::group::output of Lint: all, 100%25" in lines
    assert lines.count("::endgroup::") == 1


def test_github_tells_of_a_failure_without_a_place_and_of_nothing_else(top):
    assert commands(github(top, GOOD, SKIPPED)) == []
    assert commands(github(top, SILENT)) == ["::error title=plain::plain: exit code 2"]


def test_github_shows_a_modified_file_and_a_revision(top):
    changed = Verdict(PLAIN, "failed", modified=(b"src/a.py",), output=b"quiet")
    expected = "::error file=src/a.py,line=1,title=plain::files were modified by this hook"
    assert commands(github(top, changed)) == [expected]
    assert commands(github(top, more=(HookRevised(changed),))) == [expected]


def test_a_verdict_that_is_revised_during_another_hook_gets_a_line_of_its_own(capfd):
    changed = Verdict(PLAIN, "failed", modified=(b"src/a.py",))
    show = Plain()
    show(RunStarted("pre-commit", (PLAIN, BAD.hook)))
    for event in (HookStarted(BAD.hook), HookRevised(changed), HookFinished(Verdict(BAD.hook, "passed"))):
        show(event)
    lines = capfd.readouterr().out.splitlines()
    assert [line.partition(".")[0] for line in lines if "..." in line] == [BAD.hook.name, PLAIN.name, BAD.hook.name]
    assert lines[-1].endswith("Passed")


def test_hooks_of_projects_that_have_passed_before_stand_below_their_headings(capfd):
    hooks = [PLAIN, PLAIN.replace(project="api"), PLAIN.replace(project="web")]
    show = Plain()
    for event in (RunStarted("pre-commit", tuple(hooks)), *(HookFinished(passed_before(hook, 1)) for hook in hooks)):
        show(event)
    show(HookStarted(hooks[2]))
    show(HookRevised(Verdict(hooks[1], "failed", modified=(b"x",))))
    lines = capfd.readouterr().out.splitlines()
    headings = [heading(name) for name in ("", "api", "web")]
    assert [line for line in lines if line in headings] == [*headings, *headings[1:]]


def test_github_takes_no_file_name_for_a_command(top):
    lines = github(top, Verdict(PLAIN, "failed", modified=(b"::stop-commands::x", b" ::error::y")))
    assert len(commands(lines)) == 2
    assert not any(line.lstrip().startswith(("::stop-commands::x", "::error::y")) for line in lines)


def test_github_writes_no_more_annotations_than_anybody_reads(top):
    flood = BAD.replace(output=b"".join(b"src/a.py:%d:1: x\n" % (n + 1) for n in range(200)))
    lines = github(top, flood, flood)
    assert len(commands(lines)) == MOST
    assert "150 more places" in "\n".join(lines)


def test_github_tells_what_ended_a_run(top):
    problem = report(problem=("locked", "why: a, b"), code=3)
    assert commands(github(top, more=(RunFinished(problem),))) == ["::error title=gitseq::locked%0Awhy: a, b"]


def test_escapes_of_workflow_commands():
    assert escaped("50% a\r\nb: c, d") == "50%25 a%0D%0Ab: c, d"
    assert escaped_property("50% a\r\nb: c, d") == "50%25 a%0D%0Ab%3A c%2C d"


def test_a_place_below_the_root_of_a_hook_is_found_from_there_and_from_the_top(top):
    rooted = BAD.replace(hook=LINT.replace(root="src"), output=b"a.py:1:1: x\nsrc/a.py:2:1: y\n")
    assert [line.split("title")[0] for line in commands(github(top, rooted))] == [
        "::error file=src/a.py,line=1,col=1,",
        "::error file=src/a.py,line=2,col=1,",
    ]


# --- junit


def test_junit_is_valid_xml_whatever_hooks_print(top):
    document = ET.fromstring(JUnit(top).content(ALL))
    (suite,) = document
    assert suite.attrib == {
        "name": "gitseq.pre-commit",
        "tests": "4",
        "failures": "2",
        "errors": "0",
        "skipped": "1",
        "time": "1.235",
    }
    assert [(case.get("classname"), case.get("name")) for case in suite] == [
        ("gitseq.pre-commit", name) for name in ("good", "lint", "plain", "skip")
    ]
    lint = suite[1].find("failure")
    assert lint is not None
    assert lint.get("message") == "exit code 1"
    assert "\ufffd <&> ]]> \\xff" in (lint.text or "")
    assert "\x1b" not in (lint.text or "")
    assert suite[3].find("skipped").attrib == {"message": "no files to check"}  # type: ignore[union-attr]


def test_junit_has_an_error_for_what_ended_a_run(top):
    document = ET.fromstring(JUnit(top).content(report(problem=("locked \x00", "why"), code=3)))
    error = document.find("testsuite/testcase/error")
    assert error is not None
    assert (error.get("message"), error.text) == ("locked \ufffd", "locked \ufffd\nwhy")
    assert document.get("errors") == "1"


# --- sarif


def test_sarif_has_a_rule_a_hook_and_a_result_a_place(top):
    document = json.loads(Sarif(top).content(ALL))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["good", "lint", "plain", "skip"]
    assert run["tool"]["driver"]["rules"][1]["shortDescription"] == {"text": "Finds mistakes"}
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 1, "toolExecutionNotifications": []}]
    assert run["results"][0] == {
        "ruleId": "lint",
        "ruleIndex": 1,
        "level": "error",
        "message": {"text": "E1 bad % thing, really"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "src/a.py", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 3, "startColumn": 7},
                }
            }
        ],
    }
    assert run["results"][-1] == {
        "ruleId": "plain",
        "ruleIndex": 2,
        "level": "error",
        "message": {"text": "plain: exit code 2"},
    }


def test_sarif_is_what_its_schema_asks_for(top):
    """The structure of sarif-schema-2.1.0.json, as far as our documents go: known keys, required ones, enumerations."""
    document = json.loads(Sarif(top).content(report(BAD, SILENT, problem=("locked",), code=3)))
    assert set(document) == {"$schema", "version", "runs"}
    for run in document["runs"]:
        assert set(run) <= {"tool", "columnKind", "invocations", "results"}
        assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
        rules = run["tool"]["driver"]["rules"]
        assert all(set(rule) == {"id", "name", "shortDescription"} for rule in rules)
        for result in run["results"]:
            assert set(result) <= {"ruleId", "ruleIndex", "level", "message", "locations"}
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["level"] in ("none", "note", "warning", "error")
            assert result["message"]["text"]
            for location in result.get("locations", []):
                assert location["physicalLocation"]["region"]["startLine"] >= 1
        (invocation,) = run["invocations"]
        assert invocation["executionSuccessful"] is False
        assert [one["message"]["text"] for one in invocation["toolExecutionNotifications"]] == ["locked"]


def test_sarif_names_odd_files_by_percent_signs(top):
    (Path(os.fsdecode(top)) / "a b#c.py").write_text("")
    document = json.loads(Sarif(top).content(report(BAD.replace(output=b"a b#c.py:1:1: x\n"))))
    place = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "a%20b%23c.py"


# --- gitlab


def test_gitlab_has_an_issue_a_place(top):
    issues = json.loads(GitLab(top).content(ALL))
    assert [
        (one["check_name"], one["severity"], one["location"]["path"], one["location"]["lines"]["begin"])
        for one in issues
    ] == [("lint", "major", "src/a.py", 3), ("lint", "minor", "src/a.py", 4), ("lint", "major", "src/a.py", 9)]
    assert set(issues[0]) == {"description", "check_name", "fingerprint", "severity", "location"}


def test_a_fingerprint_of_gitlab_outlives_a_new_line_above_and_is_nobody_else_s(top):
    def prints(output: bytes) -> "list[str]":
        issues = json.loads(GitLab(top).content(report(BAD.replace(output=output))))
        return [issue["fingerprint"] for issue in issues]

    before = prints(b"src/a.py:1: x\nsrc/a.py:5: x\nsrc/a.py:6: y\n")
    assert len(set(before)) == 3
    assert prints(b"src/a.py:2: x\nsrc/a.py:6: x\nsrc/a.py:7: y\n") == before


# --- the summary of a step


def test_a_summary_is_a_table_and_the_output_of_what_failed():
    odd = Verdict(LINT.replace(name="a | b <i>"), "failed", exit_code=1, output=b"```\nfence\n````\n<b>\n")
    lines = markdown(report(GOOD, odd, SKIPPED))
    assert lines[0] == "### gitseq: pre-commit did not pass"
    assert "| ❌ | a \\| b &lt;i&gt; | 0s | 0 | exit code 1 |" in lines
    assert lines.count("`````text") == 1
    assert lines.count("`````") == 1
    assert "<details><summary>output of a | b &lt;i&gt;</summary>" in lines
    assert "fine" not in "\n".join(lines)


def test_a_summary_is_added_at_the_end_and_one_that_cannot_be_is_told(tmp_path):
    told: list[Event] = []
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    Summary(os.fsencode(path), told.append)(RunFinished(report(GOOD, code=0)))
    assert path.read_text().startswith("before\n### gitseq: pre-commit passed\n")
    Summary(os.fsencode(tmp_path), told.append)(RunFinished(ALL))
    assert [type(event) for event in told] == [RunFinished, Notice, RunFinished]


def test_a_summary_is_bounded_however_much_is_printed():
    loud = BAD.replace(output=b"x" * 100_000)
    assert len("\n".join(markdown(report(*[loud] * 200)))) < 900_000
