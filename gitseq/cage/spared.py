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


def among(state_dir: bytes, members: "list[Member]") -> "set[tuple[int, int]]":
    """Who was left alone, with all below them and all of the sessions they made."""
    entries = _noted(os.path.join(state_dir, _NOTES)) if state_dir else []
    if not entries:
        return set()
    exact = {entry[:2] for entry in entries}
    sessions = {entry[2]: entry[1] for entry in entries if entry[0] == entry[2]}
    spared: set[tuple[int, int]] = set()
    pids: set[int] = set()
    for _round in range(len(members)):
        before = len(pids)
        for member in members:
            led = sessions.get(member.session)
            if (member.pid, member.start) in exact or member.ppid in pids or (led is not None and member.start >= led):
                spared.add((member.pid, member.start))
                pids.add(member.pid)
        if len(pids) == before:
            break
    return spared
