"""Finding the repository without starting git."""

import os

from gitseq.errors import EnvironmentProblem
from gitseq.host import files
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.host.env import Env


_LINKS = 5  # git's own limit, MAXDEPTH in its lockfile.c


class Repo(Record):
    """Where a repository's parts lie. All paths are absolute, with symbolic links resolved."""

    top: bytes
    """Top of this work tree."""
    git_dir: bytes
    """This work tree's own git directory."""
    common_dir: bytes
    """The git directory all linked work trees share."""
    index: bytes
    """The index git would use now: GIT_INDEX_FILE when it is set, else `git_dir`/index."""
    dir_is_discoverable: bool
    """Whether git, standing in `top` with no GIT_DIR set, would find this same git directory."""

    @property
    def state_dir(self) -> bytes:
        """Where gitseq keeps what all work trees of the repository share (mode 0700)."""
        return self.common_dir + b"/gitseq"


def discover(env: "Env", cwd: bytes) -> Repo:
    """The repository that git, started in `cwd` with `env`, would work in.

    Raises EnvironmentProblem outside of any repository, and in a bare one (hooks of ours need a work tree).
    """
    named = env.get(b"GIT_DIR")
    if named:
        git_dir = os.path.realpath(os.path.join(cwd, named))
        top = _top_named_by_env(env, cwd, git_dir)
    else:
        found = _walk_up(os.path.realpath(cwd))
        if found is None:
            raise EnvironmentProblem(
                f"not a git repository (or any folder above): {cwd.decode('utf-8', 'replace')}",
                hint="Change to a repository, or make one: git init",
            )
        top, git_dir = found
        if named_top := env.get(b"GIT_WORK_TREE"):
            top = os.path.realpath(os.path.join(cwd, named_top))
    index = env.get(b"GIT_INDEX_FILE")
    return Repo(
        top=top,
        git_dir=git_dir,
        common_dir=_common_dir(git_dir),
        index=_absolute_index(os.path.join(cwd, index)) if index else git_dir + b"/index",
        dir_is_discoverable=git_dir_of(top) == git_dir,
    )


def _absolute_index(path: bytes) -> bytes:
    """Resolve the folder only: an index that is itself a symbolic link is locked beside its target, by git."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def lock_of(index: bytes) -> bytes:
    """The lock file git makes for an index: beside the file that the name leads to, through at most five links."""
    for _link in range(_LINKS):
        try:
            target = os.readlink(index)
        except OSError:
            break
        index = os.path.join(os.path.dirname(index), target)
    return index + b".lock"


def _top_named_by_env(env: "Env", cwd: bytes, git_dir: bytes) -> bytes:
    """Git runs hooks at the top of the work tree; by hand the user may have set GIT_DIR anywhere."""
    if work_tree := env.get(b"GIT_WORK_TREE"):
        return os.path.realpath(os.path.join(cwd, work_tree))
    here = os.path.realpath(cwd)
    if here == git_dir or here.startswith(git_dir + b"/"):
        raise EnvironmentProblem(
            "gitseq needs a work tree, and this is a git directory or a bare repository",
            hint="Change to a work tree of it and try again; to make one: git worktree add PATH",
        )
    found = _walk_up(here)
    return found[0] if found is not None and found[1] == git_dir else here


def _walk_up(folder: bytes) -> "tuple[bytes, bytes] | None":
    while True:
        git_dir = git_dir_of(folder)
        if git_dir is not None:
            return folder, git_dir
        if _looks_like_git_dir(folder):
            raise EnvironmentProblem(
                "gitseq needs a work tree, and this is a git directory or a bare repository",
                hint="Change to a work tree of it and try again; to make one: git worktree add PATH",
            )
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def git_dir_of(top: bytes) -> "bytes | None":
    """The git directory that `top`/.git is or names, or None."""
    dot_git = top + b"/.git"
    try:
        is_dir = os.stat(dot_git).st_mode & 0o170000 == 0o040000
    except OSError:
        return None
    if is_dir:
        return os.path.realpath(dot_git) if _looks_like_git_dir(dot_git) else None
    content = files.read(dot_git) or b""
    if not content.startswith(b"gitdir: "):
        return None
    target = os.path.realpath(os.path.join(top, content[8:].rstrip(b"\r\n")))
    return target if os.path.isdir(target) else None


def _looks_like_git_dir(folder: bytes) -> bool:
    return os.path.lexists(folder + b"/HEAD") and (
        os.path.isdir(folder + b"/objects") or os.path.exists(folder + b"/commondir")
    )


def _common_dir(git_dir: bytes) -> bytes:
    content = files.read(git_dir + b"/commondir")
    if content is None:
        return git_dir
    return os.path.realpath(os.path.join(git_dir, content.rstrip(b"\r\n")))
