"""What goes on in a queue at one moment, for somebody who watches: gathered here, shown by `ui.monitor`.

It changes nothing, and costs a watched run nothing but the reading of /proc.
"""

import os

from gitseq.core import history, queueing
from gitseq.core.caps import printable
from gitseq.core.processes import typed
from gitseq.engine import leftovers
from gitseq.engine.records import Follower, decoded
from gitseq.errors import GitseqError
from gitseq.host import clock, memory, tree
from gitseq.host.proctree import TICKS
from gitseq.model import Record
from gitseq.queue import state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.core.history import Current, Past
    from gitseq.core.queueing import Holder, Waiter
    from gitseq.git.repo import Repo
    from gitseq.host.tree import Member
    from gitseq.queue.places import Place

ORPHANS_EVERY = 5.0
"""Seconds between two searches for what dead runs left: each looks at every process there is."""
_MOST_PROCESSES = 200
"""Of so many the details are read; more are counted."""
_LATELY = 256 << 10
"""Bytes at the end of a journal that are read at first."""


class Process(Record):
    """One process of a hook."""

    pid: int
    depth: int
    """0: the engine's own child."""
    elapsed: float
    """Seconds since it started."""
    cpu: float
    """Share of one core, since the last look."""
    memory: int
    """Bytes that are not of a file; what it shares with a parent counts in both."""
    command: str


class Running(Record):
    """Who holds the lease, and what it does."""

    holder: "Holder"
    visible: bool
    """Whether its processes can be seen from here."""
    current: "Current | None"
    """What it wrote in its journal."""
    elapsed: float
    """Seconds since the present hook, or else the lease, began."""
    call: float
    """Seconds of the call that is under way: a hook with many files has several, and its timeout is for each."""
    memory: int
    """Bytes of the whole tree."""
    processes: "tuple[Process, ...]"
    more: int = 0
    """Processes that are not listed."""


class Orphan(Record):
    """A process that a dead run left."""

    pid: int
    memory: int
    """Bytes."""
    proof: str
    """How it is known: `token`, `mark` or `cgroup`."""
    command: str


class Machine(Record):
    """How busy the machine is."""

    load: "tuple[float, float, float]"
    cores: int
    available: "int | None"
    """Bytes a new program can take."""
    total: int


class Sight(Record):
    """Everything at one moment."""

    at: float
    """Wall clock."""
    top: bytes
    scope: str
    machine: Machine
    running: "Running | None" = None
    waiting: "tuple[Waiter, ...]" = ()
    orphans: "tuple[Orphan, ...]" = ()
    recent: "tuple[Past, ...]" = ()
    cached: int = 0
    files: int = 0
    problem: str = ""
    """Why the queue could not be looked at."""


def shown(pid: int) -> str:
    """The command of a process, on one line."""
    argv = tree.arguments(pid)
    return printable(b" ".join(typed(argv)) if argv else tree.command_line(pid))


