"""Following the journal: what was written lately, then what is added."""

import os

from gitseq.core import jsonline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAME = b"/journal/journal.jsonl"
_LATELY = 256 << 10
"""Bytes at the end of a journal that are read at first."""


class Tail:
    """One journal. It may be missing, and be set aside or made anew at any time."""

    def __init__(self, state_dir: bytes) -> None:
        self._path = state_dir + NAME
        self._inode = 0
        self._at = -1
        self._rest = b""
        """A line that is not whole yet."""

    def read(self) -> "list[dict[str, Any]]":
        """The events that were written since the last call."""
        try:
            st = os.stat(self._path)
            if (st.st_ino, st.st_size) == (self._inode, self._at):
                return []
            with open(self._path, "rb") as stream:
                return self._events(stream.fileno())
        except OSError:
            return []

    def _events(self, fd: int) -> "list[dict[str, Any]]":
        st = os.fstat(fd)
        if st.st_ino != self._inode or st.st_size < self._at:
            start = max(0, st.st_size - _LATELY) if self._at < 0 else 0
            self._inode, self._at, self._rest = st.st_ino, start, b""
            if start:
                self._rest = b"\0"  # most likely we are in the middle of a line: it will not be one
        data = self._rest + os.pread(fd, st.st_size - self._at, self._at)
        self._at = st.st_size
        whole, _newline, self._rest = data.rpartition(b"\n")
        events = [jsonline.decode(line + b"\n") for line in whole.split(b"\n")]
        return [event for event in events if event]
