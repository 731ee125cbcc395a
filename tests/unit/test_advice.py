"""What a run says is to be typed after hooks have failed."""

import pytest

from gitseq.core import advice
from gitseq.model import Hook, Report, Verdict


def failed(hook_id: str, *modified: bytes, reasons: "tuple[str, ...]" = (), stage_fixes: bool = False) -> Verdict:
    hook = Hook(id=hook_id, name=hook_id, argv=("x",), stage_fixes=stage_fixes)
    return Verdict(hook, "failed", exit_code=1, modified=modified, reasons=reasons)


def told(*verdicts: Verdict, stage: str = "pre-commit") -> "list[str]":
    return advice.after(Report(stage, verdicts, 1))


def test_one_hook_and_several_are_named():
    assert told(failed("a")) == ["next: mend it, git add, try again; this hook alone: gitseq run a"]
    assert told(failed("a"), failed("b c"), failed("a")) == [
        "next: mend them, git add, try again; these hooks alone: gitseq run a 'b c'"
    ]


@pytest.mark.parametrize("stage", ["pre-push", "manual", "pre-merge-commit"])
def test_another_stage_is_named(stage):
    (line,) = told(failed("a"), stage=stage)
    assert line.endswith(f"gitseq run a --stage {stage}")


def test_changed_files_are_to_be_added():
    assert told(failed("a", b"x y", b"z"), failed("b", b"z"))[0].startswith("next: git add 'x y' z; then try again")
    assert told(failed("a", *(b"%d" % number for number in range(9))))[0].startswith("next: git add -u; then")


def test_fixes_that_stage_themselves_are_offered_where_they_can_be():
    offered = 'fixes = "stage"'
    assert offered in told(failed("a", b"x"))[-1]
    assert not any(offered in line for line in told(failed("a", b"x", stage_fixes=True)))
    (line,) = told(failed("a", b"x"), stage="pre-push")
    assert "commit, push again" in line


def test_files_of_a_hook_that_was_ended_are_not_to_be_added():
    (line,) = told(failed("a", b"x", reasons=("over its time",)))
    assert "git add x" not in line
    assert line.endswith("gitseq run a")


@pytest.mark.parametrize("stage", ["commit-msg", "prepare-commit-msg"])
def test_a_message_is_kept(stage):
    (line,) = told(failed("a"), stage=stage)
    assert "COMMIT_EDITMSG" in line


def test_where_nothing_can_be_typed_nothing_is_said():
    assert told(failed("a"), stage="post-checkout") == []
    assert told() == []
    assert advice.after(Report("pre-commit", (failed("a"),), 3, ("index.lock",))) == []
