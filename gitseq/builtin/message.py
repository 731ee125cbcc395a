"""The commit message."""

from gitseq.builtin.arguments import Option
from gitseq.builtin.base import CLEAN, Context, File, Finding, Whole, broken, finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_TYPES = ("build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test")
_OF_GIT = (b"fixup! ", b"squash! ", b"amend! ", b"Merge ", b'Revert "', b'Reapply "')
_SCISSORS = b" ------------------------ >8 ------------------------"


class ConventionalCommit(Whole):
    """Refuses a message whose first line is not `type(scope)!: description`.

    Arguments are the allowed types. Messages that git writes itself (merge, revert, fixup!) pass, unless `--strict`.
    """

    options = (
        Option(("--strict",), "strict", False, const=True),
        Option(("--force-scope",), "force_scope", False, const=True),
        Option(("--scopes",), "scopes", ""),
    )
    positional = "types"

    def __init__(self, *, types: "Sequence[str]", strict: bool, force_scope: bool, scopes: str) -> None:
        self._types = tuple(types) or _TYPES
        self._scopes = tuple(part.strip() for part in scopes.split(",") if part.strip())
        self._strict = strict
        self._force_scope = force_scope

    def check(self, files: "Sequence[File]", context: Context) -> Finding:
        """What is wrong with the message, and what a good one looks like."""
        paths = context.arguments[:1] or tuple(file.path for file in files)
        if not paths:
            return finding(b"there is no commit message to check: this hook belongs to the stage commit-msg")
        try:
            message = File(paths[0], top=context.top).read()
        except OSError as error:
            return broken(paths[0], error)
        lines = _cleaned(message, context).split(b"\n")
        reason = self._reason(lines)
        return CLEAN if reason is None else _told(lines[0], reason, self._types)

    def _reason(self, lines: "list[bytes]") -> "str | None":
        first = lines[0]
        if not first or (not self._strict and first.startswith(_OF_GIT)):
            return None
        head, colon, description = first.decode("utf-8", "surrogateescape").partition(":")
        if not colon:
            return "it has no type: there is no ':'"
        return self._wrong_head(head) or _wrong_rest(description, lines[1:])

    def _wrong_head(self, head: str) -> "str | None":
        kind, bracket, scope = head.removesuffix("!").partition("(")
        if kind.lower() not in {each.lower() for each in self._types}:
            return f"{kind!r} is not one of the types {', '.join(self._types)}"
        if bracket and not (scope.endswith(")") and scope[:-1].strip()):
            return "the scope is not a word in brackets"
        if self._force_scope and not bracket:
            return "it has no scope"
        if bracket and self._scopes and scope[:-1] not in self._scopes:
            return f"{scope[:-1]!r} is not one of the scopes {', '.join(self._scopes)}"
        return None


def _wrong_rest(description: str, body: "list[bytes]") -> "str | None":
    if not description.startswith(" ") or not description.strip():
        return "a blank and a description must follow the ':'"
    if body and body[0]:
        return "the second line must be empty"
    return None


def _cleaned(message: bytes, context: Context) -> bytes:
    """The message without comments and without what git cuts off below the scissors."""
    lines = message.split(b"\n")
    cut = next((number for number, line in enumerate(lines) if line[1:] == _SCISSORS), len(lines))
    return context.git((b"stripspace", b"--strip-comments"), b"\n".join(lines[:cut]) + b"\n")


def _told(first: bytes, reason: str, types: "Sequence[str]") -> Finding:
    example = f"A message begins like this: {types[0]}: say what changes   or   {types[0]}(scope)!: say what breaks"
    return finding(
        b"the commit message is not conventional: %s\n" % reason.encode("utf-8", "surrogateescape")
        + b"    %s\n" % first
        + example.encode("utf-8", "surrogateescape")
    )
