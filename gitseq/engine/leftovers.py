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


def end(state_dir: bytes, nonces: "tuple[str, ...]", world: "World") -> "list[Reaped]":
    """After this returns, nothing that the named dead runs of a queue started is alive. Raises Unkillable."""
    reaped = orphans.reap_orphans(of_runs(nonces), state_dir=state_dir)
    if reaped:
        world.tell(Killed("dead-run", processes=tuple((one.pid, one.command, one.memory) for one in reaped)))
    for one in reaped:
        world.tell(Notice("warning", f"ended what a dead run left: PID {one.pid} '{printable(one.command)}'"))
    return reaped


def find(place: "Place") -> "list[Reaped]":
    """What dead runs of a queue have left running; nothing is touched."""
    if not os.path.isdir(place.state_dir):
        return []
    finding = record.examine(place)
    nonces: tuple[str, ...] = ()
    if finding.lease is not None and finding.standing == queueing.DEAD:
        nonces = (*finding.lease.unsettled, finding.lease.nonce)
    elif finding.lease is not None and finding.in_force:
        nonces = finding.lease.unsettled
    return orphans.reap_orphans(of_runs(nonces), dry_run=True, state_dir=place.state_dir)


def of_runs(nonces: "tuple[str, ...]") -> "Belongs":
    """A predicate: was a process with this environment started inside one of these runs?

    Its start time needs no look: a nonce is drawn once, so no process of another run can carry it.
    """
    wanted = set(nonces)

    def belongs(environ: "dict[bytes, bytes]", _start: int) -> bool:
        return any(held.nonce in wanted for held in queueing.parse_token(environ.get(nesting.VARIABLE, b"")))

    return belongs
