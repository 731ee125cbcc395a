"""The reference says what the code does: every exit code and every variable, and none that is not there."""

import re
from pathlib import Path

import pytest

from gitseq import errors
from gitseq.core.stages import STAGES

ROOT = Path(__file__).parents[2]
ENVIRONMENT = (ROOT / "docs/reference/environment.md").read_text()
EXIT_CODES = (ROOT / "docs/reference/exit-codes.md").read_text()
VARIABLE = re.compile(r"\b(?:GITSEQ|PRE_COMMIT)(?:_[A-Z]+)*\b")


def variables_in_code() -> "set[str]":
    """Names that stand in the code as a whole string, and in the shim."""
    found = set()
    for path in (ROOT / "gitseq").rglob("*.py"):
        found |= set(re.findall(r"""b?["']((?:GITSEQ|PRE_COMMIT)(?:_[A-Z]+)*)["']""", path.read_text()))
    shim = (ROOT / "hooks/shim.sh").read_text()
    return found | set(re.findall(r"\$\{(GITSEQ[A-Z_]*)", shim))


def classes() -> "list[type[errors.GitseqError]]":
    found = [errors.GitseqError]
    for cls in found:
        found += cls.__subclasses__()
    return found


def test_every_variable_of_the_code_is_in_the_reference():
    assert variables_in_code() <= set(VARIABLE.findall(ENVIRONMENT))


def test_every_variable_of_the_reference_is_in_the_code():
    assert set(VARIABLE.findall(ENVIRONMENT)) <= variables_in_code()


def test_the_variables_of_each_stage_are_told_as_they_are():
    for stage in STAGES.values():
        if not stage.exports:
            continue
        (row,) = re.findall(rf"^\| {stage.name} \| (.*) \|$", ENVIRONMENT, re.M)
        assert set(VARIABLE.findall(row)) == {name for name, _ in stage.exports}


@pytest.mark.parametrize("cls", classes(), ids=lambda cls: cls.__name__)
def test_every_exit_code_is_in_the_reference(cls):
    if "exit_code" in vars(cls):
        assert f"\n| {cls.exit_code} |" in EXIT_CODES
