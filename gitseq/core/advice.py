"""What to type next when hooks have failed. Values in, text out; imported only then."""

from gitseq.core import shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.model import Report, Verdict

_AGAIN = {
    "pre-commit": "git add, try again",
    "pre-merge-commit": "git add, try again",
    "manual": "try again",
    "pre-push": "commit that, push again",
}
"""Stages whose hooks can be run by hand, and what follows when what they found is mended."""
_ABOUT_MESSAGE = ("prepare-commit-msg", "commit-msg")
_FEW = 3
"""More names than this are no longer a command that anybody types."""


def after(report: "Report") -> "list[str]":
    """Lines that say what to type after hooks failed; none when they did not, or when a problem ended the run."""
    failed = [told for told in report.verdicts if told.failed]
    if not failed or report.problem:
        return []
    if report.stage in _ABOUT_MESSAGE:
        return ['next: git commit -e -F "$(git rev-parse --git-path COMMIT_EDITMSG)" (your message is kept there)']
    if report.stage not in _AGAIN:
        return []
    fixed = [told for told in failed if _only_changed_files(told)]
    found = [told for told in failed if told not in fixed]
    return [*_taking(fixed, report.stage), *_mending(found, report.stage)]


def _only_changed_files(told: "Verdict") -> bool:
    """A hook that was ended over a cap may have left a file half written: nothing to be taken as it is."""
    return bool(told.modified) and not told.reasons


def _taking(fixed: "list[Verdict]", stage: str) -> "list[str]":
    names = list(dict.fromkeys(name for told in fixed for name in told.modified))
    if not names:
        return []
    add = "git add " + " ".join(shell.typed(name) for name in names) if len(names) <= _FEW else "git add -u"
    then = "push again" if stage == "pre-push" else "try again"
    lines = [f"next: {add}; then {'commit, ' if stage == 'pre-push' else ''}{then} (look first: git diff)"]
    if stage == "pre-commit" and not any(told.hook.stage_fixes for told in fixed):
        lines.append('note: in a gitseq.toml, fixes = "stage" lets a hook add its fixes to the commit itself')
    return lines


def _mending(found: "list[Verdict]", stage: str) -> "list[str]":
    if not found:
        return []
    ids = " ".join(shell.typed(hook_id.encode()) for hook_id in dict.fromkeys(told.hook.id for told in found))
    at = "" if stage == "pre-commit" else f" --stage {stage}"
    one = len(found) == 1
    alone = "this hook alone" if one else "these hooks alone"
    return [f"next: mend {'it' if one else 'them'}, {_AGAIN[stage]}; {alone}: gitseq run {ids}{at}"]
