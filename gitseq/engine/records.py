"""Reading the journal: newest first, or as it grows. Half lines and lines that are not JSON objects are passed over."""

import json
import os
import stat

from gitseq.host import files, lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Fields = dict[str, Any]

_PIECE = 1 << 20
CURRENT = b"journal.jsonl"
_YEAR_9999 = 253370764800
_FORGET = 20
"""Looks after which a file that was not met is forgotten."""


def is_aside(name: bytes) -> bool:
    """Whether a file of the journal's folder holds lines, but is not the one that is written to now."""
    return name.startswith(b"journal.") and name.endswith(b".jsonl") and name != CURRENT


def paths(folder: bytes) -> "list[bytes]":
    """The journal's files, the one that is written now first, then those that were set aside, newest first."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    aside = sorted((name for name in names if is_aside(name)), reverse=True)
    return [os.path.join(folder, name) for name in [CURRENT, *aside]]


def newest_first(folder: bytes) -> "Iterator[list[bytes]]":
    """Whole lines in pieces of about a megabyte, the newest piece first; within a piece lines are in their order.

    The file that is written now is opened before the others are listed: set aside meanwhile, it is read once.
    """
    seen: set[int] = set()
    current = _open(os.path.join(folder, CURRENT))
    fds = [current] if current >= 0 else []
    try:
        for path in paths(folder):
            fds += [fd] if (fd := _open(path)) >= 0 else []
            while fds:
                inode = os.fstat(fds[0]).st_ino
                if inode not in seen:
                    seen.add(inode)
                    yield from _backwards(fds[0])
                os.close(fds.pop(0))
    finally:
        for fd in fds:
            os.close(fd)


def _open(path: bytes) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return -1


def _backwards(fd: int) -> "Iterator[list[bytes]]":
    """Lines of one file, in pieces from its end; what comes after the last newline is left out."""
    try:
        end = os.fstat(fd).st_size
        rest = None
        while end > 0:
            start = max(0, end - _PIECE)
            piece = os.pread(fd, end - start, start)
            if rest is None:
                piece, rest = piece[: piece.rfind(b"\n") + 1], b""
            content = piece + rest
            cut = content.find(b"\n") + 1 if start else 0
            rest, end = content[:cut], start
            yield content[cut:].splitlines()
    except OSError:  # a folder of that name
        return


def decoded(found: "list[bytes]") -> "list[Fields]":
    """The events of lines."""
    return [fields for line in found if (fields := _decoded(line)) is not None]


def _decoded(line: bytes) -> "Fields | None":
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    if not isinstance(fields, dict) or not isinstance(fields.get("time"), (int, float)):
        return None
    if not 0 <= fields["time"] < _YEAR_9999:
        return None
    return fields if isinstance(fields.get("event"), str) and isinstance(fields.get("run"), str) else None


class Follower:
    """What is added to the journal from now on, in whichever file; and, when asked for, what was added `lately`: in the
    last so many bytes of the file that is written now."""

    def __init__(self, folder: bytes, lately: int = 0) -> None:
        self._folder = folder
        self._offsets: dict[int, int] = {}
        """Inode -> bytes read so far."""
        self._unseen: dict[int, int] = {}
        """Inode -> in how many looks in a row it was not met. A file that is renamed between being listed and being
        opened is missed, and met again; one that is gone for good may have its inode given to another."""
        for path in paths(folder):
            fd = _open(path)
            if fd >= 0:
                st = os.fstat(fd)
                end = lines.whole(fd, st.st_size) if stat.S_ISREG(st.st_mode) else 0
                of_late = lately if os.path.basename(path) == CURRENT else 0
                self._offsets[st.st_ino] = lines.whole(fd, end - of_late) if end > of_late else 0
                os.close(fd)

    def new(self) -> "list[bytes]":
        """The whole lines that were added since the last call."""
        found: list[bytes] = []
        offsets: dict[int, int] = {}
        for path in reversed(paths(self._folder)):
            fd = _open(path)
            if fd >= 0:
                found += self._read(fd, offsets)
                os.close(fd)
        self._remember(offsets)
        return found

    def _remember(self, met: "dict[int, int]") -> None:
        missed = self._offsets.keys() - met.keys()
        self._unseen = {inode: self._unseen.get(inode, 0) + 1 for inode in missed}
        kept = {inode: self._offsets[inode] for inode, looks in self._unseen.items() if looks < _FORGET}
        self._offsets = {**kept, **met}

    def _read(self, fd: int, offsets: "dict[int, int]") -> "list[bytes]":
        st = os.fstat(fd)
        begin = self._offsets.get(st.st_ino, 0)
        begin = 0 if begin > st.st_size else begin
        if st.st_ino in offsets or begin == st.st_size:
            offsets[st.st_ino] = max(begin, offsets.get(st.st_ino, 0))
            return []
        try:
            content = os.pread(fd, st.st_size - begin, begin)
        except OSError:
            return []
        whole = content.rfind(b"\n") + 1
        offsets[st.st_ino] = begin + whole
        return content[:whole].splitlines()


def kept_output(folder: bytes, name: str) -> "tuple[bytes, bytes]":
    """(path, content) of an output the journal names; empty content when it is gone. Names that lead out of the
    journal's folder name nothing."""
    path = os.path.join(folder, os.fsencode(name))
    if os.path.relpath(path, folder).startswith(b".."):
        return path, b""
    return path, files.read(path) or b""
