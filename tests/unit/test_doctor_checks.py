"""Findings that cannot be forced from outside on this machine: the facts are handed in."""

import os

import pytest

from gitseq.core import filesystems
from gitseq.engine.doctor import examine, leavings, machine, storage
from gitseq.engine.doctor.finding import ADVICE, FINE, PROBLEM, Finding, Patient
from gitseq.errors import Refused
from gitseq.git.repo import discover
from gitseq.host import package


@pytest.fixture
def patient(repo):
    env = {os.fsencode(name): os.fsencode(value) for name, value in repo.env.items()}
    return Patient(env, os.fsencode(repo.path), discover({}, os.fsencode(repo.path)))


def severities(findings):
    return [one.severity for one in findings]


def test_an_interpreter_in_a_cache_is_a_problem(patient, monkeypatch):
    assert severities(machine.interpreter(patient)) == [FINE]
    monkeypatch.setattr(package, "interpreter", lambda: b"/home/me/.cache/uv/archive-v0/x/bin/python")
    assert severities(machine.interpreter(patient)) == [PROBLEM]


def test_a_package_that_is_missing_is_named_with_the_command_that_installs_it(patient, monkeypatch):
    assert list(machine.packages(patient)) == []
    needed = ["rich>=13.5", "no-such-package>=1", "only-elsewhere ; sys_platform == 'win32'", "pytest ; extra == 'dev'"]
    monkeypatch.setattr("importlib.metadata.requires", lambda _name: needed)
    (finding,) = machine.packages(patient)
    assert finding.command.endswith(" -m pip install no-such-package")


@pytest.mark.parametrize("kind", sorted(filesystems.TROUBLESOME))
def test_a_troublesome_file_system_is_told_where_the_queue_lies(patient, monkeypatch, kind):
    assert patient.repo is not None
    table = b"22 1 0:20 / / rw - ext4 x rw\n23 22 0:21 / %s rw - %s x rw\n" % (patient.repo.top, kind.encode())
    monkeypatch.setattr(storage.tree, "read", lambda _path: table)
    (finding,) = storage.kind(patient)
    assert finding.severity == ADVICE
    assert finding.what.endswith(f"lies on {kind}")


def test_a_system_that_adopts_nobody_is_told(patient, monkeypatch):
    assert ADVICE not in severities(machine.containment(patient))
    monkeypatch.setattr(machine.procs, "adopt_orphans", lambda: False)
    assert ADVICE in severities(machine.containment(patient))


def test_the_ledger_is_told_by_its_size(patient, monkeypatch):
    assert patient.repo is not None
    assert list(leavings.ledger(patient)) == []
    os.makedirs(patient.repo.state_dir + b"/ledger")
    with open(patient.repo.state_dir + b"/ledger/x", "wb") as stream:
        stream.write(b"x" * 5000)
    (finding,) = leavings.ledger(patient)
    assert finding.severity == FINE
    monkeypatch.setattr(leavings, "_LARGE_LEDGER", 1000)
    (finding,) = leavings.ledger(patient)
    assert (finding.severity, finding.command) == (ADVICE, "gitseq cache clear")


def test_a_check_that_cannot_look_says_so_and_the_others_go_on(patient, monkeypatch):
    def denied(_patient):
        raise PermissionError(13, "Permission denied", "/x")
        yield

    def refused(_patient):
        raise Refused("git said no", why="because", hint="type this")
        yield

    monkeypatch.setattr(machine, "CHECKS", (denied, refused, machine.interpreter))
    findings = examine.examine(patient)
    assert severities(findings[:3]) == [PROBLEM, PROBLEM, FINE]
    assert "Permission denied" in findings[0].what
    assert findings[1].why == "because\ntype this"


def test_a_fix_that_fails_is_told_and_the_others_are_tried():
    def fails():
        raise Refused("not now")

    def breaks():
        raise OSError(28, "No space left on device")

    findings = [
        Finding("a", PROBLEM, name, fix=fix) for name, fix in (("x", fails), ("y", breaks), ("z", lambda: "done"))
    ]
    findings.append(Finding("b", ADVICE, "without a fix"))
    assert list(examine.mend(findings)) == [
        "x: not mended, not now",
        "y: not mended, No space left on device",
        "z: done",
    ]
