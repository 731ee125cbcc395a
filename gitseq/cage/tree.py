"""The processes of one hook: found, asked, stopped, ended, proven gone.

While the engine lives the list is complete: it adopts every descendant that loses its parent, so whatever
double-forks, leaves its session or clears its environment is still below us. A process is never ended by a bare
number: it is our own child, or is held by a pidfd and compared by start time.
"""

import os

from gitseq.core.caps import Held
from gitseq.errors import Unkillable
from gitseq.host import clock, procs, tree
from gitseq.host.signals import SIGCONT, SIGKILL, SIGSTOP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gitseq.host.cgroup import Leaf
    from gitseq.host.tree import Member

_ROUND = 0.002
"""Seconds between two rounds of killing at first; doubled up to `_LONGEST_ROUND`."""
_LONGEST_ROUND = 0.1
_ROUNDS = 20
"""Walks until a tree that forks is taken to be complete."""
_spared_sessions: "set[int]" = set()
"""Sessions of processes that were left alone on purpose, so that what they start is not taken for the next hook's."""


class Tree:
    """Everything below us but what was there before the hook."""

    def __init__(self, leader: int, known: "set[int]") -> None:
        self.leader = leader
        self.leaf: "Leaf | None" = None
        self.cpu = 0.0
        """Seconds used by processes that we buried, the leader excepted."""
        self._known = known
        self._ours: "dict[tuple[int, int], Member]" = {}
        """What we have stopped."""

    def bury(self) -> None:
        """Reap ended processes that were left to us; the leader stays, so that its pid stays its own."""
        for pid in self._adopted():
            try:
                ended = procs.reap(pid)
            except ChildProcessError:
                continue
            if ended is not None:
                self.cpu += procs.seconds_of(ended[1])

    def _adopted(self) -> "list[int]":
        """Children of ours that the hook left to us, dead or alive, without what belongs to spared ones."""
        adopted = [pid for pid in procs.children() if pid != self.leader and pid not in self._known]
        if _spared_sessions:
            self._known.update(
                member.pid for member in map(tree.look, adopted) if member is not None and _spared(member)
            )
        return [pid for pid in adopted if pid not in self._known]

    def alive(self) -> "list[Member]":
        """The living processes of the hook, parents before children, as far as one walk sees them.

        One that forks and ends meanwhile can hide its child from the walk; only `is_gone` proves that none is left.
        """
        found = [member for member in tree.walk([self.leader, *self._adopted()]) if member.alive]
        if self.leaf is not None:
            walked = {member.pid for member in found}
            strangers = [tree.look(pid) for pid in self.leaf.pids() if pid not in walked]
            found += [member for member in strangers if member is not None and member.alive]
        return [member for member in found if not _spared(member)]

    def is_gone(self) -> bool:
        """Whether nothing of the hook is left but the leader as a zombie.

        Every living descendant hangs below a child of ours, and a child's children become ours before it is a zombie.
        So once the leader is one, and the other zombies are buried, an empty list of children is the proof.
        """
        if not procs.has_ended(self.leader):
            return False
        self.bury()
        return not self._adopted()

    def ask(self, signum: int) -> int:
        """Send a signal to all of them, waking the stopped; how many there were."""
        members = self.alive()
        tree.send_all(members, signum)
        self.resume()
        if not procs.adopt_orphans():  # without adoption the list may lack some; their group reaches a few more
            procs.signal_group(self.leader, signum)
        return len(members)

    def stop(self) -> "list[Member]":
        """Suspend all of them, so that they can be measured without growing; undone by `resume`."""
        members: list[Member] = []
        for _round in range(_ROUNDS):
            members = self.alive()
            running = [m for m in members if m.state not in b"Tt" and (m.pid, m.start) not in self._ours]
            if not running:
                break
            for member in running:
                if tree.send(member, SIGSTOP):
                    self._ours[member.pid, member.start] = member
        return members

    def resume(self) -> None:
        """Let go on what `stop` suspended; what was stopped before stays so."""
        for member in self._ours.values():
            tree.send(member, SIGCONT)
        self._ours.clear()

    def end(self, pause: "Callable[[float], None]", patience: float) -> int:
        """After this returns, nothing of the hook is left but the leader as a zombie; how many were ended.

        Stop all, kill all, bury, look again: a tree that forks meanwhile shrinks with every round, since who is
        stopped has no children. Raises Unkillable after `patience` seconds, naming who is left.
        """
        give_up = clock.monotonic() + patience
        wait = _ROUND
        ended: set[tuple[int, int]] = set()
        while not self.is_gone():
            members = self.alive()
            if clock.monotonic() >= give_up:
                raise Unkillable(*_stuck(members))
            ended.update((member.pid, member.start) for member in members)
            self._kill(members)
            pause(wait)
            wait = min(wait * 2, _LONGEST_ROUND) if len(members) == len(self.alive()) else _ROUND
        return len(ended)

    def _kill(self, members: "list[Member]") -> None:
        if self.leaf is not None:
            self.leaf.freeze()
        try:
            if len(members) > 1:
                for member in members:
                    tree.send(member, SIGSTOP)
            for member in members:
                tree.send(member, SIGKILL)
        finally:
            if self.leaf is not None:
                self.leaf.thaw()
        if not procs.adopt_orphans():
            procs.signal_group(self.leader, SIGKILL)

    def spare(self, members: "Iterable[Member]") -> None:
        """Leave these alone from now on, and what they will start."""
        for member in members:
            self._known.add(member.pid)
            if member.session not in (os.getsid(0), 0):
                _spared_sessions.add(member.session)
            if self.leaf is not None:
                self.leaf.release(member)


def _spared(member: "Member") -> bool:
    return member.session in _spared_sessions


def describe(members: "Iterable[Member]") -> "tuple[Held, ...]":
    """Who they are and what they hold."""
    return tuple(Held(member.pid, tree.command_line(member.pid), member.resident) for member in members)


def _stuck(members: "list[Member]") -> "tuple[str, ...]":
    return (
        f"{len(members)} process{'es' * (len(members) > 1)} would not die: "
        + ", ".join(_name(member) for member in members[:10]),
    )


def _name(member: "Member") -> str:
    command = tree.command_line(member.pid).decode("utf-8", "backslashreplace")[:100]
    foreign = "" if tree.owner(member.pid) == os.geteuid() else ", another user's"
    return f"PID {member.pid} '{command}' (state {member.state.decode()}{foreign})"
