"""When there is a lock: the facts about our ancestry, the wait, and the search for its owner. Loaded only then."""

import os

from gitseq.core import lockrule
from gitseq.core.lockrule import Facts, Lock, Owner, Relative
from gitseq.git import repo as repositories
from gitseq.host import clock, files, proctree
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.core.lockwords import Evidence
    from gitseq.errors import Refused
    from gitseq.git.indexlock import Waiting
    from gitseq.git.repo import Repo
    from gitseq.host.env import Env
    from gitseq.host.proctree import Process

TOKEN = b"GITSEQ_LOCK"

_STEP = 0.05  # seconds between two looks: the `git status` of an editor holds the lock for a few milliseconds
_QUIET = 0.5  # seconds of waiting that nobody needs to hear of

# Helpers that live for hours in a repository and never take its index.lock: without this list, a file system
# monitor would vouch for every stale lock.
_NEVER_LOCK = (
    b"fsmonitor--daemon",
    b"credential-cache--daemon",
    b"cat-file",
    b"check-ignore",
    b"check-attr",
    b"daemon",
)
_WITH_VALUE = (b"-c", b"-C", b"--git-dir", b"--work-tree", b"--namespace", b"--config-env", b"--exec-path")


# --- facts -----------------------------------------------------------------------------------------


def gather(repo: "Repo", env: "Env") -> Facts:
    """What `lockrule.decide` looks at, read now."""
    chain = [*proctree.climb()]
    index = _resolved(repo.index)
    partial = lockrule.next_index_pid(index)
    lock = _lock_behind(index, partial, chain) if partial else _resolved(repositories.lock_of(index))
    us = Relative(os.getpid(), False, _index_of(env, repo.top))
    return Facts(
        index=index,
        index_age=_age(index),
        lock=lock,
        lock_exists=os.path.lexists(lock),
        chain=(us, *(_relative(process, repo.top, lock) for process in chain)),
        git_dir=os.path.dirname(index) if partial else repo.git_dir,
        pid_file=_pid_file(lock),
        token=_token(env),
    )


def _resolved(path: bytes) -> bytes:
    """Comparable: git's own lock path goes through the symbolic link the user went through."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def _age(path: bytes) -> "float | None":
    try:
        return clock.wall() - os.stat(path).st_mtime
    except OSError:
        return None


def _lock_behind(index: bytes, pid: int, chain: "list[Process]") -> bytes:
    """A partial commit's real index is the one its git was started with, by default the one beside."""
    default = os.path.join(os.path.dirname(index), b"index")
    git = next((process for process in chain if process.pid == pid), None)
    env = (proctree.initial_environment(pid) if git else None) or {}
    named = _index_of(env, proctree.working_folder(pid) or b"/")
    return _resolved(repositories.lock_of(named or default))


def _relative(process: "Process", top: bytes, lock: bytes) -> Relative:
    env = proctree.initial_environment(process.pid)
    index = None if env is None else _index_of(env, top)
    has_it_open = process.is_git and _has_open(process, lock)
    return Relative(process.pid, process.is_git, index, proctree.age(process), has_it_open)


def _index_of(env: "Env", top: bytes) -> bytes:
    """git reads a relative GIT_INDEX_FILE from the top of the work tree."""
    named = env.get(b"GIT_INDEX_FILE")
    return _resolved(os.path.join(top, named)) if named else b""


def _has_open(process: "Process", lock: bytes) -> bool:
    try:
        st = os.stat(lock)
    except OSError:
        return False
    return proctree.has_open(process.pid, lock, st.st_dev, st.st_ino)


def _pid_file(lock: bytes) -> int:
    """`index~pid.lock` beside `index.lock` says "pid N" (git 2.54, core.lockfilePid)."""
    content = files.read(lock.removesuffix(b".lock") + b"~pid.lock") or b""
    word, _space, digits = content.strip().partition(b" ")
    return int(digits) if word == b"pid" and digits.isdigit() else 0


def _token(env: "Env") -> "tuple[int, bytes]":
    digits, _colon, lock = env.get(TOKEN, b"").partition(b":")
    return (int(digits), _resolved(lock)) if digits.isdigit() and lock.startswith(b"/") else (0, b"")


# --- waiting ---------------------------------------------------------------------------------------


class Wait:
    """The wait for one repository's lock."""

    def __init__(
        self, repo: "Repo", check: "Callable[[], Lock | None]", waiting: "Waiting", *, spare_ancestors: bool
    ) -> None:
        self._repo = repo
        self._check = check
        self._waiting = waiting
        self._spare_ancestors = spare_ancestors
        self._started = clock.monotonic()

    def until_free(self, lock: "Lock | None") -> "Lock | None":
        """As `indexlock.require_free`, for a lock that was seen a moment ago."""
        told = False
        while lock is not None and lock.state != lockrule.OURS:
            if self._is_over(lock):
                raise self._refused(lock)
            if not told and self._waited() >= _QUIET:
                told = True
                self._tell(lock)
            self._waiting.pause(_STEP)
            lock = self._check()
        return lock

    def _waited(self) -> float:
        return clock.monotonic() - self._started

    def _is_over(self, lock: Lock) -> bool:
        """Whether waiting longer is over or in vain."""
        return lock.state == lockrule.GONE or lock.stale_environment or self._waited() >= self._waiting.seconds

    def _tell(self, lock: Lock) -> None:
        """Say once what we wait for; raises Refused when the owner is above us and so waits for us."""
        from gitseq.core import lockwords

        lock = self._searched(lock)
        if lock.owner is not None and lock.owner.is_above:
            raise self._refused(lock)
        self._waiting.tell(lockwords.waiting(lock))

    def _searched(self, lock: Lock) -> Lock:
        return search(self._repo, lock, spare_ancestors=self._spare_ancestors)

    def _refused(self, lock: Lock) -> "Refused":
        from gitseq.core import lockwords
        from gitseq.errors import Refused

        if lock.state == lockrule.FOREIGN and lock.owner is None:
            lock = self._searched(lock)
        words = lockwords.refusal(lock, self._evidence(lock.path))
        return Refused(words.what, why=words.why, kept=words.kept, hint=words.hint)

    def _evidence(self, path: bytes) -> "Evidence | None":
        from gitseq.core.lockwords import Evidence

        try:
            st = os.lstat(path)
        except OSError:
            return None
        return Evidence(max(0.0, clock.wall() - st.st_mtime), st.st_size, self._waited())


