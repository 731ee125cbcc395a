"""What git writes to a pre-push hook (githooks(5)): `local-ref local-oid remote-ref remote-oid` lines."""

from gitseq.model import Record


class PushedRef(Record):
    """One ref that is being pushed."""

    local_ref: bytes
    local_oid: bytes
    remote_ref: bytes
    remote_oid: bytes

    @property
    def deletes(self) -> bool:
        """The ref is being removed over there, so nothing of ours goes out."""
        return not self.local_oid.strip(b"0")

    @property
    def creates(self) -> bool:
        """The ref does not exist over there yet."""
        return not self.remote_oid.strip(b"0")


def parse(stdin: bytes) -> "list[PushedRef]":
    """The pushed refs in git's order; the local side may hold spaces (`HEAD^{/fix a}`), so split from the right."""
    refs = []
    for line in stdin.split(b"\n"):
        parts = line.rsplit(b" ", 3)
        if len(parts) == 4:
            refs.append(PushedRef(*parts))
    return refs
