"""Git's moments: what git hands to each hook, and what we hand on (PEERS section 4, githooks(5))."""

from gitseq.errors import UsageError
from gitseq.model import Record

NO_FILES, STAGED, MESSAGE, RANGE = "none", "staged", "message", "range"


class Stage(Record):
    """One client-side hook of git's, or `manual`."""

    name: str
    arguments: tuple[str, ...] = ()
    """Git's arguments in order; a trailing '?' marks one that git may leave out."""
    files: str = NO_FILES
    exports: tuple[tuple[str, int], ...] = ()
    """Environment variable -> index of the argument it carries, as pre-commit names them."""
    stdin: bool = False
    """Git writes to our standard input; it is drained first, or git dies of SIGPIPE."""
    refuses: bool = True
    """A non-zero exit stops git. Where it cannot, a missing configuration is no reason to fail."""
    inside_locks: bool = False
    """Git holds locks of its own while this runs, so nothing here may wait or check them."""
    checks_index: bool = False
    """This run is about what is in the index: its lock, unmerged paths and drift matter."""

    @property
    def watches_tree(self) -> bool:
        """Files that hooks change make the run fail; a stage that cannot stop git would complain to nobody."""
        return self.refuses and not self.inside_locks


_ALL = (
    Stage("pre-commit", files=STAGED, checks_index=True),
    Stage("pre-merge-commit", files=STAGED, checks_index=True),
    Stage(
        "prepare-commit-msg",
        ("message-file", "source?", "commit?"),
        files=MESSAGE,
        exports=(("PRE_COMMIT_COMMIT_MSG_SOURCE", 1), ("PRE_COMMIT_COMMIT_OBJECT_NAME", 2)),
    ),
    Stage("commit-msg", ("message-file",), files=MESSAGE),
    Stage("post-commit", refuses=False),
    Stage(
        "pre-rebase",
        ("upstream", "branch?"),
        exports=(("PRE_COMMIT_PRE_REBASE_UPSTREAM", 0), ("PRE_COMMIT_PRE_REBASE_BRANCH", 1)),
        checks_index=True,
    ),
    Stage(
        "post-checkout",
        ("old", "new", "flag"),
        exports=(
            ("PRE_COMMIT_FROM_REF", 0),
            ("PRE_COMMIT_TO_REF", 1),
            ("PRE_COMMIT_ORIGIN", 0),
            ("PRE_COMMIT_SOURCE", 1),
            ("PRE_COMMIT_CHECKOUT_TYPE", 2),
        ),
        refuses=False,
    ),
    Stage("post-merge", ("squash",), exports=(("PRE_COMMIT_IS_SQUASH_MERGE", 0),), refuses=False),
    Stage("post-rewrite", ("command",), exports=(("PRE_COMMIT_REWRITE_COMMAND", 0),), stdin=True, refuses=False),
    Stage("pre-push", ("remote-name", "remote-url"), files=RANGE, stdin=True),
    Stage("applypatch-msg", ("message-file",), files=MESSAGE),
    Stage("pre-applypatch"),
    Stage("post-applypatch", refuses=False),
    Stage("pre-auto-gc"),
    Stage("reference-transaction", ("state",), stdin=True, refuses=False, inside_locks=True),
    Stage("post-index-change", ("worktree-updated", "skip-worktree-changed"), refuses=False, inside_locks=True),
    Stage("sendemail-validate", ("patch-file", "header-file?"), files=MESSAGE),
    Stage("manual", files=STAGED),
)

STAGES = {stage.name: stage for stage in _ALL}
GIT_STAGES = tuple(stage.name for stage in _ALL if stage.name != "manual")
"""The stages that git itself calls, and a shim can be installed for."""

LEGACY_NAMES = {"commit": "pre-commit", "push": "pre-push", "merge-commit": "pre-merge-commit"}
"""Names pre-commit once used for stages."""


def exports_of(stage: Stage, arguments: "tuple[bytes, ...]") -> "dict[bytes, bytes]":
    """What a hook of this stage is told by environment, given git's arguments.

    Raises UsageError when there are fewer or more arguments than git would hand over. As in pre-commit, the
    two pre-rebase variables are set only together.
    """
    needed = [name for name in stage.arguments if not name.endswith("?")]
    if not len(needed) <= len(arguments) <= len(stage.arguments):
        expected = " ".join(stage.arguments) or "no arguments"
        raise UsageError(
            f"{stage.name} was called with {len(arguments)} arguments; git calls it with: {expected}",
            hint=f"To run it by hand: gitseq run --stage {stage.name}",
        )
    if stage.name == "pre-rebase" and len(arguments) < len(stage.arguments):
        return {}
    return {name.encode(): arguments[index] for name, index in stage.exports if index < len(arguments)}
