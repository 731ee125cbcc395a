"""Waits in a circle: A holds one repository and waits for another, whose holder waits for A's.

A process that runs inside a lease leaves a note in that lease's place before it waits elsewhere. So whoever looks
from a place at what its holder is doing sees where that holder's processes wait, and can follow.
"""

import os

from gitseq.core import jsonline, queueing
from gitseq.core.queueing import Wait
from gitseq.errors import Refused
from gitseq.host import clock, files
from gitseq.queue import record
from gitseq.queue.places import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseq.core.queueing import Held, Owner

_PREFIX = b"w."
_MOST_PLACES = 64


class Notes:
    """The notes of one wait, one in each place whose lease surrounds us; removed by `tear`."""

    def __init__(self, outer: "tuple[Held, ...]", target: Place, what: str) -> None:
        self._me = record.myself()
        now = clock.since_boot()
        self._waits = [Wait(held.state_dir, target.state_dir, self._me, what, now) for held in outer]
        for held, wait in zip(outer, self._waits, strict=True):
            _write(held.nonce, wait)

    def check(self) -> None:
        """Raises Refused, naming the circle, if our wait closed one. Of all that stand in it, only the latest does."""
        for mine in self._waits:
            found = queueing.circle(mine, _waits_from(mine.target, self._me))
            if found and queueing.closes(mine, found):
                raise Refused(
                    "this wait would never end: it closes a circle",
                    why=queueing.describe_circle(found),
                    kept="Nothing was run here; the other runs go on.",
                    hint="Let one of the hooks stop calling into the other repository while it holds its own.",
                )

    def tear(self) -> None:
        """We no longer wait."""
        for wait in self._waits:
            files.remove(_path(wait))


def _path(wait: Wait) -> bytes:
    """A process stands in one line at a time, so its pid names its note."""
    return b"%s/queue/%s%d" % (wait.inside, _PREFIX, wait.owner.pid)


def _write(nonce: str, wait: Wait) -> None:
    fields = {"nonce": nonce, "target": wait.target, "what": wait.what, "since_boot": wait.since_boot}
    if os.path.isdir(os.path.dirname(_path(wait))):  # else that queue was removed by hand: no circle to be seen there
        files.write_whole(_path(wait), jsonline.encode({**fields, **record.owner_fields(wait.owner)}))


def _waits_from(target: bytes, me: "Owner") -> "dict[bytes, tuple[Wait, ...]]":
    """For each place that can be reached by following waits from `target`: those made from inside its lease."""
    waits: dict[bytes, tuple[Wait, ...]] = {}
    ahead = [target]
    while ahead and len(waits) < _MOST_PLACES:
        place = ahead.pop(0)
        if place not in waits:
            waits[place] = tuple(_waits_inside(place, me))
            ahead += [wait.target for wait in waits[place]]
    return waits


def _waits_inside(state_dir: bytes, me: "Owner") -> "list[Wait]":
    lease = record.read(Place("", state_dir))
    try:
        names = os.listdir(state_dir + b"/queue")
    except OSError:
        return []
    found: list[Wait] = []
    for name in names:
        if not name.startswith(_PREFIX) or name.endswith(b".tmp"):
            continue
        path = state_dir + b"/queue/" + name
        fields = jsonline.decode(files.read(path))
        wait = _decoded(state_dir, fields)
        if wait is None:
            continue
        if not record.is_alive(wait.owner, me):
            files.remove(path)
        elif lease is not None and fields.get("nonce") == lease.nonce:
            found.append(wait)
    return found


def _decoded(state_dir: bytes, fields: "dict[str, object]") -> "Wait | None":
    try:
        target, since = fields["target"], fields["since_boot"]
        if not isinstance(target, str) or not isinstance(since, float):
            return None
        return Wait(state_dir, jsonline.path_of(target), record.owner_of(fields), str(fields["what"]), since)
    except (KeyError, TypeError, ValueError):
        return None
