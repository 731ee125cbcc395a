"""Paths that were written while the user's own version was hidden, and where both versions lie."""

from gitseq.guard import look
from gitseq.guard.journal import Journal
from gitseq.model import Record


class Conflict(Record):
    """A path that was written while the user's own version was hidden."""

    path: bytes
    edited: bytes
    """Where that version is kept."""
    yours: bytes = b""
    """Where the user's version from before the run is kept; b'' when that is what lies in the work tree."""
    in_the_way: bool = False
    """It stood where a folder belongs, which is there again."""

    @property
    def merged(self) -> bool:
        """Whether the work tree holds both, merged."""
        return self.yours != b""


def conflicts_of(journal: Journal) -> "tuple[Conflict, ...]":
    """What is set aside and has to be told, with the places where it lies now."""
    conflicts: list[Conflict] = []
    for item in look.touched(journal):
        yours = journal.kept(item, b"yours")
        mine = yours if look.lstat(yours) is not None else b""
        conflicts += [Conflict(item.path, name, mine) for name in look.edits(journal, item)]
        conflicts += [Conflict(folder, name, in_the_way=True) for folder, name in look.blockers(journal, item)]
    return tuple(conflicts)
