"""Watching what a hook's processes use: as seldom as possible, as exactly as needed.

What does not work: summed resident sizes count shared pages once for each sharer, so 300 MB shared by eight forks
look like 2.7 GB; proportional sizes are right but cost 0.2 s for each GiB; entering a control group waits for
every processor of the machine (5 to 15 ms), longer than most hooks run.

What we do: nothing for 20 ms, then resident sizes as an upper bound; at 50 ms, where the kernel offers it, the tree
moves into a leaf of its own and the kernel enforces; who passes the cap is stopped, measured, and only then convicted.
"""

from gitseq.cage import tree as trees
from gitseq.core import caps
from gitseq.core.caps import Held, Hit, Measured, Reading
from gitseq.host import clock, tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.host.tree import Member
    from gitseq.model import Limits

FIRST_LOOK = 0.02
"""Seconds after the start; most hooks have ended by then and cost nothing."""
ADMISSION = 0.05
"""Seconds after the start at which a control group is worth its price."""
_PASSES = 20


class Gauge:
    """What one tree uses, and used at most."""

    def __init__(self, tree_: "trees.Tree", limits: "Limits", state_dir: bytes, started: float) -> None:
        self.tree = tree_
        self.limits = limits
        self.rung = "polling"
        self.peak = 0
        self.processes = 1
        self.next_at = started + FIRST_LOOK
        self.reading: "Reading | None" = None
        self._state_dir = state_dir
        self._admit_at = started + ADMISSION if state_dir else 0.0
        self._uncharged = 0
        self._base: "Measured | None" = None
        self._largest: "Held | None" = None
        self._told_half = limits.memory is None

    def look(self, on_half: "Callable[[int, int], None] | None") -> "Hit | None":
        """Look once, set when to look next, and say which cap was passed."""
        now = clock.monotonic()
        self.tree.bury()
        if self._admit_at and now >= self._admit_at:
            self._admit_at = 0.0
            self._admit()
        before, reading = self.reading, self._read(now)
        self.reading = reading
        hit = self._judge(reading, on_half)
        self.next_at = clock.monotonic() + caps.next_look(before, reading, self.limits.memory, self.limits.processes)
        if self._admit_at:
            self.next_at = min(self.next_at, self._admit_at)
        return hit

    def _read(self, now: float) -> Reading:
        leaf = self.tree.leaf
        began = clock.processor()
        if leaf is None:
            members = self.tree.alive()
            bound, count = caps.upper_bound(self._base, _seen(members), tree.PAGE), len(members)
        else:
            members = []
            bound, count = leaf.used() + self._uncharged, len(leaf.pids())
        self.peak = max(self.peak, bound)
        self.processes = max(self.processes, count)
        if self._is_large(bound):
            self._note_largest(members or self.tree.alive())
        return Reading(now, bound, count, clock.processor() - began)

    def _is_large(self, used: int) -> bool:
        return self.limits.memory is not None and used * 2 >= self.limits.memory

    def _note_largest(self, members: "list[Member]") -> None:
        """The kernel may kill the largest before we look again; then this is all that is known of it."""
        largest = max(members, key=lambda member: member.resident, default=None)
        if largest is not None and (self._largest is None or largest.resident > self._largest.memory):
            self._largest = Held(largest.pid, tree.command_line(largest.pid), largest.resident)

    def _judge(self, now: Reading, on_half: "Callable[[int, int], None] | None") -> "Hit | None":
        limits = self.limits
        if limits.processes is not None and now.count > limits.processes:
            return Hit("processes", limits.processes, now.count, now.count, self._largest)
        hit = self.kernel_hit()
        if hit is not None or limits.memory is None:
            return hit
        if not self._told_half and self._convicts(now, limits.memory // 2, stop=False):
            self._told_half = True
            if on_half is not None:
                on_half(self._used(), limits.memory)
        if self._convicts(now, limits.memory, stop=True):
            return Hit("memory", limits.memory, self._used(), now.count, self._largest)
        return None

    def _used(self) -> int:
        return self._base.used if self._base is not None else self.peak

    def _convicts(self, now: Reading, threshold: int, *, stop: bool) -> bool:
        """Whether the tree really uses that much; measured only when the bound says it might."""
        if not caps.worth_measuring(now.memory, threshold, self._base, now.at):
            return False
        self._measure(threshold, stop=stop)
        if self._base is None or self._base.used < threshold:
            self.tree.resume()
            return False
        self.peak = max(self.peak if self.tree.leaf is not None else 0, self._base.used)
        return True

    def _measure(self, enough: int, *, stop: bool) -> None:
        """Count shared pages once; a verdict needs little more than `enough`. With `stop` the tree cannot grow."""
        began = clock.processor()
        members = self.tree.stop() if stop else self.tree.alive()
        seen = _seen(members)
        used = 0
        for member in sorted(members, key=lambda member: -member.resident):
            size = tree.proportional(member)
            used += size
            if self._largest is None or size > self._largest.memory:
                self._largest = Held(member.pid, tree.command_line(member.pid), size)
            if stop and used > enough * 2:
                break
        self._base = Measured(clock.monotonic(), used, clock.processor() - began, seen)

    def kernel_hit(self) -> "Hit | None":
        """What the kernel had to do to keep the tree within its leaf, if anything."""
        leaf, limits = self.tree.leaf, self.limits
        if leaf is None:
            return None
        killed, refused = leaf.killed_by_kernel(), leaf.refused()
        if killed and limits.memory is not None:
            self.peak = max(self.peak, leaf.most_used())
            return Hit("memory", limits.memory, leaf.most_used(), self.processes, self._largest, by_kernel=killed)
        if refused and limits.processes is not None:
            return Hit("processes", limits.processes, self.processes, self.processes, self._largest, refused=refused)
        return None

    def close(self) -> "tuple[int, str]":
        """Remove the leaf; the most memory that was used, in bytes, and who says so."""
        leaf = self.tree.leaf
        if leaf is None:
            return self.peak, "samples"
        most = leaf.most_used()
        exact = most and leaf.cached() * 20 < most  # a charge full of file caches says little about the hook
        self.tree.leaf = None
        from gitseq.cage import leaves

        leaves.discard(leaf, self._state_dir)
        return (max(self.peak, most), "kernel") if exact else (self.peak, "samples")

    def _admit(self) -> None:
        """Move the tree into a leaf of its own, if the kernel offers one; else nothing changes.

        Until a walk finds nobody outside, because a process that forks while it is moved leaves a child behind.
        """
        from gitseq.cage import leaves

        leaf = leaves.make(self._state_dir, self.limits)
        if leaf is None:
            return
        try:
            for _pass in range(_PASSES):
                inside = set(leaf.pids())
                outside = [member for member in self.tree.alive() if member.pid not in inside]
                if not outside:
                    break
                for member in outside:
                    leaf.admit(member)
                    self._uncharged += tree.unshared(member)  # too much if anything: some of it is charged by now
        except OSError:  # another user's process: it stays where it is, and we go on without
            for inside_now in filter(None, map(tree.look, leaf.pids())):
                leaf.release(inside_now)
            leaves.discard(leaf, self._state_dir)
            self._uncharged = 0
            return
        self.tree.leaf, self.rung = leaf, leaf.rung


def _seen(members: "list[Member]") -> "dict[tuple[int, int], tuple[int, int]]":
    return {(member.pid, member.start): (member.resident, member.faults) for member in members}
