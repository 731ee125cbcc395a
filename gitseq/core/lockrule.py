"""Whose index.lock is it? Facts in, answer out (docs/explanation/index-lock.md says why).

git holds the lock of the index it is about to replace all through the hooks of `commit -a`, `-i`, `-p` and
`commit -- path`, with no descriptor open on it, so neither its presence nor `lsof` says that it is somebody else's.
What does say so is who handed which GIT_INDEX_FILE to whom.
"""

from gitseq.model import Record

OURS, FOREIGN, STALE_SUSPECT, GONE = "ours", "foreign", "stale-suspect", "gone"
LOCKED, PARTIAL, NESTED = "locked", "partial", "nested"

_CLOCK_SLACK = 1.0  # seconds; a file's time may be as coarse as a timer tick, a process's start is cut to one


class Owner(Record):
    """A process that may hold a lock."""

    pid: int
    command: bytes
    """Its command line; b"" when it may not be read."""
    user: str
    tie: str
    """What ties it to the lock, as the end of a sentence that begins with the process."""
    is_above: bool = False
    """It waits for us: waiting for it would be for ever."""


class Lock(Record):
    """The lock of the index in use, and whose it is."""

    state: str
    """OURS, FOREIGN, STALE_SUSPECT, or GONE: the git that called us has died and its index with it."""
    path: bytes
    """The lock file. In PARTIAL mode this is the real index to be, beside GIT_INDEX_FILE, the index to commit."""
    mode: str = ""
    """For OURS. LOCKED: `path` is the index to be committed. PARTIAL: GIT_INDEX_FILE is, and `path` replaces the real
    index afterwards. NESTED: an ancestor's lock beside a plain index, which therefore cannot be written now."""
    git_pid: int = 0
    """For OURS: the git that holds it."""
    why: str = ""
    """One sentence: by what the answer was reached."""
    stale_environment: bool = False
    """GIT_INDEX_FILE was not handed down by a git above us: waiting cannot help, and nothing says the lock is stale."""
    owner: "Owner | None" = None

    @property
    def token(self) -> bytes:
        """The value of GITSEQ_LOCK for our hooks: a nested run whose GIT_* were scrubbed knows the lock by it."""
        return b"%d:%s" % (self.git_pid, self.path)


class Relative(Record):
    """Ourselves or an ancestor, as far as the rule asks."""

    pid: int
    is_git: bool
    index: "bytes | None"
    """Absolute path that GIT_INDEX_FILE had when it was started; b"" when unset; None when that cannot be read."""
    age: "float | None" = None
    """Seconds since it started; None when unknown."""
    has_lock_open: bool = False


class Facts(Record):
    """What the rule looks at. All paths are absolute, their folders without symbolic links."""

    index: bytes
    """The index in use: GIT_INDEX_FILE, or the work tree's own."""
    index_age: "float | None"
    """Seconds since `index` was written; None when there is no such file."""
    lock: bytes
    """The lock of `index`; where `index` is itself a partial commit's, of the real index behind it."""
    lock_exists: bool
    chain: tuple[Relative, ...]
    """Ourselves, our parent, and so on."""
    git_dir: bytes = b""
    pid_file: int = 0
    """The pid in `index~pid.lock` (git 2.54, core.lockfilePid), or 0."""
    token: tuple[int, bytes] = (0, b"")
    """git pid and lock from GITSEQ_LOCK."""


def decide(facts: Facts) -> "Lock | None":
    """Whose lock it is as far as our ancestry tells: OURS, GONE, or FOREIGN until `judge` has the search.

    None when there is no lock.
    """
    if not facts.index.endswith(b".lock"):
        return _beside_index(facts)
    partial = next_index_pid(facts.index)
    return _partial(facts, partial) if partial else _locked(facts)


def next_index_pid(index: bytes) -> int:
    """The git that made `next-index-PID.lock`, a partial commit's index; 0 for any other name."""
    name = index[index.rfind(b"/") + 1 :]
    digits = name[len(b"next-index-") : -len(b".lock")]
    return int(digits) if name == b"next-index-%s.lock" % digits and digits.isdigit() else 0


