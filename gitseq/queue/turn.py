"""Taking one's turn: at once when nobody is there, which is all that the hot path pays for, else by waiting."""

import os

from gitseq.host import locks
from gitseq.queue import lease, nesting, tickets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.core.queueing import Held
    from gitseq.queue.lease import Claim, Lease, Patience
    from gitseq.queue.places import Place


def acquire(place: "Place", claim: "Claim", patience: "Patience") -> "Lease":
    """The lease of a place, in order of arrival. When this raises, or dies, we stand in no queue.

    Raises GaveUp when patience ends, Interrupted after INT, TERM or HUP while waiting, Refused when the wait would
    close a circle or whoever called us is gone, EnvironmentProblem when the queue cannot be used. Ask
    `nesting.joined` first: a process that waits for its own ancestor waits for ever.
    """
    outer = nesting.surrounding(claim.env) if nesting.VARIABLE in claim.env else ()
    nesting.next_depth(outer)  # too deep is too deep also without standing in line first
    try:
        ticket, by_flock = tickets.take(place), True
    except locks.NotSupported:
        ticket, by_flock = None, False
    taken = _at_once(ticket, claim, outer) if ticket else None
    if taken is not None:
        return taken
    if by_flock:
        from gitseq.queue import waiting

        return waiting.acquire(place, claim, patience, ticket)
    from gitseq.queue import polling

    return polling.acquire(place, claim, patience)


def _at_once(ticket: "tickets.Ticket", claim: "Claim", outer: "tuple[Held, ...]") -> "Lease | None":
    """The lease, if nobody else is there."""
    try:
        blocker = ticket.blocker()
        if blocker >= 0:
            os.close(blocker)
            return None
        return lease.grant(ticket, claim, outer) if ticket.try_lock() else None
    except BaseException:
        ticket.leave()
        raise