class Watcher:
    """Looks again and again, and remembers what a difference is made of."""

    def __init__(self, repo: "Repo", place: "Place") -> None:
        self._repo = repo
        self.place = place
        self._followers: "dict[bytes, Follower]" = {}
        self._history = history.History()
        self._ticks: "dict[tuple[int, int], tuple[float, int]]" = {}
        self._orphans: "tuple[Orphan, ...]" = ()
        self._orphans_at = -ORPHANS_EVERY
        self._total = memory.total()

    def look(self) -> Sight:
        """The state of things now; a queue that cannot be looked at is told, not raised."""
        now = clock.wall()
        sight = Sight(now, self._repo.top, self.place.scope, self._machine())
        try:
            queue = state.look(self.place)
            self._look_for_orphans()
        except (GitseqError, OSError) as error:
            return sight.replace(problem=str(error))
        running = self._running(queue.holder, now) if queue.holder is not None else None
        self._read(self._repo.state_dir)
        return sight.replace(
            running=running,
            waiting=queue.waiters,
            orphans=self._orphans,
            recent=self._history.recent,
            cached=self._history.cached,
            files=self._history.files,
        )

    @property
    def state_dir(self) -> bytes:
        """Of the repository it looks at."""
        return self._repo.state_dir

    def forget_orphans(self) -> None:
        """Look for them at the next look: they have just been ended."""
        self._orphans_at = -ORPHANS_EVERY

    def _machine(self) -> Machine:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return Machine(os.getloadavg(), cores, memory.available(), self._total)

    def _look_for_orphans(self) -> None:
        if clock.monotonic() - self._orphans_at >= ORPHANS_EVERY:
            found = leftovers.find(self.place, self._repo.state_dir)
            self._orphans = tuple(Orphan(one.pid, one.memory, one.proof, printable(one.command)) for one in found)
            self._orphans_at = clock.monotonic()

    def _read(self, state_dir: bytes) -> None:
        follower = self._followers.get(state_dir)
        if follower is None:
            follower = self._followers[state_dir] = Follower(state_dir + b"/journal", _LATELY)
        for event in decoded(follower.new()):
            self._history = history.fold(self._history, event)

    # --- the holder

    def _running(self, holder: "Holder", now: float) -> Running:
        visible = holder.pid > 0 and holder.standing != queueing.ELSEWHERE
        current = self.current(holder) if visible else None
        began = current.began if current is not None and current.hook else holder.since
        elapsed = max(0.0, now - began) if began else 0.0
        members = tree.walk([holder.pid])[1:] if visible else []
        processes = self._processes(members, holder.pid)
        oldest = max((one.elapsed for one in processes if one.depth == 0), default=elapsed)
        return Running(
            holder,
            visible,
            current,
            elapsed,
            min(elapsed, oldest),
            self._memory_of(members, holder),
            tuple(processes),
            len(members) - len(processes),
        )

    def current(self, holder: "Holder") -> "Current | None":
        """What the holder wrote; in a queue of the user's its journal may lie in another repository."""
        self._read(self._repo.state_dir)
        key = (holder.pid, holder.worktree.decode("utf-8", "surrogateescape"))
        if key not in self._history.runs and holder.worktree and holder.worktree != self._repo.top:
            from gitseq.git import repo

            try:
                self._read(repo.discover({}, holder.worktree).state_dir)
            except GitseqError:
                return None
        return self._history.runs.get(key)

    def _processes(self, members: "list[Member]", engine: int) -> "list[Process]":
        now = clock.since_boot()
        depths = {engine: -1}
        seen = {}
        found = []
        for member in members[:_MOST_PROCESSES]:
            depths[member.pid] = depth = depths.get(member.ppid, -1) + 1
            key = (member.pid, member.start)
            age = max(now - member.start / TICKS, 0.01)
            before, ticks = self._ticks.get(key, (now - age, 0))
            cpu = (member.ticks - ticks) / TICKS / max(now - before, 0.01)
            seen[key] = (now, member.ticks)
            command = shown(member.pid)
            found.append(Process(member.pid, depth, age, max(0.0, cpu), tree.unshared(member), command))
        self._ticks = seen
        return found

    def _memory_of(self, members: "list[Member]", holder: "Holder") -> int:
        """The sum of what each holds counts pages shared by fork more than once. The kernel's own figure does not,
        but lacks what was taken in a hook's first moments; the truth is never below the largest process."""
        held = [tree.unshared(member) for member in members]
        if len(held) < 2:
            return sum(held)
        charged = self._charged(holder)
        return min(sum(held), max(charged, *held)) if charged else sum(held)

    def _charged(self, holder: "Holder") -> int:
        """What the kernel says the leaf of the present hook uses; 0 when there is none."""
        from gitseq.cage import leaves

        engine = tree.look(holder.pid)
        folders = leaves.of_engine(self._repo.state_dir, engine) if engine is not None else []
        return max((leaf.used() for leaf in folders), default=0)
