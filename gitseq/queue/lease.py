"""Holding the lease, from the moment the lock is ours until it is given back."""

import os

from gitseq.core import queueing
from gitseq.core.queueing import Held, LeaseRecord
from gitseq.host import clock
from gitseq.model import Record
from gitseq.queue import nesting, places, record, tickets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.core.queueing import Waiting
    from gitseq.host.env import Env
    from gitseq.queue.places import Place

_KEEP_UNSETTLED = 256  # dead runs in a row that nobody cleaned up after; older ones are forgotten


class Claim(Record):
    """Who wants the lease, and for what."""

    what: str
    """The stage or the command, as others will read it."""
    worktree: bytes
    env: "Env"
    """The environment we were started with: it may hold the token of a lease we run inside of."""
    caller_gone: "Callable[[], bool] | None" = None
    """Whether the git that called us is gone: then so is the reason to stand in line. Asked every few seconds,
    and before the lease is taken."""


class Patience(Record):
    """How long to wait, and whom to tell meanwhile."""

    limit: float = float("inf")
    """Seconds; 0: not at all."""
    on_wait: "Callable[[Waiting], None] | None" = None
    tick: float = 1.0
    """Seconds between two calls of `on_wait`."""


class Lease:
    """The exclusive right to execute, ours until `release` or death."""

    def __init__(self, ticket: "tickets.Ticket", lease: LeaseRecord, token: bytes) -> None:
        self.token = token
        """The value of GITSEQ_TOKEN for everything that is started under this lease."""
        self.record = lease
        self.waited = 0.0
        self._ticket = ticket
        self._lifeline = -1

    @property
    def depth(self) -> int:
        """How many runs we are nested in."""
        return self.record.depth

    @property
    def unsettled(self) -> "tuple[str, ...]":
        """Nonces of dead runs whose processes may still be there: to be ended before anything is started."""
        return self.record.unsettled

    def settle(self) -> None:
        """Nothing of the dead runs is left. Until this is said, every owner to come is told of them again."""
        if self.record.unsettled:
            self.record = self.record.replace(unsettled=())
            record.write(self._ticket.place, self.record)

    def lifeline(self) -> int:
        """A descriptor to be inherited by everything started under this lease; ours is close-on-exec.

        It proves to `joined` that a process whose line of parents is broken runs inside.
        """
        if self._lifeline < 0:
            path = nesting.lifeline_path(self._ticket.place.state_dir)
            self._lifeline = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._lifeline

    @property
    def inherit(self) -> "tuple[int, ...]":
        """The descriptors to start things under this lease with."""
        return (self.lifeline(),)

    def release(self) -> None:
        """After this returns, or dies, the next in line runs. Twice is once.

        The record goes first, while the lock still keeps others from writing theirs; it stays, like that of a dead
        run, when there is a dead run's mess that nobody has settled.
        """
        if self._ticket.fd < 0:
            return
        place = self._ticket.place
        if not self.record.unsettled and self._record_is_ours(place):
            record.remove(place)
        if self._lifeline >= 0:
            os.close(self._lifeline)
        self._ticket.leave()

    def _record_is_ours(self, place: "Place") -> bool:
        """Sure while the lock stands; if the queue was removed under us, another may have written since."""
        if self._ticket.stands():
            return True
        now = record.read(place)
        return now is not None and now.nonce == self.record.nonce

    def __enter__(self) -> "Lease":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.release()


def grant(ticket: "tickets.Ticket", claim: Claim, outer: "tuple[Held, ...]") -> "Lease | None":
    """With the lock in hand: write the record. None when the lock we hold is not, or not all, that counts.

    That is so when the queue was removed meanwhile, by hand: who came later would not meet our lock, and who came
    before may still be running under a lock that no longer has a name. The record tells. Raises EnvironmentProblem
    when it cannot be written.
    """
    place = ticket.place
    if not ticket.stands():
        return None
    st = os.stat(place.state_dir)
    here = (st.st_dev, st.st_ino, ticket.lock_inode())
    unsettled = _left_behind(place, here)
    if unsettled is None:
        return None
    depth = nesting.next_depth(outer)
    lease = LeaseRecord(
        nonce=os.urandom(16).hex(),
        owner=record.myself(),
        what=claim.what,
        worktree=claim.worktree,
        since=clock.wall(),
        since_boot=clock.since_boot(),
        depth=depth,
        scope=place.scope,
        place=here,
        ticket=ticket.number,
        unsettled=unsettled,
    )
    try:
        record.write(place, lease)
    except OSError as error:
        raise places.unusable(place, error) from None
    own = Held(lease.nonce, depth, place.state_dir)
    return Lease(ticket, lease, queueing.token_text((*outer, own)))


def _left_behind(place: "Place", here: "tuple[int, int, int]") -> "tuple[str, ...] | None":
    """The dead runs that the record we found speaks of; None when its owner lives and holds a nameless lock.

    A record from before a restart leaves no processes, and one that was copied with the repository speaks of a run
    in the original, which is none of our business.
    """
    left = record.read(place)
    if left is None:
        return ()
    standing = queueing.judge(left, record.facts(place, left, held=False, lock_inode=here[2]))
    if standing == queueing.ORPHANED:
        return None
    return (*left.unsettled, left.nonce)[-_KEEP_UNSETTLED:] if standing == queueing.DEAD else ()
