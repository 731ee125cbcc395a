"""Ending what dead runs left running, known by the token in their environment."""

import os

from gitseq.cage import orphans
from gitseq.core import queueing
from gitseq.core.caps import printable
from gitseq.model import Killed, Notice
from gitseq.queue import nesting, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.cage.orphans import Belongs, Reaped
    from gitseq.engine.request import World
    from gitseq.queue.places import Place


def end(place: "Place", nonces: "tuple[str, ...]", world: "World") -> "list[Reaped]":
    """After this returns, nothing that the named dead runs of a queue started is alive. Raises Unkillable.

    Marks and control groups are the repository's, also where it stands in a queue that is not its own: both are asked.
    """
    reaped = _reap(of_runs(nonces), (place.state_dir, world.repo.state_dir), dry_run=False)
    if reaped:
        world.tell(Killed("dead-run", processes=tuple((one.pid, one.command, one.memory) for one in reaped)))
    for one in reaped:
        world.tell(Notice("warning", f"ended what a dead run left: PID {one.pid} '{printable(one.command)}'"))
    return reaped


def find(place: "Place", state_dir: bytes) -> "list[Reaped]":
    """What dead runs of a queue, or of the repository with that state folder, have left running; nothing is touched."""
    return _reap(of_runs(_dead(place)), (place.state_dir, state_dir), dry_run=True)


def end_now(place: "Place", state_dir: bytes) -> "list[Reaped]":
    """As `end`, for all that `find` finds and without taking a turn: the living are not touched anyway."""
    return _reap(of_runs(_dead(place)), (place.state_dir, state_dir), dry_run=False)


def _reap(of_dead: "Belongs", folders: "tuple[bytes, ...]", *, dry_run: bool) -> "list[Reaped]":
    found: dict[int, Reaped] = {}
    for folder in dict.fromkeys(folders):
        if os.path.isdir(folder):
            for one in orphans.reap_orphans(of_dead, dry_run=dry_run, state_dir=folder):
                found.setdefault(one.pid, one)
    return list(found.values())


def _dead(place: "Place") -> "tuple[str, ...]":
    """The runs that died in a queue and that nobody has settled yet."""
    if not os.path.isdir(place.state_dir):
        return ()
    finding = record.examine(place)
    if finding.lease is not None and finding.standing == queueing.DEAD:
        return (*finding.lease.unsettled, finding.lease.nonce)
    return finding.lease.unsettled if finding.lease is not None and finding.in_force else ()


def of_runs(nonces: "tuple[str, ...]") -> "Belongs":
    """A predicate: was a process with this environment started inside one of these runs?

    Its start time needs no look: a nonce is drawn once, so no process of another run can carry it.
    """
    wanted = set(nonces)

    def belongs(environ: "dict[bytes, bytes]", _start: int) -> bool:
        return any(held.nonce in wanted for held in queueing.parse_token(environ.get(nesting.VARIABLE, b"")))

    return belongs
