"""Which files a run is about, when that is not what is staged."""

from gitseq.errors import UsageError
from gitseq.git import call
from gitseq.host import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.git.repo import Repo
    from gitseq.host.env import Env


def tracked(repo: "Repo", env: "Env") -> "list[bytes]":
    """Every path in the index; an unmerged one stands there once for each side."""
    return call.names(call.output([b"ls-files", b"-z"], env, repo.top))


def between(repo: "Repo", env: "Env", old: bytes, new: bytes) -> "list[bytes]":
    """Paths that differ between the merge base of two revisions and `new`; between the two where there is no base.

    Raises UsageError when one of them is not a revision here.
    """
    for revision in (old, new):
        _require_revision(repo, env, revision)
    arguments = [b"diff", b"--name-only", b"--no-ext-diff", b"--no-renames", b"-z"]
    done = call.ask([*arguments, old + b"..." + new, b"--"], env, repo.top)
    if done.rc != 0:  # unrelated histories have no merge base
        return call.names(call.output([*arguments, old + b".." + new, b"--"], env, repo.top))
    return call.names(done.out)


def _require_revision(repo: "Repo", env: "Env", revision: bytes) -> None:
    if call.ask([b"rev-parse", b"--quiet", b"--verify", b"--end-of-options", revision], env, repo.top).rc != 0:
        raise UsageError(
            f"not a revision of this repository: {revision.decode('utf-8', 'replace')}",
            hint="Name a commit, a branch or a tag; in CI fetch enough history first (git fetch --unshallow).",
        )


def in_tree(repo: "Repo", env: "Env", revision: bytes) -> "list[bytes]":
    """Every path of a commit."""
    return call.names(call.output([b"ls-tree", b"-r", b"-z", b"--name-only", b"--full-tree", revision], env, repo.top))


def in_last_commit(repo: "Repo", env: "Env") -> "list[bytes]":
    """Paths the last commit changed against its first parent; all of them for a root commit."""
    _require_revision(repo, env, b"HEAD")
    arguments = [b"diff-tree", b"--root", b"-r", b"-z", b"--name-only", b"--no-commit-id", b"--no-renames"]
    return call.names(call.output([*arguments, b"-m", b"--first-parent", b"HEAD"], env, repo.top))


def conflicted(repo: "Repo", env: "Env") -> "list[bytes] | None":
    """In a merge that had conflicts: the conflicted paths and those that differ from both sides; else None.

    As pre-commit: a merge is in progress when MERGE_MSG and MERGE_HEAD both exist, and git wrote the conflicted
    names into the message, behind a tab, commented or not.
    """
    message = files.read(repo.git_dir + b"/MERGE_MSG")
    heads = files.read(repo.git_dir + b"/MERGE_HEAD")
    if message is None or heads is None:
        return None
    named = [line.lstrip(b"#")[1:] for line in message.splitlines() if line.startswith((b"\t", b"#\t"))]
    against = [_differs_from(repo, env, revision) for revision in (b"HEAD", heads.split()[0])]
    both = [path for path in against[0] if path in set(against[1])]
    return list(dict.fromkeys([*named, *both]))


def _differs_from(repo: "Repo", env: "Env", revision: bytes) -> "list[bytes]":
    """`diff-index --cached` reads the index alone; `write-tree`, which pre-commit asks, would take index.lock."""
    arguments = [b"diff-index", b"--cached", b"--name-only", b"--no-renames", b"-z", revision, b"--"]
    return call.names(call.output(arguments, env, repo.top))
