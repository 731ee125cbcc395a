"""Looking at a file's content and permission for `core.tags`."""

import os
import stat

from gitseq.errors import EnvironmentProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

_TEXT = bytes({7, 8, 9, 10, 11, 12, 13, 27} | set(range(0x20, 0x100)) - {0x7F})
"""The bytes text is made of, as identify and libmagic see it."""
_LOOK = 1024
"""How far identify looks for another byte."""
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
"""O_NONBLOCK: what has become a fifo since it was listed must not hang us."""


class Sniffer:
    """Answers what only the files below `top` can answer. Paths are relative to it."""

    def __init__(self, top: bytes) -> None:
        self._top = top
        self._below = top + b"/"

    def may_execute(self, path: bytes) -> bool:
        """As the kernel sees it: an execute bit for somebody else does not count, nor one on a noexec mount."""
        return os.access(os.path.join(self._top, path), os.X_OK)

    def is_text(self, path: bytes) -> bool:
        """Whether the first KiB holds no byte that text never has; an empty file is text."""
        try:
            # `os.path.join` costs a seventh of all this; in a linked work tree git names a message by its whole path
            fd = os.open(path if path[:1] == b"/" else self._below + path, _READ)
            try:  # a file object would cost twice what reading does, and there may be thousands
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    return True
                head = os.read(fd, _LOOK)
                return b"\0" not in head and not head.translate(None, _TEXT)
            finally:
                os.close(fd)
        except OSError as error:
            raise _unreadable(path, error) from None

    def tags_of_interpreters(self) -> "frozenset[str]":
        """Every tag that some interpreter has: a small part of identify, which loads in 1 ms."""
        from identify.interpreters import INTERPRETERS

        return frozenset().union(*INTERPRETERS.values())

    def interpreter_tags(self, path: bytes) -> "frozenset[str]":
        """The tags of the interpreter a shebang names; empty without one. Imports identify when there is a shebang."""
        try:
            with self._open(path) as stream:
                if stream.read(2) != b"#!":
                    return frozenset()
                from identify import identify

                stream.seek(0)
                words = identify.parse_shebang(stream)
        except OSError as error:
            raise _unreadable(path, error) from None
        return frozenset(identify.tags_from_interpreter(words[0]) if words else ())

    def _open(self, path: bytes) -> "BinaryIO":
        """Identify would wait for ever on a fifo; here what is not a regular file looks empty."""
        fd = os.open(os.path.join(self._top, path), _READ)
        if stat.S_ISREG(os.fstat(fd).st_mode):
            return open(fd, "rb")
        os.close(fd)
        return open(os.devnull, "rb")


def _unreadable(path: bytes, error: OSError) -> EnvironmentProblem:
    name = path.decode("utf-8", "backslashreplace")
    return EnvironmentProblem(
        f"cannot read {name} to tell what type of file it is",
        why=f"{error.strerror}",
        hint="Make it readable, or name it in `exclude`.",
    )
