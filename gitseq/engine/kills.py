"""What was ended of a command, told for the record. Imported only when something was."""

from gitseq.model import Killed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseq.cage.run import Outcome
    from gitseq.core.caps import Held
    from gitseq.model import Event


def tell(outcome: "Outcome", hook: str, told: "Callable[[Event], None]") -> None:
    """One event for the cap or the signal that ended the command, one for what outlived it."""
    hit = outcome.hit
    if hit is not None:
        largest = (hit.largest,) if hit.largest is not None else ()
        told(Killed(hit.cap, hook, hit.limit, hit.peak, _known(largest)))
    elif outcome.stopped:
        told(Killed("signal", hook, outcome.stopped))
    if outcome.leftovers:
        told(Killed("left-running", hook, processes=_known(outcome.leftovers)))


def _known(processes: "tuple[Held, ...]") -> "tuple[tuple[int, bytes, int], ...]":
    return tuple((one.pid, one.command, one.memory) for one in processes)
