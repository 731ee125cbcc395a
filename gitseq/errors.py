"""Every failure that ends a command, each with its exit code (DESIGN section 4).

GitseqError
    UsageError           2   the command line asks for something that cannot be
    ConfigError          2   gitseq.toml says something that cannot be; carries file, line, key
        NoConfiguration      there is none
    Refused              3   index.lock, unmerged paths, HEAD or index moved under us
    EnvironmentProblem   4   no git, not a repository, interpreter gone
    Unkillable           5   a process would not die
    NotRestored          6   unstaged work could not be put back (it is kept)
    GaveUp              75   patience ended before our turn came
    Interrupted     128+n    a signal asked us to stop

A hook that says no is not here: that is a `Verdict`. What is not a GitseqError is our bug (70).
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class GitseqError(Exception):
    """What happened; `why` adds detail, `kept` says what is safe and where, `hint` is what to type next."""

    exit_code = 70

    def __init__(self, what: str, *, why: str = "", kept: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.kept = kept
        self.hint = hint

    def lines(self) -> "list[str]":
        """The message as a person reads it, one sentence a line."""
        return [line for part in (self.what, self.why, self.kept, self.hint) if part for line in part.split("\n")]


class UsageError(GitseqError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class ConfigError(GitseqError):
    """The configuration says something that cannot be.

    `problems` are `config.explain.Problem`s: file, line, key and reason of each.
    """

    exit_code = 2
    problems: "tuple[Any, ...]" = ()


class NoConfiguration(ConfigError):
    """There is no configuration; where git ignores a hook's exit code that is no reason to fail."""


class Refused(GitseqError):
    """Running now would be in vain or would hurt: a lock, unmerged paths, a moved HEAD or index."""

    exit_code = 3


class EnvironmentProblem(GitseqError):
    """Something around us is missing: git, the repository, the interpreter."""

    exit_code = 4


class Unkillable(GitseqError):
    """A process would not die."""

    exit_code = 5


class NotRestored(GitseqError):
    """Unstaged work could not be put back; it is kept, and the message says where."""

    exit_code = 6


class GaveUp(GitseqError):
    """Patience ended before our turn came."""

    exit_code = 75


_SENDERS = {1: " (its terminal went away)", 15: ", which `c` in gitseq monitor and kill send"}


class Interrupted(GitseqError):
    """A signal asked us to stop."""

    def __init__(self, signum: int) -> None:
        told = "" if signum == 2 else "To see what it did until then: gitseq logs --last"
        super().__init__(
            "interrupted" if signum == 2 else f"ended by signal {signum}{_SENDERS.get(signum, '')}", hint=told
        )
        self.signum = signum
        self.exit_code = 128 + signum
