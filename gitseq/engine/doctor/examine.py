"""All checks in the order a person reads them, and mending what they found."""

from gitseq.engine.doctor import habits, leavings, machine, repository, storage
from gitseq.engine.doctor.finding import PROBLEM, Finding
from gitseq.errors import GitseqError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitseq.engine.doctor.finding import Patient

    Check = Callable[[Patient], Iterator[Finding]]


def examine(patient: "Patient") -> "list[Finding]":
    """What all checks find; one that cannot look says so, and the others go on."""
    refused = _all((repository.trusted,), patient)
    asks_git = () if refused else repository.CHECKS
    rest = (*asks_git, *habits.CHECKS, *storage.CHECKS, *leavings.CHECKS)
    return [*_all(machine.CHECKS, patient), *refused, *_all(rest, patient)]


def _all(checks: "tuple[Check, ...]", patient: "Patient") -> "list[Finding]":
    return [finding for check in checks for finding in _findings(check, patient)]


def _findings(check: "Check", patient: "Patient") -> "list[Finding]":
    try:
        return list(check(patient))
    except GitseqError as error:
        return [Finding(check.__name__, PROBLEM, error.what, "\n".join(error.lines()[1:]))]
    except OSError as error:
        about = (check.__doc__ or "").split("\n")[0]
        what = f"could not be looked at: {error.strerror} ({error.filename!r})"
        return [Finding(check.__name__, PROBLEM, what, f"The question was: {about}")]


def mend(findings: "list[Finding]") -> "Iterator[str]":
    """Mend what brings its own fix; a line for each that says what was done, or why not."""
    for finding in findings:
        if finding.fix is not None:
            yield f"{finding.what}: {_mended(finding.fix)}"


def _mended(fix: "Callable[[], str]") -> str:
    try:
        return fix()
    except GitseqError as error:
        return f"not mended, {error.what}"
    except OSError as error:
        return f"not mended, {error.strerror}"