# --- the search for an owner -------------------------------------------------------------------------


def search(repo: "Repo", lock: Lock, *, spare_ancestors: bool) -> Lock:
    """The last word on a FOREIGN lock: with its owner, without one that could be named, or STALE_SUSPECT.

    Our own children and we ourselves are nobody's owner, nor are our ancestors with `spare_ancestors`.
    """
    above = {process.pid for process in proctree.climb()}
    quest = _Quest(repo, lock.path)
    for process in proctree.everyone():
        is_us = os.getpid() in (process.pid, process.ppid)
        if not is_us and not (spare_ancestors and process.pid in above):
            quest.consider(process)
    if not quest.lock_is_there:  # it went away while we searched
        return lock
    return lockrule.judge(lock, quest.owner(above), quest.hidden())


class _Candidate(Record):
    """A process that may hold the lock."""

    order: tuple[int, bool, float]
    """The surest tie first; of several gits the youngest that is older than the lock."""
    process: "Process"
    tie: str


class _Quest:
    """Goes through processes and keeps those that may hold a lock, the surest tie first."""

    def __init__(self, repo: "Repo", lock: bytes) -> None:
        self._repo = repo
        self._lock = lock
        self._pid_in_file = _pid_file(lock)
        self._age = _age(lock)
        self._found: "list[_Candidate]" = []
        self._unreadable: "Process | None" = None

    @property
    def lock_is_there(self) -> bool:
        return os.path.lexists(self._lock)

    def consider(self, process: "Process") -> None:
        rank, tie = self._tie(process)
        if rank:
            age = proctree.age(process) or 0.0
            is_younger_than_lock = age + 1.0 < (self._age or 0.0)
            self._found.append(_Candidate((rank, is_younger_than_lock, age), process, tie))
        elif process.is_git and not process.readable:
            self._unreadable = process

    def _tie(self, process: "Process") -> "tuple[int, str]":
        if process.pid == self._pid_in_file:
            return 1, "is named by the lock's pid file"
        if _has_open(process, self._lock):
            return 2, "has the lock open"
        if process.is_git and self._works_here(process):
            return 3, "is a git at work in this repository"
        if self._was_handed(process):
            return 4, "was started by the git that made the lock, and still runs"
        return 0, ""

    def _was_handed(self, process: "Process") -> bool:
        """A hook that outlived its git may still write to the lock by its name."""
        env = proctree.initial_environment(process.pid) or {}
        index = _index_of(env, self._repo.top)
        beside = os.path.dirname(index) == os.path.dirname(self._lock) and lockrule.next_index_pid(index) > 0
        return index == self._lock or beside

    def _works_here(self, process: "Process") -> bool:
        argv = proctree.command_line(process.pid)
        if _subcommand(argv) in _NEVER_LOCK:
            return False
        env = proctree.initial_environment(process.pid) or {}
        named = [env.get(name, b"") for name in (b"GIT_DIR", b"GIT_WORK_TREE", b"GIT_INDEX_FILE")]
        named += [argument.rpartition(b"=")[2] for argument in argv[1:]]
        folder = proctree.working_folder(process.pid)
        return (folder is not None and self._is_inside(folder)) or any(self._is_named(path) for path in named)

    def _is_inside(self, folder: bytes) -> bool:
        """Whether git, standing there, works in our repository: another one may lie inside of our work tree."""
        roots = (self._repo.git_dir, self._repo.common_dir, self._repo.top)
        if not any(_is_below(folder, root) for root in roots):
            return False
        while _is_below(folder, self._repo.top):
            git_dir = repositories.git_dir_of(folder)
            if git_dir is not None:
                return git_dir == self._repo.git_dir
            folder = os.path.dirname(folder)
        return True

    def _is_named(self, path: bytes) -> bool:
        return path.startswith(b"/") and any(
            _is_below(_resolved(path), root) for root in (self._repo.git_dir, self._repo.top)
        )

    def owner(self, above: "set[int]") -> "Owner | None":
        """The surest of those found."""
        if not self._found:
            return None
        best = min(self._found, key=lambda candidate: candidate.order)
        process = best.process
        command = b" ".join(proctree.command_line(process.pid)) or process.exe
        return Owner(process.pid, command, proctree.user_of(process.pid), best.tie, process.pid in above)

    def hidden(self) -> str:
        """What this search could not see, or ''."""
        if self._unreadable is not None:
            pid, user = self._unreadable.pid, proctree.user_of(self._unreadable.pid)
            return f"a git of another user (pid {pid}, user {user}) is running, and cannot be looked into"
        if not proctree.sees_everyone():
            return "this system does not show the processes of other users"
        return ""


def _is_below(path: bytes, root: bytes) -> bool:
    return path == root or path.startswith(root + b"/")


def _subcommand(argv: "list[bytes]") -> bytes:
    """`commit` of `git -C x commit -a`."""
    arguments = iter(argv[1:])
    for argument in arguments:
        if argument in _WITH_VALUE:
            next(arguments, None)
        elif not argument.startswith(b"-"):
            return argument
    return b""
