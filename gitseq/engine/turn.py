"""Our turn: inside a lease that is held around us, at once, or after a wait that is told."""

from gitseq.core import queueing
from gitseq.errors import GaveUp, Interrupted, Refused
from gitseq.host import clock
from gitseq.model import Queued, TurnCame
from gitseq.queue import nesting, places, turn
from gitseq.queue.lease import Claim, Patience

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.core.queueing import Waiting
    from gitseq.engine.request import Request, World
    from gitseq.git.repo import Repo
    from gitseq.host.env import Env
    from gitseq.model import Plan
    from gitseq.queue.lease import Lease
    from gitseq.queue.nesting import Parent
    from gitseq.queue.places import Place

INSIDE_LOCKS_PATIENCE = 2.0
"""Seconds a stage waits at most that git runs inside its own locks: nobody else gets anywhere meanwhile."""


def place_of(world: "World") -> "Place":
    """The queue this run stands in."""
    return queue_of(world.plan, world.repo, world.env)


def queue_of(plan: "Plan", repo: "Repo", env: "Env") -> "Place":
    """The queue that runs of this work tree stand in."""
    if plan.scope == places.USER:
        return places.of_user(env)
    return places.of_repository(plan.scope, repo.git_dir, repo.common_dir)


def take(request: "Request", world: "World", what: str) -> "Lease | Parent":
    """The right to run hooks, now ours or our parent's; `.release()` it. `what` is how others will read it.

    Raises GaveUp when patience ended, Interrupted, and Refused when the wait could not end well.
    """
    place = place_of(world)
    parent = nesting.joined(world.env, place)
    if parent is not None:
        world.tell(TurnCame(what, 0.0, parent.depth, parent.record.nonce))
        return parent
    caller = world.caller
    gone = (lambda: caller.gone(world.repo)) if caller is not None else None
    claim = Claim(what, world.repo.top, world.env, gone)
    limit = min(world.patience, INSIDE_LOCKS_PATIENCE) if request.stage.inside_locks else world.patience
    wait = _Wait(request, world)
    held = turn.acquire(place, claim, Patience(limit, wait, wait.tick))
    try:
        world.tell(TurnCame(what, held.waited, held.depth, held.record.nonce))
        if held.unsettled:
            _end_leftovers(place, held, world)
    except BaseException:
        held.release()
        raise
    return held


class _Wait:
    """Called while we stand in line: tells where, and refuses a wait that would hurt."""

    def __init__(self, request: "Request", world: "World") -> None:
        self._request = request
        self._world = world

    @property
    def tick(self) -> float:
        """Seconds between two calls. Only a terminal shows every second, and each call costs a waiter some
        processor time; but with the index locked we must not overlook a change of holder."""
        return 1.0 if self._world.wants_progress or self._we_hold_its_index_lock() else 60.0

    def __call__(self, waiting: "Waiting") -> None:
        if self._world.signals.stop:  # it came before the wait began, which sees its own signals only
            raise Interrupted(self._world.signals.stop)
        holder = waiting.holder
        if holder is not None and holder.worktree == self._world.repo.top and self._we_hold_its_index_lock():
            raise Refused(
                "another run is active in this work tree, and this commit holds the index.lock its hooks may need",
                why=queueing.describe(holder, clock.wall()),
                kept="Nothing was run and nothing was changed.",
                hint="Try again when it is done, or let the whole commit wait for its turn: "
                "gitseq exec -- git commit ...",
            )
        text = queueing.describe_wait(waiting, clock.wall())
        visible = holder.pid if holder is not None and holder.standing != queueing.ELSEWHERE else 0
        self._world.tell(Queued(text, waiting.waited, visible, waiting.position, waiting.total))

    def _we_hold_its_index_lock(self) -> bool:
        """`commit -a`, `-i` and path commits hand us an index that is, or lies beside, a lock of theirs."""
        return self._request.by_git and self._world.repo.index.endswith(b".lock")


def _end_leftovers(place: "Place", held: "Lease", world: "World") -> None:
    """Before anything starts: end what runs that died in our queue have left running."""
    from gitseq.engine import leftovers

    leftovers.end(place, held.unsettled, world)
    held.settle()


def gave_up_is_a_notice(request: "Request", error: GaveUp) -> bool:
    """Whether hooks are left out with a notice when our turn did not come, instead of failing git.

    Inside git's own locks only a `prepared` transaction can still be stopped; the rest has happened already.
    """
    return request.stage.inside_locks and request.arguments[:1] != (b"prepared",) and isinstance(error, GaveUp)
