"""The queue's decisions: whose turn it is, who really holds a lease, who is nested, which waits close a circle.

Facts come in as values; nothing here asks the kernel.
"""

from gitseq.model import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TICKET_PREFIX = "t."
DEPTH_LIMIT = 16
"""How many runs may be nested in one another before we call it a recursion without end."""

# What the facts say about a lease record. A record that is IN_FORCE or ORPHANED still keeps everybody else out.
IN_FORCE = "in force"
ORPHANED = "orphaned"
"""Its owner lives, but the queue directory was removed or replaced under it."""
DEAD = "dead"
REBOOTED = "from before a restart"
COPIED = "copied"
"""It came along when the repository was copied; its owner works in the original."""
ELSEWHERE = "held elsewhere"
"""The lock is held, and the record speaks of a machine or a container whose processes we cannot see."""


# --- who ---------------------------------------------------------------------------------------


class Owner(Record):
    """One process, told apart from every other that ever had its pid."""

    pid: int
    start: int
    """Clock ticks after boot; 0 when unknown."""
    boot: str
    host: str
    pid_ns: str
    uid: int


class LeaseRecord(Record):
    """Who may execute now. On disk as `lease.json`."""

    nonce: str
    """Random; the secret of the token, and the name of the run in the environment of all it starts."""
    owner: Owner
    what: str
    """The stage or the command, as a person reads it."""
    worktree: bytes
    since: float
    """Wall clock, seconds."""
    since_boot: float
    """The same moment on the clock of process start times."""
    depth: int
    scope: str
    place: "tuple[int, int, int]"
    """Device and inode of the state directory, inode of the lock file."""
    ticket: int
    unsettled: "tuple[str, ...]" = ()
    """Nonces of dead runs whose processes nobody has proven gone yet."""


class Facts(Record):
    """What the kernel says, to compare a record with."""

    lock_held: bool
    place: "tuple[int, int, int]"
    boot: str
    host: str
    pid_ns: str
    start_now: int
    """Start time of the process that has the record's pid now; 0 when there is none, or it is a zombie."""


def judge(lease: LeaseRecord, facts: Facts) -> str:
    """What a lease record is worth. A pid alone never counts: pids are recycled, and records are copied."""
    owner = lease.owner
    if lease.place[:2] != facts.place[:2]:
        return COPIED
    if (owner.host, owner.pid_ns) != (facts.host, facts.pid_ns):
        return ELSEWHERE if facts.lock_held else DEAD
    if owner.boot != facts.boot:
        return REBOOTED
    if owner.start != facts.start_now:
        return DEAD
    if lease.place[2] != facts.place[2]:
        return ORPHANED
    return IN_FORCE if facts.lock_held else DEAD


# --- in which order ----------------------------------------------------------------------------


def ticket_number(name: str) -> int:
    """The number in a ticket's file name, or 0 for any other file."""
    digits = name[len(TICKET_PREFIX) :]
    return int(digits) if name.startswith(TICKET_PREFIX) and digits.isascii() and digits.isdigit() else 0


def tickets(names: "Iterable[str]") -> "list[int]":
    """The ticket numbers in a listing of the queue directory, first in line first."""
    return sorted(number for number in map(ticket_number, names) if number)


GATE_WIDTH = 20


def gate_text(number: int) -> bytes:
    """The gate's content. Its width is fixed, so that a cut-off number is seen to be one."""
    return b"%0*d\n" % (GATE_WIDTH, number)


def next_ticket(gate: bytes, numbers: "list[int]") -> int:
    """One more than the highest number ever given; with a torn gate, than the highest that still stands."""
    whole = len(gate) == GATE_WIDTH + 1 and gate.endswith(b"\n") and gate[:-1].isdigit()
    return max(int(gate) if whole else 0, numbers[-1] if numbers else 0) + 1


def predecessor(numbers: "list[int]", mine: int) -> int:
    """The ticket to wait for: the highest below ours; 0 when we are first."""
    return max((number for number in numbers if number < mine), default=0)


def position(numbers: "list[int]", mine: int, holding: int) -> "tuple[int, int]":
    """(place in line, length of the line): 1 is next. The holder's own ticket does not count."""
    waiting = [number for number in numbers if number != holding or number == mine]
    return sum(number <= mine for number in waiting), len(waiting)


# --- nesting -----------------------------------------------------------------------------------


class Held(Record):
    """One lease that the environment says we run inside of."""

    nonce: str
    depth: int
    state_dir: bytes


_PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-"


def token_text(held: "Iterable[Held]") -> bytes:
    """`NONCE,DEPTH,PLACE[:NONCE,DEPTH,PLACE...]`, outermost first; a place is a path, percent-encoded."""
    return b":".join(b"%s,%d,%s" % (one.nonce.encode(), one.depth, _quoted(one.state_dir)) for one in held)


def _quoted(path: bytes) -> bytes:
    if not path.translate(None, _PLAIN):
        return path
    return b"".join(bytes((byte,)) if byte in _PLAIN else b"%%%02X" % byte for byte in path)


