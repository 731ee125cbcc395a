"""A hook, its files, and what is known of them before it is run."""

from gitseq.engine import hooks
from gitseq.model import CACHED, Hook, Record, Verdict


class Asked(Record):
    """What the ledger had to say about a hook and its files."""

    job: hooks.Job
    """With the files that are left to be checked."""
    paths: "list[bytes]"
    """All of its files, relative to its root."""
    ns: bytes = b""
    """Where its passes are kept; b"" when none are to be."""
    keys: "dict[bytes, bytes]" = {}  # noqa: RUF012 - a Record never changes its defaults
    """What a pass of each file that is left is kept under; of a set, under the name b""."""
    key_paths: "list[bytes]" = []  # noqa: RUF012
    """The files these keys speak of, relative to the top."""

    @property
    def cached(self) -> int:
        """How many files need not be checked."""
        return len(self.paths) - len(self.job.paths)

    @property
    def all_passed(self) -> bool:
        """Whether there is nothing left to do."""
        return bool(self.ns) and not self.keys and not self.job.paths

    def passed_before(self) -> Verdict:
        """The verdict when there is nothing left to do."""
        return passed_before(self.job.hook, len(self.paths))


def passed_before(hook: Hook, count: int) -> Verdict:
    """The verdict of a hook that has passed all of its files before."""
    return Verdict(hook, "passed", CACHED, files=count, cached=count)
