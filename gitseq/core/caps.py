"""When to look at a hook's processes, when what is seen convicts, and how a kill is told. Values in, values out."""

from gitseq.core.units import format_duration, format_size
from gitseq.model import Record

FASTEST = 1e9
"""Bytes a second that an allocator is assumed to take; faster ones overshoot more."""
TOLERANCE = 1.1
"""How far beyond its cap a tree may get before it is seen."""
SOONEST, LATEST, LATEST_COSTLY = 0.002, 0.1, 2.0
"""Seconds between two looks; a costly look is made less often."""
_CALM = 50e6
"""Bytes a second below which a tree counts as not growing."""
_CALM_COST, _NEAR_COST, _GROWING_COST = 150, 25, 4
"""A look is repeated after so many times its own cost: 0.7 %, 4 %, 20 % of one core."""
_STALE = 10
"""A slow measurement is repeated after so many times its own cost, unless the tolerance is at stake."""


class Reading(Record):
    """One look at a tree."""

    at: float
    """Seconds on the monotonic clock."""
    memory: int
    """Bytes; never less than what is really used, often more."""
    count: int
    """Living processes."""
    cost: float
    """Seconds of processor time the look took."""


class Held(Record):
    """A process and what it holds."""

    pid: int
    command: bytes
    memory: int
    """Bytes."""


class Hit(Record):
    """A cap that a tree ran into."""

    cap: str
    """`timeout`, `run_timeout`, `memory` or `processes`."""
    limit: float
    """Seconds, bytes or processes."""
    peak: float
    """The most that was seen of it, in the same unit."""
    count: int = 0
    """Processes in the tree at that moment."""
    largest: "Held | None" = None
    by_kernel: int = 0
    """Processes the kernel ended at the memory cap."""
    refused: int = 0
    """Processes the kernel refused to start."""
    ended: int = 0
    """Processes we ended."""


def next_look(before: "Reading | None", now: Reading, memory: "int | None", processes: "int | None") -> float:
    """Seconds until the next look.

    Early enough that an allocator of 1 GB/s is seen before 110 % of the memory cap, and one that was seen growing
    before the cap; for a calm tree seldom enough to take less than 1 % of a core.
    """
    elapsed = now.at - before.at if before is not None else 0.0
    growth = (now.memory - before.memory) / elapsed if before is not None and elapsed > 0 else 0.0
    births = (now.count - before.count) / elapsed if before is not None and elapsed > 0 else 0.0
    due, costs = LATEST, _CALM_COST
    if memory is not None:
        due = min(due, max(0.0, memory * TOLERANCE - now.memory) / FASTEST)
        if growth > _CALM:
            due = min(due, max(0, memory - now.memory) / growth / 2)
            costs = _GROWING_COST
        elif now.memory * 2 > memory:
            costs = _NEAR_COST
    if processes is not None and births > processes / 10:
        due = min(due, max(0, processes - now.count) / births / 2)
        costs = _GROWING_COST
    return max(SOONEST, due, min(costs * now.cost, LATEST_COSTLY))


class Measured(Record):
    """What a tree really used at some moment (shared pages once), and how its processes looked then."""

    at: float
    used: int
    cost: float
    """Seconds of processor time the measurement took."""
    seen: "dict[tuple[int, int], tuple[int, int]]"
    """(pid, start) -> (resident bytes, minor faults)."""


def upper_bound(base: "Measured | None", seen: "dict[tuple[int, int], tuple[int, int]]", page: int) -> int:
    """The most that a tree can use, from resident sizes and faults alone.

    Summed resident sizes count a page once for each process that shares it. After a measurement the bound is what
    was measured and what came since: growth of residence, and a page for each minor fault, because copying a shared
    page after fork does not show in any resident size.
    """
    resident = sum(size for size, _faults in seen.values())
    if base is None:
        return resident
    grown = 0
    for process, (size, faults) in seen.items():
        was, had = base.seen.get(process, (0, 0))
        grown += max(0, size - was) + max(0, faults - had) * page
    return min(resident, base.used + grown)


def worth_measuring(bound: int, threshold: int, base: "Measured | None", now: float) -> bool:
    """Whether the bound raises enough suspicion for the slow measurement that can convict or acquit."""
    if bound < threshold:
        return False
    if base is None or now - base.at >= base.cost * _STALE:
        return True
    return bound >= threshold * TOLERANCE


def worsens(hit: Hit, now: Reading) -> bool:
    """Whether a tree that was asked to end goes on growing instead, so that it gets no more grace."""
    if hit.cap == "memory":
        return now.memory > max(hit.peak, hit.limit) * 1.1
    return hit.cap == "processes" and now.count > hit.peak


def lines(hit: Hit, hook: str) -> "list[str]":
    """What a person is told: cap and peak, the largest process, what was done, and how to raise the cap."""
    told = [_headline(hit)]
    if hit.largest is not None:
        told[0] += "; " + _most_held(hit.largest)
    return [*told, _raise_it(hit, hook)]


def _headline(hit: Hit) -> str:
    ended = f"{_processes(hit.ended)} killed"
    if hit.cap == "timeout":
        return f"timeout: ran longer than {format_duration(hit.limit)}, {ended}"
    if hit.cap == "run_timeout":
        return f"timeout: the time of the whole run ended {format_duration(hit.peak)} into this hook, {ended}"
    if hit.cap == "processes":
        if hit.refused:
            return f"failed: process cap {hit.limit:.0f} was hit {hit.refused} times"
        return f"killed: {hit.peak:.0f} processes > cap {hit.limit:.0f}"
    used, cap = format_size(round(hit.peak)), format_size(round(hit.limit))
    if not hit.by_kernel:
        return f"killed: tree used {used} > cap {cap} ({_processes(hit.count)})"
    if hit.ended:
        return f"killed: tree reached the memory cap {cap} (kernel, used {used} in {_processes(hit.count)})"
    return f"failed: the kernel killed {_processes(hit.by_kernel)} of it at the memory cap {cap}"


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


def _most_held(held: Held) -> str:
    command = printable(held.command)
    return f"most held by PID {held.pid} ({format_size(held.memory)}) '{command}'"


def printable(command: bytes, most: int = 200) -> str:
    """A command line on one line of bounded length; odd bytes are shown escaped."""
    text = command.decode("utf-8", "backslashreplace")
    text = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
    return text if len(text) <= most else text[: most - 3] + "..."


def _raise_it(hit: Hit, hook: str) -> str:
    if hit.cap == "run_timeout":
        return 'to allow more: `run_timeout = "..."` in [limits]'
    return f'to allow more: `{_setting(hit)}` in the table of hook "{hook}"'


def _setting(hit: Hit) -> str:
    """The key with about twice the present value, in whole units."""
    if hit.cap == "processes":
        return f"processes = {round(hit.limit * 2)}"
    if hit.cap == "timeout":
        return f'timeout = "{format_duration(max(1.0, float(round(hit.limit * 2)))).replace(" ", "")}"'
    need = max(hit.peak, hit.limit) * 2
    unit, scale = ("GiB", 1 << 30) if need >= 1 << 30 else ("MiB", 1 << 20)
    return f'memory = "{-(-round(need) // scale)}{unit}"'
