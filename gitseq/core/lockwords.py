"""What a person reads when a lock refuses the run."""

from gitseq.core import lockrule, shell, text
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.core.lockrule import Lock, Owner

_SEARCHED = "a process that has it open, a git at work in this repository, a hook that a git left behind, a pid file"
_COMMAND_LENGTH = 200


class Refusal(Record):
    """The parts of a `GitseqError`."""

    what: str
    why: str
    kept: str
    hint: str


class Evidence(Record):
    """How the lock file looked when we gave up."""

    age: float
    """Seconds since it was written."""
    size: int
    waited: float
    """Seconds we waited for it."""


def refusal(lock: "Lock", evidence: "Evidence | None") -> Refusal:
    """Why the run is refused and what to type next; `evidence` is None when there is no file to speak of."""
    kept = "Nothing was run or changed, and the lock is untouched."
    path = text.printable(lock.path)
    if lock.state == lockrule.GONE:
        return Refusal(
            f"the git that this run belongs to is gone: its index {path} no longer exists",
            "GIT_INDEX_FILE still names it: git was killed, or the variable is left over from a hook or an editor.",
            "Nothing was run or changed.",
            "Run git commit again; if this terminal inherited the variable, type first: unset GIT_INDEX_FILE",
        )
    what, why, hint = _explained(lock, path)
    return Refusal(what, "\n".join([*why, *_facts(evidence)]), kept, hint)


def _explained(lock: "Lock", path: str) -> "tuple[str, list[str], str]":
    if lock.state == lockrule.STALE_SUSPECT:
        return (
            f"the index is locked, perhaps by a git that died: {path}",
            [
                f"Searched for and not found: {_SEARCHED}.",
                "A git in a container, on another machine or of another user would not be seen.",
            ],
            f"If you are sure none is running: rm {shell.typed(lock.path)}",
        )
    why = [_described(lock.owner)] if lock.owner else [_sentence(lock.why)]
    if lock.stale_environment:
        hint = (
            "Let the hook start gitseq itself, not through a daemon or a container; "
            "if this terminal inherited the variable: unset GIT_INDEX_FILE"
        )
        return f"the index is locked, and not by the git that this run belongs to: {path}", why, hint
    return f"the index is locked by somebody else: {path}", why, _way_out(lock)


def _way_out(lock: "Lock") -> str:
    if lock.owner is None:
        return "Wait until every git in this repository has finished, then try again."
    if lock.owner.is_above:
        return "This run was started by that process and cannot wait for it; run it after that has finished."
    return "Wait for that process or finish it (a commit may be waiting in its editor), then try again."


def _described(owner: "Owner") -> str:
    command = text.printable(owner.command[:_COMMAND_LENGTH]) or "a process"
    user = f", user {owner.user}" if owner.user else ""
    return f"`{command}` (pid {owner.pid}{user}) {owner.tie}."


def waiting(lock: "Lock") -> str:
    """The line shown while we wait."""
    by = f": {_described(lock.owner)}" if lock.owner else ""
    return f"waiting for {text.printable(lock.path)}{by}"


def _sentence(clause: str) -> str:
    return clause[:1].upper() + clause[1:] + "."


def _facts(evidence: "Evidence | None") -> "list[str]":
    if evidence is None:
        return []
    size = "empty" if evidence.size == 0 else f"{evidence.size} bytes long"
    waited = f"; waited {duration(evidence.waited)} for it" if evidence.waited >= 1 else ""
    return [f"The lock is {duration(evidence.age)} old and {size}{waited}."]


def duration(seconds: float) -> str:
    """`7 s`, `12 min`, `3 h` or `2 days`: as exact as a person needs."""
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(0, int(seconds))} s"
