"""Where HEAD and the index stand, read without a process, so that moving under us is noticed (invariant 10).

git compares HEAD itself before it moves the branch, but only by commit: `git switch -c nb` meanwhile makes the
commit land on nb, in silence. And it reads a plain index again after pre-commit: what somebody staged meanwhile is
committed unchecked. So both are marked when a run starts and compared when it ends.
"""

import os

from gitseq.git import call
from gitseq.host import clock, files
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.git.repo import Repo
    from gitseq.host.env import Env

_SYMBOLIC = b"ref: "
_OID_LENGTHS = (40, 64)  # SHA-1 and SHA-256, in hex
_REF_CHAIN = 5  # as deep as git follows symbolic refs
_OWN_REFS = (b"refs/bisect/", b"refs/worktree/", b"refs/rewritten/")  # these each work tree keeps for itself
_DIFF_INDEX = [
    b"-c",
    b"core.fsmonitor=false",
    b"diff-index",
    b"--cached",
    b"--raw",
    b"-z",
    b"--no-renames",
    b"--no-abbrev",
    b"--ita-invisible-in-index",  # `git add -N` adds nothing to a commit
]
_CHECKSUM = 20  # the end of a SHA-256 does as well
_NO_CHECKSUM = bytes(_CHECKSUM)  # index.skipHash


class Head(Record):
    """What HEAD names."""

    branch: bytes
    """Full name of the ref, such as refs/heads/main; b"" when HEAD is detached."""
    oid: bytes
    """The commit in hex; b"" before the first one."""


class Drift(Record):
    """What moved between two marks; false when nothing did."""

    sentences: tuple[str, ...]
    """One for each thing that moved, for a person."""
    paths: tuple[bytes, ...] = ()
    """Paths whose staged content differs, relative to the top of the work tree."""

    def __bool__(self) -> bool:
        return bool(self.sentences)


class Marks:
    """HEAD and the index as they stood at one moment.

    The index file of that moment is kept open: git replaces it by renaming another over it, so its entries can still
    be read when somebody has to be accused, and until then no process was spent on them.
    """

    __slots__ = ("head", "index", "taken")

    def __init__(self, head: Head, index: "files.Held | None") -> None:
        self.head = head
        self.index = index
        """None when there is no index file, as before the first `git add`."""
        self.taken = clock.wall_ns()
        """Nanoseconds since the epoch."""

    @classmethod
    def take(cls, repo: "Repo", env: "Env") -> "Marks":
        """The marks of now. Starts no process but where HEAD is kept in no file (reftable)."""
        return cls(read_head(repo, env), files.hold(repo.index, _CHECKSUM))

    def drift(self, repo: "Repo", env: "Env", later: "Marks") -> Drift:
        """What moved from these marks to `later`.

        A rewritten index with the same entries (every `git status` may do that) is no drift: where the file differs,
        git is asked for the entries of both. Raises EnvironmentProblem when git cannot read one of them.
        """
        sentences = head_moved(self.head, later.head)
        paths = changed_entries(repo, env, self, later) if index_touched(self, later) else ()
        if paths:
            sentences.append("the index changed: " + _some(paths))
        return Drift(tuple(sentences), paths)


# --- HEAD ------------------------------------------------------------------------------------------


def read_head(repo: "Repo", env: "Env") -> Head:
    """HEAD of this work tree, from its files; from git where they do not tell."""
    content = files.read(repo.git_dir + b"/HEAD") or b""
    if content.startswith(_SYMBOLIC) and not content.startswith(b"ref: refs/heads/.invalid"):
        branch = content[len(_SYMBOLIC) :].strip()
        oid = _resolve(repo, branch)
        if oid is not None:
            return Head(branch, oid)
    elif _is_oid(content.strip()) and not os.path.islink(repo.git_dir + b"/HEAD"):
        return Head(b"", content.strip())
    return _head_by_git(repo, env)


