"""Steering a run from outside: asking the engine that holds the lease to stop.

Nothing of a run is ended behind its engine's back: it is the engine that ends the hook with all it started, puts
unstaged work back and gives the turn to the next. TERM and not INT, because background jobs of a shell ignore INT and
`gitseq exec` leaves it to its command. The first asks, the second does not wait for the grace to end.
"""

from gitseq.host import clock, tree
from gitseq.host.signals import SIGCONT, SIGTERM
from gitseq.queue import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.core.queueing import Holder
    from gitseq.host.tree import Member
    from gitseq.queue.places import Place

_BETWEEN = 0.1
"""Seconds between two signals: sent at once, the kernel would make one of them."""


def cancel(place: "Place", holder: "Holder") -> str:
    """Ask the holder of a lease to stop; why that was not done, or ''."""
    engine = _engine(place, holder)
    if engine is None:
        return "it has ended already"
    if not tree.send(engine, SIGTERM):
        return "it is another user's, and may not be signalled"
    tree.send(engine, SIGCONT)  # who is stopped acts on nothing else
    return ""


def kill(place: "Place", holder: "Holder") -> str:
    """Have the hook ended at once, without the grace it would get to end by itself; why that was not done, or ''."""
    refused = cancel(place, holder)
    if refused:
        return refused
    clock.pause(_BETWEEN)
    engine = _engine(place, holder)
    if engine is not None:
        tree.send(engine, SIGTERM)
    return ""


def _engine(place: "Place", holder: "Holder") -> "Member | None":
    """The process that holds this very lease, by proof: the record is in force, and pid and start time are its own."""
    finding = record.examine(place)
    if finding.lease is None or not finding.in_force or finding.lease.nonce != holder.nonce:
        return None
    owner = finding.lease.owner
    engine = tree.look(owner.pid)
    return engine if engine is not None and engine.start == owner.start else None
