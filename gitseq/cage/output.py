"""What a command printed, in bounded memory."""

KEEP = 4 << 20
"""Bytes kept of the beginning, and as many of the end."""


class Output:
    """What a command printed: all of it, or its beginning and its end when it is too much to keep."""

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def add(self, part: bytes) -> None:
        """Append; beyond the limit the oldest of the tail is dropped and counted."""
        room = self._keep - len(self._head)
        if room > 0:
            self._head += part[:room]
            part = part[room:]
        self._tail += part
        surplus = len(self._tail) - self._keep
        if surplus > self._keep:  # trimmed in large steps, or every addition would copy the tail
            del self._tail[:surplus]
            self._dropped += surplus

    def tail(self, size: int = 4096) -> bytes:
        """The newest output."""
        return bytes((self._tail or self._head)[-size:])

    def all(self) -> bytes:
        """Everything kept, with a line in the place of what was dropped."""
        if not self._dropped:
            return bytes(self._head + self._tail)
        return bytes(self._head) + b"\n[... %d bytes left out ...]\n" % self._dropped + bytes(self._tail)
