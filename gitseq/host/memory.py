"""How much memory can be had: of the machine, and within the limits of the control groups around us."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_PIECE = 1 << 14


def available() -> "int | None":
    """Bytes a new program can take without swapping; None where it cannot be told.

    MemAvailable of /proc/meminfo (proc(5), Linux 3.14), or what the tightest enclosing control group leaves.
    """
    free = _machine()
    for limit in _limits():
        room = limit()
        if room is not None and (free is None or room < free):
            free = room
    return free


def total() -> int:
    """Bytes of memory there are for us: the machine's, or the tightest limit of a control group around us."""
    text = _read(b"/proc/meminfo")
    at = text.find(b"MemTotal:")
    whole = int(text[at + 9 : at + 64].split()[0]) << 10 if at >= 0 else _total_elsewhere()
    places = [_place(line) for line in _read(b"/proc/self/cgroup").splitlines()]
    limits = [int(_read(folder + names[0])) for place in places if place for folder, names in _limited(*place)]
    return min([whole, *limits])


def _total_elsewhere() -> int:
    import psutil

    return int(psutil.virtual_memory().total)


def _read(path: bytes) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(fd, _PIECE)
    except OSError:
        return b""
    finally:
        os.close(fd)


def _machine() -> "int | None":
    text = _read(b"/proc/meminfo")
    at = text.find(b"MemAvailable:")
    if at >= 0:
        return int(text[at + 13 : at + 64].split()[0]) << 10
    return _elsewhere() if not text else None


def _elsewhere() -> "int | None":
    import psutil

    return int(psutil.virtual_memory().available)


_ROOT = b"/sys/fs/cgroup"
_NO_LIMIT = 1 << 60
"""v1 says "no limit" by the largest multiple of a page."""
_VERSION1 = (b"/memory.limit_in_bytes", b"/memory.usage_in_bytes", b"total_inactive_file")
_VERSION2 = (b"/memory.max", b"/memory.current", b"inactive_file")
_known_limits: "list[Callable[[], int | None]] | None" = None


def _limits() -> "list[Callable[[], int | None]]":
    """A question for each enclosing control group that has a limit; looked for once per process."""
    global _known_limits
    if _known_limits is None:
        places = [_place(line) for line in _read(b"/proc/self/cgroup").splitlines()]
        _known_limits = [_room_in(folder, names) for place in places if place for folder, names in _limited(*place)]
    return _known_limits


def _place(line: bytes) -> "tuple[bytes, bytes, tuple[bytes, bytes, bytes]] | None":
    """(mount, group, file names) for a line of /proc/self/cgroup that is about memory."""
    number, controllers, group = line.split(b":", 2)
    if number == b"0":
        return _ROOT, group, _VERSION2
    return (_ROOT + b"/memory", group, _VERSION1) if controllers == b"memory" else None


def _limited(
    mount: bytes, group: bytes, names: "tuple[bytes, bytes, bytes]"
) -> "list[tuple[bytes, tuple[bytes, bytes, bytes]]]":
    """The folders from our group up that limit; in a container the path may not exist, but its own top does."""
    found = []
    parts = group.strip(b"/").split(b"/") if group != b"/" else []
    for depth in range(len(parts) + 1):
        folder = b"/".join([mount, *parts[:depth]])
        limit = _read(folder + names[0]).strip()
        if limit.isdigit() and int(limit) < _NO_LIMIT:
            found.append((folder, names))
    return found


def _room_in(folder: bytes, names: "tuple[bytes, bytes, bytes]") -> "Callable[[], int | None]":
    def room() -> "int | None":
        limit, used = _read(folder + names[0]).strip(), _read(folder + names[1]).strip()
        if not limit.isdigit() or not used.isdigit():
            return None
        stat = _read(folder + b"/memory.stat")
        at = stat.find(b"\n" + names[2] + b" ")
        reclaimable = int(stat[at + 1 : at + 64].split()[1]) if at >= 0 else 0
        return max(0, int(limit) - int(used) + reclaimable)

    return room
