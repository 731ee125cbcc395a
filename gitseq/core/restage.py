"""Which of a hook's changes go into the commit: `fixes = "stage"`."""

from gitseq.model import Record

TAKES_FIXES = "pre-commit"
"""The only stage after which git builds the tree: later ones, and pre-merge-commit, are too late for this commit."""
_BEFORE_A_MERGE = "pre-merge-commit"


class Fixed(Record):
    """A file that a hook changed, made, or deleted."""

    path: bytes
    staged: bool
    """It was part of the commit before the run."""
    partial: bool = False
    """It also had unstaged changes."""
    hidden: bool = False
    """These were hidden, so that the hook changed the staged version and nothing else."""


class Restaging(Record):
    """What to do with a hook's changes."""

    add: tuple[bytes, ...] = ()
    """To be staged as they lie in the work tree now, before unstaged work is brought back."""
    left: tuple[bytes, ...] = ()
    """Changed, but not part of this commit: not staged."""
    inseparable: tuple[bytes, ...] = ()
    """Fix and unstaged changes are in one file, and the latter were not hidden: not staged."""
    too_late: tuple[bytes, ...] = ()
    """The commit's tree is already built."""
    stage: str = ""

    @property
    def whole(self) -> bool:
        """Whether all of the hooks' changes to files of this commit reach it; else the run has to fail."""
        return not self.inseparable and not self.too_late

    def lines(self) -> "list[str]":
        """What a person should know, a line each: what was not staged, why, and what to type."""
        lines = []
        if self.left:
            lines.append("changed by a hook, but not part of this commit, so not staged: " + _names(self.left))
        if self.inseparable:
            lines.append("changed by a hook, but unstaged changes are in the same file: " + _names(self.inseparable))
            lines.append('Stage the part you want by hand (git add -p), or set `isolate = "partial"`.')
        if self.too_late:
            lines.append(f"changed by a hook, and a {self.stage} hook comes too late: " + _names(self.too_late))
            command = "git merge --continue" if self.stage == _BEFORE_A_MERGE else "git commit"
            lines.append(f"Add them and go on: git add -- {_names(self.too_late)} && {command}")
        return lines


def plan(stage: str, fixed: "list[Fixed]") -> Restaging:
    """Sort a hook's changes. Only what was staged before the run is ever staged."""
    ours = [file for file in fixed if file.staged]
    left = tuple(file.path for file in fixed if not file.staged)
    if stage != TAKES_FIXES:
        return Restaging(left=left, too_late=tuple(file.path for file in ours), stage=stage)
    apart = [file.path for file in ours if file.hidden or not file.partial]
    mixed = [file.path for file in ours if file.partial and not file.hidden]
    return Restaging(tuple(apart), left, tuple(mixed), stage=stage)


def _names(paths: "tuple[bytes, ...]") -> str:
    from gitseq.core import shell  # rare

    return " ".join(shell.typed(path) for path in paths)
