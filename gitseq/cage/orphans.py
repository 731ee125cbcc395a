"""What dead runs left behind: found by proof, ended, told.

What does not work: names and patterns hit strangers; process groups and sessions are left by any daemon; pids alone
mean somebody else by tomorrow. What we do: a process is a dead run's when its environment carries the token of one
(the caller knows which), when it carries the mark that a dead engine of this repository handed down (`marks.of`),
or when it sits in a leaf of one. It must be ours by user and pid namespace, must not be an ancestor of ours, and must
not have been spared (`daemons = "keep"`). It is held by a pidfd and looked at again before it gets a signal.
"""

import os

from gitseq.cage import leaves, marks
from gitseq.cage.spared import Spared
from gitseq.errors import Unkillable
from gitseq.host import clock, proctree, signals, tree
from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.host.cgroup import Leaf
    from gitseq.host.tree import Member

    Belongs = Callable[[dict[bytes, bytes], int], bool]
    """Whether a process with this initial environment and start time belongs to a run that is dead."""

_LOCKS_LINE = b"Max file locks"
_GRACE = 1.0
_PATIENCE = 10.0
_STEP = 0.005


class Reaped(Record):
    """A process that a dead run left."""

    pid: int
    command: bytes
    memory: int
    """Bytes resident when it was found."""
    proof: str
    """`token`, `mark` or `cgroup`."""
    ended: bool = True
    """False in a dry run."""


class _Found:
    """A process and why it is a dead run's."""

    __slots__ = ("command", "member", "proof")

    def __init__(self, member: "Member", proof: str, command: bytes) -> None:
        self.member = member
        self.proof = proof
        self.command = command


def reap_orphans(belongs: "Belongs", *, dry_run: bool = False, state_dir: bytes = b"") -> "list[Reaped]":
    """After this returns, no process that a dead run left is alive (with `dry_run`: they are only listed).

    TERM, one second, KILL; round after round, for they may fork meanwhile. Also removes the leaves of dead runs.
    Never touches another user's process, an ancestor of ours, or what belongs to a live run. Raises Unkillable.
    """
    dead_leaves = leaves.of_the_dead(state_dir) if state_dir else []
    reaped: dict[tuple[int, int], Reaped] = {}
    give_up = clock.monotonic() + _PATIENCE
    grace = _GRACE
    while found := _find(belongs, state_dir, dead_leaves, strike=not dry_run and not grace):
        reaped.update({(item.member.pid, item.member.start): _told(item, ended=not dry_run) for item in found})
        if dry_run:
            break
        if clock.monotonic() >= give_up:
            raise Unkillable(_stuck(found), hint="`gitseq reap` tries again")
        for leaf in dead_leaves:
            leaf.thaw()
        _end([item.member for item in found], grace)
        grace = 0.0
    if not dry_run:
        for leaf in dead_leaves:
            leaves.discard(leaf, state_dir)
    return list(reaped.values())


def _find(belongs: "Belongs", state_dir: bytes, dead_leaves: "list[Leaf]", *, strike: bool) -> "list[_Found]":
    """All that dead runs left. With `strike` each is killed when it is found, not after the last one is.

    Who forks and ends every moment would be gone by then.
    """
    inside = {pid for leaf in dead_leaves for pid in leaf.pids()}
    untouchable = {os.getpid(), *(process.pid for process in proctree.ancestors())}
    place, spared = _place(state_dir), Spared(state_dir)
    found = []
    for member in tree.everyone():
        if not member.alive or member.pid in untouchable or tree.owner(member.pid) != os.geteuid():
            continue
        proof = "cgroup" if member.pid in inside else _proof(member, belongs, place)
        if proof and not spared.has(member):
            found.append(_Found(member, proof, tree.command_line(member.pid)))
            if strike:
                tree.send(member, signals.SIGKILL)
    return found


def _place(state_dir: bytes) -> int:
    """The repository in marks; -1, which is in none, before its first run."""
    try:
        return marks.place_of(state_dir)
    except OSError:
        return -1


def _proof(member: "Member", belongs: "Belongs", place: int) -> str:
    """Why a process is a dead run's, or ''."""
    if belongs(proctree.initial_environment(member.pid) or {}, member.start):
        return "token"
    return "mark" if place >= 0 and _marked_by_the_dead(member.pid, place) else ""


def _marked_by_the_dead(pid: int, place: int) -> bool:
    mark = marks.read(_mark(pid))
    if mark is None or mark[0] != place or leaves.namespace(pid) != leaves.namespace():
        return False
    engine = tree.look(mark[2])
    return engine is None or engine.start & marks.START_MASK != mark[1]


def _mark(pid: int) -> int:
    for line in tree.read(b"/proc/%d/limits" % pid).split(b"\n"):
        if line.startswith(_LOCKS_LINE):
            soft = line[len(_LOCKS_LINE) :].split()[0]
            return int(soft) if soft.isdigit() else 0
    return 0


def _told(item: _Found, *, ended: bool) -> Reaped:
    member = item.member
    return Reaped(member.pid, item.command, member.resident, item.proof, ended)


def _end(members: "list[Member]", grace: float) -> None:
    if grace:
        tree.send_all(members, signals.SIGTERM)
        if _gone(members, grace):
            return
    for member in members:
        tree.send(member, signals.SIGSTOP)
    for member in members:
        tree.send(member, signals.SIGKILL)
    _gone(members, _GRACE)


def _gone(members: "list[Member]", patience: float) -> bool:
    """Wait until all have ended; they are nobody's children of ours, so no signal tells us."""
    until = clock.monotonic() + patience
    left = members
    while left:
        left = [member for member in left if _still(member)]
        if left and clock.monotonic() >= until:
            return False
        if left:
            clock.pause(_STEP)
    return True


def _still(member: "Member") -> bool:
    now = tree.look(member.pid)
    return now is not None and now.start == member.start and now.alive


def _stuck(found: "list[_Found]") -> str:
    names = ", ".join(f"PID {item.member.pid}" for item in found[:10])
    return f"{len(found)} left by a dead run would not die: {names}"
