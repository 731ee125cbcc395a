"""What is staged and what is not, in one git call."""

from gitseq.git import call
from gitseq.host import files
from gitseq.model import Entry, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.git.repo import Repo
    from gitseq.host import procs
    from gitseq.host.env import Env
    from gitseq.host.files import Signature

# Submodules: a staged or moved commit counts, what is edited inside of one is that repository's business
# (and asking costs a git process for each).
_STATUS = [b"status", b"--porcelain=v2", b"-z", b"--untracked-files=no", b"--no-renames", b"--ignore-submodules=dirty"]
_DELETED, _SAME = 68, 46  # ord("D"), ord(".")


class Change(Record):
    """A tracked path whose file differs from the index."""

    path: bytes
    kind: str
    """git's letter: M, T, D, or A for intent-to-add."""
    index_mode: int
    index_oid: str


class Listing(Record):
    """How index, HEAD and work tree differ at one moment."""

    staged: tuple[Entry, ...]
    """What a commit would change, without deletions."""
    deleted: tuple[bytes, ...]
    """Staged deletions."""
    unstaged: tuple[Change, ...]
    unmerged: tuple[bytes, ...]
    signatures: "dict[bytes, Signature | None]"
    """The files of `unstaged` as they lay when this was read: git would not tell one edit of them from the next."""


def begin(repo: "Repo", env: "Env") -> "procs.Reader":
    """Start the listing; `end` gives it. In between there is time for something else."""
    return call.start(_STATUS, env, repo.top)


def end(repo: "Repo", started: "procs.Reader") -> Listing:
    """The listing that was begun; EnvironmentProblem when git failed."""
    return parse(call.succeed(_STATUS, started.finish()), repo.top)


def read(repo: "Repo", env: "Env") -> Listing:
    """The listing, now."""
    return end(repo, begin(repo, env))


def parse(output: bytes, top: bytes) -> Listing:
    """Decode porcelain v2 (git-status(1)): `1 XY sub mH mI mW hH hI path`, `u XY sub m1 m2 m3 mW h1 h2 h3 path`."""
    staged: list[Entry] = []
    deleted: list[bytes] = []
    unstaged: list[Change] = []
    unmerged: list[bytes] = []
    for line in output.split(b"\0"):
        if line.startswith(b"1 "):
            _kind, states, _sub, _mode_head, mode, _mode_tree, _oid_head, oid, path = line.split(b" ", 8)
            if states[0] == _DELETED:
                deleted.append(path)
            elif states[0] != _SAME:
                staged.append(Entry(path, int(mode, 8), oid.decode()))
            if states[1] != _SAME:
                unstaged.append(Change(path, chr(states[1]), int(mode, 8), oid.decode()))
        elif line.startswith(b"u "):
            unmerged.append(line.split(b" ", 10)[10])
    return Listing(
        tuple(staged),
        tuple(deleted),
        tuple(unstaged),
        tuple(unmerged),
        {change.path: files.signature(top + b"/" + change.path) for change in unstaged},
    )


def edited_between(before: Listing, after: Listing) -> "list[bytes]":
    """Tracked paths whose file became different from what it was: edited, created, deleted, or put back."""
    return [
        path
        for path in sorted({*before.signatures, *after.signatures})
        if (path in before.signatures) != (path in after.signatures)
        or before.signatures[path] != after.signatures[path]
    ]
