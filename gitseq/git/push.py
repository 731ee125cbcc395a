"""Which commits and files a push sends, over all of its refs."""

from gitseq.core.push import PushedRef
from gitseq.git import call, listing
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.git.repo import Repo
    from gitseq.host.env import Env


class Pushed(Record):
    """What one pushed ref brings: the range `old`..`new`; `old` is empty when history starts in it."""

    ref: PushedRef
    old: bytes
    new: bytes


def ranges(repo: "Repo", env: "Env", remote: bytes, refs: "list[PushedRef]") -> "list[Pushed]":
    """The range of each ref that sends anything, in git's order; deletions and refs with nothing new drop out.

    Refs that go from the same commit to the same commit count once: `git push --tags` may name thousands.
    """
    distinct = {(ref.remote_oid, ref.local_oid): ref for ref in reversed(refs) if not ref.deletes}
    found = [_range_of(repo, env, remote, ref) for ref in reversed(distinct.values())]
    return [pushed for pushed in found if pushed is not None]


def _range_of(repo: "Repo", env: "Env", remote: bytes, ref: PushedRef) -> "Pushed | None":
    if not ref.creates and _is_commit_here(repo, env, ref.remote_oid):
        return Pushed(ref, ref.remote_oid, ref.local_oid)
    if not _is_commit_here(repo, env, ref.local_oid):
        return None  # a tag of a blob or tree: no commit, no files of a work tree
    arguments = [b"rev-list", b"--topo-order", b"--reverse", ref.local_oid]
    arguments += [b"--not", b"--remotes=" + _glob_escaped(remote)]
    commits = call.output(arguments, env, repo.top).split()
    if not commits:
        return None
    parent = call.ask([b"rev-parse", b"--quiet", b"--verify", commits[0] + b"^"], env, repo.top)
    return Pushed(ref, parent.out.strip() if parent.rc == 0 else b"", ref.local_oid)


def _is_commit_here(repo: "Repo", env: "Env", oid: bytes) -> bool:
    return call.ask([b"cat-file", b"-e", oid + b"^{commit}"], env, repo.top).rc == 0


def _glob_escaped(name: bytes) -> bytes:
    """`--remotes=` takes a glob, and a remote named by its URL may hold glob characters."""
    for char in (b"\\", b"*", b"?", b"["):
        name = name.replace(char, b"\\" + char)
    return name


def files(repo: "Repo", env: "Env", pushed: "list[Pushed]") -> "list[bytes]":
    """The union of the paths all ranges touch, each once, in the order of the refs."""
    names: dict[bytes, None] = {}
    for one in pushed:
        paths = listing.between(repo, env, one.old, one.new) if one.old else listing.in_tree(repo, env, one.new)
        names.update(dict.fromkeys(paths))
    return list(names)


def exports(pushed: "list[Pushed]", remote: bytes, url: bytes) -> "dict[bytes, bytes]":
    """What pre-commit tells pre-push hooks, about the first ref that sends anything.

    As there, FROM and TO are missing when the push starts at a root commit.
    """
    if not pushed:
        return {}
    first = pushed[0]
    told = {
        b"PRE_COMMIT_REMOTE_NAME": remote,
        b"PRE_COMMIT_REMOTE_URL": url,
        b"PRE_COMMIT_LOCAL_BRANCH": first.ref.local_ref,
        b"PRE_COMMIT_REMOTE_BRANCH": first.ref.remote_ref,
    }
    return {**told, **range_exports(first.old, first.new)} if first.old else told


def range_exports(old: bytes, new: bytes) -> "dict[bytes, bytes]":
    """The four names pre-commit has for the ends of a range."""
    return {
        b"PRE_COMMIT_FROM_REF": old,
        b"PRE_COMMIT_TO_REF": new,
        b"PRE_COMMIT_ORIGIN": old,
        b"PRE_COMMIT_SOURCE": new,
    }