def _partial(facts: Facts, pid: int) -> Lock:
    """`git commit -- path`: the name of the index says which git made it (rule 1a, 1b)."""
    if pid not in _gits(facts.chain):
        if facts.lock_exists:
            return _not_handed_down(facts, facts.lock)
        return _gone(facts)
    if facts.index_age is None:
        return _gone(facts)
    return Lock(OURS, facts.lock, PARTIAL, pid, why="GIT_INDEX_FILE names the git that is committing")


def _locked(facts: Facts) -> Lock:
    """`git commit -a`, `-i`, `-p`: GIT_INDEX_FILE is the lock itself (rule 1c, 1d, 1e)."""
    if facts.index_age is None:
        return _gone(facts)
    pid = _git_that_handed_down(facts, facts.index) or _git_older_than_index(facts)
    if pid:
        return Lock(OURS, facts.index, LOCKED, pid, why="git handed its lock down as GIT_INDEX_FILE")
    return _not_handed_down(facts, facts.index)


def _beside_index(facts: Facts) -> "Lock | None":
    """A plain index with a lock beside it: ours only when an ancestor is proven to hold it (rule 2)."""
    if not facts.lock_exists:
        return None
    pid, why = _holder_above(facts)
    if pid:
        return Lock(OURS, facts.lock, NESTED, pid, why)
    return Lock(FOREIGN, facts.lock, why="no git above us is known to hold it")


def _holder_above(facts: Facts) -> "tuple[int, str]":
    gits = _gits(facts.chain)
    if facts.pid_file in gits:
        return facts.pid_file, "the lock's pid file names a git above us"
    for relative in facts.chain[1:]:
        if relative.is_git and relative.has_lock_open:
            return relative.pid, "a git above us has it open"
    if facts.token[0] in gits and facts.token[1] == facts.lock:
        return facts.token[0], "the gitseq above us vouches for it (GITSEQ_LOCK)"
    return _git_that_handed_down(facts, facts.lock), "a git above us handed it to its hook as GIT_INDEX_FILE"


def _gits(chain: "tuple[Relative, ...]") -> "frozenset[int]":
    return frozenset(relative.pid for relative in chain[1:] if relative.is_git)


def _git_that_handed_down(facts: Facts, lock: bytes) -> int:
    """The ancestor git that gave `lock` to its own child but was not given it itself; 0 when there is none.

    A leftover GIT_INDEX_FILE in a terminal is seen by git and hook alike, and a script that sets it below a hook
    comes after git's own child: neither passes.
    """
    for child, git in zip(facts.chain, facts.chain[1:], strict=False):
        if not git.is_git or git.index is None:
            continue
        handed = (lock, facts.git_dir + b"/next-index-%d.lock" % git.pid)
        if child.index in handed and git.index != child.index:
            return git.pid
    return 0


def _git_older_than_index(facts: Facts) -> int:
    """Where environments cannot be read: an ancestor git that started before the lock was written, or 0."""
    for child, git in zip(facts.chain, facts.chain[1:], strict=False):
        if git.is_git and (git.index is None or child.index is None):
            written = facts.index_age or 0.0
            if git.age is None or written <= git.age + _CLOCK_SLACK:
                return git.pid
    return 0


def _gone(facts: Facts) -> Lock:
    return Lock(GONE, facts.index, why="GIT_INDEX_FILE names a file that died with its git", stale_environment=True)


def _not_handed_down(facts: Facts, lock: bytes) -> Lock:
    why = f"GIT_INDEX_FILE is {facts.index.decode('utf-8', 'backslashreplace')}, but no git above us made that"
    return Lock(FOREIGN, lock, why=why, stale_environment=True)


def judge(lock: Lock, owner: "Owner | None", hidden: str) -> Lock:
    """The final word on a FOREIGN lock after the search for an owner.

    `hidden` says what the search could not look into; "" when it saw everything. Only a lock for which nothing
    speaks is STALE_SUSPECT, and even then a suspect: age, size and open descriptors prove nothing.
    """
    if owner is not None:
        return lock.replace(owner=owner, why=owner.tie)
    if lock.stale_environment:
        return lock
    if hidden:
        return lock.replace(why=hidden)
    return lock.replace(state=STALE_SUSPECT, why="nothing that could hold it was found")
