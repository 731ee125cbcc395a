"""Do we run inside a lease? A token says so, and is believed only with proof.

What does not work: the token alone. It stays in every terminal and daemon that was started inside a lease, outlives
it, and can be copied into another shell while the lease is in force. Nor does the token as a condition work: an
`env -i git commit` in a hook has lost it, and would wait for its own ancestor for ever.

What we do: the record of the place must be in force (its owner alive by pid, start time and boot id, the lock held),
and that owner must be our ancestor and must have started our branch while it held the lease. The token only adds
what ancestry cannot tell: how deep we are, and which leases of other repositories surround us. Under the engine the
line of parents never breaks, for the engine adopts the orphans of its hooks (subreaper). Where it does break, the
token's nonce together with an open lifeline - a descriptor that hooks inherit, and no other terminal has - stands
in for it.

What remains: a process that lost its parents and its descriptors, or lives in another pid namespace (a container
started by a hook), queues like anyone; if its hook waits for it, the hook's timeout ends both.
"""

import os

from gitseq.core import queueing
from gitseq.core.queueing import DEPTH_LIMIT, Held
from gitseq.errors import Refused
from gitseq.host import proctree
from gitseq.queue import record
from gitseq.queue.places import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.core.queueing import LeaseRecord
    from gitseq.host.env import Env

    Lineage = list[tuple[int, int]]

VARIABLE = b"GITSEQ_TOKEN"
_LINEAGE_LIMIT = 512  # one level of nesting is a sh, a git and a python: 16 of them fit with room to spare


class Parent:
    """A turn inside a lease that is already held around us. There is nothing to give back."""

    unsettled = ()
    waited = 0.0
    inherit = ()
    """The lifeline is open in us already, and passed on by itself."""

    def __init__(self, lease: "LeaseRecord", depth: int, token: bytes) -> None:
        self.record = lease
        self.depth = depth
        self.token = token
        """The value of GITSEQ_TOKEN for everything that is started from here."""

    def settle(self) -> None:
        """The owner of the lease has settled already."""

    def release(self) -> None:
        """The owner of the lease releases it."""

    def __enter__(self) -> "Parent":
        return self

    def __exit__(self, *_exc: object) -> None:
        return None


def joined(env: "Env", place: Place) -> "Parent | None":
    """The lease of this place that we run inside of, or None. A failed open is all it costs when nobody holds it.

    Raises Refused when runs are nested too deeply.
    """
    if not os.path.lexists(place.record):
        return None
    finding = record.examine(place)
    if finding.lease is None or not finding.in_force:
        return None
    lineage = _lineage()
    held = queueing.parse_token(token_around(env, lineage))
    if not _runs_inside(finding.lease, place.state_dir, held, lineage):
        return None
    outer = tuple(one for one in _proven(held, lineage) if one.state_dir != place.state_dir)
    known = [one.depth for one in held if one.nonce == finding.lease.nonce]
    depth = next_depth((*outer, Held(finding.lease.nonce, max(known, default=finding.lease.depth), place.state_dir)))
    here = Held(finding.lease.nonce, depth, place.state_dir)
    return Parent(finding.lease, depth, queueing.token_text((*outer, here)))


def surrounding(env: "Env") -> "tuple[Held, ...]":
    """The leases of any place that we run inside of, by the token and with proof; outermost first."""
    lineage = _lineage()
    return _proven(queueing.parse_token(token_around(env, lineage)), lineage)


def next_depth(outer: "tuple[Held, ...]") -> int:
    """How deep a run inside these leases is; raises Refused when that is too deep to be meant."""
    depth = max((one.depth for one in outer), default=-1) + 1
    if depth > DEPTH_LIMIT:
        raise Refused(
            f"runs are nested {depth} deep: a hook seems to start the hooks that started it",
            why="Each level is a hook that called git or gitseq again: "
            + " > ".join(queueing.shown(one.state_dir) for one in outer),
            hint="Find the hook that calls itself: gitseq status. To run git without hooks of ours: GITSEQ=0 git ...",
        )
    return depth


def token_around(env: "Env", lineage: "Lineage") -> bytes:
    """Our token; without one, that of the nearest ancestor that was started with one (a hook ran `env -i`)."""
    if VARIABLE in env:
        return env[VARIABLE]
    for pid, _start in lineage[1:]:
        environment = proctree.initial_environment(pid) or {}
        if VARIABLE in environment:
            return environment[VARIABLE]
    return b""


def lifeline_path(place_dir: bytes) -> bytes:
    """The file whose open descriptor shows that a process was started inside a lease of that place."""
    return place_dir + b"/queue/lifeline"


def _lineage() -> "Lineage":
    own = proctree.look(os.getpid())
    line = [] if own is None else [own]
    return [(process.pid, process.start) for process in line + list(proctree.climb(_LINEAGE_LIMIT))]


def _proven(held: "tuple[Held, ...]", lineage: "Lineage") -> "tuple[Held, ...]":
    return tuple(one for one in held if _holds(one, held, lineage))


def _holds(one: Held, held: "tuple[Held, ...]", lineage: "Lineage") -> bool:
    try:
        finding = record.examine(Place("", one.state_dir))
    except OSError:  # the repository is gone, or the token was made up
        return False
    if finding.lease is None or not finding.in_force or finding.lease.nonce != one.nonce:
        return False
    return _runs_inside(finding.lease, one.state_dir, held, lineage)


def _runs_inside(lease: "LeaseRecord", state_dir: bytes, held: "tuple[Held, ...]", lineage: "Lineage") -> bool:
    if queueing.runs_inside(lease, lineage, proctree.TICKS):
        return True
    return any(one.nonce == lease.nonce for one in held) and _has_lifeline(state_dir)


def _has_lifeline(state_dir: bytes) -> bool:
    path = lifeline_path(state_dir)
    try:
        st = os.stat(path)
    except OSError:
        return False
    return proctree.has_open(os.getpid(), path, st.st_dev, st.st_ino)
