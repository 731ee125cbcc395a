"""Standing in line: asleep in the kernel, awake now and then to see whether there is still a reason to stand."""

import math
import os

from gitseq.core import jsonline, queueing, units
from gitseq.core.queueing import Waiting
from gitseq.errors import GaveUp, Interrupted, Refused
from gitseq.host import clock, locks
from gitseq.queue import lease as leases
from gitseq.queue import nesting, places, record, state, tickets
from gitseq.queue.circles import Notes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.core.queueing import Held
    from gitseq.host.locks import Alarm
    from gitseq.queue.lease import Claim, Lease, Patience
    from gitseq.queue.places import Place
    from gitseq.queue.tickets import Ticket

    Take = Callable[[Place, Alarm | None], Ticket | None]

_PULSE = 5.0  # seconds between two looks at whether there is still a reason to stand here ...
_NESTED_PULSE = 1.0  # ... and whether the line ahead has closed a circle
_NO_WAIT = 0.02  # somebody's mere look at the queue holds a lock for microseconds: try for this long before we believe
_ORPHAN_POLL = 0.05
_DRAWN = 1.0  # seconds in which anybody has drawn a ticket, unless somebody is stopped at the gate


def acquire(
    place: "Place", claim: "Claim", patience: "Patience", ticket: "Ticket | None", take: "Take" = tickets.take
) -> "Lease":
    """As `turn.acquire`, once it is known that we must wait. When this raises, or dies, we stand nowhere."""
    line = _Line(place, claim, patience, ticket, take)
    try:
        line.begin()
        with locks.Alarm(line.pulse()) as alarm:
            lease = line.stand(alarm)
        if alarm.received:  # came when the turn had come as well: whoever asked us to stop must not be ignored
            lease.release()
            raise Interrupted(alarm.received[0])
        return lease
    except BaseException:
        line.leave()
        raise
    finally:
        line.tear_notes()


class _Line:
    """One wait, from the ticket to the lease."""

    def __init__(
        self, place: "Place", claim: "Claim", patience: "Patience", ticket: "Ticket | None", take: "Take"
    ) -> None:
        self._place = place
        self._claim = claim
        self._on_wait = patience.on_wait
        self._tick = patience.tick
        self._limit = max(patience.limit, _NO_WAIT)
        self._ticket = ticket
        self._take = take
        self._since = clock.wall()
        self._started = clock.monotonic()
        self._next_tell = self._started
        self._outer: "tuple[Held, ...]" = ()
        self._notes: "Notes | None" = None

    def begin(self) -> None:
        """Find out what we run inside of, and sign. Raises Refused when that is too deep to be meant."""
        self._outer = nesting.surrounding(self._claim.env)
        nesting.next_depth(self._outer)
        if self._ticket is not None:
            self._sign(self._ticket)

    def pulse(self) -> float:
        """How often to wake up: such that the last time is the moment patience ends."""
        pulse = _NESTED_PULSE if self._outer else _PULSE
        if self._on_wait is not None:
            pulse = min(pulse, self._tick)
        return pulse if self._limit == units.FOREVER else self._limit / math.ceil(self._limit / pulse)

    def stand(self, alarm: "Alarm") -> "Lease":
        """Wait for our turn."""
        if self._outer:
            self._notes = Notes(self._outer, self._place, self._claim.what)
        while True:
            self._look_up(alarm)
            lease = self._step(alarm)
            if lease is not None:
                lease.waited = clock.monotonic() - self._started
                return lease

    def leave(self) -> None:
        """Give up our place in line."""
        if self._ticket is not None:
            self._ticket.leave()

    def tear_notes(self) -> None:
        """We no longer wait."""
        if self._notes is not None:
            self._notes.tear()

    # --- one step forward ---

    def _step(self, alarm: "Alarm") -> "Lease | None":
        """Sleep until something changed or a pulse passed; the lease when it is ours."""
        if self._ticket is None:
            self._ticket = self._take(self._place, alarm)
            if self._ticket is not None:
                self._sign(self._ticket)
            return None
        blocker = self._ticket.blocker()
        if blocker >= 0:
            _sleep_behind(blocker, self._ticket, alarm)
            return None
        if not self._ticket.try_lock() and not self._ticket.wait(self._ticket.lock_fd, alarm):
            return None
        return self._grant(self._ticket)

    def _grant(self, ticket: "Ticket") -> "Lease | None":
        self._require_caller()
        lease = leases.grant(ticket, self._claim, self._outer)
        if lease is None and not self._renew(ticket):
            clock.pause(_ORPHAN_POLL)  # the owner before lives on under a lock without a name: only its record tells
        return lease

    def _renew(self, ticket: "Ticket") -> bool:
        """If our place in line was removed by hand, give it up to line up anew; whether it was."""
        if ticket.stands():
            return False
        ticket.leave()
        self._ticket = None
        return True

    def _sign(self, ticket: "Ticket") -> None:
        """Tell others who stands here; an owner that never waits never gets here."""
        claim = self._claim
        words = {
            **record.owner_fields(record.myself()),
            "what": claim.what,
            "worktree": claim.worktree,
            "since": self._since,
            "inside": tuple(held.state_dir for held in self._outer),
        }
        try:
            ticket.write(jsonline.encode(words))
        except OSError as error:
            raise places.unusable(self._place, error) from None

    # --- is there still a reason to stand here? ---

    def _look_up(self, alarm: "Alarm") -> None:
        if alarm.received:
            raise Interrupted(alarm.received[0])
        self._require_caller()
        if self._notes is not None:
            self._notes.check()
        now = clock.monotonic()
        if now - self._started >= self._limit:
            self._give_up()
        drawn = self._ticket is not None or now - self._started >= _DRAWN
        if drawn and self._on_wait is not None and now >= self._next_tell:
            self._next_tell = now + self._tick
            self._on_wait(self._waiting())
        if self._ticket is not None:
            self._renew(self._ticket)

    def _require_caller(self) -> None:
        if self._claim.caller_gone is not None and self._claim.caller_gone():
            raise Refused(
                "the git that started this run is gone",
                why="It ended while we waited for our turn, so nobody waits for an answer.",
                kept="Nothing was run and nothing was changed.",
            )

    def _waiting(self) -> Waiting:
        holder, holding = state.holder_and_ticket(self._place)
        waited = clock.monotonic() - self._started
        if self._ticket is None:
            return Waiting(holder, 0, 0, waited)
        place, total = queueing.position(self._ticket.numbers(), self._ticket.number, holding)
        return Waiting(holder, place, total, waited)

    def _give_up(self) -> None:
        waiting = self._waiting()
        raise GaveUp(
            f"gave up waiting after {units.format_duration(waiting.waited)}"
            if self._limit != _NO_WAIT
            else "not our turn",
            why=queueing.describe_wait(waiting, clock.wall()),
            kept="Nothing was run and nothing was changed.",
            hint="To see who is there: gitseq status. To wait longer: --wait 10m, or GITSEQ_WAIT=10m.",
        )


def _sleep_behind(blocker: int, ticket: "Ticket", alarm: "Alarm") -> None:
    """Until the one before us has left or died, or a pulse passed: whether we are first is for the next step to see.

    Never on the same descriptor again without a look: a lock that its owner has given back may be in the hands of
    somebody who only looks, and is stopped there.
    """
    try:
        ticket.wait(blocker, alarm)
    finally:
        os.close(blocker)
