"""Where a queue lies on disk, for each scope."""

import os
import stat

from gitseq.errors import EnvironmentProblem
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.host.env import Env

WORKTREE, REPO, USER = "worktree", "repo", "user"


class Place(Record):
    """One queue. `queue/` and `lease.json` lie in `state_dir`, which is absolute and has mode 0700."""

    scope: str
    state_dir: bytes

    @property
    def queue_dir(self) -> bytes:
        """Gate, lock and tickets."""
        return self.state_dir + b"/queue"

    @property
    def record(self) -> bytes:
        """The lease record: beside the queue, so that it survives `rm -rf queue`."""
        return self.state_dir + b"/lease.json"


def of_repository(scope: str, git_dir: bytes, common_dir: bytes) -> Place:
    """The queue of one worktree, or of all worktrees of a repository."""
    return Place(scope, (git_dir if scope == WORKTREE else common_dir) + b"/gitseq")


def of_user(env: "Env") -> Place:
    """The queue of everything this user runs: `$XDG_RUNTIME_DIR/gitseq`, else `gitseq` in the user's cache folder.

    Raises EnvironmentProblem when there is no such folder, or it is not ours alone: in a folder that others may
    write to, anybody could hold us up or forge a lease.
    """
    runtime = env.get(b"XDG_RUNTIME_DIR", b"")
    if runtime.startswith(b"/") and _is_private(runtime):
        return Place(USER, runtime + b"/gitseq")
    cache = env.get(b"XDG_CACHE_HOME", b"")
    if not cache.startswith(b"/"):
        home = env.get(b"HOME", b"")
        if not home.startswith(b"/"):
            raise EnvironmentProblem(
                'scope = "user" needs a folder of this user\'s own, and neither XDG_RUNTIME_DIR nor HOME names one',
                hint='Set HOME, or use scope = "repo" in [queue].',
            )
        cache = home + b"/.cache"
    return Place(USER, cache + b"/gitseq/run")


def _is_private(folder: bytes) -> bool:
    try:
        st = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(st.st_mode) and st.st_uid == os.geteuid() and not st.st_mode & 0o022


def open_queue(place: Place) -> int:
    """A descriptor of the queue directory, which is made when it is missing. All work on tickets goes through it:
    were the directory removed and made anew meanwhile, a path would reach into the new one.

    Raises EnvironmentProblem when it cannot be made, or (scope user) is not this user's own.
    """
    try:
        if place.scope == USER and not _is_private(place.state_dir):
            _make_private(place)
        return _open(place)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise unusable(place, error) from None
    try:
        os.makedirs(place.state_dir, 0o700, exist_ok=True)
        os.makedirs(place.queue_dir, 0o700, exist_ok=True)
        return _open(place)
    except OSError as error:
        raise unusable(place, error) from None


def _open(place: Place) -> int:
    return os.open(place.queue_dir, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)


def _make_private(place: Place) -> None:
    os.makedirs(place.state_dir, 0o700, exist_ok=True)
    if not _is_private(place.state_dir):
        raise EnvironmentProblem(
            f"{os.fsdecode(place.state_dir)} is not this user's own folder, or others may write to it",
            why="Whoever can write there can forge a lease, so nothing was run.",
            hint=f"Look at it: ls -ld {os.fsdecode(place.state_dir)!r} - and move it away, or chmod 700 it.",
        )


def unusable(place: Place, error: OSError) -> EnvironmentProblem:
    """The queue cannot be used as the disk is now."""
    where = os.fsdecode(place.state_dir)
    return EnvironmentProblem(
        f"the queue in {where} cannot be used: {error.strerror}",
        why="Without it nothing keeps two runs apart, so nothing was run.",
        hint=f"Look at its owner and at the free space: ls -ld {where!r}; df {where!r}",
    )
