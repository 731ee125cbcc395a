"""Processes that outlived their run with permission (`daemons = "keep"`), noted so that nobody reaps them."""

import os

from gitseq.host import files, tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitseq.host.tree import Member

_NOTES = b"cage/spared"


def remember(state_dir: bytes, members: "Iterable[Member]") -> None:
    """Note processes that outlive their run with permission, so that no later run takes them for orphans.

    Where the note cannot be written (full disk, read-only folder) they can be reaped like any.
    """
    path = os.path.join(state_dir, _NOTES)
    lines = b"".join(b"%d %d %d\n" % (member.pid, member.start, member.session) for member in members)
    try:
        files.ensure_dir(os.path.dirname(path), 0o700)
        known = b"".join(_line(entry) for entry in _noted(path) if _exists(entry))
        files.write_whole(path, known + lines)
    except OSError:
        return


def _noted(path: bytes) -> "list[tuple[int, int, int]]":
    entries = []
    for line in (files.read(path) or b"").splitlines():
        fields = line.split()
        if len(fields) == 3 and all(field.isdigit() for field in fields):
            entries.append((int(fields[0]), int(fields[1]), int(fields[2])))
    return entries


def _line(entry: "tuple[int, int, int]") -> bytes:
    return b"%d %d %d\n" % entry


def _exists(entry: "tuple[int, int, int]") -> bool:
    """Whether anybody of it can be left: itself, or the session it led."""
    now = tree.look(entry[0])
    return (now is not None and now.start == entry[1]) or tree.look(entry[2]) is not None


_DEPTH = 64


class Spared:
    """Who was left alone: the noted ones, all below them, and all of the sessions they lead."""

    def __init__(self, state_dir: bytes) -> None:
        entries = _noted(os.path.join(state_dir, _NOTES)) if state_dir else []
        self._exact = {entry[:2] for entry in entries}
        self._sessions = {entry[2]: entry[1] for entry in entries if entry[0] == entry[2]}

    def has(self, member: "Member | None") -> bool:
        """Whether a process is one of them; asked anew for each, because they may fork at any moment."""
        for _generation in range(_DEPTH):
            if member is None or not self._exact:
                return False
            led_since = self._sessions.get(member.session)
            if (member.pid, member.start) in self._exact or (led_since is not None and member.start >= led_since):
                return True
            member = tree.look(member.ppid)
        return False
