"""The mark that all a hook starts inherits, in a resource limit nobody uses: by which engine, in which repository."""

import os

from gitseq.host import proctree

_own: "dict[bytes, int]" = {}


def own(state_dir: bytes) -> int:
    """The mark of this engine, or 0 while the state folder is missing."""
    if state_dir not in _own:
        me = proctree.look(os.getpid())
        try:
            _own[state_dir] = of(state_dir, me) if me is not None else 0
        except OSError:
            return 0
    return _own[state_dir]


_MARK, _PID_BITS, _START_BITS, _PLACE_BITS = 1 << 61, 22, 19, 20
START_MASK = (1 << _START_BITS) - 1


def of(state_dir: bytes, engine: "proctree.Process") -> int:
    """The number that descendants of `engine` inherit: who started them, for which repository.

    62 bits: the process id (at most 22), start time and repository as far as they fit.
    """
    mark = place_of(state_dir) << _START_BITS | engine.start & START_MASK
    return _MARK | mark << _PID_BITS | engine.pid


def place_of(state_dir: bytes) -> int:
    """A state folder as 20 bits; raises OSError when it is missing."""
    st = os.stat(state_dir)
    return (st.st_ino * 2654435761 ^ st.st_dev) & ((1 << _PLACE_BITS) - 1)


def read(mark: int) -> "tuple[int, int, int] | None":
    """(repository, low bits of the start time, process id) of a mark, or None for a number that is none."""
    if mark >> 61 != 1:
        return None
    pid, rest = mark & ((1 << _PID_BITS) - 1), (mark ^ _MARK) >> _PID_BITS
    return rest >> _START_BITS, rest & START_MASK, pid