def parse_token(text: bytes) -> "tuple[Held, ...]":
    """The leases a token speaks of; () for anything that is not a whole token. It proves nothing by itself."""
    try:
        return tuple(_parse_held(part) for part in text.split(b":")) if text else ()
    except ValueError:
        return ()


def _parse_held(part: bytes) -> Held:
    nonce, depth, place = part.split(b",")
    if not nonce.isalnum() or not depth.isdigit() or len(depth) > 4:
        raise ValueError(part)
    first, *rest = place.split(b"%")
    path = first + b"".join(bytes.fromhex(piece[:2].decode("ascii")) + piece[2:] for piece in rest)
    if not path.startswith(b"/"):
        raise ValueError(part)
    return Held(nonce.decode("ascii"), int(depth), path)


def runs_inside(lease: LeaseRecord, lineage: "list[tuple[int, int]]", ticks_per_second: int) -> bool:
    """Whether the process whose (pid, start) come first in `lineage` was started by the lease's owner, under it.

    `lineage` goes from ourselves up. The owner must be in it, and the one right below the owner must not be older
    than the lease: a long-lived program that takes a lease has not thereby started its older children inside it.
    The start is rounded down to a tick, so the lease's moment is, too.
    """
    owner = (lease.owner.pid, lease.owner.start)
    if owner not in lineage[1:]:
        return False
    _pid, started = lineage[lineage.index(owner) - 1]
    return started >= int(lease.since_boot * ticks_per_second)


# --- circles -----------------------------------------------------------------------------------


class Wait(Record):
    """A process inside a lease of one place waits for its turn in another."""

    inside: bytes
    """State directory of the lease it runs inside of."""
    target: bytes
    """State directory of the queue it stands in."""
    owner: Owner
    what: str
    since_boot: float


def circle(mine: Wait, waits: "Mapping[bytes, tuple[Wait, ...]]") -> "tuple[Wait, ...]":
    """The waits that lead from our target back to the place we run inside of, ours first; () when none do.

    `waits` names, for each place, those made from inside the lease in force there.
    """
    seen = {mine.target}
    paths: list[tuple[Wait, ...]] = [(mine,)]
    while paths:
        path = paths.pop(0)
        for wait in waits.get(path[-1].target, ()):
            if wait.target == mine.inside:
                return (*path, wait)
            if wait.target not in seen:
                seen.add(wait.target)
                paths.append((*path, wait))
    return ()


def closes(mine: Wait, waits_in_circle: "tuple[Wait, ...]") -> bool:
    """Whether ours is the wait that closed the circle: the latest. So of all that see it, one gives way."""
    return max(waits_in_circle, key=lambda wait: (wait.since_boot, wait.owner.pid)) == mine


# --- what is told ------------------------------------------------------------------------------


class Holder(Record):
    """Who holds the lease."""

    pid: int
    """0 when only the kernel's lock says that somebody holds it."""
    what: str
    worktree: bytes
    since: float
    """Wall clock."""
    host: str
    standing: str
    """What `judge` said, or '' when there is no record to judge."""
    nonce: str = ""


class Waiter(Record):
    """One ticket in line."""

    position: int
    pid: int
    """0 when its ticket says nothing, or may not be read."""
    what: str
    worktree: bytes
    since: float
    """Wall clock; 0 when unknown."""


class Waiting(Record):
    """What a waiter may tell while it waits."""

    holder: "Holder | None"
    """None in the moment between one holder and the next."""
    position: int
    """0 before a ticket is drawn: somebody is stopped at the gate."""
    total: int
    waited: float
    """Seconds."""


class QueueState(Record):
    """A look at one queue."""

    scope: str
    holder: "Holder | None"
    waiters: "tuple[Waiter, ...]"


def shown(path: bytes) -> str:
    """A path as text; what is not UTF-8 is shown escaped."""
    return path.decode("utf-8", "backslashreplace")


def describe(holder: "Holder | None", now: float) -> str:
    """One clause that says who holds the lease: `pid 123 has been running pre-commit for 12 s in /path`."""
    if holder is None:
        return "nobody yet: the turn is being handed over"
    if not holder.pid:
        return "another program holds the lock file"
    from gitseq.core import units  # only who waits needs words

    where = f" in {shown(holder.worktree)}" if holder.worktree else ""
    far = f" on {holder.host}" if holder.standing == ELSEWHERE else ""
    elapsed = units.format_duration(max(0.0, now - holder.since))
    return f"pid {holder.pid}{far} has been running {holder.what} for {elapsed}{where}"


def describe_wait(waiting: Waiting, now: float) -> str:
    """`position 3 of 7; pid 123 has been running pre-commit for 12 s in /path`."""
    place = f"position {waiting.position} of {waiting.total}" if waiting.position else "not in line yet"
    return f"{place}; {describe(waiting.holder, now)}"


def describe_circle(waits: "tuple[Wait, ...]") -> str:
    """One line per wait of a circle."""
    return "\n".join(
        f"pid {wait.owner.pid} ({wait.what}), inside the lease of {shown(wait.inside)}, waits for {shown(wait.target)}"
        for wait in waits
    )