def _resolve(repo: "Repo", ref: bytes) -> "bytes | None":
    """The commit of a ref: b"" when it does not exist yet, None when its file is not understood."""
    for _link in range(_REF_CHAIN):
        folder = repo.git_dir if ref.startswith(_OWN_REFS) else repo.common_dir
        content = files.read(folder + b"/" + ref)
        if content is None:
            return _packed(repo, ref)
        content = content.strip()
        if not content.startswith(_SYMBOLIC):
            return content if _is_oid(content) else None
        ref = content[len(_SYMBOLIC) :]
    return None


def _packed(repo: "Repo", ref: bytes) -> bytes:
    """One ref a line, "OID NAME"; lines of another form begin with # or ^."""
    content = files.read(repo.common_dir + b"/packed-refs") or b""
    at = content.find(b" " + ref + b"\n")
    return content[content.rfind(b"\n", 0, at) + 1 : at] if at > 0 else b""


def _is_oid(text: bytes) -> bool:
    return len(text) in _OID_LENGTHS and not text.strip(b"0123456789abcdef")


def _head_by_git(repo: "Repo", env: "Env") -> Head:
    branch = call.ask([b"symbolic-ref", b"--quiet", b"HEAD"], env, repo.top).out.strip()
    oid = call.ask([b"rev-parse", b"--quiet", b"--verify", b"HEAD"], env, repo.top).out.strip()
    return Head(branch, oid)


def head_moved(before: Head, after: Head) -> "list[str]":
    """What happened to HEAD, in words; empty when nothing did."""
    moved = before.oid != after.oid
    if before.branch != after.branch:
        where = "" if moved else ": the commit would land there"
        by = f" ({_short(before.oid)} to {_short(after.oid)})" if moved else ""
        return [f"HEAD switched from {_branch(before)} to {_branch(after)}{by}{where}"]
    if moved:
        return [f"HEAD ({_branch(before)}) moved from {_short(before.oid)} to {_short(after.oid)}"]
    return []


def _branch(head: Head) -> str:
    if not head.branch:
        return "a detached HEAD"
    return "branch " + head.branch.removeprefix(b"refs/heads/").decode("utf-8", "backslashreplace")


def _short(oid: bytes) -> str:
    return oid[:10].decode() or "no commit"


# --- the index -------------------------------------------------------------------------------------


def index_touched(before: Marks, after: Marks) -> bool:
    """Whether the index file is another or was written; a hint, since a refresh rewrites it with the same entries."""
    first, second = before.index, after.index
    if first is None or second is None:
        return first is not second
    if first.tail == second.tail != _NO_CHECKSUM and first.signature[1] == second.signature[1]:
        return False
    return first.signature != second.signature


def changed_entries(repo: "Repo", env: "Env", before: Marks, after: Marks) -> "tuple[bytes, ...]":
    """Paths that are staged differently: another blob or mode, added, removed, or in conflict."""
    tree = before.head.oid or _empty_tree(repo, env)
    first, second = _entries(repo, env, before.index, tree), _entries(repo, env, after.index, tree)
    return tuple(path for path in sorted({*first, *second}) if first.get(path) != second.get(path))


def _empty_tree(repo: "Repo", env: "Env") -> bytes:
    """Its name depends on the repository's hash; git knows it without the object."""
    return call.output([b"hash-object", b"-t", b"tree", os.devnull.encode()], env, repo.top).strip()


def _entries(repo: "Repo", env: "Env", index: "files.Held | None", tree: bytes) -> "dict[bytes, bytes]":
    """How an index differs from a tree: raw line by path. `diff-index --cached` writes nothing and takes no lock."""
    copy = repo.git_dir + b"/gitseq/index.%d" % os.getpid()
    files.ensure_dir(os.path.dirname(copy), 0o700)
    try:
        if index is not None:
            files.write_whole(copy, index.content())
        listing = call.output([*_DIFF_INDEX, tree, b"--"], {**env, b"GIT_INDEX_FILE": copy}, repo.top)
    finally:
        files.remove(copy)
    fields = listing.split(b"\0")
    return dict(zip(fields[1::2], fields[0::2], strict=False))


def _some(paths: "tuple[bytes, ...]", most: int = 5) -> str:
    from gitseq.core import text

    rest = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(text.printable(path) for path in paths[:most]) + rest
