"""The file in which a compiled plan is kept, and whether it is still true.

A plan is used only when the files it was made from have, byte for byte, the content they had then, and the files that
would have been found before them are still missing. Content is read and hashed each time instead of comparing times:
that costs as much as a few `stat`s, and no edit, however quick after the last one, however odd the clock or the file
system, can be mistaken for the old text. Only identify's table of names, which nobody edits, is known by its `stat`.

The plan file is trusted only when it is ours and nobody else may write it, and when the digest in front of it is right;
else it is made again. Two interpreters never share one: its name holds their cache tag.
"""

import _imp
import errno
import marshal
import os
import stat
import sys

from gitseq import __version__
from gitseq.core import patterns
from gitseq.host import files
from gitseq.model import Hook, Plan, Project

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from gitseq.host.env import Env

    class Nested(Protocol):
        """Which nested configurations are tracked; see `git.nested`, which this folder may not know."""

        def hint(self) -> bytes:
            """Changes when they may have changed."""

        def is_telling(self, hint: bytes) -> bool:
            """Whether that is so, or only possible."""

        def names(self) -> "tuple[bytes, ...]":
            """What they are; this takes its time."""


FORMAT = 4
LARGEST = 1 << 20
"""A configuration larger than this (bytes) is refused: it is something else."""
_DIGEST = 8
_OTHERS_MAY_WRITE = 0o022
_KEY = (FORMAT, __version__, sys.implementation.cache_tag, patterns.MAGIC, Hook._fields, Plan._fields, Project._fields)
_CODE = os.path.dirname(os.path.abspath(__file__))


class Where:
    """Whose configuration is meant: the top of the work tree, and what chooses among the files in it."""

    __slots__ = ("answers", "explicit", "is_ci", "nested", "profile", "top")

    def __init__(self, top: bytes, env: "Env", explicit: "bytes | None", nested: "Nested | None" = None) -> None:
        self.top = top
        self.nested = nested if explicit is None else None
        """Where to learn of nested configurations; None: there are none, as with `--config`."""
        self.explicit = explicit
        """The file named by `--config`, relative to the top when it is relative; it is the whole configuration."""
        self.is_ci = bool(env.get(b"CI"))
        """Set and not empty: the local overlay is ignored, and the profile `ci` is in force when there is one."""
        self.profile = env.get(b"GITSEQ_PROFILE", b"")
        """The profile that was asked for by name."""
        self.answers = env.get(b"GITSEQ_NO_FAST_PATH", b"") in (b"", b"0")
        """Whether built-in hooks answer for those of pre-commit-hooks (`core.fastpath`)."""

    def path(self, name: bytes) -> bytes:
        """A file of the configuration; `name` is relative to the top or absolute."""
        return os.path.join(self.top, name)


def content(path: bytes) -> "bytes | None":
    """What a configuration file holds, or None when there is no such file. Raises OSError for all that is unreadable.

    Reads one byte more than LARGEST at most. A symbolic link that leads nowhere is unreadable, not missing.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # O_NONBLOCK: a fifo must not hang us
    except FileNotFoundError:
        if os.path.islink(path):
            raise
        return None
    try:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            code = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
            raise OSError(code, "it is a folder" if stat.S_ISDIR(mode) else "it is no regular file")
        return _read(fd, min(os.fstat(fd).st_size, LARGEST) + 1)
    finally:
        os.close(fd)


def digest(data: "bytes | None") -> "bytes | None":
    """What stands for a content in the key; None for a file that is missing."""
    return None if data is None else _hash(data)


def pack(
    inputs: "dict[bytes, bytes | None]",
    tables: "tuple[Any, ...]",
    plan: Plan,
    nested: "tuple[bytes, tuple[bytes, ...]]" = (b"", ()),
) -> bytes:
    """The content of a plan file.

    `inputs`: path -> digest of every file looked at; `tables`: see `tables_key`; `nested`: the hint at nested
    configurations, and their names.
    """
    plain = plan.replace(
        hooks=tuple(hook.values() for hook in plan.hooks),
        projects=tuple(project.values() for project in plan.projects),
    )
    body = marshal.dumps((_KEY, tuple(inputs.items()), nested, tables, plain.values()))
    return _hash(body) + body


def tables_key(path: str) -> "tuple[Any, ...]":
    """Path and signature of the file that identify's tables came from; `("", None)` stands for a plan without any."""
    return path, files.signature(path) if path else None


def _hash(data: bytes) -> bytes:
    """What tells one content from another, by accident, not by design: who can write a configuration, can run code.

    The interpreter's own siphash, by which it checks .pyc files: `_blake2` and `hashlib` are loaded from disk first.
    """
    return _imp.source_hash(FORMAT, data)


def plan_file(where: Where, state_dir: bytes) -> bytes:
    """One file for each work tree, choice of configuration, and copy of gitseq, so that they do not thrash."""
    chosen = (where.explicit, where.is_ci, where.profile, where.answers, where.nested is not None)
    identity = (where.top, *chosen, _CODE)
    name = f"{sys.implementation.cache_tag}-{_hash(marshal.dumps(identity)).hex()}"
    return state_dir + b"/plan/" + name.encode()


def read(where: Where, place: bytes) -> "Plan | None":
    """The plan in a file, or None when it is missing, foreign, torn, or no longer true."""
    data = _own_content(place)
    if data is None or _hash(data[_DIGEST:]) != data[:_DIGEST]:
        return None
    try:
        key, inputs, nested, tables, values = marshal.loads(data[_DIGEST:])  # noqa: S302 - ours alone, and digested
        if key != _KEY or tables_key(tables[0]) != tables:
            return None
        for path, expected in inputs:
            if digest(content(where.path(path))) != expected:
                return None
        if where.nested is not None and not _is_still_all(where.nested, nested):
            return None
        plan = Plan(values[0], tuple(Hook(*hook) for hook in values[1]), *values[2:])
        packed: Any = plan.projects
        return plan.replace(projects=tuple(Project(*project) for project in packed)) if packed else plan
    except (OSError, ValueError, TypeError, EOFError, LookupError):
        return None


def _is_still_all(nested: "Nested", known: "tuple[bytes, tuple[bytes, ...]]") -> bool:
    """Whether no nested configuration has joined or left; what those that are there say is for the digests to tell."""
    hint, names = known
    now = nested.hint()
    return now == hint or (not nested.is_telling(now) and nested.names() == names)


def _own_content(path: bytes) -> "bytes | None":
    """A file's content when it is regular, ours, and nobody else may write it; marshal is only for trusted input."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        st = os.fstat(fd)
        if not stat.S_ISREG(st.st_mode) or st.st_uid != os.geteuid() or st.st_mode & _OTHERS_MAY_WRITE:
            return None
        return _read(fd, st.st_size)
    except OSError:
        return None
    finally:
        os.close(fd)


def _read(fd: int, most: int) -> bytes:
    parts = []
    while most > 0 and (part := os.read(fd, most)):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)
