"""What only git can answer: names that collide, links and submodules that changed, the branch."""

from gitseq.builtin import arguments
from gitseq.builtin.arguments import Option
from gitseq.builtin.base import CLEAN, Context, File, Finding, Whole, finding
from gitseq.builtin.files import added_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from re import Pattern

_LINK = b"120000"
_SUBMODULE = b"160000"
_NOTHING = b"000000"


class CaseConflict(Whole):
    """Finds names that are one name where case does not count."""

    def check(self, files: "Sequence[File]", context: Context) -> Finding:
        """Every name that collides with another, of which at least one is of this run or of this commit."""
        tracked = _with_folders(context.git((b"ls-files", b"-z")).split(b"\0")[:-1])
        given = _with_folders(file.path for file in files)
        names = {name: _folded(name) for name in tracked | given}
        if len(set(names.values())) == len(names):
            return CLEAN
        ours = given | _with_folders(added_files(context))
        lines = [b"Case-insensitivity conflict found: %s\n" % name for name in sorted(_colliding(names, ours))]
        return Finding(b"".join(lines), 1) if lines else CLEAN


def _with_folders(names: "Iterable[bytes]") -> "set[bytes]":
    found = set(names)
    for name in list(found):
        folder = name[: max(name.rfind(b"/"), 0)]
        while folder and folder not in found:
            found.add(folder)
            folder = folder[: max(folder.rfind(b"/"), 0)]
    return found


def _folded(name: bytes) -> "bytes | str":
    return name.lower() if name.isascii() else name.decode("utf-8", "surrogateescape").lower()


def _colliding(names: "dict[bytes, bytes | str]", ours: "set[bytes]") -> "list[bytes]":
    groups: "dict[bytes | str, list[bytes]]" = {}
    for name, folded in names.items():
        groups.setdefault(folded, []).append(name)
    return [name for group in groups.values() if len(group) > 1 and not ours.isdisjoint(group) for name in group]


class DestroyedSymlinks(Whole):
    """Finds symbolic links that have become files which hold where the link pointed."""

    def check(self, files: "Sequence[File]", context: Context) -> Finding:
        """Their names, and how to get them back."""
        paths = {file.path for file in files}
        lost = [path for path, old, new in _retyped_links(context) if path in paths and _is_same(context, old, new)]
        return _told_lost(lost) if lost else CLEAN


def _retyped_links(context: Context) -> "list[tuple[bytes, bytes, bytes]]":
    """(path, blob in HEAD, blob in the index) of what was a link in HEAD and is none in the index."""
    return [
        (path, old, new)
        for path, old_mode, new_mode, old, new in _raw(context, b"--staged", b"--no-renames", b"--diff-filter=T")
        if old_mode == _LINK and new_mode not in (_LINK, _NOTHING)
    ]


def _raw(context: Context, *arguments: bytes) -> "list[tuple[bytes, bytes, bytes, bytes, bytes]]":
    """(path, old mode, new mode, old blob, new blob) of every change that `git diff` lists."""
    options = (b"diff", b"--raw", b"-z", b"--no-abbrev", b"--no-ext-diff", b"--relative")
    fields = context.git((*options, *arguments)).split(b"\0")
    entries = []
    for header, path in zip(fields[0::2], fields[1::2], strict=False):
        old_mode, new_mode, old, new, _ = header[1:].split(b" ")
        entries.append((path, old_mode, new_mode, old, new))
    return entries


def _is_same(context: Context, old: bytes, new: bytes) -> bool:
    """Whether the file holds what the link pointed to, but for blanks that a fixer may have put at its end."""
    if old == new:
        return True
    sizes = [int(context.git((b"cat-file", b"-s", blob))) for blob in (old, new)]
    if sizes[1] > sizes[0] + 2:
        return False
    target, content = (context.git((b"cat-file", b"-p", blob)).rstrip() for blob in (old, new))
    return target == content


def _told_lost(paths: "list[bytes]") -> Finding:
    import os
    import shlex

    quoted = os.fsencode(shlex.join(os.fsdecode(path) for path in paths))
    return finding(
        b"Destroyed symlinks:\n"
        + b"".join(b"- %s\n" % path for path in paths)
        + b"You should unstage affected files:\n"
        + b"\tgit reset HEAD -- %s\n" % quoted
        + b"And retry commit. As a long term solution you may try to explicitly tell git that your environment does "
        + b"not support symlinks:\n"
        + b"\tgit config core.symlinks false"
    )


class NewSubmodules(Whole):
    """Refuses submodules that are added."""

    def check(self, files: "Sequence[File]", context: Context) -> Finding:
        """Their names, and how to get rid of them."""
        old, new = context.env.get(b"PRE_COMMIT_FROM_REF"), context.env.get(b"PRE_COMMIT_TO_REF")
        changes = _raw(context, b"--diff-filter=A", b"--staged" if old is None or new is None else old + b"..." + new)
        paths = {file.path for file in files}
        added = [path for path, _, mode, _, _ in changes if mode == _SUBMODULE and path in paths]
        if not added:
            return CLEAN
        return finding(
            b"".join(b"%s: new submodule introduced\n" % path for path in added)
            + b"\nThis commit introduces new submodules.\n"
            + b"Did you unintentionally `git add .`?\n"
            + b"To fix: git rm {thesubmodule}  # no trailing slash\n"
            + b"Also check .gitmodules"
        )


class NoCommitToBranch(Whole):
    """Refuses to commit to some branches: main and master, or those that are named."""

    options = (
        Option(("-b", "--branch"), "branches", append=True),
        Option(("-p", "--pattern"), "patterns", append=True),
    )

    def __init__(self, *, branches: "Sequence[str] | None", patterns: "Sequence[str] | None") -> None:
        self._branches = frozenset(branches or ("master", "main"))
        self._matches = [_compiled(pattern).match for pattern in patterns or ()]

    @classmethod
    def of(cls, name: str, args: "Sequence[str]") -> "NoCommitToBranch":
        """The check with these arguments. Raises ConfigError."""
        try:
            return super().of(name, args)
        except ValueError as error:
            arguments.refuse(name, f"--pattern is no regular expression: {error}")

    def check(self, files: "Sequence[File]", context: Context) -> Finding:  # noqa: ARG002
        """Failed, without a word, on such a branch."""
        branch = context.git((b"branch", b"--show-current")).decode("utf-8", "surrogateescape").strip()
        if branch and (branch in self._branches or any(matches(branch) for matches in self._matches)):
            return Finding(b"", 1)
        return CLEAN


def _compiled(pattern: str) -> "Pattern[str]":
    """The pattern. Raises ValueError when it is no regular expression."""
    import re

    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(str(error)) from None
